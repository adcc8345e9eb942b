"""Webhooks under attack: changed, replayed, of another kind, for somebody else, out of order, and of the future."""

from __future__ import annotations

import itertools
import json
import sqlite3
from base64 import urlsafe_b64decode, urlsafe_b64encode
from contextlib import closing
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from billing_sdk import Event, KeySet, MemorySeen, SeenStore, SqliteSeen, UnknownEvent, WebhookPolicy
from billing_sdk.errors import InvalidWebhook
from billing_sdk.webhooks import LONGEST_BODY, verify
from billing_sdk.webhooks.seen import KEPT_SECONDS, LEASE_SECONDS
from billing_sdk.webhooks.verify import FUTURE_TOLERANCE
from tests.unit.sdk.kit import EC_KEY, ISSUER, KEY, NOW, SECONDS, Monotonic, access_claims, event_claims, id_claims

KEYS = KeySet.read({"keys": [KEY.jwk(), EC_KEY.jwk()]})
POLICY = WebhookPolicy(ISSUER, endpoint_id="webhook_1")
ADDRESSED = {"iss": ISSUER, "aud": "webhook_1", "iat": SECONDS, "exp": SECONDS + 300, "jti": "event_1"}
TYPED = {"typ": "webhook-event+jwt"}
PLAIN = {"typ": "JWT"}
BODY = KEY.sign({**event_claims(), **ADDRESSED}, **TYPED)
PATIENT = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
PROVIDER_RETRIES_FOR = timedelta(hours=36)
PROVIDER_GIVES_UP_AFTER = timedelta(hours=72)


def read(claims: Any, policy: WebhookPolicy = POLICY, **header: Any) -> Event:
    """Sign and verify a webhook."""
    return verify(KEY.sign(claims, **header), KEYS, NOW, policy=policy)


def without(name: str) -> dict[str, Any]:
    """Return a webhook of the reference server that lacks a claim."""
    return {claim: value for claim, value in {**event_claims(), **ADDRESSED}.items() if claim != name}


@pytest.mark.attack(92)
@given(st.integers(0, len(BODY) - 1), st.characters(codec="ascii"))
@PATIENT
def test_no_character_of_a_body_can_be_another_one(position: int, character: str) -> None:
    changed = BODY[:position] + character + BODY[position + 1 :]
    if changed != BODY:
        with pytest.raises(InvalidWebhook):
            verify(changed, KEYS, NOW, policy=POLICY)


@pytest.mark.attack(92)
@given(st.binary(max_size=200))
@PATIENT
def test_whatever_is_sent_is_an_event_or_refused_and_nothing_else(body: bytes) -> None:
    for sent in (body, b".".join([body] * 3), BODY.encode() + body or b"x"):
        if sent != BODY.encode():
            with pytest.raises(InvalidWebhook):
                verify(sent, KEYS, NOW, policy=POLICY)


@pytest.mark.attack(92)
@pytest.mark.parametrize("cut", [1, 2, 10, 100, 342, len(BODY) - 1])
def test_a_body_that_was_cut_off_is_refused(cut: int) -> None:
    for sent in (BODY[:-cut], BODY[cut:]):
        with pytest.raises(InvalidWebhook):
            verify(sent, KEYS, NOW, policy=POLICY)


@pytest.mark.attack(92)
@pytest.mark.parametrize("indent", [None, 1])
def test_a_payload_that_was_written_anew_is_refused_though_it_says_the_same(indent: int | None) -> None:
    header, payload, signature = BODY.split(".")
    claims = json.loads(urlsafe_b64decode(payload + "=="))
    again = json.dumps(dict(reversed(claims.items())), indent=indent).encode()
    rewritten = urlsafe_b64encode(again).rstrip(b"=").decode()
    assert json.loads(again) == claims
    with pytest.raises(InvalidWebhook):
        verify(f"{header}.{rewritten}.{signature}", KEYS, NOW, policy=POLICY)


