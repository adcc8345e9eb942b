"""Events at the Konnect door: what is kept, what is refused, and how lists go on."""

from __future__ import annotations

import json

from tests.contract.konnect.calls_usage import event_of, meter_of


def listed(door, query):
    answer = door.get(f"/events?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def total_of(door, meter):
    rows = door.send("POST", f"/meters/{meter['id']}/query", json={}).json()["data"]
    return [row["value"] for row in rows]


def test_an_event_that_is_sent_twice_counts_once_and_is_accepted_twice(door):
    meter = meter_of(door)
    event = event_of(door, type=meter["event_type"], data={"tokens": 5})

    answers = [door.send("POST", "/events", json=event).status_code for _ in range(2)]

    assert answers == [202, 202]
    assert total_of(door, meter) == ["5"]


def test_an_event_that_nothing_counts_is_kept_and_shown_with_what_is_wrong(door):
    meter = meter_of(door)
    uncounted = event_of(door, type=door.name("nobody_counts"))
    unread = event_of(door, type=meter["event_type"], data={"tokens": "many"})

    assert door.send("POST", "/events", json=[uncounted, unread]).status_code == 202

    (first,) = listed(door, f"filter[type][eq]={uncounted['type']}")["data"]
    (second,) = listed(door, f"filter[type][eq]={unread['type']}")["data"]
    codes = [[fault["code"] for fault in one["validation_errors"]] for one in (first, second)]
    assert codes == [["no_matching_meter", "no_customer_found"], ["invalid_event", "no_customer_found"]]
    assert total_of(door, meter) == []


def test_a_batch_with_an_unknown_attribute_is_refused_as_a_whole(door):
    meter = meter_of(door)
    good = event_of(door, type=meter["event_type"], data={"tokens": 5})

    answer = door.send("POST", "/events", json=[good, event_of(door, traceparent="x")])

    assert answer.status_code == 400
    assert answer.json()["invalid_parameters"][0]["field"] == "1.traceparent"
    assert total_of(door, meter) == []


def test_an_event_of_a_time_that_is_not_kept_is_refused_and_the_others_of_its_batch_are_not_lost(door):
    meter = meter_of(door)
    good = event_of(door, type=meter["event_type"], data={"tokens": 5})
    for time in ("2999-01-01T00:00:00Z", "1999-12-31T23:59:59Z"):
        bad = event_of(door, type=meter["event_type"], data={"tokens": 7}, time=time)

        alone, among = (door.send("POST", "/events", json=sent) for sent in (bad, [good, bad]))

        assert [answer.status_code for answer in (alone, among)] == [400, 400]
        fields = [answer.json()["invalid_parameters"][0]["field"] for answer in (alone, among)]
        assert fields == ["time", "1.time"]
    assert total_of(door, meter) == ["5"]


def test_a_list_of_events_goes_on_and_back_without_showing_one_twice(door):
    kind = door.name("paged")
    for minute in (3, 1, 2):
        sent = event_of(door, type=kind, id=f"{kind}-{minute}", time=f"2026-01-01T00:0{minute}:00Z")
        assert door.send("POST", "/events", json=sent).status_code == 202
    asked = f"filter[type][eq]={kind}&page[size]=2"

    first = listed(door, asked)
    second = listed(door, f"{asked}&page[after]={first['meta']['page']['next']}")
    back = listed(door, f"{asked}&page[before]={second['meta']['page']['previous']}")

    pages = [[one["event"]["id"].rpartition("-")[2] for one in page["data"]] for page in (first, second, back)]
    assert pages == [["3", "2"], ["1"], ["3", "2"]]


def test_a_dimension_that_is_added_later_tells_apart_what_was_reported_before(door):
    meter = meter_of(door, dimensions={})
    for region, tokens in (("eu", 5), ("us", 7)):
        sent = event_of(door, type=meter["event_type"], data={"tokens": tokens, "region": region})
        assert door.send("POST", "/events", json=sent).status_code == 202

    door.send("PUT", f"/meters/{meter['id']}", json={"dimensions": {"region": "$.region"}})
    later = event_of(door, type=meter["event_type"], data={"tokens": 1, "region": "us"})
    assert door.send("POST", "/events", json=later).status_code == 202

    asked = {"group_by_dimensions": ["region"], "filters": {"dimensions": {"region": {"neq": "eu"}}}}
    rows = door.send("POST", f"/meters/{meter['id']}/query", json=asked).json()["data"]
    assert [(row["dimensions"], row["value"]) for row in rows] == [({"region": "us"}, "8")]


def test_numbers_of_an_event_are_numbers_again_where_a_reader_can_keep_all_their_digits(door):
    data = {"tokens": 2.5, "nested": {"list": [0.1, 3]}, "exact": 1}
    event = event_of(door, type=door.name("shown"), data=data)
    long = event_of(door, type=door.name("long"), data={})
    sent = json.dumps(long).replace('"data": {}', '"data": {"tokens": 0.12345678901234567890123}')
    door.send("POST", "/events", json=event)
    door.send("POST", "/events", content=sent, headers={"content-type": "application/cloudevents+json"})

    (first,) = listed(door, f"filter[type][eq]={event['type']}")["data"]
    (second,) = listed(door, f"filter[type][eq]={long['type']}")["data"]

    assert first["event"]["data"] == data
    assert second["event"]["data"] == {"tokens": "0.12345678901234567890123"}


def test_a_query_by_what_the_meter_does_not_tell_apart_is_refused(door):
    meter = meter_of(door)

    for query in ({"group_by_dimensions": ["colour"]}, {"filters": {"dimensions": {"colour": {"eq": "red"}}}}):
        answer = door.send("POST", f"/meters/{meter['id']}/query", json=query)
        assert answer.status_code == 400
        assert answer.json()["invalid_parameters"][0]["rule"] == "missing_reference"


def test_usage_as_csv_has_subjects_first_and_customers_with_their_keys_and_names(door):
    meter = meter_of(door)
    key = door.name("acme")
    customer = door.send(
        "POST", "/customers", json={"key": key, "name": "ACME", "usage_attribution": {"subject_keys": [key]}}
    ).json()
    door.send("POST", "/events", json=event_of(door, type=meter["event_type"], subject=key, data={"tokens": 5}))

    answer = door.send(
        "POST",
        f"/meters/{meter['id']}/query",
        json={"group_by_dimensions": ["customer_id", "subject"]},
        headers={"accept": "text/csv"},
    )

    head, line = answer.text.splitlines()
    assert head == "from,to,subject,customer_id,customer_key,customer_name,value"
    assert line.split(",")[2:] == [key, customer["id"], key, "ACME", "5"]
