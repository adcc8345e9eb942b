"""From an announcement to a receiver: nothing is lost, numbers have no gaps, order is kept, failures end."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import jwt
import pytest

from billing_sdk.errors import Unauthenticated
from billing_sdk.server.usecases.claim_deliveries import claim_deliveries
from billing_sdk.server.usecases.deliver_due import deliver_due
from billing_sdk.server.usecases.register_endpoint import register_endpoint
from billing_sdk.server.usecases.signing_keys import (
    KEY_SET_MAX_AGE_SECONDS,
    PUBLICATION_MARGIN,
    current_key,
    published_keys,
    rotate_key,
)
from billing_sdk.server.usecases.update_endpoint import update_endpoint
from billing_sdk.server.usecases.verify_access_token import authenticate
from tests.contract.webhooks.delivering import (
    ACME,
    ADA,
    AT,
    ISSUER,
    TYPE,
    Changed,
    announce,
    announce_and_change_mind,
    claims_of,
    deliveries_of,
    endpoint_now,
    fail_until_disabled,
    poison,
)
from tests.receiver import receiving

# Announcing


@pytest.mark.attack(154)
def test_nobody_hears_of_a_transaction_that_was_rolled_back(engine, endpoint, receiver):
    with pytest.raises(Changed):
        announce_and_change_mind(engine)
    assert deliver_due(engine) == 0
    assert receiver.received == []
    announce(engine)
    with engine.read() as tx:
        assert [event.sequence for event in tx.outbox.list(types=[TYPE])] == [1]


@pytest.mark.attack(154)
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


@pytest.mark.attack(155)
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


@pytest.mark.attack(155)
def test_what_was_signed_before_and_after_a_rotation_is_verified_with_the_published_keys(
    engine, endpoint, receiver, clock
):
    announce(engine)
    deliver_due(engine)
    following = rotate_key(engine)
    clock.advance(seconds=KEY_SET_MAX_AGE_SECONDS + PUBLICATION_MARGIN.total_seconds())
    announce(engine)
    deliver_due(engine)
    published = {key.kid: jwt.PyJWK(key.public_jwk()).key for key in published_keys(engine)}
    kids = [jwt.get_unverified_header(request.body)["kid"] for request in receiver.received]
    assert kids[0] != kids[1] == following.kid
    for kid, request in zip(kids, receiver.received, strict=True):
        options = {"verify_exp": False, "verify_iat": False}
        assert jwt.decode(request.body, published[kid], ["RS256"], options, audience=endpoint.id, issuer=ISSUER)


@pytest.mark.attack(155)
def test_a_body_for_one_endpoint_is_not_one_for_another_nor_an_access_token(engine, endpoint, receiver):
    with receiving() as other:
        elsewhere = register_endpoint(engine, url=other.url, name="Other", event_types=[TYPE])
        announce(engine)
        deliver_due(engine)
        audiences = {claims_of(receiver.received[0])["aud"], claims_of(other.received[0])["aud"]}
    assert audiences == {endpoint.id, elsewhere.id}
    with pytest.raises(Unauthenticated):
        authenticate(engine, token=receiver.received[0].body, audience="account")


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


@pytest.mark.attack(154)
def test_a_customers_events_arrive_in_their_order(engine, endpoint, receiver):
    for _ in range(5):
        announce(engine)
    deliver_due(engine)
    assert [claims_of(request)["data"]["sequence"] for request in receiver.received] == [1, 2, 3, 4, 5]


@pytest.mark.attack(154)
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
    assert {claims_of(request)["data"].get("customer_id") for request in receiver.received[1:]} == {ACME.id, None}
    clock.advance(seconds=10)
    assert deliver_due(engine) == 2
    assert [claims_of(request)["data"]["sequence"] for request in receiver.received[3:]] == [1, 2]


@pytest.mark.attack(160)
def test_a_dead_letter_no_longer_holds_back_what_comes_after(engine, endpoint, receiver, clock):
    poisoned = poison(engine, endpoint, receiver, clock)
    announce(engine)
    assert deliver_due(engine) == 1
    assert claims_of(receiver.received[-1])["data"]["sequence"] == 2
    [dead] = deliveries_of(engine, status="dead")
    assert (dead.event_id, dead.last_status) == (poisoned, 500)
    with engine.read() as tx:
        assert tx.deliveries.count_dead(most=10) == {endpoint.id: 1}
        assert tx.deliveries.count_dead(most=0) == {}
    assert endpoint_now(engine, endpoint).is_enabled


@pytest.mark.attack(153, 158)
def test_at_most_four_attempts_at_one_endpoint_are_under_way(engine, endpoint):
    for _ in range(10):
        announce(engine, None)
    assert len(claim_deliveries(engine)) == 4
    assert len(claim_deliveries(engine)) == 0


# Failing


@pytest.mark.attack(154)
def test_a_failed_delivery_is_tried_on_schedule_until_its_endpoint_is_disabled(engine, endpoint, receiver, clock):
    receiver.status, receiver.text = 500, "out of order"
    announce(engine)
    waits = []
    while deliver_due(engine):
        [delivery] = deliveries_of(engine)
        waits.append((delivery.due_at - clock.now()).total_seconds())
        clock.advance(seconds=waits[-1])
    documented = (5, 30, 120, 600, 3_600, 14_400, *[43_200] * 7)
    assert all(want <= wait <= want * 1.1 for wait, want in zip(waits, documented, strict=True))
    assert (delivery.status, delivery.attempts, delivery.last_answer) == ("waiting", 13, "out of order")
    assert endpoint_now(engine, endpoint).disabled_reason == "failing"


@pytest.mark.attack(154)
def test_an_endpoint_that_asks_for_time_gets_it(engine, endpoint, receiver, clock):
    receiver.status, receiver.headers = 429, {"retry-after": "600"}
    announce(engine)
    deliver_due(engine)
    [delivery] = deliveries_of(engine)
    assert delivery.due_at == clock.now() + timedelta(seconds=600)


@pytest.mark.attack(154)
def test_an_endpoint_that_fails_for_72_hours_is_disabled_with_a_notice(engine, endpoint, receiver, clock, caplog):
    receiver.status = 500
    announce(engine)
    fail_until_disabled(engine, endpoint, clock)
    assert endpoint_now(engine, endpoint).disabled_reason == "failing"
    assert f"endpoint {endpoint.id} is disabled" in caplog.text
    with engine.read() as tx:
        assert tx.audit.of(endpoint.id)[-1]["action"] == "endpoint.disable"
    receiver.status = 200
    assert deliver_due(engine) == 0


@pytest.mark.attack(154)
@pytest.mark.parametrize("status", [500, 410])
def test_an_endpoint_that_is_enabled_again_gets_all_that_waited_in_order(engine, endpoint, receiver, clock, status):
    receiver.status = status
    for _ in range(3):
        announce(engine)
    fail_until_disabled(engine, endpoint, clock)
    receiver.status = 200
    receiver.received.clear()
    enabled = update_endpoint(engine, endpoint_id=endpoint.id, is_enabled=True)
    assert (enabled.is_enabled, enabled.disabled_reason, enabled.failing_since) == (True, None, None)
    assert deliver_due(engine) == 3
    assert [claims_of(request)["data"]["sequence"] for request in receiver.received] == [1, 2, 3]
    assert deliveries_of(engine, status="waiting") == deliveries_of(engine, status="dead") == ()


def test_one_success_ends_a_run_of_failures(engine, endpoint, receiver, clock):
    receiver.status = 500
    announce(engine)
    deliver_due(engine)
    assert endpoint_now(engine, endpoint).failing_since == AT
    receiver.status = 200
    clock.advance(seconds=10)
    deliver_due(engine)
    assert endpoint_now(engine, endpoint).failing_since is None


@pytest.mark.attack(154)
def test_an_endpoint_that_is_gone_is_disabled_at_once(engine, endpoint, receiver):
    receiver.status = 410
    announce(engine)
    announce(engine, ACME)
    deliver_due(engine)
    gone = endpoint_now(engine, endpoint)
    assert (gone.is_enabled, gone.disabled_reason) == (False, "gone")
