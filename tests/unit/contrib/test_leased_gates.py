"""Gates that decide by a lease: no call for each use, no use above the limit, and every use told once."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import flask
import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from billing_sdk import Journal
from billing_sdk.contrib import ALLOW, Stale
from billing_sdk.errors import ConfigurationError, InvalidQuantity, InvalidSetting
from tests.unit.contrib.doors import FlaskDoor, StarletteDoor, World
from tests.unit.contrib.ledger import Ledger, refused
from tests.unit.sdk.test_fork import holds_in_a_child

pytestmark = pytest.mark.attack(108)
Door = FlaskDoor | StarletteDoor
UNREACHABLE = httpx.ConnectError("nobody listens")


class Clock:
    """Seconds that go on when they are told to."""

    now = 1000.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still."""
    return Clock()


@pytest.fixture(params=[FlaskDoor, StarletteDoor], ids=["flask", "starlette"])
def door(request: pytest.FixtureRequest, clock: Clock) -> Door:
    """An application in each framework, with Ada whose plan includes tokens; nobody goes round but the test."""
    found: Door = request.param(World(features=("tokens",)))
    leases = found.billing.client.usage.leases
    leases._clock, leases.tender = clock, object()
    found.billing.application.snapshots.outage._monotonic = clock
    return found


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    """A billing server with a hundred tokens left."""
    with Ledger(limit=100).listening() as ledger:
        yield ledger


def add(door: Door, path: str = "/use", *, says: Any = None, answers: int = 200, **options: Any) -> None:
    """Add a leased route whose view says what it has used, and answers with a status."""
    gate = door.billing.consumes("tokens", **{"units": 4, "lease": 40, **options})

    def outcome() -> int:
        door.world.ran.append(path)
        if says is not None:
            door.billing.used(says)
        return answers

    if isinstance(door, FlaskDoor):
        door.app.add_url_rule(path, path, gate(lambda: flask.Response("done", outcome())))
        return

    async def endpoint(_: Request) -> Response:
        return Response("done", outcome())

    door.app.router.routes.append(Route(path, gate(endpoint)))


def go_round(door: Door) -> bool:
    """Do what is done in the background, and return whether the server was away."""
    flow = door.billing.client.usage.leases.go_round()
    if isinstance(door, FlaskDoor):
        return door.billing.client.run(flow)
    return asyncio.run(door.billing.client.run(flow))


def use(door: Door, times: int = 1, path: str = "/use") -> list[int]:
    return [door.ask(path, is_ada=True)[0] for _ in range(times)]


def test_the_server_is_asked_once_for_many_uses_and_told_once_what_they_come_to(
    door: Door, ledger: Ledger, clock: Clock
) -> None:
    add(door)
    assert use(door, 7) == [200] * 7
    assert ledger.told == ["reserve"]
    assert ledger.asked == [
        {"billing_feature_code": "tokens", "meter_value": "40", "is_lease": True, "least": "4", "user_id": "kp_ada"}
    ]
    clock.now += 60
    assert go_round(door) is False
    assert ledger.told == ["reserve", "commit r1 28"]
    assert (ledger.used, ledger.held) == (28, {})


def test_a_limit_is_used_up_to_the_last_use_that_fits_and_then_says_why(door: Door, ledger: Ledger) -> None:
    ledger.limit = 50
    add(door)
    statuses = use(door, 14)
    assert statuses == [200] * 12 + [402] * 2
    assert (ledger.used, ledger.held) == (48, {}), "what is used is told before it is said how much that is"
    told = json.loads(door.ask("/use", is_ada=True)[1])
    assert (told["code"], told["limit"], told["used"]) == ("limit_reached", 50, "48")
    assert told["upgrade_url"] == "https://app.example/billing/portal?sub_nav=plan_selection"


def test_what_a_failing_view_did_not_use_is_used_by_another(door: Door, ledger: Ledger, clock: Clock) -> None:
    add(door, "/broken", answers=500)
    add(door)
    assert use(door, 9, "/broken") == [500] * 9
    assert use(door, 7) == [200] * 7
    assert ledger.told == ["reserve"]
    clock.now += 60
    go_round(door)
    assert (ledger.used, ledger.held) == (28, {})


