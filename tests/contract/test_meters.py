"""Meters: what they are, how they come to features, and what becomes of them."""

from __future__ import annotations

import pytest

from billing_sdk.errors import DuplicateKey, InvalidRequest, NotFound
from billing_sdk.server.domain.metering import Condition, Meter, own_meter
from billing_sdk.server.usecases.add_feature import add_feature
from billing_sdk.server.usecases.delete_feature import delete_feature
from tests.engines import NOON


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