@pytest.mark.attack(92, 102)
@pytest.mark.parametrize(
    "spoil",
    [
        lambda head, body, sign: f"{head}.{body}.",
        lambda head, body, sign: f"{head}.{body}.{sign[:8]}",
        lambda head, body, sign: f"{head}.{body}.{sign[:-4]}",
        lambda head, body, sign: f"{head}.{body}.{sign}{sign}",
        lambda head, body, sign: f"{head}.{body}.{sign}.{sign}",
        lambda head, body, sign: f"{head}.{body}.{'A' * 342} {head}.{body}.{sign}",
        lambda head, body, sign: f"v1,{head}.{body}.{sign}",
        lambda head, body, sign: json.dumps({"payload": body, "signatures": [{"protected": head, "signature": sign}]}),
        lambda head, body, sign: json.dumps({"payload": body, "signatures": [{"signature": "x"}] * 10_000}),
        lambda head, body, sign: " ".join([f"{head}.{body}.{sign}"] * 100),
    ],
)
def test_there_is_one_signature_and_it_counts_in_full(spoil: Any) -> None:
    with pytest.raises(InvalidWebhook):
        verify(spoil(*BODY.split(".")), KEYS, NOW, policy=POLICY)


@pytest.mark.attack(95)
def test_events_are_taken_for_as_long_as_a_provider_sends_them_again() -> None:
    assert POLICY.tolerance > PROVIDER_RETRIES_FOR
    assert POLICY.tolerance >= PROVIDER_GIVES_UP_AFTER
    event = read(event_claims(timestamp=(NOW - PROVIDER_RETRIES_FOR).isoformat()), **PLAIN)
    assert event.id == "event_1"


@pytest.mark.attack(95)
def test_no_event_is_forgotten_while_it_would_still_be_taken() -> None:
    assert timedelta(seconds=KEPT_SECONDS) >= timedelta(days=7)
    assert timedelta(seconds=KEPT_SECONDS) > POLICY.tolerance + FUTURE_TOLERANCE


@pytest.mark.attack(95)
@pytest.mark.parametrize("age", [timedelta(hours=72, seconds=1), timedelta(days=30), timedelta(days=20_000)])
def test_an_event_of_long_ago_is_refused(age: timedelta) -> None:
    with pytest.raises(InvalidWebhook):
        read(event_claims(timestamp=(NOW - age).isoformat()), **PLAIN)


@pytest.mark.attack(95)
@pytest.mark.parametrize("exp", [SECONDS, SECONDS - 1, 0, -1, True, "9999999999", None, 1e400])
def test_a_body_of_the_reference_server_is_good_for_its_own_attempt_only(exp: Any) -> None:
    with pytest.raises(InvalidWebhook):
        read({**event_claims(), **ADDRESSED, "exp": exp}, **TYPED)


@pytest.mark.attack(96)
@pytest.mark.parametrize("typ", ["JWT", "jwt", "at+jwt", "webhook-event+jwt", "application/at+jwt", "", None])
@pytest.mark.parametrize(
    "token",
    [
        id_claims("x", "n"),
        access_claims(),
        {**id_claims("x", "n"), **event_claims()},
        {**access_claims(), **event_claims()},
        {**event_claims(), "gty": ["client_credentials"], "azp": "x"},
        {**event_claims(), "sub": ""},
        {**event_claims(), "client_id": "x"},
        {**event_claims(), "auth_time": SECONDS},
    ],
    ids=["ID token", "access token", "ID and event", "access and event", "machine", "subject", "client", "signed in"],
)
def test_a_token_that_speaks_for_somebody_is_no_webhook_whatever_else_it_says(token: Any, typ: str | None) -> None:
    with pytest.raises(InvalidWebhook):
        read(token, WebhookPolicy(ISSUER), typ=typ)