@pytest.mark.parametrize(("says", "used"), [(3, 3), (0, 0), (Decimal(4), 4), (11, 11)])
def test_the_view_says_how_much_it_has_used(door: Door, ledger: Ledger, clock: Clock, says: Any, used: int) -> None:
    add(door, says=says)
    assert use(door) == [200]
    clock.now += 60
    go_round(door)
    assert (ledger.used, ledger.held) == (used, {})
    assert door.billing.counts["usage_above_reserved"] == (used > 4)


@pytest.mark.parametrize(
    ("says", "told", "used"),
    [(3, "commit r1 3", 3), (0, "release r1", 0), (4, "commit r1 4", 4), (11, "commit r1 11", 11)],
)
def test_a_gate_without_a_lease_counts_what_the_view_says_as_well(
    door: Door, ledger: Ledger, says: Any, told: str, used: int
) -> None:
    add(door, says=says, lease=None)
    assert use(door) == [200]
    assert (ledger.told, ledger.used, ledger.held) == (["reserve", told], used, {})
    assert door.billing.counts["usage_above_reserved"] == (used > 4)


def test_what_a_view_says_that_fails_is_not_counted(door: Door, ledger: Ledger) -> None:
    add(door, says=3, answers=500, lease=None)
    assert use(door) == [500]
    assert ledger.told == ["reserve", "release r1"]


def test_nothing_can_be_said_to_be_used_where_nothing_is_metered_or_it_is_not_clear_what(door: Door) -> None:
    with pytest.raises(ConfigurationError):
        door.billing.used(5)


def test_of_two_metered_features_it_is_said_which_was_used(ledger: Ledger) -> None:
    door = FlaskDoor(World(features=("tokens", "images")))
    found: list[Any] = []

    @door.billing.consumes("tokens", units=4)
    @door.billing.consumes("images", units=2)
    def view() -> str:
        for amount in (1, -1, 1.5, "5"):
            with pytest.raises((ConfigurationError, InvalidQuantity)):
                door.billing.used(amount)  # type: ignore[arg-type] # on purpose
        door.billing.used(3, feature="tokens")
        door.billing.used(1, feature="images")
        return "done"

    door.app.add_url_rule("/use", "use", view)
    assert (use(door), found) == ([200], [])
    assert ledger.told == ["reserve", "reserve", "commit r2 1", "commit r1 3"]


@pytest.mark.parametrize("told", [{}, {"when_unreachable": ALLOW}, {"when_unreachable": Stale(30)}], ids=str)
def test_a_lease_that_is_at_hand_lets_in_while_the_server_is_away(
    door: Door, ledger: Ledger, told: dict[str, Any]
) -> None:
    add(door, **told)
    use(door)
    ledger.refusals = {"reserve": [UNREACHABLE] * 20, "report": [UNREACHABLE] * 20}
    assert use(door, 9) == [200] * 9
    assert use(door) == [200 if told.get("when_unreachable") is ALLOW else 503]


def test_after_the_end_of_a_lease_a_gate_does_what_it_was_told(door: Door, ledger: Ledger, clock: Clock) -> None:
    add(door, "/shut")
    add(door, "/stale", when_unreachable=Stale(30))
    assert use(door, 1, "/shut") == [200]
    ledger.refusals = {"reserve": [UNREACHABLE] * 20, "commit": [UNREACHABLE] * 20}
    clock.now += 60
    assert go_round(door) is True
    assert use(door, 1, "/shut") == [503]
    assert use(door, 1, "/stale") == [200]
    assert door.billing.counts["gate_let_in_stale"] == 1
    clock.now += 30
    assert use(door, 1, "/stale") == [503]
    ledger.refusals = {}
    clock.now += 60
    assert go_round(door) is False
    assert (ledger.used, ledger.held) == (8, {}), "what was let in while the server was away is counted"


