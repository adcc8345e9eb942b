"""Meters: what they are, how they come to features, and what becomes of them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from billing_sdk.errors import DuplicateKey, InvalidRequest, MeterInUse, NotFound
from billing_sdk.server.domain.metering import Condition, Meter, UsageQuery, own_meter
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.usecases.add_feature import add_feature
from billing_sdk.server.usecases.create_meter import create_meter
from billing_sdk.server.usecases.delete_feature import delete_feature
from billing_sdk.server.usecases.query_usage import query_usage
from billing_sdk.server.usecases.update_meter import update_meter
from tests import metering
from tests.contract.using import used
from tests.engines import IN_MEMORY, NOON, engine_on
from tests.metering import event


def meter(key: str = "requests", **changes) -> Meter:
    return Meter(f"meter_{key}", key, key.title(), "http.request", "count", NOON, **changes)


def test_a_meter_is_found_as_it_was_stored(memory_engine):
    stored = meter(
        dimensions=(("route", "$.route"), ("*", "$.more")),
        conditions=(Condition("$.status", "in", ("200", "201")), Condition("$.route", "exists")),
        late_seconds=60,
        unknown_subjects="keep",
    )
    with memory_engine.begin() as tx:
        tx.meters.add(stored)
        with pytest.raises(DuplicateKey):
            tx.meters.add(stored)

    with memory_engine.read() as tx:
        assert (tx.meters.find(stored.id), tx.meters.find_by_key("requests")) == (stored, stored)
        assert tx.meters.of_type(["http.request", "ai_tokens"])[1:] == (stored,)
        assert stored in tx.meters.all()
        with pytest.raises(NotFound):
            tx.meters.get("nothing")


def test_a_metered_feature_gets_a_meter_of_its_own_that_is_archived_with_it(memory_engine):
    feature = add_feature(memory_engine, key="gigabytes", name="Gigabytes", feature_type="metered")
    with memory_engine.read() as tx:
        own = tx.meters.get("gigabytes")
    assert own == own_meter(feature, at=NOON)

    delete_feature(memory_engine, key="gigabytes")
    with memory_engine.read() as tx:
        assert tx.meters.get("gigabytes").archived_at == NOON
        assert tx.meters.of_type(["gigabytes"]) == ()

    add_feature(memory_engine, key="gigabytes", name="Gigabytes", feature_type="metered")
    with memory_engine.read() as tx:
        assert tx.meters.of_type(["gigabytes"]) == (own,)


def test_the_meter_of_a_new_feature_counts_what_was_used_before_there_was_one(memory_engine):
    with memory_engine.begin() as tx:
        tx.meters.add(metering.meter("count"))
    used(memory_engine, event("1", 2))

    add_feature(memory_engine, key="tokens", name="Tokens", feature_type="metered")

    assert total(memory_engine, "tokens") == "2"


def test_past_events_are_counted_in_a_store_apart_too(tmp_path):
    with engine_on(IN_MEMORY, usage_url=f"sqlite:///{tmp_path / 'usage.db'}") as engine:
        with engine.begin() as tx:
            tx.meters.add(metering.meter("count"))
        used(engine, event("1", 2))
        create_meter(engine, **{**TOKENS, "key": "made"})
        add_feature(engine, key="tokens", name="Tokens", feature_type="metered")
        update_meter(engine, key="made", is_archived=True)
        used(engine, event("2", 3))
        update_meter(engine, key="made", is_archived=False)

        assert (total(engine, "tokens_count"), total(engine, "tokens"), total(engine, "made")) == ("2", "5", "5")


def test_features_may_share_a_meter(memory_engine):
    with memory_engine.begin() as tx:
        tx.meters.add(meter())
    first = add_feature(memory_engine, key="calls", name="Calls", feature_type="metered", meter_key="requests")
    second = add_feature(memory_engine, key="hits", name="Hits", feature_type="metered", meter_key="requests")

    assert (first.measured_by, second.measured_by) == ("requests", "requests")
    with memory_engine.read() as tx:
        assert tx.features.get("calls") == first
        assert tx.meters.find_by_key("calls") is None


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"feature_type": "metered", "meter_key": "nothing"}, NotFound),
        ({"feature_type": "unmetered", "meter_key": "ai_tokens"}, InvalidRequest),
        ({"feature_type": "metered", "meter_key": "archived"}, InvalidRequest),
    ],
)
def test_a_feature_can_not_have_a_meter_that_does_not_count_for_it(memory_engine, asked, error):
    with memory_engine.begin() as tx:
        tx.meters.add(meter("archived", archived_at=NOON))

    with pytest.raises(error):
        add_feature(memory_engine, key="calls", name="Calls", **asked)


def test_a_feature_does_not_take_a_meter_for_its_own_that_measures_something_else(memory_engine):
    with memory_engine.begin() as tx:
        tx.meters.add(meter())

    with pytest.raises(DuplicateKey):
        add_feature(memory_engine, key="requests", name="Requests", feature_type="metered")


TOKENS = {"key": "tokens", "name": "Tokens", "event_type": "tokens", "aggregation": "sum", "value_path": "$.value"}
MARCH = Period(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC))


def total(engine, key: str) -> str:
    rows = query_usage(engine, meter_key=key, query=UsageQuery(MARCH))
    return "".join(f"{row.value:f}" for row in rows)


def test_a_new_meter_counts_the_events_that_there_are_and_passes_over_what_it_can_not_read(memory_engine):
    with memory_engine.begin() as tx:
        tx.meters.add(metering.meter("count"))
    used(memory_engine, event("1", 2), event("2", "much"), event("3", 3, type="other"), event("4", 5))

    create_meter(memory_engine, **TOKENS)

    assert (total(memory_engine, "tokens_count"), total(memory_engine, "tokens")) == ("3", "7")


def test_an_archived_meter_counts_what_has_arrived_meanwhile_when_it_is_taken_back(memory_engine):
    create_meter(memory_engine, **TOKENS)
    used(memory_engine, event("1", 2))
    archived = update_meter(memory_engine, key="tokens", name="Old tokens", is_archived=True, actor="kp_1")
    used(memory_engine, event("2", 3))
    assert (archived.archived_at, archived.name, total(memory_engine, "tokens")) == (NOON, "Old tokens", "2")
    assert update_meter(memory_engine, key="tokens", is_archived=True) == archived

    update_meter(memory_engine, key="tokens", is_archived=False, actor="kp_2")

    assert total(memory_engine, "tokens") == "5"
    with memory_engine.read() as tx:
        found = [(record["action"], record["actor"]) for record in tx.audit.of(archived.id)]
    assert found == [("meter.create", "api"), ("meter.update", "kp_1"), ("meter.update", "kp_2")]


def test_a_meter_that_measures_a_feature_is_not_archived(memory_engine):
    with pytest.raises(MeterInUse) as refused:
        update_meter(memory_engine, key="ai_tokens", is_archived=True)

    assert refused.value.facts["features"] == ["ai_tokens"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"aggregation": "median"},
        {"value_path": None},
        {"aggregation": "count"},
        {"value_path": "$..value"},
        {"key": "not a key"},
        {"name": " "},
        {"event_type": ""},
        {"dimensions": {"": "$.a"}},
        {"dimensions": {str(number): "$.a" for number in range(11)}},
        {"late_seconds": -1},
        {"unknown_subjects": "guess"},
    ],
)
def test_a_meter_that_makes_no_sense_is_refused(memory_engine, wrong):
    with pytest.raises(InvalidRequest):
        create_meter(memory_engine, **{**TOKENS, **wrong})