@pytest.mark.attack(96, 97)
@pytest.mark.parametrize("claim", ["iss", "aud", "iat", "exp", "type", "event_id", "data"])
def test_a_body_of_the_reference_server_says_who_sent_it_to_whom_and_until_when(claim: str) -> None:
    with pytest.raises(InvalidWebhook):
        read(without(claim), WebhookPolicy(ISSUER), **TYPED)


@pytest.mark.attack(96)
@pytest.mark.parametrize("claim", ["type", "event_id", "data"])
def test_a_body_of_a_hosted_provider_says_what_happened(claim: str) -> None:
    with pytest.raises(InvalidWebhook):
        read({name: value for name, value in event_claims().items() if name != claim}, **PLAIN)


@pytest.mark.attack(97)
@pytest.mark.parametrize(
    "addressed",
    [
        {"iss": "https://neighbour.example"},
        {"iss": f"{ISSUER}/"},
        {"iss": ISSUER.upper()},
        {"iss": None},
        {"iss": [ISSUER]},
        {"aud": "webhook_2"},
        {"aud": ["webhook_2"]},
        {"aud": []},
        {"aud": None},
        {"aud": "webhook_11"},
        {"aud": 7},
        {"aud": {"webhook_1": 1}},
    ],
    ids=repr,
)
@pytest.mark.parametrize("header", [TYPED, PLAIN], ids=["reference", "hosted"])
def test_an_event_of_another_issuer_or_for_another_endpoint_is_refused(
    addressed: dict[str, Any], header: dict[str, Any]
) -> None:
    with pytest.raises(InvalidWebhook):
        read({**event_claims(), **ADDRESSED, **addressed}, **header)


def plan_event(sequence: int, plan: str, at: datetime = NOW) -> Event:
    """A customer who came to a plan."""
    data = {"customer_id": "customer_1", "sequence": sequence, "plan": {"key": plan}}
    return Event("customer.plan_changed", f"event_{sequence}", "user", at, data)


@pytest.mark.attack(98)
@given(st.permutations(range(9, 13)), st.lists(st.integers(9, 12), max_size=4))
@PATIENT
def test_the_version_makes_the_final_state_the_same_in_every_order(order: list[int], again: list[int]) -> None:
    plans = {9: "free", 10: "pro", 11: "team", 12: "none"}
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE customer (id TEXT PRIMARY KEY, plan TEXT, version TEXT)")
        for sequence in [*order, *again]:
            event = plan_event(sequence, plans[sequence])
            assert event.plan is not None
            database.execute(
                "INSERT INTO customer VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE"
                " SET plan = excluded.plan, version = excluded.version WHERE customer.version < excluded.version",
                (event.customer_id, event.plan.key, event.version),
            )
        assert database.execute("SELECT plan FROM customer").fetchall() == [("none",)]


@pytest.mark.attack(98)
def test_events_that_are_not_counted_are_ordered_by_their_time() -> None:
    times = [NOW + timedelta(microseconds=step) for step in (-1, 0, 1, 10**12)]
    events = [Event("user.updated", f"event_{9 - i}", "admin", at, {}) for i, at in enumerate(times)]
    for shuffled in itertools.permutations(events):
        assert sorted(shuffled, key=lambda event: event.version) == events


@pytest.mark.attack(98)
@pytest.mark.parametrize("sequence", [-1, 10**20, 10**400, True, 7.0, "7", None])
def test_a_sequence_that_is_none_does_not_stop_an_event(sequence: Any) -> None:
    event = Event("customer.plan_changed", "event_1", "user", NOW, {"sequence": sequence})
    assert event.version == Event("customer.plan_changed", "event_1", "user", NOW, {}).version
    assert Event("a", "b", "c", datetime(1, 1, 1, tzinfo=UTC), {}).version < event.version


