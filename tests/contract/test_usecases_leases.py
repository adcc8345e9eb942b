"""Leases: what processes let in by themselves stays within the limit, and each unit of it counts once."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billing_sdk.errors import (
    InvalidRequest,
    LimitReached,
    NotFound,
    PaymentRequired,
    ReservationEnded,
)
from billing_sdk.server.domain.metering import Reading
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.commit_reservation import commit_reservation, report_lease
from billing_sdk.server.usecases.record_usage import count_reading
from billing_sdk.server.usecases.release_reservation import release_reservation
from billing_sdk.server.usecases.reserve_usage import lease_usage, reserve_usage
from billing_sdk.server.usecases.subscribe import subscribe
from tests.engines import advance, events_of, payer

pytestmark = pytest.mark.attack(108)
# A lease lasts a minute, and is set aside for five more.
OVERDUE, FREE = 60, 360


@pytest.fixture
def engine(memory_engine):
    """Nobody else asks, so memory is as good as a file."""
    return memory_engine


@pytest.fixture
def agreement(engine):
    """Ada's agreement, which includes 1,000 tokens a month."""
    return subscribe(engine, customer_id=payer(engine).id, plan_key="free")


@pytest.fixture
def lease(engine, agreement):
    """Lease tokens for Ada."""

    def lease(units="100", least="1", **more):
        more = {"agreement_id": agreement.id, **more}
        return lease_usage(engine, feature_key="ai_tokens", units=units, least=least, **more)

    return lease


@pytest.fixture
def report(engine):
    """Report what was used of a lease."""

    def report(lease, used):
        return report_lease(engine, reservation_id=lease.id, agreement_id=lease.agreement_id, used=used)

    return report


@pytest.fixture
def end(engine):
    """End a lease."""

    def end(lease, used=None):
        return commit_reservation(engine, reservation_id=lease.id, agreement_id=lease.agreement_id, units=used)

    return end


def taken(engine, agreement):
    """Return what is used, and what is held."""
    at = engine.now()
    with engine.read() as tx:
        used = tx.usage.total(agreement.id, "ai_tokens", agreement.period_at(at))
        return int(used), int(tx.reservations.held(agreement.id, "ai_tokens", at=at))


def test_leases_get_smaller_towards_the_end_of_a_limit_and_never_pass_it(engine, agreement, lease):
    shares = [int(lease("400").units) for _ in range(11)]
    assert shares == [400, 300, 150, 75, 37, 19, 9, 5, 2, 1, 1]
    assert [int(lease("400").units) for _ in range(1)] == [1]
    with pytest.raises(LimitReached) as caught:
        lease("400")
    assert (caught.value.facts["held"], caught.value.facts["limit"]) == ("1000", 1000)
    assert caught.value.facts["resets_at"]


def test_whoever_needs_more_than_half_of_what_is_left_gets_what_is_needed(lease):
    assert lease("900", least="900").units == 900
    with pytest.raises(LimitReached):
        lease("200", least="101")
    assert lease("200", least="100").units == 100


def test_what_is_reported_is_counted_and_held_no_more(engine, agreement, lease, report):
    one = lease()
    assert taken(engine, agreement) == (0, 100)
    assert report(one, "30").used == 30
    assert taken(engine, agreement) == (30, 70)
    for late in ("30", "20", "0"):
        report(one, late)
    assert taken(engine, agreement) == (30, 70)
    assert events_of(engine, agreement.customer_id).count("customer.meter_usage_updated") == 1


def test_the_end_of_a_lease_gives_back_what_was_not_used_and_is_said_twice_for_once(engine, agreement, lease, end):
    one = lease()
    assert [end(one, "64").status for _ in range(2)] == ["committed"] * 2
    assert taken(engine, agreement) == (64, 0)
    unused = lease()
    assert end(unused).used == 0
    assert taken(engine, agreement) == (64, 0)


def test_a_report_that_arrives_after_the_end_counts_what_is_new_in_it(engine, agreement, lease, report, end):
    one = lease()
    end(one, "64")
    report(one, "60")
    assert taken(engine, agreement) == (64, 0)
    report(one, "65")
    assert taken(engine, agreement) == (65, 0)


def test_what_a_usage_store_has_kept_although_the_report_failed_is_not_counted_again(engine, agreement, lease, report):
    one = lease()
    report(one, "10")
    at = engine.now()
    forerunner = Reading(f"{one.id}.10", agreement.id, "ai_tokens", "delta", Decimal(30), at, at, at)
    with engine.begin() as tx:
        count_reading(tx, tx.customers.lock(agreement.customer_id), agreement, forerunner, source="api")
    assert report(one, "55").used == 55
    assert taken(engine, agreement) == (55, 45)


def test_more_than_was_leased_is_counted_in_full_and_frees_nothing_of_others(engine, agreement, lease, report):
    one, other = lease(), lease()
    report(one, "150")
    assert taken(engine, agreement) == (150, int(other.units))


def test_units_of_a_lease_that_is_over_stay_set_aside_for_uses_that_could_not_be_reported_yet(
    engine, agreement, lease, report
):
    one = lease("400", least="400")
    advance(engine, seconds=OVERDUE)
    assert taken(engine, agreement) == (0, 400)
    with pytest.raises(LimitReached):
        lease(least="601")
    assert report(one, "100").status == "overdue"
    advance(engine, seconds=FREE - OVERDUE - 1)
    assert taken(engine, agreement) == (100, 300)
    advance(engine, seconds=1)
    assert taken(engine, agreement) == (100, 0)


def test_what_was_used_counts_however_late_it_is_said_even_above_the_limit(engine, agreement, lease, report, end):
    one = lease("400", least="400")
    advance(engine, seconds=FREE)
    end(lease("1000", least="1000"), "1000")
    assert report(one, "400").status == "expired"
    assert end(one, "400").status == "committed"
    assert taken(engine, agreement) == (1400, 0)


def test_what_was_used_counts_although_the_agreement_has_ended(engine, agreement, lease, report, end):
    one = lease()
    cancel_agreement(engine, agreement_id=agreement.id)
    report(one, "30")
    advance(engine, seconds=FREE)
    assert end(one, "40").used == 40
    with engine.read() as tx:
        assert tx.usage.total(agreement.id, "ai_tokens", agreement.period_at(agreement.started_at)) == 40
    with pytest.raises(PaymentRequired):
        lease(agreement_id=agreement.id)


def test_a_lease_that_was_given_back_as_a_whole_can_not_be_reported(engine, lease, report):
    one = lease()
    release_reservation(engine, reservation_id=one.id, agreement_id=one.agreement_id)
    with pytest.raises(ReservationEnded):
        report(one, "1")


def test_only_a_lease_of_this_agreement_is_reported(engine, agreement, lease, report):
    plain = reserve_usage(engine, feature_key="ai_tokens", units="5", agreement_id=agreement.id)
    with pytest.raises(InvalidRequest):
        report(plain, "1")
    other = subscribe(engine, customer_id=payer(engine, "eve@example.com").id, plan_key="free")
    with pytest.raises(NotFound):
        report_lease(engine, reservation_id=lease().id, agreement_id=other.id, used="1")


def test_without_a_limit_a_lease_is_as_large_as_it_is_wished_for(engine, agreement, lease, end):
    enterprise = subscribe(engine, customer_id=agreement.customer_id, plan_key="enterprise_monthly")
    one = lease("99999999999999999999", agreement_id=enterprise.id)
    assert one.units == Decimal(99999999999999999999)
    assert end(one, "0.000000000001").used == Decimal("0.000000000001")
