"""From an announcement to a receiver: nothing is lost, numbers have no gaps, order is kept, failures end."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import jwt
import pytest

from billing_sdk.errors import Conflict, InvalidRequest, NotFound
from billing_sdk.server.clock import TestClock
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import Delivery, Endpoint
from billing_sdk.server.gateways import ManagedGateway
from billing_sdk.server.outbox import Answer
from billing_sdk.server.outbox.catalogue import BY_CODE
from billing_sdk.server.settings import Settings
from billing_sdk.server.storage import Database
from billing_sdk.server.usecases.claim_deliveries import claim_deliveries
from billing_sdk.server.usecases.delete_endpoint import delete_endpoint
from billing_sdk.server.usecases.deliver_due import create_dispatcher, deliver_due
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.ensure_endpoint import ensure_endpoint
from billing_sdk.server.usecases.redeliver_dead import redeliver_dead
from billing_sdk.server.usecases.register_endpoint import MOST_ENDPOINTS, register_endpoint
from billing_sdk.server.usecases.replay_event import replay_event
from billing_sdk.server.usecases.replay_events import replay_events
from billing_sdk.server.usecases.settle_delivery import settle_delivery
from billing_sdk.server.usecases.signing_keys import current_key
from billing_sdk.server.usecases.trigger_event import trigger_event
from billing_sdk.server.usecases.update_endpoint import update_endpoint
from tests.receiver import Received, Receiver, receiving
from tests.waiting import wait_until

AT = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
ISSUER = "http://127.0.0.1:9000"
ADA = Customer("customer_ada", "user", "ada@example.com", AT, user_id="kp_ada")
ACME = Customer("customer_acme", "organization", "acme@example.com", AT, org_code="org_acme")
TYPE = "customer.plan_changed"


@pytest.fixture
def clock() -> TestClock:
    return TestClock(AT)


@pytest.fixture
def engine(database_url: str, clock: TestClock) -> Iterator[Engine]:
    database = Database.open(database_url)
    database.migrate()
    yield Engine(database, clock, ManagedGateway(), Settings(ISSUER, database_url))
    database.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


@pytest.fixture
def endpoint(engine: Engine, receiver: Receiver) -> Endpoint:
    return register_endpoint(engine, url=receiver.url, name="Receiver", event_types=[TYPE])


def announce(engine: Engine, customer: Customer | None = ADA, **data: Any) -> str:
    with engine.begin() as tx:
        return tx.outbox.announce(type=TYPE, data=data, customer=customer, at=engine.now())


class Changed(Exception):
    """Somebody's mind."""


def announce_and_change_mind(engine: Engine) -> None:
    with engine.begin() as tx:
        tx.outbox.announce(type=TYPE, data={}, customer=ADA, at=AT)
        raise Changed


def deliveries_of(engine: Engine, **wanted: Any) -> tuple[Delivery, ...]:
    with engine.read() as tx:
        return tx.deliveries.list(**wanted)


def endpoint_now(engine: Engine, endpoint: Endpoint) -> Endpoint:
    with engine.read() as tx:
        return tx.endpoints.get(endpoint.id)


def claims_of(request: Received) -> dict[str, Any]:
    return jwt.decode(request.body, options={"verify_signature": False})


def fail_for(engine: Engine, clock: TestClock, duration: timedelta) -> None:
    """Let time pass, and make every attempt that becomes due in it."""
    end = clock.now() + duration
    while clock.now() < end:
        deliver_due(engine)
        clock.advance(minutes=10)


# Announcing


def test_nobody_hears_of_a_transaction_that_was_rolled_back(engine, endpoint, receiver):
    with pytest.raises(Changed):
        announce_and_change_mind(engine)
    assert deliver_due(engine) == 0
    assert receiver.received == []
    announce(engine)
    with engine.read() as tx:
        assert [event.sequence for event in tx.outbox.list()] == [1]


def test_each_customer_is_counted_from_one_without_gaps_whoever_writes_at_the_same_time(engine):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: announce(engine, ADA if number % 2 else ACME), range(60)))
    with engine.read() as tx:
        for customer in (ADA, ACME):
            sequences = [event.sequence for event in tx.outbox.list(customer_id=customer.id)]
            assert sequences == list(range(1, 31))


def test_the_data_names_the_owner_and_the_number(engine, endpoint, receiver):
    announce(engine, ACME, plan={"code": "team_pro"})
    deliver_due(engine)
    [request] = receiver.received
    assert claims_of(request)["data"] == {
        "plan": {"code": "team_pro"},
        "customer_id": "customer_acme",
        "user_id": None,
        "org_code": "org_acme",
        "sequence": 1,
    }