MEMBERS = ["customer_id", "user_id", "org_code", "sequence", "plan", "previous_plan", "agreement_id", "payment"]
OBJECTS = ["customer", "user", "organization", "agreement", "usage", "invoice"]
INNER = ["id", "code", "key", "name", "number", "amount_minor", "currency", "status", "value", "total", "kind"]
HOSTILE = [
    None,
    True,
    0,
    -1,
    10**40,
    1e308,
    float("nan"),
    float("inf"),
    "",
    "\x00",
    "\ud800",
    [],
    [[]],
    {},
    {"id": {}},
]
READINGS = sorted(name for name, value in vars(Event).items() if isinstance(value, property))


@pytest.mark.attack(99)
@pytest.mark.parametrize("hostile", HOSTILE, ids=repr)
def test_no_data_makes_an_event_raise_when_it_is_read(hostile: Any) -> None:
    for member in [*MEMBERS, *OBJECTS]:
        for value in (hostile, dict.fromkeys(INNER, hostile)):
            event = UnknownEvent("moon.rose", "event_1", "user", NOW, {member: value})
            assert {name: getattr(event, name) for name in READINGS}["is_billing"] is False


@pytest.mark.attack(99)
@pytest.mark.parametrize("data", [{}, {"customer_id": None, "plan": None}, {"what": ["is", {"this": 1}]}], ids=repr)
@pytest.mark.parametrize("kind", ["moon.rose", "customer.plan_changed", "customer.something_new", "user.created"])
def test_an_event_with_missing_or_unknown_members_is_an_event(kind: str, data: dict[str, Any]) -> None:
    event = read({**event_claims(type=kind, data=data), "new_member": {"a": 1}}, **PLAIN)
    assert (event.type, dict(event.data)) == (kind, data)
    assert isinstance(event, UnknownEvent) is (kind in {"moon.rose", "customer.something_new"})
    assert [field.name for field in fields(event)] == ["type", "id", "source", "occurred_at", "data"]


@pytest.mark.attack(100)
@pytest.mark.parametrize("size", [LONGEST_BODY + 1, 10_000_000])
def test_a_body_that_is_too_long_is_refused_unread(size: int) -> None:
    with pytest.raises(InvalidWebhook):
        verify(b"x" * size, KEYS, NOW, policy=POLICY)


@pytest.mark.attack(93, 94)
@given(st.lists(st.sampled_from(["handled", "failed", "crashed", "later", "a day later"]), max_size=14))
@PATIENT
@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_an_event_takes_effect_once_and_is_never_lost_however_it_is_delivered(kind: str, story: list[str]) -> None:
    clock = Monotonic()
    with closing(SqliteSeen(":memory:", now=clock)) as durable:
        seen: SeenStore = MemorySeen(monotonic=clock) if kind == "memory" else durable
        attempts, effects = 0, 0

        def deliver(outcome: str) -> None:
            nonlocal attempts, effects
            attempt = seen.claim("event_1")
            if not attempt:
                return
            attempts += 1
            assert attempt == attempts, "each attempt has its own number"
            if outcome == "handled":
                effects += 1
                seen.confirm("event_1")
            elif outcome == "failed":
                seen.release("event_1", attempt)

        for step in story:
            if step in {"handled", "failed", "crashed"}:
                deliver(step)
            else:
                clock.advance(LEASE_SECONDS if step == "later" else 86_400 / 4)
            assert effects <= 1
        clock.advance(LEASE_SECONDS)
        deliver("handled")
        assert effects == 1, "the sender's last attempt is handled, if none before was"


@pytest.mark.attack(94)
@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_a_handler_that_fails_late_does_not_give_up_the_claim_of_whoever_took_over(kind: str) -> None:
    clock = Monotonic()
    with closing(SqliteSeen(":memory:", now=clock)) as durable:
        seen: SeenStore = MemorySeen(monotonic=clock) if kind == "memory" else durable
        assert seen.claim("event_1") == 1
        clock.advance(LEASE_SECONDS)
        assert seen.claim("event_1") == 2
        seen.release("event_1", 1)
        assert seen.claim("event_1") == 0
        seen.release("event_1", 2)
        assert seen.claim("event_1") == 3