def test_a_server_that_refuses_a_lease_lets_nobody_in(door: Door, ledger: Ledger) -> None:
    add(door, when_unreachable=ALLOW)
    ledger.refusals["reserve"] = [refused(403, "FORBIDDEN")]
    assert (use(door), door.world.ran) == ([503], [])


def test_a_report_without_an_answer_is_told_again_and_counts_once(door: Door, ledger: Ledger, clock: Clock) -> None:
    add(door)
    use(door, 2)
    clock.now += 3
    ledger.refusals["report"] = [httpx.ReadError("cut off")] * 5
    assert go_round(door) is True
    use(door)
    clock.now += 3
    ledger.refusals = {}
    assert [go_round(door) for _ in range(3)] == [False] * 3
    assert ledger.told[-1] == "report r1 12"
    assert (ledger.used, ledger.held) == (12, {"r1": 28})


def test_what_is_idle_goes_back_and_so_does_everything_at_the_end(door: Door, ledger: Ledger, clock: Clock) -> None:
    add(door)
    use(door)
    clock.now += 10
    go_round(door)
    assert (ledger.used, ledger.held) == (4, {})
    use(door)
    if isinstance(door, FlaskDoor):
        door.billing.client.close()
    else:
        asyncio.run(door.billing.client.close())
    assert (ledger.used, ledger.held) == (8, {})


def test_the_next_slice_is_there_before_the_present_one_is_used_up(door: Door, ledger: Ledger) -> None:
    ledger.limit = 1000
    add(door)
    use(door, 8)
    assert go_round(door) is False
    assert use(door, 12) == [200] * 12
    assert [told for told in ledger.told if told == "reserve"] == ["reserve"] * 2


def test_people_do_not_share_a_lease(door: Door, ledger: Ledger) -> None:
    add(door)
    use(door)
    leases = door.billing.client.usage.leases
    [leased] = leases._holders
    assert (leased.user_id, leased.org_code, leased.feature_code) == ("kp_ada", None, "tokens")
    assert leases.take(leased._replace(user_id="kp_eve"), 1) is None


@pytest.mark.parametrize(
    ("event", "is_ended"),
    [(("kp_ada", None), True), ((None, None), True), (("kp_eve", None), False), ((None, "org_1"), False)],
    ids=str,
)
def test_an_event_that_may_change_what_somebody_may_use_ends_their_leases(
    door: Door, ledger: Ledger, event: tuple[str | None, str | None], is_ended: bool
) -> None:
    add(door)
    use(door, 2)
    leases = door.billing.client.usage.leases
    leases.doubt(*event)
    [leased] = leases._holders
    assert (leases.take(leased, 1) is None) == is_ended
    go_round(door)
    assert (ledger.used, ledger.held == {}) == ((8, True) if is_ended else (0, False))


def test_a_process_that_was_forked_off_never_uses_its_parents_lease(door: Door, ledger: Ledger) -> None:
    add(door)
    use(door)
    leases = door.billing.client.usage.leases
    [leased] = leases._holders
    assert holds_in_a_child(lambda: leases.take(leased, 1) is None and not leases.is_holding)
    assert leases.take(leased, 1) is not None


@pytest.mark.parametrize("answer", [{"is_lease": False}, {"lasts_seconds": 0}, {"units": "3"}], ids=str)
def test_an_answer_that_is_no_lease_is_not_taken_for_one(door: Door, ledger: Ledger, answer: dict[str, Any]) -> None:
    add(door)
    shown = json.loads(ledger.answer("r1", 40, "held").content)
    shown["reservation"] |= {"is_lease": True, "lasts_seconds": 60, **answer}
    ledger.refusals["reserve"] = [httpx.Response(200, json=shown)]
    assert (use(door), door.world.ran) == ([503], [])


@pytest.mark.parametrize("options", [{"lease": 3}, {"lease": 0}, {"lease": 1.5}, {"lease": True}], ids=str)
def test_a_slip_in_a_leased_gate_is_refused_when_it_is_made(door: Door, options: dict[str, Any]) -> None:
    with pytest.raises(InvalidSetting):
        door.billing.consumes("tokens", units=4, **options)


