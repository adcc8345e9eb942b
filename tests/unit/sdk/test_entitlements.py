"""Entitlements: paged, taken from where they are, decided locally, and kept as long as they may be."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
import respx

from billing_sdk import Entitlement, EntitlementSnapshot, Event, Owner, Snapshots, SubscribedPlan
from billing_sdk._operation import Flow, Spawn, Sync
from billing_sdk.entitlements import HARMLESS_TYPES
from billing_sdk.errors import Forbidden, InvalidRequest, NotFound, Unreachable, UnsafeAnswer
from billing_sdk.events import KNOWN_TYPES
from tests.unit.sdk.conftest import Driver
from tests.unit.sdk.kit import NOW, Monotonic, answer_always

OWNER = Owner("https://id.example", "kp_1", "org_1")
EMPTY = {"has_more": False}


def entitlement(name: str, **members: Any) -> dict[str, Any]:
    """Return one entitlement as the Account API tells it."""
    return {"id": f"entitlement_{name}", "feature_key": name, "entitlement_limit_max": None, **members}


def account(
    *items: dict[str, Any], plans: tuple[str, ...] = (), org_code: str | None = "org_1", **metadata: Any
) -> Any:
    """Return one page of the Account API."""
    data = {"org_code": org_code, "plans": [{"key": plan} for plan in plans], "entitlements": list(items)}
    return {"data": data, "metadata": metadata or EMPTY}


def snapshot(*limits: tuple[str, int | None], plans: tuple[str, ...] = ()) -> EntitlementSnapshot:
    """Return a snapshot with features and plans."""
    found = tuple(Entitlement(f"e{i}", key, limit_max=limit) for i, (key, limit) in enumerate(limits))
    return EntitlementSnapshot("org_1", tuple(map(SubscribedPlan, plans)), found, NOW)


def test_a_snapshot_decides_and_what_it_does_not_know_is_a_no() -> None:
    found = snapshot(("reports", None), ("seats", 5), ("sso", 0), ("seats", 9), plans=("pro",))
    assert [key for key in ("reports", "seats", "sso", "typo", "") if found.has(key)] == ["reports", "seats"]
    assert [found.limit(key) for key in ("reports", "seats", "sso", "typo")] == [None, 9, 0, 0]
    assert (found.on_plan("pro"), found.on_plan("free", "pro"), found.on_plan("free"), found.on_plan()) == (
        True,
        True,
        False,
        False,
    )
    assert found.entitlement("seats") == Entitlement("e1", "seats", limit_max=5)
    assert found.entitlement("typo") is None


@pytest.mark.parametrize(
    ("limits", "counted_under"),
    [([], None), ([5, 5], "a0"), ([5, 9], "a1"), ([5, None, None], "a1"), ([9, (5, True)], "a1")],
    ids=str,
)
def test_use_counts_under_the_most_generous_agreement_the_first_of_those_alike(
    limits: list[Any], counted_under: str | None
) -> None:
    entitlements = [
        Entitlement.read(
            entitlement(
                "tokens",
                entitlement_limit_max=limit[0] if isinstance(limit, tuple) else limit,
                is_soft=isinstance(limit, tuple),
                customer_agreement_id=f"a{place}",
            )
        )
        for place, limit in enumerate(limits)
    ]
    assert EntitlementSnapshot(None, (), tuple(entitlements), NOW).agreement_for("tokens") == counted_under


def test_a_snapshot_says_what_is_set_and_how_much_was_used() -> None:
    facts = {"consumed": "80.5", "remaining": "19.5", "overage": "0", "resets_on": "2026-12-01T00:00:00Z"}
    used = Entitlement.read(entitlement("tokens", is_soft=True, **facts))
    assert (used.is_soft, used.consumed, used.remaining) == (True, Decimal("80.5"), Decimal("19.5"))
    assert (used.overage, used.resets_on) == (0, datetime(2026, 12, 1, tzinfo=UTC))
    found = EntitlementSnapshot(
        None, (), tuple(Entitlement.read(entitlement("regions", value=text)) for text in (None, '["eu", "us"]')), NOW
    )
    assert (found.value("regions"), found.value("typo")) == (["eu", "us"], None)
    with pytest.raises(UnsafeAnswer):
        Entitlement.read(entitlement("regions", value="[1"))


def test_every_page_is_taken(driver: Driver, issuer: respx.MockRouter) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        after = int(request.url.params.get("starting_after", "entitlement_0").removeprefix("entitlement_"))
        items = [entitlement(str(i)) for i in range(after + 1, min(after + 11, 26))]
        last = items[-1]["id"]
        page = account(*items, plans=("pro",), has_more=after + 11 < 26, next_page_starting_after=last)
        return httpx.Response(200, json=page)

    route = issuer.get("/account_api/v1/entitlements").mock(side_effect=answer)
    found = driver.run(lambda c: c.entitlements.list("token"))
    assert [item.feature_key for item in found.entitlements] == [str(i) for i in range(1, 26)]
    assert (route.call_count, [plan.key for plan in found.plans]) == (3, ["pro"])


@pytest.mark.parametrize("following", [None, "", "entitlement_a"])
def test_a_cursor_that_does_not_advance_ends_the_list_with_an_error(
    following: str | None, driver: Driver, issuer: respx.MockRouter
) -> None:
    page = account(entitlement("a"), has_more=True, next_page_starting_after=following)
    answer_always(issuer.get("/account_api/v1/entitlements"), page)
    with pytest.raises(UnsafeAnswer):
        driver.run(lambda c: c.entitlements.list("token"))


def test_a_list_without_an_end_is_given_up(driver: Driver, issuer: respx.MockRouter) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        following = request.url.params.get("starting_after", "") + "x"
        return httpx.Response(200, json=account(has_more=True, next_page_starting_after=following))

    issuer.get("/account_api/v1/entitlements").mock(side_effect=answer)
    with pytest.raises(UnsafeAnswer, match="hundred"):
        driver.run(lambda c: c.entitlements.list("token"))


@pytest.mark.parametrize(
    "page",
    [
        {},
        {"data": []},
        account(entitlement("a", entitlement_limit_max="10")),
        account(entitlement("a", entitlement_limit_max=10.0)),
        account(entitlement("a", entitlement_limit_max=True)),
        account(entitlement("")),
        account({"id": "e"}),
        {"data": {"entitlements": {}}},
        {"data": {"plans": "pro"}},
        {"data": {"org_code": 7}},
        {"data": {"plans": [{"key": "pro", "subscribed_on": "soon"}]}},
        account(has_more="false"),
    ],
    ids=lambda page: str(page)[-70:],
)
def test_an_answer_of_another_shape_grants_nothing(page: Any, driver: Driver, issuer: respx.MockRouter) -> None:
    answer_always(issuer.get("/account_api/v1/entitlements"), page)
    with pytest.raises(UnsafeAnswer):
        driver.run(lambda c: c.entitlements.list("token"))


def managed(issuer: respx.MockRouter) -> None:
    """Let the Management API tell what the Account API leaves out."""
    answer_always(
        issuer.get("/api/v1/organization", params={"code": "org_1", "expand": "billing"}),
        {"code": "org_1", "billing": {"billing_customer_id": "customer_1", "agreements": []}},
    )
    item = {"id": "entitlement_sso", "feature_code": "sso", "entitlement_limit_max": None}
    answer_always(
        issuer.get("/api/v1/billing/entitlements", params={"customer_id": "customer_1", "expand": "plans"}),
        {"has_more": False, "entitlements": [item], "plans": [{"code": "team_pro", "subscribed_on": "2026-01-01"}]},
    )


def test_an_organizations_entitlements_come_from_the_management_api_where_the_account_api_leaves_them_out(
    driver: Driver, issuer: respx.MockRouter
) -> None:
    answer_always(issuer.get("/account_api/v1/entitlements"), account())
    managed(issuer)
    found = driver.run(lambda c: c.entitlements.list("token"))
    assert (found.has("sso"), found.on_plan("team_pro"), found.org_code) == (True, True, "org_1")


def test_without_machine_credentials_or_rights_the_account_api_has_the_last_word(
    make_driver: Callable[..., Driver], issuer: respx.MockRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BILLING_M2M_CLIENT_ID", raising=False)
    answer_always(issuer.get("/account_api/v1/entitlements"), account())
    assert not make_driver(m2m_client_id=None).run(lambda c: c.entitlements.list("token")).plans
    answer_always(issuer.get("/api/v1/organization"), {"errors": [{"code": "FORBIDDEN", "message": "no"}]}, status=403)
    assert not make_driver().run(lambda c: c.entitlements.list("token")).plans


def test_a_single_entitlement_that_is_not_there_is_not_found(driver: Driver, issuer: respx.MockRouter) -> None:
    answer_always(issuer.get("/account_api/v1/entitlement/sso"), {"data": {"entitlement": None}, "metadata": {}})
    with pytest.raises(NotFound):
        driver.run(lambda c: c.entitlements.get("token", "sso"))
    with pytest.raises(InvalidRequest):
        driver.run(lambda c: c.entitlements.get("token", ".."))


class Colourless(Sync):
    """Runs flows without a server: nothing to take but what runs beside."""

    def __init__(self) -> None:
        self.beside: list[Callable[[], Flow[Any]]] = []

    def take(self, step: Any, /) -> Any:
        if isinstance(step, Spawn):
            self.beside.append(step.flow)
            return None
        return step.future.result(10)

    def settle(self) -> None:
        """Run what was to run beside."""
        while self.beside:
            self.run(self.beside.pop()())


class Desk:
    """Snapshots on a clock, fetched from a list that a test changes."""

    def __init__(self, **options: Any) -> None:
        self.clock = Monotonic()
        self.client = Colourless()
        self.answers: list[Any] = []
        self.asked: list[str] = []
        self.while_fetching: Callable[[], None] = lambda: None
        self.snapshots = Snapshots(self.fetch, monotonic=self.clock, **options)

    def fetch(self, token: str) -> Flow[EntitlementSnapshot]:
        """Answer with the next snapshot, or raise it."""
        self.asked.append(token)
        answer = self.answers.pop(0)
        self.while_fetching()
        if isinstance(answer, Exception):
            raise answer
        return answer
        yield

    def load(self, owner: Owner = OWNER) -> EntitlementSnapshot:
        """Load through the cache."""
        return self.client.run(self.snapshots.load(owner, f"token of {owner.subject}"))


def event(kind: str = "customer.plan_changed", **data: Any) -> Event:
    """Return an event about somebody."""
    return Event(kind, "event_1", "user", NOW, data)


def test_a_snapshot_is_fresh_for_thirty_seconds_then_replaced_beside_then_waited_for() -> None:
    desk = Desk()
    first, second, third = snapshot(("a", 1)), snapshot(("a", 2)), snapshot(("a", 3))
    desk.answers = [first, second, third]
    assert desk.snapshots.fresh(OWNER) is None
    assert desk.load() is first
    desk.clock.advance(29)
    assert (desk.load(), desk.snapshots.fresh(OWNER)) == (first, first)
    desk.clock.advance(1)
    assert desk.snapshots.fresh(OWNER) is None
    assert desk.load() is first
    desk.client.settle()
    assert (desk.load(), len(desk.asked)) == (second, 2)
    desk.clock.advance(60)
    assert desk.load() is third


def test_nobody_gets_the_snapshot_of_another_user_organization_or_issuer() -> None:
    desk = Desk()
    others = [OWNER, OWNER._replace(subject="kp_2"), OWNER._replace(org_code=None), OWNER._replace(issuer="https://x")]
    desk.answers = [snapshot((f"feature-{i}", 1)) for i in range(4)]
    found = [desk.load(owner) for owner in others]
    assert len(set(map(id, found))) == 4
    assert [desk.snapshots.fresh(owner) for owner in others] == found


@pytest.mark.attack(107, 110)
def test_an_answer_about_another_organization_is_neither_used_nor_kept() -> None:
    desk = Desk()
    desk.answers = [replace(snapshot(), org_code="org_2"), replace(snapshot(), org_code=None), snapshot()]
    with pytest.raises(UnsafeAnswer):
        desk.load()
    assert desk.snapshots.last(OWNER) is None
    desk.load()
    assert desk.snapshots.fresh(OWNER) is not None


@pytest.mark.parametrize(
    ("data", "remaining"),
    [
        ({"user_id": "kp_1"}, ["kp_2", "kp_3"]),
        ({"org_code": "org_1"}, ["kp_3"]),
        ({"user_id": "kp_9", "org_code": "org_9"}, ["kp_1", "kp_2", "kp_3"]),
        ({}, []),
    ],
    ids=repr,
)
def test_an_event_drops_the_snapshots_that_it_makes_doubtful(data: dict[str, Any], remaining: list[str]) -> None:
    desk = Desk()
    owners = [OWNER, OWNER._replace(subject="kp_2"), OWNER._replace(subject="kp_3", org_code="org_3")]
    desk.answers = [replace(snapshot(), org_code=owner.org_code) for owner in owners]
    for owner in owners:
        desk.load(owner)
    desk.snapshots.invalidate(event(**data))
    assert [owner.subject for owner in owners if desk.snapshots.last(owner)] == remaining


@pytest.mark.parametrize("data", [{"user_id": "kp_1"}, {"org_code": "org_1"}, {}], ids=repr)
@pytest.mark.parametrize("kind", sorted(HARMLESS_TYPES))
def test_an_event_that_changes_no_plan_and_no_membership_leaves_snapshots_alone(
    kind: str, data: dict[str, Any]
) -> None:
    desk = Desk()
    desk.answers = [snapshot()]
    first = desk.load()
    desk.snapshots.invalidate(event(kind, **data))
    assert desk.snapshots.fresh(OWNER) is first


@pytest.mark.parametrize("data", [{"user_id": "kp_1"}, {"org_code": "org_1"}, {}], ids=repr)
@pytest.mark.parametrize("kind", [*sorted(KNOWN_TYPES - HARMLESS_TYPES), "customer.something_new", "something.else"])
def test_an_event_that_may_change_a_plan_or_a_membership_drops_snapshots_whatever_else_it_does(
    kind: str, data: dict[str, Any]
) -> None:
    desk = Desk()
    desk.answers = [snapshot()]
    desk.load()
    desk.snapshots.invalidate(event(kind, **data))
    assert desk.snapshots.last(OWNER) is None


def test_the_events_that_tell_of_use_payment_and_sign_in_are_harmless() -> None:
    assert (
        {
            "customer.meter_usage_updated",
            "customer.payment_succeeded",
            "customer.payment_failed",
            "user.authenticated",
        }
        <= HARMLESS_TYPES
        <= KNOWN_TYPES
    )
    changing = (
        "customer.agreement_",
        "customer.plan_",
        "organization.",
        "role.",
        "permission.",
        "user.updated",
        "user.d",
    )
    assert not [kind for kind in HARMLESS_TYPES if kind.startswith(changing)]


def test_an_answer_that_an_event_has_overtaken_is_asked_for_again() -> None:
    desk = Desk()
    old, new = snapshot(("a", 1)), snapshot()
    desk.answers = [old, new]

    def change_once() -> None:
        desk.while_fetching = lambda: None
        desk.snapshots.invalidate(event(user_id="kp_1"))

    desk.while_fetching = change_once
    assert desk.load() is new
    assert desk.snapshots.fresh(OWNER) is new


def test_during_an_outage_the_last_snapshot_stays_for_a_quarter_of_an_hour() -> None:
    desk = Desk()
    first = snapshot(("a", 1))
    desk.answers = [first, Unreachable(), Forbidden()]
    desk.load()
    desk.clock.advance(61)
    with pytest.raises(Unreachable):
        desk.load()
    assert desk.snapshots.last(OWNER) is first
    desk.clock.advance(839)
    assert desk.snapshots.last(OWNER) is None
    with pytest.raises(Forbidden):
        desk.load()


def test_a_dropped_snapshot_does_not_come_back_in_an_outage() -> None:
    desk = Desk()
    desk.answers = [snapshot(("a", 1))]
    desk.load()
    desk.snapshots.drop(OWNER)
    assert desk.snapshots.last(OWNER) is None


def test_snapshots_are_bounded() -> None:
    desk = Desk(capacity=2)
    desk.answers = [snapshot()] * 3
    owners = [OWNER._replace(subject=f"kp_{i}") for i in range(3)]
    for owner in owners:
        desk.load(owner)
    assert [owner.subject for owner in owners if desk.snapshots.fresh(owner)] == ["kp_1", "kp_2"]


def test_fifty_threads_ask_once() -> None:
    together = threading.Barrier(50)
    desk = Desk()
    desk.answers = [snapshot(("a", 1))]

    def load(_: int) -> EntitlementSnapshot:
        together.wait(30)
        return desk.load()

    with ThreadPoolExecutor(50) as pool:
        assert len(set(map(id, pool.map(load, range(50))))) == 1
    assert len(desk.asked) == 1


def test_a_client_keeps_snapshots_of_its_own(driver: Driver, issuer: respx.MockRouter) -> None:
    answer_always(issuer.get("/account_api/v1/entitlements"), account(entitlement("a"), plans=("pro",)))
    found = driver.run(lambda c: c.run(c.snapshots.load(OWNER, "token")))
    assert found.has("a")
    assert driver.client.snapshots.fresh(OWNER) is found
    assert found.taken_at - NOW == timedelta(0)


@pytest.mark.parametrize(("sent", "read"), [("0.02", Decimal("0.02")), ("30", Decimal(30)), (None, None)])
def test_the_exact_price_of_a_unit_is_read_where_it_is_told(sent: str | None, read: Decimal | None) -> None:
    told = {"id": "entitlement_1", "feature_key": "ai_tokens", "unit_amount": None, "unit_amount_decimal": sent}
    assert Entitlement.read(told).unit_amount_decimal == read


@pytest.mark.parametrize("sent", ["1e9", "NaN", "1_0", " 1", "٣", 0.02])
def test_a_price_that_is_not_a_plain_decimal_number_is_refused(sent: object) -> None:
    with pytest.raises(UnsafeAnswer, match="unit_amount_decimal"):
        Entitlement.read({"id": "entitlement_1", "feature_key": "ai_tokens", "unit_amount_decimal": sent})