def test_only_endpoints_that_want_the_type_and_are_enabled_hear_of_it(engine, endpoint, receiver):
    with receiving() as other, receiving() as disabled:
        register_endpoint(engine, url=other.url, name="Other", event_types=["user.created"])
        asleep = register_endpoint(engine, url=disabled.url, name="Asleep", event_types=[TYPE])
        update_endpoint(engine, endpoint_id=asleep.id, is_enabled=False)
        announce(engine)
        assert deliver_due(engine) == 1
        assert (len(receiver.received), other.received, disabled.received) == (1, [], [])


# The body


def test_a_body_is_signed_for_one_endpoint_and_one_attempt(engine, endpoint, receiver, clock):
    receiver.status = 500
    event_id = announce(engine)
    deliver_due(engine)
    clock.advance(seconds=10)
    deliver_due(engine)
    first, second = receiver.received
    key = current_key(engine)
    public = jwt.PyJWK(key.public_jwk()).key
    claims = jwt.decode(
        second.body,
        public,
        algorithms=["RS256"],
        audience=endpoint.id,
        issuer=ISSUER,
        options={"verify_exp": False, "verify_iat": False},
    )
    assert jwt.get_unverified_header(second.body) == {"alg": "RS256", "kid": key.kid, "typ": "webhook-event+jwt"}
    assert claims["jti"] == claims["event_id"] == event_id
    assert (claims["type"], claims["source"]) == (TYPE, "user")
    assert claims["timestamp"] == claims["event_timestamp"] == "2026-03-01T09:30:00.000Z"
    assert claims["iat"] == AT.timestamp() + 10
    assert claims_of(first)["iat"] == AT.timestamp()
    assert claims["exp"] - claims["iat"] == 300


def test_the_webhook_id_is_that_of_the_event_and_the_endpoint_over_all_attempts(engine, endpoint, receiver, clock):
    with receiving() as other:
        register_endpoint(engine, url=other.url, name="Other", event_types=[TYPE])
        receiver.status = 500
        announce(engine)
        deliver_due(engine)
        clock.advance(seconds=10)
        deliver_due(engine)
        ids = [request.headers["webhook-id"] for request in receiver.received]
        assert ids[0] == ids[1]
        assert ids[0] != other.received[0].headers["webhook-id"]


# Order


def test_a_customers_events_arrive_in_their_order(engine, endpoint, receiver):
    for _ in range(5):
        announce(engine)
    deliver_due(engine)
    assert [claims_of(request)["data"]["sequence"] for request in receiver.received] == [1, 2, 3, 4, 5]


def test_an_event_that_has_not_arrived_holds_back_later_ones_of_its_customer_and_of_nobody_else(
    engine, endpoint, receiver, clock
):
    receiver.status = 500
    announce(engine, ADA)
    deliver_due(engine)
    announce(engine, ADA)
    announce(engine, ACME)
    announce(engine, None)
    receiver.status = 200
    assert deliver_due(engine) == 2
    assert [claims_of(request)["data"].get("customer_id") for request in receiver.received[1:]] == [ACME.id, None]
    clock.advance(seconds=10)
    assert deliver_due(engine) == 2
    assert [claims_of(request)["data"]["sequence"] for request in receiver.received[3:]] == [1, 2]


def test_a_dead_letter_no_longer_holds_back_what_comes_after(engine, endpoint, receiver, clock):
    receiver.status = 500
    announce(engine)
    fail_for(engine, clock, timedelta(hours=37))
    receiver.status = 200
    announce(engine)
    assert deliver_due(engine) == 1
    assert claims_of(receiver.received[-1])["data"]["sequence"] == 2
    [dead] = deliveries_of(engine, status="dead")
    assert dead.last_status == 500


def test_at_most_four_attempts_at_one_endpoint_are_under_way(engine, endpoint):
    for _ in range(10):
        announce(engine, None)
    assert len(claim_deliveries(engine)) == 4
    assert len(claim_deliveries(engine)) == 0


# Failing


def test_a_failed_delivery_is_tried_on_schedule_and_then_dead(engine, endpoint, receiver, clock):
    receiver.status, receiver.text = 500, "out of order"
    announce(engine)
    waits = []
    while deliver_due(engine):
        [delivery] = deliveries_of(engine)
        if delivery.status == "waiting":
            waits.append((delivery.due_at - clock.now()).total_seconds())
            clock.advance(seconds=waits[-1])
    documented = (5, 30, 120, 600, 3_600, 14_400, 43_200, 43_200)
    assert all(want <= wait <= want * 1.1 for wait, want in zip(waits, documented, strict=True))
    assert (delivery.status, delivery.attempts, delivery.last_answer) == ("dead", 9, "out of order")
    assert len(receiver.received) == 9