@pytest.fixture
def journal(door: Door, tmp_path: Path) -> Journal:
    """A journal for the application."""
    leases = door.billing.client.usage.leases
    leases.journal = journal = Journal(tmp_path / "usage.journal", stream="leases")
    leases.start_over()
    leases.tender = object()
    return journal


def test_what_was_let_in_while_the_server_was_away_is_counted_once_later(
    door: Door, ledger: Ledger, journal: Journal, clock: Clock
) -> None:
    add(door, says=3, lease=None, when_unreachable=ALLOW)
    ledger.refusals = {"reserve": [UNREACHABLE] * 20, "record": [UNREACHABLE] * 20}
    assert use(door, 3) == [200] * 3
    assert go_round(door) is True
    assert (len(journal), door.billing.counts["usage_kept_for_later"]) == (3, 3)
    ledger.refusals = {"record": [httpx.ReadError("the answer is lost")]}
    events = [event["event"] for _, event in journal.pending()]
    assert [go_round(door) for _ in range(3)][-1] is False
    assert list(ledger.events) == [event["id"] for event in events]
    assert (len(journal), {event["subject"] for event in events}) == (0, {"kp_ada"})
    assert [(event["type"], event["data"]["value"]) for event in events] == [("tokens", 3)] * 3


def test_what_was_used_of_a_lease_survives_the_process_and_is_counted_once_by_the_next(
    door: Door, ledger: Ledger, journal: Journal, clock: Clock
) -> None:
    add(door)
    use(door, 2)
    ledger.refusals = {"report": [UNREACHABLE] * 20, "commit": [UNREACHABLE] * 20}
    for _ in range(3):
        clock.now += 3
        assert go_round(door) is True
    assert [entry for _, entry in journal.pending()] == [{"lease": "r1", "agreement": "agreement_1", "used": "8"}]
    use(door)
    leases = door.billing.client.usage.leases
    clock.now += 3
    go_round(door)
    assert [entry["used"] for _, entry in journal.pending()] == ["12"]
    leases.start_over()
    leases.tender = object()
    ledger.refusals = {}
    assert go_round(door) is False
    assert (ledger.told[-1], ledger.used, len(journal)) == ("report r1 12", 12, 0)


def test_what_another_process_has_told_already_counts_nothing_twice(
    door: Door, ledger: Ledger, journal: Journal, clock: Clock
) -> None:
    add(door)
    use(door, 2)
    journal.append({"lease": "r1", "agreement": "agreement_1", "used": "8"})
    clock.now += 60
    assert [go_round(door) for _ in range(2)] == [False] * 2
    assert (ledger.used, len(journal)) == (8, 0)


def test_a_full_journal_is_no_reason_not_to_answer(door: Door, ledger: Ledger, tmp_path: Path) -> None:
    leases = door.billing.client.usage.leases
    leases.journal = Journal(tmp_path / "full", max_bytes=65_536)
    leases.journal.append({"event": {"id": "x" * 40_000}})
    leases.journal._local.connection.execute("PRAGMA max_page_count = 1")
    add(door, lease=None, when_unreachable=ALLOW)
    ledger.refusals = {"reserve": [UNREACHABLE] * 20}
    door.world.at = door.world.at.replace(microsecond=1)
    assert use(door, 30) == [200] * 30
    counts = door.billing.counts
    assert counts["usage_not_counted"] > 0
    assert counts["usage_not_counted"] + counts["usage_kept_for_later"] == 30


def test_the_journal_is_a_setting_and_off_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert FlaskDoor(World()).billing.client.usage.leases.journal is None
    monkeypatch.setenv("BILLING_JOURNAL", os.fspath(tmp_path / "set"))
    journal = FlaskDoor(World()).billing.client.usage.leases.journal
    assert journal is not None
    assert journal.path == tmp_path / "set"
