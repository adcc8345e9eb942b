"""Leases without a framework: a use is let in by what is at hand, and what it came to is told behind its back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from billing_sdk import Client, Journal
from billing_sdk.client import _at_exit
from billing_sdk.errors import InvalidQuantity, InvalidRequest, LimitReached, MissingSetting, Unreachable
from tests.contract.test_usecases_at_once import at_once
from tests.unit.contrib.ledger import Ledger, refused
from tests.unit.contrib.making import ISSUER
from tests.unit.sdk.conftest import Driver

pytestmark = pytest.mark.attack(108)
UNREACHABLE = httpx.ConnectError("nobody listens")


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    """A billing server with a hundred tokens left."""
    with Ledger(limit=100).listening() as ledger:
        yield ledger


@pytest.fixture
def driver(ledger: Ledger, make_driver: Callable[..., Driver]) -> Driver:
    """A client of that server."""
    return make_driver(issuer=ISSUER)


@pytest.fixture
def lease(driver: Driver) -> Any:
    """A lease for fifty tokens: more are wished for, so that no more are fetched beforehand."""
    return driver.client.usage.lease(feature_code="tokens", agreement_id="agreement_1", units=60)


def told(driver: Driver) -> None:
    """Wait until nobody goes round any more, because there is nothing to tell."""

    async def gather() -> None:
        await driver._gather()

    leases = driver.client.usage.leases
    leases._ring()
    if driver._runner is not None:
        driver._runner.run(gather())
    for thread in threading.enumerate():
        if thread.name == "billing-sdk-leases":
            thread.join(10)


def test_uses_are_let_in_without_a_call_each_and_told_behind_their_back(
    driver: Driver, ledger: Ledger, lease: Any
) -> None:
    for _ in range(50):
        driver.run(lambda _: lease.use()).done()
    told(driver)
    assert (ledger.told, ledger.used, ledger.held) == (["reserve", "commit r1 50"], 50, {})


def test_a_use_counts_what_it_came_to_and_nothing_where_it_fails(driver: Driver, ledger: Ledger, lease: Any) -> None:
    with driver.run(lambda _: lease.use(10)) as use:
        use.units = Decimal("3.5")
    with pytest.raises(RuntimeError), driver.run(lambda _: lease.use(10)):
        raise RuntimeError("the work fails")
    done = driver.run(lambda _: lease.use(2))
    assert [done.done(), done.done(9)] == [None, None]
    holder = next(iter(driver.client.usage.leases._holders.values()))
    assert [held.used for held in holder.slices] == [5_500_000_000_000]


def test_closing_the_client_tells_what_was_used_and_gives_the_rest_back(
    driver: Driver, ledger: Ledger, lease: Any
) -> None:
    driver.run(lambda _: lease.use(5)).done()
    driver.run(lambda client: client.close())
    assert (ledger.used, ledger.held) == (5, {})


def test_a_program_that_ends_without_closing_gives_back_as_well(driver: Driver, ledger: Ledger, lease: Any) -> None:
    driver.run(lambda _: lease.use(5)).done()
    _at_exit(lambda: driver.client._give_back)  # type: ignore[arg-type] # called as a weak method is
    assert (ledger.used, ledger.held) == (5, {})


def test_what_can_not_be_given_back_at_the_end_is_kept_and_told_by_the_next_process(
    ledger: Ledger, make_driver: Callable[..., Driver], tmp_path: Path
) -> None:
    path = str(tmp_path / "journal")
    driver = make_driver(issuer=ISSUER, journal=path)
    lease = driver.client.usage.lease(feature_code="tokens", user_id="kp_1")
    driver.run(lambda _: lease.use(5)).done()
    ledger.refusals = {"commit": [UNREACHABLE] * 9, "report": [UNREACHABLE] * 9}
    driver.run(lambda client: client.close())
    assert len(Journal(path, stream="leases")) == 1
    ledger.refusals = {}
    next_one = make_driver(issuer=ISSUER, journal=path)
    next_one.run(lambda client: client.run(client.usage.leases.begin_tending()))
    told(next_one)
    assert (ledger.used, len(Journal(path, stream="leases"))) == (5, 0)


def test_a_limit_that_is_reached_and_a_server_that_is_away_are_errors(
    driver: Driver, ledger: Ledger, lease: Any
) -> None:
    ledger.refusals["reserve"] = [UNREACHABLE] * 3
    with pytest.raises(Unreachable):
        driver.run(lambda _: lease.use())
    ledger.refusals.clear()
    ledger.used = 100
    with pytest.raises(LimitReached):
        driver.run(lambda _: lease.use())


@pytest.mark.parametrize("units", [0, -1, 1.5, Decimal("1E-13")], ids=str)
def test_what_can_not_be_used_is_not_asked_for(driver: Driver, ledger: Ledger, lease: Any, units: Any) -> None:
    with pytest.raises(InvalidQuantity):
        driver.run(lambda _: lease.use(units))
    assert ledger.told == []


def test_a_lease_says_for_whom_it_is_and_takes_the_machine_credentials(driver: Driver) -> None:
    for who in ({}, {"agreement_id": "agreement_1", "user_id": "kp_1"}):
        with pytest.raises(InvalidRequest):
            driver.client.usage.lease(feature_code="tokens", **who)
    client = Client(issuer=ISSUER, client_id="app")
    with client, pytest.raises(MissingSetting):
        client.usage.lease(feature_code="tokens", user_id="kp_1").use()


def test_many_threads_share_what_is_at_hand_and_pass_no_limit(ledger: Ledger) -> None:
    with Client(issuer=ISSUER, m2m_client_id="machine", m2m_client_secret="a secret of the machine") as client:
        lease = client.usage.lease(feature_code="tokens", user_id="kp_1", units=16)

        def use(_: int) -> int:
            let_in = 0
            for _ in range(20):
                try:
                    lease.use().done()
                except LimitReached:
                    break
                let_in += 1
            return let_in

        assert sum(at_once(use, 8)) == 100
    assert (ledger.used, ledger.held) == (100, {})


def test_of_several_who_tell_at_once_one_does(ledger: Ledger) -> None:
    with Client(issuer=ISSUER, m2m_client_id="machine", m2m_client_secret="a secret of the machine") as client:
        leases = client.usage.leases
        leases.tender = object()
        client.usage.lease(feature_code="tokens", user_id="kp_1", units=60).use(5).done()
        at_once(lambda number: client.run(leases.give_back() if number % 2 else leases.go_round()), 4)
    assert (ledger.told, ledger.used) == (["reserve", "commit r1 5"], 5)


def test_what_the_journal_keeps_is_sent_in_the_background_of_the_first_metered_request(
    ledger: Ledger, make_driver: Callable[..., Driver], tmp_path: Path
) -> None:
    journal = Journal(tmp_path / "usage", stream="leases")
    journal.append({"event": {"id": "1", "source": "gate/machine"}})
    driver = make_driver(issuer=ISSUER, journal=str(journal.path))
    driver.run(lambda client: client.run(client.usage.leases.begin_tending()))
    told(driver)
    assert (list(ledger.events), len(journal)) == (["1"], 0)


def go_round(driver: Driver) -> bool:
    """Do what is done in the background, and return whether something is left to be told."""
    is_left: bool = driver.run(lambda client: client.run(client.usage.leases.go_round()))
    return is_left


def test_leases_and_a_buffer_share_a_file_and_each_leaves_alone_what_is_the_others(
    ledger: Ledger, make_driver: Callable[..., Driver], tmp_path: Path
) -> None:
    journal = Journal(tmp_path / "usage")
    journal.append({"id": "of a buffer", "source": "app"})
    driver = make_driver(issuer=ISSUER, journal=str(journal.path))
    leases = driver.client.usage.leases
    leases.note({"id": "of a gate", "source": "gate/app"})
    leases.journal.append({"lease": "r1", "agreement": "agreement_1", "used": "3"})
    buffered = driver.client.usage.buffer(journal=journal)._backlog
    assert [len(buffered), go_round(driver)] == [1, False]
    assert (list(ledger.events), ledger.told) == (["of a gate"], ["report r1 3", "record 1"])
    assert [event["id"] for _, event in journal.pending()] == ["of a buffer"]


REFUSED = {"errors": [{"code": "NO", "message": "no"}]}


@pytest.mark.parametrize(
    ("answer", "is_kept"),
    [
        *((httpx.Response(status, json=REFUSED), True) for status in (401, 403, 405, 408, 409, 421, 429, 500, 503)),
        *((httpx.Response(status, json=REFUSED), False) for status in (400, 404, 422)),
        (refused(404, "ROUTE_NOT_FOUND"), True),
        (refused(409, "RESERVATION_ENDED"), False),
    ],
    ids=str,
)
def test_usage_of_a_lease_is_given_up_only_where_the_server_refuses_that_very_usage(
    driver: Driver, ledger: Ledger, tmp_path: Path, answer: httpx.Response, is_kept: bool, caplog: Any
) -> None:
    leases = driver.client.usage.leases
    leases.journal = journal = Journal(tmp_path / "usage", stream="leases")
    leases._has_journaled = True
    journal.append({"lease": "r1", "agreement": "agreement_1", "used": "3"})
    ledger.refusals["report"] = [answer] * 3
    assert (go_round(driver), len(journal)) == (is_kept, int(is_kept))
    assert ("'used': '3'" in caplog.text) is not is_kept


@pytest.mark.parametrize(
    ("status", "error"), [(401, "invalid_client"), (400, "invalid_client"), (400, "invalid_scope")]
)
def test_what_a_lease_has_used_is_told_once_the_credentials_are_right_again(
    driver: Driver, ledger: Ledger, lease: Any, tmp_path: Path, status: int, error: str
) -> None:
    leases = driver.client.usage.leases
    leases.tender = object()
    leases.journal = journal = Journal(tmp_path / "usage", stream="leases")
    driver.run(lambda _: lease.use(5)).done()
    machine = driver.client._provider.machine
    machine._token, machine._monotonic = None, lambda: 0.0
    ledger.token = httpx.Response(status, json={"error": error})
    [holder] = leases._holders.values()
    holder.give_up()
    assert (go_round(driver), [entry["used"] for _, entry in journal.pending()]) == (True, ["5"])
    ledger.token = None
    assert (go_round(driver), len(journal), ledger.used) == (False, 0, 5)


def test_of_events_that_are_refused_together_the_one_that_is_to_blame_is_found(
    driver: Driver, ledger: Ledger, tmp_path: Path
) -> None:
    leases = driver.client.usage.leases
    leases.journal = journal = Journal(tmp_path / "usage", stream="leases")
    for number in range(4):
        leases.note({"id": str(number), "source": "gate/app"})
    ledger.refusals["record"] = [refused(400, "INVALID_REQUEST") for _ in range(3)]
    assert go_round(driver) is False
    assert (ledger.told, list(ledger.events), len(journal)) == (
        ["record 4", "record 2", "record 1", "record 1", "record 2"],
        ["1", "2", "3"],
        0,
    )


def test_an_event_of_nobody_whom_the_server_knows_is_sent_once_more_for_whom_it_names_beside(
    driver: Driver, ledger: Ledger, tmp_path: Path
) -> None:
    leases = driver.client.usage.leases
    leases.journal = journal = Journal(tmp_path / "usage", stream="leases")
    leases.note({"id": "1", "source": "gate/app", "subject": "org_1"}, or_else="kp_ada")
    nobody = {"source": "gate/app", "id": "1", "status": "refused", "code": "UNKNOWN_SUBJECT", "message": "nobody"}
    ledger.refusals["record"] = [httpx.Response(200, json={"results": [nobody]})]
    assert [go_round(driver) for _ in range(2)] == [False] * 2
    assert ([event["subject"] for event in ledger.events.values()], len(journal)) == (["kp_ada"], 0)