def test_an_endpoint_that_asks_for_time_gets_it(engine, endpoint, receiver, clock):
    receiver.status, receiver.headers = 429, {"retry-after": "600"}
    announce(engine)
    deliver_due(engine)
    [delivery] = deliveries_of(engine)
    assert delivery.due_at == clock.now() + timedelta(seconds=600)


def test_an_endpoint_that_fails_for_72_hours_is_disabled_and_can_be_brought_back(engine, endpoint, receiver, clock):
    receiver.status = 500
    for _ in range(3):
        announce(engine)
        fail_for(engine, clock, timedelta(hours=30))
    disabled = endpoint_now(engine, endpoint)
    assert (disabled.is_enabled, disabled.disabled_reason) == (False, "failing")
    receiver.status = 200
    assert deliver_due(engine) == 0
    enabled = update_endpoint(engine, endpoint_id=endpoint.id, is_enabled=True)
    assert (enabled.is_enabled, enabled.disabled_reason, enabled.failing_since) == (True, None, None)
    announce(engine)
    assert deliver_due(engine) > 0
    assert endpoint_now(engine, endpoint).is_enabled


def test_one_success_ends_a_run_of_failures(engine, endpoint, receiver, clock):
    receiver.status = 500
    announce(engine)
    deliver_due(engine)
    assert endpoint_now(engine, endpoint).failing_since == AT
    receiver.status = 200
    clock.advance(seconds=10)
    deliver_due(engine)
    assert endpoint_now(engine, endpoint).failing_since is None


def test_an_endpoint_that_is_gone_is_disabled_at_once(engine, endpoint, receiver):
    receiver.status = 410
    announce(engine)
    announce(engine, ACME)
    deliver_due(engine)
    gone = endpoint_now(engine, endpoint)
    assert (gone.is_enabled, gone.disabled_reason) == (False, "gone")


# Crashes and several processes


def test_what_a_dead_process_has_claimed_is_delivered_after_its_lease(engine, endpoint, receiver, clock):
    announce(engine)
    [lost] = claim_deliveries(engine)
    assert deliver_due(engine) == 0
    clock.advance(minutes=2)
    assert deliver_due(engine) == 1
    assert receiver.received[0].headers["webhook-id"] == lost.delivery.id


def test_an_outcome_that_comes_after_its_lease_changes_nothing(engine, endpoint, receiver, clock):
    announce(engine)
    [late] = claim_deliveries(engine)
    clock.advance(minutes=2)
    deliver_due(engine)
    settle_delivery(engine, late, Answer(500, "late"))
    [delivery] = deliveries_of(engine)
    assert (delivery.status, delivery.attempts) == ("delivered", 1)
    assert endpoint_now(engine, endpoint).failing_since is None


def test_two_claims_never_hold_the_same_delivery(engine, endpoint, clock):
    for number in range(12):
        with receiving() as other:
            if number < 6:
                register_endpoint(engine, url=other.url, name="More", event_types=[TYPE])
        announce(engine, None)
    with ThreadPoolExecutor(6) as pool:
        claims = list(pool.map(lambda _: claim_deliveries(engine), range(12)))
    taken = [letter.delivery.id for claim in claims for letter in claim]
    assert len(taken) == len(set(taken)) == 4 * 7


def test_several_dispatchers_deliver_every_event_in_order(engine, endpoint, receiver):
    dispatchers = [create_dispatcher(engine) for _ in range(3)]
    for dispatcher in dispatchers:
        dispatcher.start()
    try:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda number: announce(engine, ADA if number % 2 else ACME), range(40)))
        wait_until(lambda: len(deliveries_of(engine, status="delivered")) == 40, what="40 deliveries")
    finally:
        for dispatcher in dispatchers:
            dispatcher.stop()
    assert len(receiver.received) == 40
    for customer in (ADA, ACME):
        events = [claims_of(request)["data"] for request in receiver.received]
        sequences = [data["sequence"] for data in events if data["customer_id"] == customer.id]
        assert all(earlier < later for earlier, later in pairwise(sequences))


def test_a_commit_rings_the_bell_and_a_rollback_does_not(engine):
    rung = threading.Event()
    engine.bell.listen(rung.set)
    with pytest.raises(Changed):
        announce_and_change_mind(engine)
    assert not rung.is_set()
    announce(engine)
    assert rung.is_set()


# Replay


