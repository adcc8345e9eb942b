"""The event stream: sessions, what is taken, and what is reported of what was not."""

from __future__ import annotations

import pytest

from billing_sdk.server.usecases.api_tokens import create_api_token, revoke_api_token
from billing_sdk.server.usecases.report_meter_faults import REPORT, UNKNOWN, report_meter_faults
from tests.contract.stripe_door.door import Door, new_door
from tests.contract.stripe_door.metering import event, new_customer, new_meter, used
from tests.engines import NOON

AT = int(NOON.timestamp())
DAY = 86_400
TODAY = AT // DAY * DAY
PATH = "/billing/meter_event_stream"


@pytest.fixture(scope="module")
def meter(door: Door):
    return new_meter(door)


@pytest.fixture(scope="module")
def token(door: Door) -> str:
    return door.v2.post("/billing/meter_event_session", {})["authentication_token"]


def sent(door: Door, token: str, *events, **headers):
    return door.v2.call("POST", PATH, {"events": list(events)}, Authorization=f"Bearer {token}", **headers)


def faults(door: Door):
    with door.engine.begin() as tx:
        return {(one.meter_id, one.code): one for one in tx.meter_faults.take()}


def our_id(meter) -> str:
    return "meter_" + meter["id"].removeprefix("mtr_test_")


def test_a_session_opens_the_stream_for_a_quarter_of_an_hour(door: Door) -> None:
    session = door.v2.post("/billing/meter_event_session", {})
    assert {**session, "id": "", "authentication_token": ""} == {
        "id": "",
        "object": "v2.billing.meter_event_session",
        "authentication_token": "",
        "created": "2026-01-31T12:00:00.000Z",
        "expires_at": "2026-01-31T12:15:00.000Z",
        "livemode": False,
    }
    assert door.key not in session["authentication_token"]


def test_a_hundred_events_are_durable_when_the_stream_answers(door: Door, meter, token) -> None:
    customers = [new_customer(door) for _ in range(2)]
    told = sent(door, token, *(event(meter, customers[number % 2], str(number)) for number in range(100)))
    assert (told.status, told.body) == (200, {})
    assert used(door, meter, customers[0], TODAY, TODAY + DAY) == [sum(range(0, 100, 2))]
    assert used(door, meter, customers[1], TODAY, TODAY + DAY) == [sum(range(1, 100, 2))]
    assert faults(door) == {}


def test_an_event_that_is_sent_again_counts_once_and_nobody_complains(door: Door, meter, token) -> None:
    customer = new_customer(door)
    for value in ("3", "3", "4"):
        assert sent(door, token, event(meter, customer, value, identifier="stream-1")).status == 200
    assert used(door, meter, customer, TODAY, TODAY + DAY) == [3.0]
    assert faults(door) == {}


def test_what_can_not_count_is_kept_to_be_reported_and_the_others_count(door: Door, meter, token) -> None:
    customer = new_customer(door)
    gone = new_meter(door)
    door.v1.post(f"/billing/meters/{gone['id']}/deactivate")
    told_apart = new_meter(door, dimension_payload_keys=["model"])
    bad = (
        event(meter, "cus_" + "9" * 32),
        event(meter, "cus_nobody"),
        event(meter, customer, "x", identifier="bad-value"),
        event(meter, customer, "1234567890123456"),
        event(meter, ""),
        event(meter, customer, timestamp="2026-01-31T12:05:01Z"),
        event(meter, customer, timestamp="2025-12-01T00:00:00Z"),
        event(told_apart, customer),
        event(gone, customer),
        {"event_name": "unheard of", "payload": {}},
    )
    told = sent(door, token, *bad, event(meter, customer, "5"), Idempotency_Key="request-1")
    assert (told.status, told.body) == (200, {})
    assert used(door, meter, customer, TODAY, TODAY + DAY) == [5.0]
    found = faults(door)
    assert {reason: one.count for reason, one in found.items()} == {
        (our_id(meter), "meter_event_customer_not_found"): 2,
        (our_id(meter), "meter_event_invalid_value"): 1,
        (our_id(meter), "meter_event_value_too_many_digits"): 1,
        (our_id(meter), "meter_event_no_customer_defined"): 1,
        (our_id(meter), "timestamp_in_future"): 1,
        (our_id(meter), "timestamp_too_far_in_past"): 1,
        (our_id(told_apart), "missing_dimension_payload_keys"): 1,
        (our_id(gone), "archived_meter"): 1,
        ("", "no_meter"): 1,
    }
    assert found[our_id(meter), "meter_event_invalid_value"].samples[0].identifier == "bad-value"
    assert found["", "no_meter"].samples[0].identifier == "request-1"


