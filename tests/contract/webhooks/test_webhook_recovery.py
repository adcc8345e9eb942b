"""Deliveries after crashes, with several processes, sent again, and the endpoints that they go to."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest

from billing_sdk.errors import Conflict, InvalidRequest, NotFound
from billing_sdk.server.outbox import Answer
from billing_sdk.server.outbox.catalogue import BY_CODE
from billing_sdk.server.usecases.claim_deliveries import claim_deliveries
from billing_sdk.server.usecases.delete_endpoint import delete_endpoint
from billing_sdk.server.usecases.deliver_due import create_dispatcher, deliver_due
from billing_sdk.server.usecases.ensure_endpoint import ensure_endpoint
from billing_sdk.server.usecases.redeliver_dead import redeliver_dead
from billing_sdk.server.usecases.register_endpoint import MOST_ENDPOINTS, register_endpoint
from billing_sdk.server.usecases.replay_event import replay_event
from billing_sdk.server.usecases.replay_events import replay_events
from billing_sdk.server.usecases.settle_delivery import settle_delivery
from billing_sdk.server.usecases.trigger_event import trigger_event
from billing_sdk.server.usecases.update_endpoint import update_endpoint
from tests.contract.webhooks.delivering import (
    ACME,
    ADA,
    TYPE,
    Changed,
    announce,
    announce_and_change_mind,
    claims_of,
    deliveries_of,
    endpoint_now,
    poison,
)
from tests.receiver import receiving
from tests.waiting import wait_until

# Crashes and several processes


@pytest.mark.attack(154)
def test_what_a_dead_process_has_claimed_is_delivered_after_its_lease(engine, endpoint, receiver, clock):
    announce(engine)
    [lost] = claim_deliveries(engine)
    assert deliver_due(engine) == 0
    clock.advance(minutes=2)
    assert deliver_due(engine) == 1
    assert receiver.received[0].headers["webhook-id"] == lost.delivery.id


@pytest.mark.attack(154)
def test_an_outcome_that_comes_after_its_lease_changes_nothing(engine, endpoint, receiver, clock):
    announce(engine)
    [late] = claim_deliveries(engine)
    clock.advance(minutes=2)
    deliver_due(engine)
    settle_delivery(engine, late, Answer(500, "late"))
    [delivery] = deliveries_of(engine)
    assert (delivery.status, delivery.attempts) == ("delivered", 1)
    assert endpoint_now(engine, endpoint).failing_since is None


@pytest.mark.attack(154)
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


@pytest.mark.attack(154)
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


@pytest.mark.attack(154)
def test_a_replayed_event_is_sent_again_under_its_old_ids(engine, endpoint, receiver):
    event_id = announce(engine)
    deliver_due(engine)
    assert len(replay_event(engine, event_id=event_id)) == 1
    deliver_due(engine)
    first, again = receiver.received
    assert first.headers["webhook-id"] == again.headers["webhook-id"]
    assert claims_of(first)["event_id"] == claims_of(again)["event_id"]


@pytest.mark.attack(154)
def test_everything_since_a_cursor_is_replayed_in_order(engine, endpoint, receiver):
    seen, *_ = [announce(engine) for _ in range(4)]
    deliver_due(engine)
    receiver.received.clear()
    assert replay_events(engine, endpoint_id=endpoint.id, after=seen) == 3
    deliver_due(engine)
    assert [claims_of(request)["data"]["sequence"] for request in receiver.received] == [2, 3, 4]


@pytest.mark.attack(154)
def test_an_endpoint_that_came_later_can_have_what_happened_before(engine, receiver):
    announce(engine)
    endpoint = register_endpoint(engine, url=receiver.url, name="Late", event_types=[TYPE])
    assert deliver_due(engine) == 0
    assert replay_events(engine, endpoint_id=endpoint.id) == 1
    assert deliver_due(engine) == 1


@pytest.mark.attack(160)
def test_dead_letters_are_sent_again_when_asked(engine, endpoint, receiver, clock):
    poison(engine, endpoint, receiver, clock)
    receiver.behave = None
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


@pytest.mark.attack(156)
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


@pytest.mark.attack(158)
def test_there_is_a_bound_to_the_number_of_endpoints(engine):
    for number in range(MOST_ENDPOINTS):
        register_endpoint(engine, url=f"https://example.com/{number}", name="Receiver", event_types=[TYPE])
    with pytest.raises(Conflict):
        register_endpoint(engine, url="https://example.com/one-more", name="Receiver", event_types=[TYPE])


@pytest.mark.attack(158)
def test_of_many_who_register_the_last_endpoint_at_once_one_succeeds(engine):
    for number in range(MOST_ENDPOINTS - 1):
        register_endpoint(engine, url=f"https://example.com/{number}", name="Receiver", event_types=[TYPE])

    def register(number: int) -> str:
        try:
            return register_endpoint(
                engine, url=f"https://example.com/more/{number}", name="More", event_types=[TYPE]
            ).name
        except Conflict:
            return "refused"

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(register, range(8))) == ["More", *["refused"] * 7]


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
