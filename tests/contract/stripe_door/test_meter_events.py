"""Meter events one at a time: v1 and v2, what is refused, and what is taken back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing_sdk.server.api.stripe import meter_events
from billing_sdk.server.usecases.advance_clock import advance_clock
from billing_sdk.server.usecases.create_clock import create_clock
from tests.contract.stripe_door.door import Door
from tests.contract.stripe_door.metering import event, new_customer, new_meter, used
from tests.engines import NOON

AT = int(NOON.timestamp())
DAY = 86_400
TODAY = AT // DAY * DAY


@pytest.fixture(scope="module")
def meter(door: Door):
    return new_meter(door)


@pytest.fixture(scope="module")
def customer(door: Door) -> str:
    return new_customer(door)


def test_an_event_of_v1_is_recorded_and_shown(door: Door, meter) -> None:
    customer = new_customer(door)
    body = event(meter, customer, "25", identifier="v1-1", timestamp=AT - 60)
    assert door.v1.post("/billing/meter_events", body) == {
        "object": "billing.meter_event",
        "created": AT,
        "event_name": meter["event_name"],
        "identifier": "v1-1",
        "livemode": False,
        "payload": {"stripe_customer_id": customer, "value": "25"},
        "timestamp": AT - 60,
    }
    assert used(door, meter, customer, TODAY, TODAY + DAY) == [25.0]


def test_an_event_of_v2_counts_like_one_of_v1_and_its_value_may_be_a_number(door: Door, meter) -> None:
    customer = new_customer(door)
    answer = door.v2.post("/billing/meter_events", event(meter, customer, 100))
    assert answer["identifier"]
    assert {**answer, "identifier": ""} == {
        "object": "v2.billing.meter_event",
        "created": "2026-01-31T12:00:00.000Z",
        "event_name": meter["event_name"],
        "identifier": "",
        "livemode": False,
        "payload": {"stripe_customer_id": customer, "value": "100"},
        "timestamp": "2026-01-31T12:00:00.000Z",
    }
    door.v2.post("/billing/meter_events", event(meter, customer, "0.5", timestamp="2026-01-31T11:00:00Z"))
    assert used(door, meter, customer, TODAY, TODAY + DAY) == [100.5]


def test_a_negative_value_corrects_what_was_reported(door: Door, meter) -> None:
    customer = new_customer(door)
    for value in ("10", "-4", -1):
        door.v2.post("/billing/meter_events", event(meter, customer, value))
    assert used(door, meter, customer, TODAY, TODAY + DAY) == [5.0]


def test_a_meter_counts_events_or_shows_the_last_value_by_its_formula(door: Door) -> None:
    customer = new_customer(door)
    counting = new_meter(door, default_aggregation={"formula": "count"})
    last = new_meter(door, default_aggregation={"formula": "last"})
    for value, at in (("5", AT - 60), ("3", AT), ("9", AT - 120)):
        door.v1.post("/billing/meter_events", event(last, customer, value, timestamp=at))
        door.v1.post("/billing/meter_events", event(counting, customer, value, timestamp=at))
    assert used(door, last, customer, TODAY, TODAY + DAY) == [3.0]
    assert used(door, counting, customer, TODAY, TODAY + DAY) == [3.0]


@pytest.mark.parametrize(
    ("window", "formula", "total", "by_day"),
    [
        ("hour", "sum", 17.0, [15.0, 2.0]),
        ("day", "sum", 12.0, [10.0, 2.0]),
        ("hour", "count", 3.0, [2.0, 1.0]),
        ("day", "count", 2.0, [1.0, 1.0]),
        ("day", "last", 10.0, [10.0, 2.0]),
    ],
)
def test_of_events_that_say_all_of_a_window_the_newest_counts_alone(door: Door, window, formula, total, by_day) -> None:
    customer = new_customer(door)
    meter = new_meter(door, event_time_window=window, default_aggregation={"formula": formula})
    assert meter["event_time_window"] == window
    yesterday = TODAY - DAY + 100
    for at, value in (
        (yesterday, "1"),
        (yesterday + 60, "2"),
        (TODAY + 3600, "4"),
        (TODAY + 3660, "5"),
        (TODAY + 3600, "6"),
        (TODAY + 7200, "10"),
    ):
        door.v1.post("/billing/meter_events", event(meter, customer, value, timestamp=at))
    assert used(door, meter, customer, TODAY - DAY, TODAY + DAY) == [total]
    assert used(door, meter, customer, TODAY - DAY, TODAY + DAY, "&value_grouping_window=day") == by_day


def test_a_meter_reads_the_members_that_it_names(door: Door, customer) -> None:
    named = new_meter(
        door,
        customer_mapping={"type": "by_id", "event_payload_key": "who"},
        value_settings={"event_payload_key": "bytes used"},
    )
    body = {"event_name": named["event_name"], "payload": {"who": customer, "bytes used": "7"}}
    door.v2.post("/billing/meter_events", body)
    assert used(door, named, customer, TODAY, TODAY + DAY) == [7.0]


def test_an_identifier_is_used_once_whichever_api_it_came_by(door: Door, meter, customer) -> None:
    body = event(meter, customer, identifier="only-once")
    door.v1.post("/billing/meter_events", body)
    told = door.v1.call("POST", "/billing/meter_events", body)
    assert told.refusal == (400, "duplicate_meter_event", "identifier")
    assert told.body["error"]["type"] == "invalid_request_error"
    assert told.body["error"]["message"].startswith("An event already exists with identifier only-once.")
    assert told.headers["stripe-should-retry"] == "false"
    other = event(meter, customer, "2", identifier="only-once")
    assert door.v2.refused("POST", "/billing/meter_events", other) == (400, "duplicate_meter_event", "identifier")


@pytest.mark.parametrize("api", ["v1", "v2"])
def test_a_request_that_is_sent_again_with_its_key_records_one_event(door: Door, meter, api) -> None:
    customer = new_customer(door)
    call = getattr(door, api).call
    body = event(meter, customer, "3")
    first = call("POST", "/billing/meter_events", body, Idempotency_Key=f"again-{api}")
    again = call("POST", "/billing/meter_events", body, Idempotency_Key=f"again-{api}")
    assert (first.status, again.status, again.body) == (200, 200, first.body)
    assert used(door, meter, customer, TODAY, TODAY + DAY) == [3.0]
    other = call("POST", "/billing/meter_events", event(meter, customer, "4"), Idempotency_Key=f"again-{api}")
    assert other.body["error"]["type"] == "idempotency_error"


@pytest.mark.attack(209)
@pytest.mark.parametrize("api", ["v1", "v2"])
def test_a_request_whose_answer_was_lost_records_one_event_when_it_is_sent_again(door, meter, api, monkeypatch) -> None:
    customer = new_customer(door)
    call = getattr(door, api).call
    body = event(meter, customer, "3")

    def die(_found):
        raise InterruptedError

    with monkeypatch.context() as patch:
        patch.setattr(meter_events, "_members", die)
        with pytest.raises(InterruptedError):
            call("POST", "/billing/meter_events", body, Idempotency_Key=f"lost-{api}")
    assert used(door, meter, customer, TODAY, TODAY + DAY) == [3.0]
    again = call("POST", "/billing/meter_events", body, Idempotency_Key=f"lost-{api}")
    assert again.status == 200
    assert used(door, meter, customer, TODAY, TODAY + DAY) == [3.0]


@pytest.mark.parametrize(
    ("change", "code", "param"),
    [
        ({"event_name": "nobody counts this"}, "no_meter", "event_name"),
        ({"payload": {"value": "1"}}, "payload_no_customer_defined", "payload[stripe_customer_id]"),
        ({"payload": {"stripe_customer_id": ""}}, "payload_no_customer_defined", "payload[stripe_customer_id]"),
        ({"payload": {"stripe_customer_id": "{}"}}, "payload_no_value_defined", "payload[value]"),
        ({"payload": {"stripe_customer_id": "{}", "value": "x"}}, "payload_invalid_value", "payload[value]"),
        ({"payload": {"stripe_customer_id": "{}", "value": "1e3"}}, "payload_invalid_value", "payload[value]"),
        (
            {"payload": {"stripe_customer_id": "{}", "value": "1234567890123456"}},
            "meter_event_value_too_many_digits",
            "payload[value]",
        ),
        (
            {"payload": {"stripe_customer_id": "cus_" + "9" * 32, "value": "1"}},
            "meter_event_customer_not_found",
            "payload[stripe_customer_id]",
        ),
        ({"timestamp": "2026-01-31T12:05:01Z"}, "timestamp_in_future", "timestamp"),
        ({"timestamp": "2025-12-27T11:59:59Z"}, "timestamp_too_far_in_past", "timestamp"),
        ({"timestamp": "yesterday"}, "parameter_invalid", "timestamp"),
        ({"identifier": "x" * 101}, "parameter_invalid", "identifier"),
        ({"identifier": "\x1b"}, "payload_invalid_value", "identifier"),
        ({"payload": None}, "parameter_invalid_empty", "payload"),
        ({"color": "red"}, "parameter_unknown", "color"),
    ],
)
def test_an_event_that_can_not_count_is_refused_by_v2(door: Door, meter, customer, change, code, param) -> None:
    body = {**event(meter, customer), **change}
    if isinstance(body["payload"], dict):
        body["payload"] = {k: v.replace("{}", customer) for k, v in body["payload"].items()}
    assert door.v2.refused("POST", "/billing/meter_events", body) == (400, code, param)


@pytest.mark.parametrize(
    ("change", "code", "param"),
    [
        ({"event_name": "nobody counts this"}, "no_meter", "event_name"),
        ({"payload": {"value": "1"}}, "payload_no_customer_defined", "payload[stripe_customer_id]"),
        ({"payload": {"stripe_customer_id": "cus_1", "value": "1"}}, "resource_missing", "payload[stripe_customer_id]"),
        ({"timestamp": AT + 301}, "timestamp_in_future", "timestamp"),
        ({"timestamp": AT - 35 * DAY - 1}, "timestamp_too_far_in_past", "timestamp"),
        ({"timestamp": "soon"}, "parameter_invalid_integer", "timestamp"),
        ({"event_name": None}, "parameter_invalid_empty", "event_name"),
    ],
)
def test_an_event_that_can_not_count_is_refused_by_v1(door: Door, meter, customer, change, code, param) -> None:
    body = {**event(meter, customer), **change}
    assert door.v1.refused("POST", "/billing/meter_events", body) == (400, code, param)


def test_events_are_taken_from_35_days_back_to_5_minutes_ahead(door: Door, meter, customer) -> None:
    for at in (AT - 35 * DAY, AT + 300):
        told = door.v1.post("/billing/meter_events", event(meter, customer, timestamp=at))
        assert told["timestamp"] == at


def test_the_customers_clock_says_what_time_it_is(door: Door, meter) -> None:
    frozen = NOON + timedelta(days=90)
    clock = create_clock(door.engine, name="later", at=frozen)
    customer = new_customer(door, test_clock=clock.id)
    later = AT + 90 * DAY
    door.v1.post("/billing/meter_events", event(meter, customer, timestamp=later - 35 * DAY))
    told = door.v1.post("/billing/meter_events", event(meter, customer))
    assert (told["timestamp"], told["created"]) == (later, later)
    early = event(meter, customer, timestamp=AT)
    assert door.v1.refused("POST", "/billing/meter_events", early)[1] == "timestamp_too_far_in_past"


def test_a_meter_that_was_deactivated_takes_nothing_until_it_is_back(door: Door, customer) -> None:
    gone = new_meter(door)
    door.v1.post(f"/billing/meters/{gone['id']}/deactivate")
    for api in (door.v1, door.v2):
        refusal = api.refused("POST", "/billing/meter_events", event(gone, customer))
        assert refusal == (400, "archived_meter", "event_name")
    door.v1.post(f"/billing/meters/{gone['id']}/reactivate")
    door.v2.post("/billing/meter_events", event(gone, customer, "2"))
    assert used(door, gone, customer, TODAY, TODAY + DAY) == [2.0]


def test_every_dimension_of_a_meter_has_to_be_told(door: Door, customer) -> None:
    told_apart = new_meter(door, dimension_payload_keys=["model"])
    door.v2.post("/billing/meter_events", event(told_apart, customer, payload={"model": "large"}))
    refusal = door.v2.refused("POST", "/billing/meter_events", event(told_apart, customer))
    assert refusal == (400, "missing_dimension_payload_keys", "payload[model]")
    long = event(told_apart, customer, payload={"model": "m" * 201})
    assert door.v2.refused("POST", "/billing/meter_events", long)[1] == "meter_event_dimension_count_too_high"


def test_an_event_is_cancelled_within_a_day_and_counts_no_more(door: Door, meter) -> None:
    customer = new_customer(door)
    for number in (1, 2, 3):
        door.v2.post("/billing/meter_events", event(meter, customer, "10", identifier=f"cancel-{number}"))
    body = {"event_name": meter["event_name"], "type": "cancel", "cancel": {"identifier": "cancel-1"}}
    told = door.v2.post("/billing/meter_event_adjustments", body)
    assert told["id"].startswith("mtr_event_adj_test_")
    assert {**told, "id": ""} == {
        **body,
        "id": "",
        "object": "v2.billing.meter_event_adjustment",
        "created": "2026-01-31T12:00:00.000Z",
        "livemode": False,
        "status": "complete",
    }
    body["cancel"] = {"identifier": "cancel-2"}
    assert door.v1.post("/billing/meter_event_adjustments", body) == {
        **body,
        "object": "billing.meter_event_adjustment",
        "livemode": False,
        "status": "complete",
    }
    assert used(door, meter, customer, TODAY, TODAY + DAY) == [10.0]
    again = door.v1.post("/billing/meter_event_adjustments", body)
    assert again["status"] == "complete"


def test_what_arrived_more_than_a_day_ago_stays(door: Door, meter) -> None:
    clock = create_clock(door.engine, name="a day", at=NOON)
    customer = new_customer(door, test_clock=clock.id)
    door.v2.post("/billing/meter_events", event(meter, customer, identifier="old"))
    advance_clock(door.engine, clock.id, to=NOON + timedelta(days=1, seconds=1))
    body = {"event_name": meter["event_name"], "type": "cancel", "cancel": {"identifier": "old"}}
    for api in (door.v1, door.v2):
        refusal = api.refused("POST", "/billing/meter_event_adjustments", body)
        assert refusal == (400, "invalid_cancel_configuration", "cancel[identifier]")


@pytest.mark.parametrize(
    ("change", "code", "param"),
    [
        ({"cancel": {"identifier": "never sent"}}, "invalid_cancel_configuration", "cancel[identifier]"),
        ({"event_name": "nobody counts this"}, "no_meter", "event_name"),
        ({"type": "revise"}, "parameter_invalid", "type"),
        ({"cancel": {}}, "parameter_missing", "cancel.identifier"),
    ],
)
def test_an_adjustment_that_can_not_be_made_is_refused(door: Door, meter, change, code, param) -> None:
    body = {"event_name": meter["event_name"], "type": "cancel", "cancel": {"identifier": "x"}, **change}
    assert door.v2.refused("POST", "/billing/meter_event_adjustments", body) == (400, code, param)
    if param != "cancel.identifier":
        assert door.v1.refused("POST", "/billing/meter_event_adjustments", body) == (400, code, param)


def test_an_adjustment_of_v1_names_its_event(door: Door, meter) -> None:
    body = {"event_name": meter["event_name"], "type": "cancel"}
    refusal = door.v1.refused("POST", "/billing/meter_event_adjustments", body)
    assert refusal == (400, "parameter_missing", "cancel[identifier]")


def test_summaries_are_of_a_stretch_of_time_or_of_each_of_its_windows_newest_first(door: Door, meter) -> None:
    customer = new_customer(door)
    for hours, value in ((1, "2"), (2, "3"), (26, "5")):
        at = int((NOON - timedelta(hours=hours)).timestamp())
        door.v1.post("/billing/meter_events", event(meter, customer, value, timestamp=at))
    start, end = TODAY - DAY, TODAY + DAY
    assert used(door, meter, customer, start, end) == [10.0]
    assert used(door, meter, customer, start, end, "&value_grouping_window=day") == [5.0, 5.0]
    hourly = used(door, meter, customer, start, end, "&value_grouping_window=hour&limit=100")
    assert (len(hourly), sum(hourly), hourly[12:14]) == (48, 10.0, [2.0, 3.0])
    path = f"/billing/meters/{meter['id']}/event_summaries?customer={customer}&start_time={start}&end_time={end}"
    page = door.v1.get(f"{path}&value_grouping_window=hour")
    assert (len(page["data"]), page["has_more"]) == (10, True)
    first = page["data"][0]
    assert {**first, "id": ""} == {
        "id": "",
        "object": "billing.meter_event_summary",
        "aggregated_value": 0.0,
        "dimensions": None,
        "end_time": end,
        "livemode": False,
        "meter": meter["id"],
        "start_time": end - 3600,
    }
    assert first["id"].startswith("mtrusg_test_")


def test_summaries_tell_dimensions_apart_and_leave_others_out(door: Door) -> None:
    customer = new_customer(door)
    meter = new_meter(door, dimension_payload_keys=["model", "region"])
    for value, model, region in (("1", "a", "eu"), ("2", "b", "eu"), ("4", "a", "us")):
        body = event(meter, customer, value, payload={"model": model, "region": region})
        door.v2.post("/billing/meter_events", body)
    base = (
        f"/billing/meters/{meter['id']}/event_summaries?customer={customer}&start_time={TODAY}&end_time={TODAY + DAY}"
    )
    grouped = door.v1.get(f"{base}&dimension_group_by_keys[0]=model")["data"]
    assert [(one["dimensions"], one["aggregated_value"]) for one in grouped] == [
        ({"model": "a"}, 5.0),
        ({"model": "b"}, 2.0),
    ]
    assert used(door, meter, customer, TODAY, TODAY + DAY, "&dimension_filters[region]=eu") == [3.0]
    assert used(
        door, meter, customer, TODAY, TODAY + DAY, "&dimension_filters[region]=eu&dimension_filters[model]=a"
    ) == [1.0]


@pytest.mark.parametrize(
    ("query", "code", "param"),
    [
        ("start_time=0&end_time=60", "parameter_missing", "customer"),
        ("customer={}&end_time=60", "parameter_missing", "start_time"),
        ("customer={}&start_time=1&end_time=60", "timestamp_not_aligned", "start_time"),
        ("customer={}&start_time=0&end_time=61", "timestamp_not_aligned", "end_time"),
        ("customer={}&start_time=60&end_time=7200&value_grouping_window=hour", "timestamp_not_aligned", "start_time"),
        ("customer={}&start_time=0&end_time=3600&value_grouping_window=day", "timestamp_not_aligned", "end_time"),
        ("customer={}&start_time=60&end_time=60", "invalid_time_range", "end_time"),
        ("customer={}&start_time=0&end_time=9000000000", "range_too_long", "end_time"),
        (
            "customer={}&start_time=0&end_time=60&value_grouping_window=week",
            "parameter_invalid",
            "value_grouping_window",
        ),
        ("customer={}&start_time=0&end_time=60&dimension_filters[x]=1", "invalid_dimension_key", "dimension_filters"),
        (
            "customer={}&start_time=0&end_time=60&dimension_group_by_keys[0]=x",
            "invalid_dimension_key",
            "dimension_group_by_keys",
        ),
        ("customer={}&start_time=0&end_time=60&limit=101", "parameter_invalid", "limit"),
        ("customer={}&start_time=0&end_time=60&tenant_keys[0]=x", "parameter_unknown", "tenant_keys"),
    ],
)
def test_summaries_that_can_not_be_asked_for_are_refused(door: Door, meter, customer, query, code, param) -> None:
    path = f"/billing/meters/{meter['id']}/event_summaries?{query.replace('{}', customer)}"
    assert door.v1.refused("GET", path) == (400, code, param)


def test_summaries_of_nobody_are_missing(door: Door, meter) -> None:
    for customer in ("cus_1", "cus_" + "9" * 32):
        path = f"/billing/meters/{meter['id']}/event_summaries?customer={customer}&start_time=0&end_time=60"
        assert door.v1.refused("GET", path) == (400, "resource_missing", "customer")