def test_faults_of_one_reason_are_counted_together(door: Door, token) -> None:
    for _ in range(3):
        sent(door, token, *({"event_name": "unheard of", "payload": {}} for _ in range(10)))
    (one,) = faults(door).values()
    assert (one.count, len(one.samples)) == (30, 5)


def test_what_was_wrong_is_told_once_for_each_meter_with_counts_and_samples(door: Door, meter, token) -> None:
    customer = new_customer(door)
    for _ in range(2):
        sent(
            door,
            token,
            event(meter, customer, "x", identifier="wrong"),
            event(meter, "cus_" + "9" * 32),
            {"event_name": "unheard of", "payload": {}, "identifier": "nobody's"},
        )
    ids = report_meter_faults(door.engine)
    assert report_meter_faults(door.engine) == ()
    with door.engine.read() as tx:
        told = {one.type: one for one in map(tx.outbox.get, ids)}
    report, unknown = told[REPORT], told[UNKNOWN]
    assert (report.subject, report.form) == (f"billing.meter/{our_id(meter)}", "thin")
    assert report.data["data"]["reason"] == {
        "error_count": 4,
        "error_types": [
            {
                "code": "meter_event_customer_not_found",
                "error_count": 2,
                "sample_errors": [
                    {
                        "error_message": f"there is no customer 'cus_{'9' * 32}'",
                        "request": {"identifier": ""},
                    }
                ],
            },
            {
                "code": "meter_event_invalid_value",
                "error_count": 2,
                "sample_errors": [
                    {"error_message": "'x' is not a plain decimal number", "request": {"identifier": "wrong"}}
                ],
            },
        ],
    }
    assert unknown.data["data"]["reason"]["error_count"] == 2


@pytest.mark.attack(209)
@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b"", None),
        (b"[]", "events"),
        (b'{"events":[],"more":1}', "events"),
        (b'{"events":[{"event_name":"a"}]}', "events[0]"),
        (b'{"events":[{"event_name":"a","payload":{},"event_name":"b"}]}', None),
        (b'{"events":[{"event_name":"a","payload":{"value":"1","value":"2"}}]}', None),
        (b'{"events":[{"event_name":"a","payload":{},"timestamp":"2026-01-31"}]}', "events[0].timestamp"),
        (b'{"events":[{"event_name":"","payload":{}}]}', "events[0].event_name"),
        (b'{"events":[{"event_name":"a","payload":{"x":"\\u0000"}}]}', None),
        (b'{"events":[' + b",".join([b'{"event_name":"a","payload":{}}'] * 101) + b"]}", "events"),
    ],
)
def test_a_request_that_has_not_the_form_of_one_is_refused_as_a_whole(door: Door, token, body, param) -> None:
    told = door.v2.call("POST", PATH, body, Authorization=f"Bearer {token}", Content_Type="application/json")
    assert (told.status, told.body["error"].get("param")) == (400, param)
    assert faults(door) == {}


@pytest.mark.attack(209)
def test_only_a_session_opens_the_stream_and_it_opens_nothing_else(door: Door, meter, token) -> None:
    for wrong in (door.key, "mtrses_nothing", "mtrses_" + token, token + "x", ""):
        told = sent(door, wrong)
        assert told.status == 401
        assert told.headers["stripe-should-retry"] == "false"
    assert door.v2.call("POST", "/billing/meter_events", {}, Authorization=f"Bearer {token}").status == 401


def test_the_stream_asks_for_a_version_like_all_of_v2(door: Door, token) -> None:
    told = sent(door, token, Stripe_Version="2010-01-01")
    assert told.refusal[:2] == (400, "invalid_stripe_version")


@pytest.mark.attack(209)
def test_a_session_ends_with_its_time_or_with_its_key() -> None:
    with new_door() as door:
        made = create_api_token(door.engine, name="short", prefix="sk", scopes=["create:meter_usage"])
        door.key = made.secret.reveal()
        token = door.v2.post("/billing/meter_event_session", {})["authentication_token"]
        assert sent(door, token).status == 200
        door.engine.clock.advance(minutes=14, seconds=59)
        assert sent(door, token).status == 200
        door.engine.clock.advance(seconds=1)
        told = sent(door, token)
        assert told.status == 401
        assert told.body["error"]["code"] == "billing_meter_event_session_expired"
        assert told.body["error"]["type"] == "temporary_session_expired"

        token = door.v2.post("/billing/meter_event_session", {})["authentication_token"]
        revoke_api_token(door.engine, made.token.id)
        door.engine.clock.advance(seconds=2)
        assert sent(door, token).status == 401


def test_a_key_that_may_not_send_events_begins_no_session(door: Door) -> None:
    made = create_api_token(door.engine, name="reads", prefix="sk", scopes=["read:meter_usage"])
    told = door.v2.call("POST", "/billing/meter_event_session", {}, Authorization=f"Bearer {made.secret.reveal()}")
    assert told.status == 403