def test_a_replayed_event_is_sent_again_under_its_old_ids(engine, endpoint, receiver):
    event_id = announce(engine)
    deliver_due(engine)
    assert len(replay_event(engine, event_id=event_id)) == 1
    deliver_due(engine)
    first, again = receiver.received
    assert first.headers["webhook-id"] == again.headers["webhook-id"]
    assert claims_of(first)["event_id"] == claims_of(again)["event_id"]


def test_everything_since_a_cursor_is_replayed_in_order(engine, endpoint, receiver):
    seen, *_ = [announce(engine) for _ in range(4)]
    deliver_due(engine)
    receiver.received.clear()
    assert replay_events(engine, endpoint_id=endpoint.id, after=seen) == 3
    deliver_due(engine)
    assert [claims_of(request)["data"]["sequence"] for request in receiver.received] == [2, 3, 4]


def test_an_endpoint_that_came_later_can_have_what_happened_before(engine, receiver):
    announce(engine)
    endpoint = register_endpoint(engine, url=receiver.url, name="Late", event_types=[TYPE])
    assert deliver_due(engine) == 0
    assert replay_events(engine, endpoint_id=endpoint.id) == 1
    assert deliver_due(engine) == 1


def test_dead_letters_are_sent_again_when_asked(engine, endpoint, receiver, clock):
    receiver.status = 500
    announce(engine)
    fail_for(engine, clock, timedelta(hours=37))
    receiver.status = 200
    assert redeliver_dead(engine, endpoint_id=endpoint.id) == 1
    assert deliver_due(engine) == 1
    assert deliveries_of(engine, status="dead") == ()


def test_replaying_what_does_not_exist_changes_nothing(engine, endpoint):
    announce(engine)
    with pytest.raises(NotFound):
        replay_event(engine, event_id="event_none")
    with pytest.raises(NotFound):
        replay_events(engine, endpoint_id=endpoint.id, after="event_none")
    with pytest.raises(NotFound):
        redeliver_dead(engine, endpoint_id="webhook_none")
    assert len(deliveries_of(engine)) == 1


# Endpoints


@pytest.mark.parametrize(
    "change",
    [
        {"url": "http://example.com/hook"},
        {"url": "https://169.254.169.254/"},
        {"event_types": []},
        {"event_types": ["customer.plan_chagned"]},
        {"name": " "},
        {"name": "x" * 201},
        {"name": "a\0b"},
        {"description": "x" * 2_001},
    ],
)
def test_an_endpoint_that_is_not_sound_is_refused(engine, change):
    sound = {"url": "https://example.com/hook", "name": "Receiver", "event_types": [TYPE]}
    with pytest.raises(InvalidRequest):
        register_endpoint(engine, **{**sound, **change})
    with engine.read() as tx:
        assert tx.endpoints.list() == ()


def test_there_is_a_bound_to_the_number_of_endpoints(engine):
    for number in range(MOST_ENDPOINTS):
        register_endpoint(engine, url=f"https://example.com/{number}", name="Receiver", event_types=[TYPE])
    with pytest.raises(Conflict):
        register_endpoint(engine, url="https://example.com/one-more", name="Receiver", event_types=[TYPE])


def test_an_update_changes_what_is_given_and_nothing_else(engine, endpoint):
    changed = update_endpoint(engine, endpoint_id=endpoint.id, name="New name")
    assert changed == endpoint_now(engine, endpoint)
    assert (changed.name, changed.url, changed.event_types) == ("New name", endpoint.url, endpoint.event_types)


def test_deleting_an_endpoint_forgets_what_waits_for_it(engine, endpoint):
    announce(engine)
    delete_endpoint(engine, endpoint_id=endpoint.id)
    assert deliveries_of(engine) == ()
    with pytest.raises(NotFound):
        delete_endpoint(engine, endpoint_id=endpoint.id)


def test_ensuring_an_endpoint_twice_registers_it_once_for_everything(engine):
    first = ensure_endpoint(engine, url="https://example.com/hook", name="Receiver")
    update_endpoint(engine, endpoint_id=first.id, is_enabled=False)
    second = ensure_endpoint(engine, url="https://example.com/hook", name="Receiver")
    assert (second.id, second.is_enabled) == (first.id, True)
    assert set(second.event_types) == set(BY_CODE)


def test_a_triggered_event_has_the_data_of_its_types_example(engine):
    event = trigger_event(engine, type="user.created")
    assert (event.type, event.source, event.data) == ("user.created", "admin", BY_CODE["user.created"].example)
    with pytest.raises(InvalidRequest):
        trigger_event(engine, type="user.exploded")
