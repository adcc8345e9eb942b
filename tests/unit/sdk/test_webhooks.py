"""Webhooks: only what the issuer signed as an event, for us, and lately; and each event once."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx

from billing_sdk import (
    Agreement,
    Event,
    EventPayment,
    EventPlan,
    EventUsage,
    KeySet,
    MemorySeen,
    PlanChanged,
    SeenStore,
    SqliteSeen,
    UnknownEvent,
    WebhookPolicy,
)
from billing_sdk.errors import InvalidWebhook, Unreachable
from billing_sdk.webhooks import verify
from tests.unit.sdk.conftest import Driver
from tests.unit.sdk.kit import (
    EC_KEY,
    ISSUER,
    KEY,
    NOW,
    OTHER_KEY,
    SECONDS,
    Monotonic,
    access_claims,
    event_claims,
    id_claims,
)

KEYS = KeySet.read({"keys": [KEY.jwk(), EC_KEY.jwk()]})
POLICY = WebhookPolicy(ISSUER)
ADDRESSED = {"iss": ISSUER, "aud": "webhook_1", "iat": SECONDS, "exp": SECONDS + 300, "jti": "event_1"}


def read(claims: Any, *, policy: WebhookPolicy = POLICY, **header: Any) -> Event:
    """Sign and verify a webhook."""
    return verify(KEY.sign(claims, **{"typ": "JWT", **header}), KEYS, NOW, policy=policy)


def test_an_event_of_the_reference_server_is_read_with_everything_it_says() -> None:
    policy = WebhookPolicy(ISSUER, endpoint_id="webhook_1")
    event = read({**event_claims(), **ADDRESSED}, policy=policy, typ="webhook-event+jwt")
    assert type(event) is Event
    assert (event.id, event.source, event.occurred_at) == (
        "event_1",
        "user",
        datetime(2026, 11, 21, 11, 59, tzinfo=UTC),
    )
    assert (event.customer_id, event.user_id, event.org_code) == ("customer_1", "kp_1", "org_1")
    assert (event.sequence, event.agreement_id, event.is_billing) == (7, "agreement_1", True)
    assert event.plan == EventPlan("pro_monthly", "Pro")
    assert event.previous_plan == EventPlan("free", "Free")


def test_an_event_of_a_hosted_provider_needs_no_registered_claims() -> None:
    claims = {
        "type": "user.updated",
        "event_id": "event_018f",
        "source": "admin",
        "timestamp": "2026-11-21T21:41:45.592145+10:00",
        "data": {"user": {"id": "kp_9", "organizations": [{"code": "org_1", "permissions": None}]}},
    }
    event = read(claims, typ="JWT")
    assert event.occurred_at == datetime(2026, 11, 21, 11, 41, 45, 592_145, tzinfo=UTC)
    assert (event.user_id, event.plan, event.payment, event.is_billing) == ("kp_9", None, None, False)


def test_other_shapes_of_billing_data_are_read_leniently() -> None:
    data = {
        "customer": {"id": "customer_2"},
        "user": {"id": "kp_2"},
        "organization": {"code": "org_2"},
        "agreement": {"id": "agreement_2"},
        "plan": "gold",
        "previous_plan": {"code": 7},
        "sequence": "7",
        "invoice": {"id": "inv_1", "number": "2026-1"},
        "payment": {"id": "pay_1", "amount_minor": 2900, "currency": "USD", "status": "failed", "decline_code": "x"},
        "usage": {"feature_code": "ai_tokens", "value": "5", "kind": "delta", "total": "10"},
    }
    event = read(event_claims(data=data))
    assert (event.customer_id, event.user_id, event.org_code) == ("customer_2", "kp_2", "org_2")
    assert (event.agreement_id, event.plan, event.previous_plan) == ("agreement_2", EventPlan("gold"), None)
    assert (event.sequence, event.invoice_number) == (None, "2026-1")
    assert event.payment == EventPayment("pay_1", 2900, "USD", "failed", "x")
    assert event.usage == EventUsage("ai_tokens", "5", "delta", "10")


def test_a_payload_is_the_class_of_its_type_and_says_what_the_event_says() -> None:
    event = read(event_claims())
    match event.payload:
        case PlanChanged(plan=plan, previous_plan=before, sequence=sequence):
            assert (plan, before, sequence) == (EventPlan("pro_monthly", "Pro"), EventPlan("free", "Free"), 7)
        case other:
            raise AssertionError(other)
    assert read(event_claims(type="user.updated", data={})).payload is None


@pytest.mark.parametrize(
    ("told", "found"),
    [
        (
            {"id": "agreement_1", "plan_code": "gold", "status": "active"},
            Agreement("agreement_1", "gold", status="active"),
        ),
        ({"id": "agreement_1"}, Agreement("agreement_1", "pro")),
        ({"id": "agreement_1", "quantities": {"seats": 3}}, Agreement("agreement_1", "pro", quantities={"seats": 3})),
        ({"id": "agreement_1", "quantities": {"seats": "3"}}, None),
        ({}, None),
        ("agreement_1", None),
    ],
)
def test_the_agreement_of_an_event_is_as_much_of_it_as_makes_sense(told: object, found: object) -> None:
    event = read(event_claims(data={"agreement": told, "plan": "pro"}))
    assert event.agreement == found


def test_an_unknown_type_is_an_event_all_the_same() -> None:
    event = read(event_claims(type="moon.rose", data={}))
    assert type(event) is UnknownEvent
    assert (event.type, event.usage, event.org_code) == ("moon.rose", None, None)


@pytest.mark.parametrize(
    ("claims", "header"),
    [
        (event_claims(iss="https://evil.example"), {}),
        (event_claims(iss=None), {}),
        (event_claims(exp=SECONDS), {}),
        (event_claims(exp="soon"), {}),
        (event_claims(iat=SECONDS + 301), {}),
        (event_claims(timestamp="2026-11-18T11:59:59Z"), {}),
        (event_claims(timestamp="2026-11-21T12:05:01Z"), {}),
        (event_claims(timestamp="yesterday"), {}),
        (event_claims(timestamp=None), {}),
        (event_claims(timestamp=True), {}),
        (event_claims(timestamp="9999-12-31T23:59:59-23:59"), {}),
        (event_claims(data=None), {}),
        (event_claims(data=[]), {}),
        (event_claims(type=""), {}),
        (event_claims(type=7), {}),
        (event_claims(event_id="x" * 256), {}),
        (event_claims(event_id="a\nb"), {}),
        (event_claims(sub="kp_1"), {}),
        (event_claims(scp=["openid"]), {}),
        (event_claims(nonce="n"), {}),
        (access_claims(), {"typ": "JWT"}),
        (access_claims(), {"typ": "at+jwt"}),
        (id_claims("x", "n"), {"typ": "JWT"}),
        (event_claims(), {"typ": None}),
        (event_claims(), {"typ": "at+jwt"}),
        (event_claims(), {"alg": "none"}),
        (event_claims(), {"alg": "HS256"}),
        (event_claims(), {"kid": "key-9"}),
        (event_claims(), {"kid": "key-ec"}),
        (event_claims(), {"jwk": KEY.jwk()}),
        (b"[]", {}),
    ],
    # A key is made anew in each run, and a test keeps its name.
    ids=lambda value: "jwk" if "jwk" in str(value) else str(value)[-60:],
)
def test_what_is_not_an_event_for_us_and_now_is_refused(claims: Any, header: dict[str, Any]) -> None:
    with pytest.raises(InvalidWebhook):
        read(claims, **header)


def test_an_event_for_another_endpoint_is_refused_where_ours_is_known() -> None:
    with pytest.raises(InvalidWebhook):
        read(event_claims(aud="webhook_2"), policy=WebhookPolicy(ISSUER, endpoint_id="webhook_1"))
    assert read(event_claims(aud="webhook_2")).id == "event_1"


def test_an_event_is_accepted_for_as_long_as_a_provider_retries() -> None:
    assert read(event_claims(timestamp="2026-11-18T12:00:00Z")).id == "event_1"
    assert read(event_claims(timestamp=SECONDS - 60)).id == "event_1"
    with pytest.raises(InvalidWebhook):
        read(event_claims(), policy=WebhookPolicy(ISSUER, tolerance=timedelta(seconds=59)))


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"\xff\xfe", b"a.b.c", b"x" * (256 * 1024 + 1), KEY.sign(event_claims()).encode()[:-1]],
    ids=lambda body: repr(body[:10]),
)
def test_a_body_that_is_no_token_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidWebhook):
        verify(body, KEYS, NOW, policy=POLICY)


def test_a_client_refuses_a_key_that_the_issuer_does_not_publish(driver: Driver, issuer: respx.MockRouter) -> None:
    body = OTHER_KEY.sign(event_claims())
    with pytest.raises(InvalidWebhook):
        driver.run(lambda c: c.webhooks.verify(body))


def test_a_client_without_keys_asks_the_sender_to_come_again(driver: Driver, issuer: respx.MockRouter) -> None:
    issuer.get("/.well-known/jwks").mock(side_effect=httpx.ConnectError("no"))
    with pytest.raises(Unreachable):
        driver.run(lambda c: c.webhooks.verify(KEY.sign(event_claims())))


def test_a_client_knows_its_own_endpoint(make_driver: Callable[..., Driver], issuer: respx.MockRouter) -> None:
    driver = make_driver(webhook_endpoint_id="webhook_1")
    with pytest.raises(InvalidWebhook):
        driver.run(lambda c: c.webhooks.verify(KEY.sign(event_claims(aud="webhook_2"))))


@pytest.fixture(params=["memory", "sqlite"])
def clock_and_seen(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Monotonic, SeenStore]]:
    """Each kind of store, on a clock that a test moves."""
    clock = Monotonic()
    if request.param == "memory":
        yield clock, MemorySeen(monotonic=clock)
        return
    with closing(SqliteSeen(tmp_path / "seen.db", now=clock)) as seen:
        yield clock, seen


@pytest.mark.attack(93, 95)
def test_an_event_is_claimed_once_and_remembered_for_a_week(clock_and_seen: tuple[Monotonic, SeenStore]) -> None:
    clock, seen = clock_and_seen
    assert seen.claim("event_1")
    assert not seen.claim("event_1")
    assert not seen.is_confirmed("event_1")
    seen.confirm("event_1")
    clock.advance(7 * 86_400 - 1)
    assert not seen.claim("event_1")
    assert seen.is_confirmed("event_1")
    assert seen.claim("event_2")


@pytest.mark.attack(94)
def test_a_released_event_can_be_claimed_at_once_and_a_lost_one_a_minute_later(
    clock_and_seen: tuple[Monotonic, SeenStore],
) -> None:
    clock, seen = clock_and_seen
    assert seen.claim("event_1")
    seen.release("event_1", 1)
    assert seen.claim("event_1")
    clock.advance(59)
    assert not seen.claim("event_1")
    clock.advance(1)
    assert seen.claim("event_1")


def test_a_confirmed_event_can_not_be_released(clock_and_seen: tuple[Monotonic, SeenStore]) -> None:
    _, seen = clock_and_seen
    seen.confirm("event_1")
    seen.release("event_1", 1)
    assert not seen.claim("event_1")


@pytest.mark.attack(93)
def test_a_hundred_threads_claim_an_event_once(clock_and_seen: tuple[Monotonic, SeenStore]) -> None:
    _, seen = clock_and_seen
    together = threading.Barrier(50)

    def claim(_: int) -> bool:
        together.wait(30)
        return seen.claim("event_1")

    with ThreadPoolExecutor(50) as pool:
        assert sum(pool.map(claim, range(50))) == 1


@pytest.mark.attack(93)
def test_two_processes_share_a_file(tmp_path: Path) -> None:
    path = tmp_path / "seen.db"
    with closing(SqliteSeen(path)) as first, closing(SqliteSeen(path)) as second:
        assert first.claim("event_1")
        assert not second.claim("event_1")
        first.confirm("event_1")
        assert second.is_confirmed("event_1")


def test_a_child_process_opens_the_file_for_itself(tmp_path: Path) -> None:
    with closing(SqliteSeen(tmp_path / "seen.db")) as seen:
        seen.claim("event_1")
        child = os.fork()
        if child == 0:
            os._exit(0 if seen.claim("event_2") and not seen.claim("event_1") else 1)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        assert not seen.claim("event_2")


def test_old_rows_are_cleaned_away(tmp_path: Path) -> None:
    clock = Monotonic()
    with closing(SqliteSeen(tmp_path / "seen.db", now=clock, kept_seconds=10)) as seen:
        seen.confirm("event_1")
        clock.advance(11)
        seen.confirm("event_2")
        with seen._connected() as connection:
            assert connection.execute("SELECT event_id FROM seen_event").fetchall() == [("event_2",)]


def test_memory_is_bounded() -> None:
    seen = MemorySeen(capacity=2)
    for name in ("a", "b", "c"):
        seen.confirm(name)
    assert [name for name in ("a", "b", "c") if seen.is_confirmed(name)] == ["b", "c"]
