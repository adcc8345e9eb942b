"""Usage: which period a reading counts in, what the total is, and what is refused."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from billing_sdk.errors import (
    AgreementNotLive,
    AgreementPaused,
    IdempotencyMismatch,
    InvalidQuantity,
    InvalidRequest,
    NotFound,
    UnknownFeature,
)
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.pause_agreement import pause_agreement
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.subscribe import subscribe
from tests.contract.agreements import decide
from tests.contract.late import charged, rated_of, sell_by_use, use
from tests.engines import NOON, advance, events_of, payer


@pytest.fixture
def agreement(engine):
    """An agreement for pro_monthly that began at noon of 31 January."""
    return subscribe(engine, customer_id=payer(engine).id, plan_key="pro_monthly")


@pytest.fixture
def record(engine, agreement):
    """Record tokens under the agreement, and return the total of their period."""

    def record(value, **options):
        return record_usage(engine, agreement_id=agreement.id, feature_key="ai_tokens", value=value, **options).total

    return record


def test_deltas_add_up_and_an_absolute_value_overrides_them(record):
    assert record("10") == 10
    assert record("2.5") == Decimal("12.5")
    assert record("4", kind="absolute") == 4
    assert record("1") == 5


def test_a_delta_from_before_an_absolute_value_changes_nothing(engine, record):
    advance(engine, hours=2)
    record("4", kind="absolute")

    assert record("9", used_at=engine.now() - timedelta(hours=1)) == 4


def test_an_absolute_value_for_an_earlier_time_keeps_what_came_after_it(engine, record):
    advance(engine, hours=2)
    record("3")

    assert record("10", kind="absolute", used_at=engine.now() - timedelta(hours=1)) == 13


def test_a_new_period_starts_at_zero(engine, record):
    record("10")
    advance(engine, days=28)

    assert record("1") == 1


def test_usage_that_is_reported_after_its_period_counts_in_that(engine, agreement, record):
    advance(engine, days=30)

    assert record("5", used_at=NOON + timedelta(days=1)) == 5

    with engine.read() as tx:
        assert tx.usage.total(agreement.id, "ai_tokens", agreement.period_at(NOON)) == 5
        assert tx.usage.total(agreement.id, "ai_tokens", agreement.period_at(engine.now())) == 0


def test_usage_that_is_reported_after_its_period_counts_in_the_present_one_where_that_was_decided(
    engine, agreement, record
):
    decide(engine, late_usage="next_period")
    advance(engine, days=30)

    assert record("5", used_at=NOON + timedelta(days=1)) == 5

    with engine.read() as tx:
        assert tx.usage.total(agreement.id, "ai_tokens", agreement.period_at(NOON)) == 0
        assert tx.usage.total(agreement.id, "ai_tokens", agreement.period_at(engine.now())) == 5


def test_a_large_total_is_exact(record):
    record("99999999999999999999.999999999999")

    assert record("0.000000000001") == Decimal(100000000000000000000)


def test_each_reading_is_announced_with_the_total(engine, agreement, record):
    record("10")
    record("5")

    with engine.read() as tx:
        events = tx.outbox.list(types=["customer.meter_usage_updated"])
    assert [event.data["usage"] for event in events] == [
        {"feature_code": "ai_tokens", "value": "10", "kind": "delta", "total": "10"},
        {"feature_code": "ai_tokens", "value": "5", "kind": "delta", "total": "15"},
    ]


def test_a_key_is_good_for_one_report(engine, agreement, record):
    record("10", idempotency_key="a")
    advance(engine, hours=1)

    assert record("10", idempotency_key="a") == 10
    for other in (
        {"value": "11"},
        {"value": "10", "kind": "absolute"},
        {"value": "10", "used_at": NOON - timedelta(1)},
    ):
        with pytest.raises(IdempotencyMismatch):
            record(**other, idempotency_key="a")
    assert events_of(engine, agreement.customer_id).count("customer.meter_usage_updated") == 1


@pytest.mark.parametrize("feature_key", ["nonsense", "advanced_reports", "base_price", "seats", ""])
def test_only_a_metered_feature_of_the_plan_can_be_recorded(engine, agreement, feature_key):
    with pytest.raises(UnknownFeature):
        record_usage(engine, agreement_id=agreement.id, feature_key=feature_key, value="1")


@pytest.mark.parametrize(
    ("options", "refusal"),
    [
        ({"value": "1e9"}, InvalidQuantity),
        ({"value": "-1"}, InvalidQuantity),
        ({"value": "1", "kind": "sum"}, InvalidRequest),
        ({"value": "1", "used_at": NOON + timedelta(minutes=6)}, InvalidRequest),
        ({"value": "1", "used_at": datetime(2026, 1, 31, 12)}, InvalidRequest),  # noqa: DTZ001 - what is refused
        ({"value": "1", "idempotency_key": ""}, InvalidRequest),
        ({"value": "1", "idempotency_key": "k" * 256}, InvalidRequest),
    ],
)
def test_what_can_not_be_read_is_refused_and_counts_nothing(engine, agreement, record, options, refusal):
    with pytest.raises(refusal):
        record(**options)

    with engine.read() as tx:
        assert tx.usage.total(agreement.id, "ai_tokens", agreement.period_at(NOON)) == 0


def test_an_ended_agreement_takes_no_usage(engine, agreement, record):
    cancel_agreement(engine, agreement_id=agreement.id)

    with pytest.raises(AgreementNotLive):
        record("1")


def test_what_was_used_before_an_agreement_ended_can_be_reported_after_that(engine, agreement, record):
    advance(engine, hours=2)
    cancel_agreement(engine, agreement_id=agreement.id)
    advance(engine, days=40)

    assert record("3", used_at=NOON + timedelta(hours=1)) == 3
    for later in (NOON + timedelta(hours=2), NOON - timedelta(hours=1), None):
        with pytest.raises(AgreementNotLive):
            record("1", used_at=later)


def test_what_was_used_before_a_pause_can_be_reported_in_it(engine, agreement, record):
    advance(engine, hours=2)
    pause_agreement(engine, agreement_id=agreement.id)
    advance(engine, days=40)

    assert record("3", used_at=NOON + timedelta(hours=1)) == 3
    with pytest.raises(AgreementPaused):
        record("1", used_at=NOON + timedelta(hours=2))


def test_usage_that_comes_after_its_invoice_is_billed_by_an_adjustment(engine):
    customer = payer(engine, "bo@example.com")
    sell_by_use(engine)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="metered")
    use(engine, agreement, 10)
    advance(engine, days=29)
    run_due(engine)
    use(engine, agreement, 4, NOON + timedelta(days=1))
    advance(engine, days=2)
    run_due(engine)

    assert charged(engine, customer) == [("renewal", [10]), ("adjustment", [4])]
    (one,) = rated_of(engine, agreement)
    assert (one.billed.minor, one.quantity, one.is_dirty) == (14, 14, False)


def test_an_unknown_agreement_is_not_found(engine):
    with pytest.raises(NotFound):
        record_usage(engine, agreement_id="agreement_0", feature_key="ai_tokens", value="1")
