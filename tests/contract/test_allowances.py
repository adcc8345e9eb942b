"""Allowances: what a customer may use beside what the plan includes, and what is told of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from billing_sdk.errors import (
    AllowanceEnded,
    InvalidAllowance,
    InvalidRequest,
    LimitReached,
    UnknownAllowance,
    UnknownFeature,
)
from billing_sdk.server.domain.catalog import Entitlement, Plan, PlanVersion, thresholds_from
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.change_plan import change_plan
from billing_sdk.server.usecases.grant_allowance import (
    delete_usage_thresholds,
    grant_allowance,
    save_usage_thresholds,
    void_allowance,
)
from billing_sdk.server.usecases.look_up_allowances import look_up_allowance_history, look_up_allowances
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.reserve_usage import reserve_usage
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.subscribe import subscribe
from tests.engines import NOON, advance, payer

pytestmark = pytest.mark.attack(108)
TOKENS = "ai_tokens"


@pytest.fixture
def customer(memory_engine):
    return payer(memory_engine)


def sell(engine, limit: int | None = 100, key: str = "metered", group: str | None = None, **terms):
    """Publish a plan that includes tokens, for nothing."""
    included = Entitlement(f"included_{key}", TOKENS, "AI tokens", limit, **terms)
    version = PlanVersion(f"version_{key}", key, 1, "USD", (included,), NOON, Cadence("month"))
    with engine.begin() as tx:
        found = tx.catalog.get_plan("pro_monthly").group if group is None else tx.plan_groups.get(group)
        tx.catalog.add_plan(Plan.draft(version, name=key.capitalize(), group=found).selling(version))


@pytest.fixture
def agree(memory_engine, customer):
    """Agree to a plan that includes tokens."""

    def agree(limit: int | None = 100, **terms):
        sell(memory_engine, limit, **terms)
        return subscribe(memory_engine, customer_id=customer.id, plan_key="metered")

    return agree


@pytest.fixture
def grant(memory_engine, customer):
    def grant(amount: int, **terms):
        return grant_allowance(memory_engine, customer_id=customer.id, feature_key=TOKENS, amount=str(amount), **terms)

    return grant


@pytest.fixture
def use(memory_engine):
    def use(agreement, amount: int, **terms):
        return record_usage(memory_engine, agreement_id=agreement.id, feature_key=TOKENS, value=str(amount), **terms)

    return use


def room(engine, customer):
    """Return what may be used, was used, may still be used, and was used beyond."""
    [found] = look_up_allowances(engine, customer_id=customer.id, feature_key=TOKENS)
    shown = (found.room.limit, found.room.used, found.room.remaining, found.room.overage)
    return tuple(None if amount is None else int(amount) for amount in shown)


def balances(engine, customer):
    [found] = look_up_allowances(engine, customer_id=customer.id, feature_key=TOKENS)
    return int(found.included), [int(left) for _, left in found.grants]


def reserve(engine, agreement, units: int):
    return reserve_usage(engine, feature_key=TOKENS, units=str(units), agreement_id=agreement.id)


def told(engine, customer):
    """Return what was told of the use of tokens."""
    found = []
    with engine.read() as tx:
        for event in tx.outbox.list(customer_id=customer.id):
            if event.type == "customer.usage_threshold_reached":
                found.append(event.data["threshold"]["threshold"])
            if event.type == "customer.entitlement_changed":
                found.append(event.data["access"]["has_access"])
    return found


def later(engine, **units):
    at = advance(engine, **units)
    run_due(engine)
    return at


def test_a_grant_lets_a_customer_use_more_than_the_plan_includes(memory_engine, customer, agree, grant, use):
    agreement = agree(100)
    grant(50)
    assert room(memory_engine, customer) == (150, 0, 150, 0)
    use(agreement, 120)
    assert room(memory_engine, customer) == (150, 120, 30, 0)
    assert balances(memory_engine, customer) == (0, [30])
    reserve(memory_engine, agreement, 30)
    with pytest.raises(LimitReached) as caught:
        reserve(memory_engine, agreement, 1)
    facts = {"feature": TOKENS, "limit": 150, "used": "120", "held": "30", "asked": "1"}
    assert caught.value.facts == {**facts, "resets_at": "2026-02-28T12:00:00Z"}


def test_what_is_left_of_a_grant_rolls_over_and_what_the_plan_includes_begins_anew(
    memory_engine, customer, agree, grant, use
):
    agreement = agree(100)
    grant(50)
    use(agreement, 120)
    later(memory_engine, days=31)
    assert room(memory_engine, customer) == (130, 0, 130, 0)
    use(agreement, 110)
    later(memory_engine, days=31)
    assert balances(memory_engine, customer) == (100, [20])


def test_what_is_not_to_roll_over_is_lost_with_the_usage_period(memory_engine, customer, agree, grant, use):
    use(agree(100), 10)
    grant(50, max_rollover="5")
    later(memory_engine, days=31)
    assert balances(memory_engine, customer) == (100, [5])


def test_a_balance_does_not_depend_on_when_it_was_looked_at(memory_engine, customer, agree, grant, use):
    agreement = agree(10)
    grant(100, recurrence="week", max_rollover="30")
    for _ in range(12):
        use(agreement, 17)
        later(memory_engine, days=6)
    kept = balances(memory_engine, customer)
    with memory_engine.begin() as tx:
        now = memory_engine.now()
        [last] = tx.allowances.openings(customer.id, TOKENS, since=now, at=now)
        assert last.started_at == NOON + timedelta(days=59)
        tx.allowances.forget_openings(customer.id, TOKENS, since=datetime.min.replace(tzinfo=UTC))
        assert len(tx.allowances.openings(customer.id, TOKENS, since=now, at=now)) == 3
    assert balances(memory_engine, customer) == kept


def test_late_usage_of_an_earlier_usage_period_lowers_what_was_left_of_a_grant(
    memory_engine, customer, agree, grant, use
):
    agreement = agree(100)
    grant(50)
    use(agreement, 100)
    later(memory_engine, days=31)
    use(agreement, 1)
    assert balances(memory_engine, customer) == (99, [50])
    use(agreement, 20, used_at=NOON + timedelta(days=2))
    assert balances(memory_engine, customer) == (99, [30])
    use(agreement, 40, used_at=NOON + timedelta(days=2))
    assert balances(memory_engine, customer) == (99, [0])


def test_usage_beyond_a_soft_limit_is_let_in_and_burnt_from_the_next_grant(memory_engine, customer, agree, grant, use):
    agreement = agree(10, is_soft=True)
    reserve(memory_engine, agreement, 25)
    use(agreement, 25)
    assert room(memory_engine, customer) == (10, 25, 0, 15)
    grant(20)
    assert room(memory_engine, customer) == (30, 25, 0, 0)
    assert balances(memory_engine, customer) == (0, [5])


def test_overage_is_taken_off_the_next_usage_period_where_the_plan_keeps_it(memory_engine, customer, agree, use):
    agreement = agree(10, is_soft=True, keeps_overage=True)
    use(agreement, 14)
    later(memory_engine, days=31)
    assert room(memory_engine, customer) == (6, 0, 6, 0)
    use(agreement, 40)
    later(memory_engine, days=31)
    assert room(memory_engine, customer) == (0, 0, 0, 24)


def test_a_limit_counts_in_usage_periods_of_its_own(memory_engine, customer, agree, use):
    agreement = agree(10, usage_cadence=Cadence("day"))
    use(agreement, 10)
    with pytest.raises(LimitReached):
        reserve(memory_engine, agreement, 1)
    later(memory_engine, hours=24)
    reserve(memory_engine, agreement, 10)


def test_a_free_plan_that_is_taken_again_does_not_begin_its_usage_period_anew(memory_engine, customer, agree, use):
    first = agree(10, usage_cadence=Cadence("day"))
    use(first, 7)
    cancel_agreement(memory_engine, agreement_id=first.id)
    advance(memory_engine, hours=1)
    subscribe(memory_engine, customer_id=customer.id, plan_key="metered")
    assert room(memory_engine, customer) == (10, 7, 3, 0)
    later(memory_engine, hours=23)
    assert room(memory_engine, customer) == (10, 0, 10, 0)


def test_a_usage_period_can_follow_the_calendar(memory_engine, customer, agree, use):
    agreement = agree(10, usage_cadence=Cadence("day"), usage_alignment="calendar")
    use(agreement, 10)
    [found] = look_up_allowances(memory_engine, customer_id=customer.id)
    assert (found.room.period.start, found.room.resets_at) == (NOON, NOON + timedelta(hours=12))
    later(memory_engine, hours=12)
    assert room(memory_engine, customer) == (10, 0, 10, 0)


def test_a_grant_outlives_the_plan_that_it_was_used_under(memory_engine, customer, agree, grant, use):
    first = agree(100)
    sell(memory_engine, 10, key="smaller")
    grant(50)
    use(first, 120)
    later(memory_engine, days=5)
    second = change_plan(memory_engine, customer_id=customer.id, plan_key="smaller")
    assert second.id != first.id
    assert balances(memory_engine, customer) == (10, [30])


def test_late_usage_of_an_agreement_that_is_over_lowers_what_was_left_of_a_grant(
    memory_engine, customer, agree, grant, use
):
    first = agree(100)
    sell(memory_engine, 10, key="smaller")
    grant(50)
    later(memory_engine, days=5)
    second = change_plan(memory_engine, customer_id=customer.id, plan_key="smaller")
    use(second, 60)
    assert told(memory_engine, customer) == [False]
    grant(10)
    use(first, 105, used_at=NOON + timedelta(days=1))
    assert balances(memory_engine, customer) == (0, [0, 5])
    use(first, 20, used_at=NOON + timedelta(days=1))
    assert (room(memory_engine, customer), told(memory_engine, customer)) == ((45, 60, 0, 15), [False, True, False])


def test_a_grant_that_was_voided_or_has_expired_adds_nothing(memory_engine, customer, agree, grant):
    agree(10)
    gone, short = grant(50), grant(20, expires_after="P3D")
    void_allowance(memory_engine, customer_id=customer.id, allowance_id=gone.id)
    assert room(memory_engine, customer) == (30, 0, 30, 0)
    later(memory_engine, days=3)
    assert room(memory_engine, customer) == (10, 0, 10, 0)
    for one in (gone, short):
        with pytest.raises(AllowanceEnded):
            void_allowance(memory_engine, customer_id=customer.id, allowance_id=one.id)
    with pytest.raises(UnknownAllowance):
        void_allowance(memory_engine, customer_id=customer.id, allowance_id="allowance_1")


def test_another_customers_grant_is_not_there(memory_engine, customer, agree, grant):
    agree(10)
    mine, other = grant(50), payer(memory_engine, "grace@example.com")
    with pytest.raises(UnknownAllowance):
        void_allowance(memory_engine, customer_id=other.id, allowance_id=mine.id)
    assert balances(memory_engine, customer) == (10, [50])


def test_a_grant_that_can_not_be_changes_nothing(memory_engine, customer, agree, grant):
    agree(10)
    with pytest.raises(InvalidAllowance):
        grant(0)
    with pytest.raises(InvalidAllowance):
        grant(5, effective_at=NOON - timedelta(seconds=1))
    with pytest.raises(InvalidRequest):
        grant(5, expires_at=NOON + timedelta(days=1), expires_after="P1D")
    with pytest.raises(InvalidRequest):
        grant(5, expires_at=datetime(2030, 1, 1))  # noqa: DTZ001 - a time without a zone is what is refused
    with pytest.raises(UnknownFeature):
        grant_allowance(memory_engine, customer_id=customer.id, feature_key="advanced_reports", amount="5")
    assert balances(memory_engine, customer) == (10, [])


def test_each_threshold_is_told_once_in_a_usage_period(memory_engine, customer, agree, use):
    agreement = agree(100, is_soft=True, thresholds=thresholds_from(["80%", "100%", "50", "150%"]))
    use(agreement, 49)
    assert told(memory_engine, customer) == []
    use(agreement, 41)
    use(agreement, 1)
    assert told(memory_engine, customer) == ["50", "80%"]
    use(agreement, 30)
    assert told(memory_engine, customer) == ["50", "80%", "100%"]
    later(memory_engine, days=31)
    use(agreement, 80)
    assert told(memory_engine, customer)[3:] == ["50", "80%"]


def test_a_customer_can_have_thresholds_of_their_own(memory_engine, customer, agree, use):
    agreement = agree(None, thresholds=thresholds_from(["10"]))
    save_usage_thresholds(memory_engine, customer_id=customer.id, feature_key=TOKENS, thresholds=["30", "100%"])
    use(agreement, 20)
    assert told(memory_engine, customer) == []
    use(agreement, 10)
    assert told(memory_engine, customer) == ["30"]
    delete_usage_thresholds(memory_engine, customer_id=customer.id, feature_key=TOKENS)
    use(agreement, 1)
    assert told(memory_engine, customer) == ["30", "10"]
    with pytest.raises(InvalidRequest):
        save_usage_thresholds(memory_engine, customer_id=customer.id, feature_key=TOKENS, thresholds=["0"])


def test_it_is_told_that_a_limit_has_taken_access_away_and_that_it_is_back(memory_engine, customer, agree, use):
    agreement = agree(10)
    use(agreement, 10)
    use(agreement, 1)
    assert told(memory_engine, customer) == [False]
    later(memory_engine, days=31)
    assert told(memory_engine, customer) == [False, True]


def test_a_grant_brings_access_back_and_its_end_takes_it_away(memory_engine, customer, agree, grant, use):
    agreement = agree(10)
    use(agreement, 10)
    more = grant(5)
    assert told(memory_engine, customer) == [False, True]
    void_allowance(memory_engine, customer_id=customer.id, allowance_id=more.id)
    assert told(memory_engine, customer) == [False, True, False]
    grant(5, effective_at=NOON + timedelta(days=2))
    later(memory_engine, days=2)
    assert told(memory_engine, customer) == [False, True, False, True]


def test_a_history_says_what_was_used_in_each_window_and_what_was_left(memory_engine, customer, agree, grant, use):
    agreement = agree(10)
    use(agreement, 4)
    advance(memory_engine, days=1)
    grant(20)
    use(agreement, 12)
    advance(memory_engine, days=1)
    found = look_up_allowance_history(memory_engine, customer_id=customer.id, feature_key=TOKENS)
    shown = [(one.period.start.day, int(one.usage), int(one.balance_at_start)) for one in found.windows]
    assert shown == [(31, 4, 10), (1, 12, 6), (2, 0, 14)]
    burnt = [[int(amount) for amount in one.burnt.values()] for one in found.segments]
    assert [amounts for amounts in burnt if amounts] == [[4], [6, 6]]
    assert sum(one.usage for one in found.segments) == Decimal(16)


def test_a_history_has_so_many_windows_and_no_more(memory_engine, customer, agree):
    agree(10)
    advance(memory_engine, days=60)
    hourly = {"customer_id": customer.id, "feature_key": TOKENS, "since": NOON, "window": "hour"}
    with pytest.raises(InvalidRequest):
        look_up_allowance_history(memory_engine, **hourly)
    found = look_up_allowance_history(memory_engine, **hourly, until=NOON + timedelta(hours=3))
    assert [one.period.start for one in found.windows] == [NOON + timedelta(hours=hours) for hours in range(3)]


def test_an_allowance_is_exact_to_the_last_digit(memory_engine, customer, agree, grant, use):
    agreement = agree(10)
    grant(1, max_rollover="0.5")
    record_usage(memory_engine, agreement_id=agreement.id, feature_key=TOKENS, value="10.000000000001")
    [found] = look_up_allowances(memory_engine, customer_id=customer.id)
    assert found.room.remaining == Decimal("0.999999999999")
    assert replace(found.room, held=Decimal(1)).remaining == 0
