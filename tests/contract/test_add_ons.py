"""Add-ons of agreements that are under way."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from billing_sdk.errors import (
    AddOnAttached,
    AddOnMismatch,
    AddOnMissing,
    CardDeclined,
    CouponMismatch,
    InvalidQuantity,
    NotAnAddOn,
    UnknownPlan,
)
from billing_sdk.server.domain.catalog import Entitlement, LicenceFee, PlanVersion, Rate
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.rating import Flat, PerUnit, Terms
from billing_sdk.server.usecases.apply_coupon import apply_coupon
from billing_sdk.server.usecases.create_coupon import create_coupon
from billing_sdk.server.usecases.load_entitlements import load_entitlements
from billing_sdk.server.usecases.migrate_customers import migrate_customers
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.set_add_on import add_add_on, change_add_on_quantity, remove_add_on, set_add_on
from billing_sdk.server.usecases.subscribe import subscribe
from tests.contract.agreements import decide
from tests.engines import DECLINED_WHEN_CHARGED, IN_MEMORY, NOON, advance, engine_on, events_of, payer

HALF = timedelta(days=14)  # of the 28 days from January 31 to February 28


def add_on(engine, key: str = "extra", *, currency: str = "USD", cadence: str = "month", group: str = "individuals"):
    """Put an add-on up for sale: 10.00 a month, or a cent for each seat over, and 10 seats more."""
    version = PlanVersion(
        id=f"version_{key}",
        plan_key=key,
        number=1,
        currency=currency,
        components=(
            LicenceFee(f"fee_{key}", "extra", "Extra", currency, Terms(Flat(Decimal(1_000)))),
            Entitlement(f"included_{key}", "seats", "Seats", 10),
            Rate(f"rate_{key}", "seats", "Seats, by use", currency, Terms(PerUnit(Decimal(1)))),
        ),
        created_at=NOON,
        cadence=Cadence.from_text(cadence),
    )
    with engine.begin() as tx:
        pro = tx.catalog.get_plan("pro_monthly")
        (found,) = [one for one in tx.plan_groups.list() if one.key == group]
        made = replace(
            pro,
            key=key,
            name="Extra",
            group=found,
            kind="add_on",
            version=version,
            latest_version_id=version.id,
            live_version_id=version.id,
            position=9,
        )
        tx.catalog.add_plan(made)


@pytest.fixture
def engine():
    with engine_on(IN_MEMORY) as opened:
        add_on(opened)
        yield opened


@pytest.fixture
def agreement(engine):
    """Pro for 29.00 a month, from noon on January 31."""
    return subscribe(engine, customer_id=payer(engine).id, plan_key="pro_monthly")


def stored(engine, agreement):
    with engine.read() as tx:
        return tx.agreements.get(agreement.id)


def bills(engine, agreement) -> list[int]:
    """Return the amount of each invoice, the oldest first."""
    with engine.read() as tx:
        return [one.amount.minor for one in tx.invoices.newest_of(agreement.customer_id, limit=100)][::-1]


def balance(engine, agreement) -> int:
    with engine.read() as tx:
        return tx.credits.balance(agreement.customer_id, "USD").minor


def add(engine, agreement, **options):
    return add_add_on(engine, agreement_id=agreement.id, plan_key="extra", **options)


def remove(engine, agreement, **options):
    return remove_add_on(engine, agreement_id=agreement.id, plan_key="extra", **options)


def test_an_add_on_is_charged_for_the_rest_of_the_period_and_then_with_the_plan(engine, agreement):
    advance(engine, days=14)
    changed = add(engine, agreement, quantity=2)
    assert [(one.plan_key, one.quantity, one.added_at) for one in changed.add_ons] == [("extra", 2, NOON + HALF)]
    assert stored(engine, agreement) == changed
    types = ("agreement_updated", "invoice_issued", "payment_succeeded")
    assert events_of(engine, agreement.customer_id)[-3:] == [f"customer.{one}" for one in types]
    advance(engine, days=14)
    run_due(engine)
    assert bills(engine, agreement) == [2_900, 1_000, 2_900 + 2_000]


def test_what_an_add_on_includes_is_granted_with_it(engine, agreement):
    add(engine, agreement, quantity=2)
    with engine.read() as tx:
        user_id = tx.customers.get(agreement.customer_id).user_id
    found = load_entitlements(engine, user_id=user_id, org_code=None).entitlements
    assert [one.limit_max for one in found if one.feature_key == "seats"] == [20]


def test_usage_of_an_add_on_is_charged_from_when_it_was_added(engine, agreement):
    advance(engine, days=14)
    add(engine, agreement)
    record_usage(engine, agreement_id=agreement.id, feature_key="seats", value="7")
    advance(engine, days=14)
    run_due(engine)
    with engine.read() as tx:
        (newest, *_) = tx.invoices.newest_of(agreement.customer_id)
    (used,) = [line for line in newest.lines if line.component_id == "rate_extra"]
    assert (used.amount.minor, used.period.start) == (7, NOON + HALF)


def test_another_number_is_charged_or_given_back_for_the_rest_of_the_period(engine, agreement):
    add(engine, agreement)
    advance(engine, days=14)
    change_add_on_quantity(engine, agreement_id=agreement.id, plan_key="extra", quantity=3)
    change_add_on_quantity(engine, agreement_id=agreement.id, plan_key="extra", quantity=2, is_prorate=True)
    assert (bills(engine, agreement), balance(engine, agreement)) == ([2_900, 1_000, 1_000, 0], 500)
    advance(engine, days=14)
    run_due(engine)
    assert bills(engine, agreement)[-1] == 2_900 + 2_000 - 500


@pytest.mark.parametrize(
    ("is_prorate", "given_back"),
    [
        pytest.param(None, 0, id="nothing is given back, as the policy says by default"),
        pytest.param(True, 500, id="the unused half is given back where that is asked for"),
    ],
)
def test_an_add_on_that_is_removed_is_billed_no_more(engine, agreement, is_prorate, given_back):
    add(engine, agreement)
    advance(engine, days=14)
    assert remove(engine, agreement, is_prorate=is_prorate).add_ons == ()
    assert balance(engine, agreement) == given_back
    advance(engine, days=14)
    run_due(engine)
    assert bills(engine, agreement)[-1] == 2_900 - given_back


def test_a_coupon_for_an_add_on_lowers_its_price_and_not_that_of_the_plan(engine, agreement):
    create_coupon(engine, key="EXTRA", name="Extra", percent_off=Decimal(100), duration="forever", plan_keys=["extra"])
    with pytest.raises(CouponMismatch):
        apply_coupon(engine, agreement_id=agreement.id, coupon_key="EXTRA")
    add(engine, agreement, timing="period_end")
    advance(engine, days=28)
    run_due(engine)
    apply_coupon(engine, agreement_id=agreement.id, coupon_key="EXTRA")
    advance(engine, days=31)
    run_due(engine)
    assert bills(engine, agreement) == [2_900, 2_900 + 1_000, 2_900]


def test_what_is_planned_for_the_end_of_the_period_happens_before_the_renewal(engine, agreement):
    planned = add(engine, agreement, quantity=2, timing="period_end")
    add_on(engine, "other")
    both = set_add_on(engine, agreement_id=agreement.id, plan_key="other", quantity=1, timing="period_end")
    assert planned.pending_change.add_ons == {"extra": 2}
    assert both.pending_change.add_ons == {"extra": 2, "other": 1}
    assert (both.add_ons, bills(engine, agreement)) == ((), [2_900])
    advance(engine, days=28)
    run_due(engine)
    assert [(one.plan_key, one.quantity) for one in stored(engine, agreement).add_ons] == [("extra", 2), ("other", 1)]
    assert bills(engine, agreement) == [2_900, 2_900 + 3_000]


def test_an_add_on_that_goes_at_the_end_of_the_period_leaves_no_usage_behind(engine, agreement):
    add(engine, agreement)
    record_usage(engine, agreement_id=agreement.id, feature_key="seats", value="7")
    remove(engine, agreement, timing="period_end")
    advance(engine, days=28)
    run_due(engine)
    assert (stored(engine, agreement).add_ons, bills(engine, agreement)) == ((), [2_900, 1_000, 7, 2_900])


@pytest.mark.parametrize(("policy", "charged"), [("forgive", []), ("charge", [7])])
def test_usage_of_an_add_on_that_goes_now_is_charged_where_the_policy_says_so(engine, agreement, policy, charged):
    decide(engine, unpaid_usage=policy)
    add(engine, agreement)
    record_usage(engine, agreement_id=agreement.id, feature_key="seats", value="7")
    advance(engine, days=14)
    remove(engine, agreement)
    advance(engine, days=14)
    run_due(engine)
    assert bills(engine, agreement) == [2_900, 1_000, *charged, 2_900]


@pytest.mark.parametrize(
    ("options", "error"),
    [
        pytest.param({"plan_key": "nothing"}, UnknownPlan, id="that does not exist"),
        pytest.param({"plan_key": "enterprise_monthly"}, NotAnAddOn, id="that is a plan of its own"),
        pytest.param({"plan_key": "in_euros"}, AddOnMismatch, id="that is sold in another currency"),
        pytest.param({"plan_key": "yearly"}, AddOnMismatch, id="that is billed at another pace"),
        pytest.param({"plan_key": "for_teams"}, AddOnMismatch, id="that is for organizations"),
        pytest.param({"quantity": 0}, AddOnMissing, id="none of one that is not there"),
        pytest.param({"quantity": -1}, InvalidQuantity, id="less than none"),
        pytest.param({"quantity": 1_000_001}, InvalidQuantity, id="more than a million"),
    ],
)
def test_an_add_on_is_not_added(engine, agreement, options, error):
    add_on(engine, "in_euros", currency="EUR")
    add_on(engine, "yearly", cadence="year")
    add_on(engine, "for_teams", group="teams")
    with pytest.raises(error):
        set_add_on(engine, agreement_id=agreement.id, **{"plan_key": "extra", "quantity": 1, **options})
    assert (stored(engine, agreement), bills(engine, agreement)) == (agreement, [2_900])


def test_an_add_on_is_added_once_and_one_that_is_not_there_is_neither_changed_nor_removed(engine, agreement):
    with pytest.raises(AddOnMissing):
        change_add_on_quantity(engine, agreement_id=agreement.id, plan_key="extra", quantity=2)
    with pytest.raises(AddOnMissing):
        remove(engine, agreement)
    added = add(engine, agreement)
    with pytest.raises(AddOnAttached):
        add(engine, agreement)
    assert set_add_on(engine, agreement_id=agreement.id, plan_key="extra", quantity=1) == added
    with pytest.raises(InvalidQuantity):
        change_add_on_quantity(engine, agreement_id=agreement.id, plan_key="extra", quantity=0)


def test_a_card_that_is_declined_adds_nothing(engine):
    customer = payer(engine, number=DECLINED_WHEN_CHARGED)
    free = subscribe(engine, customer_id=customer.id, plan_key="free")
    with pytest.raises(CardDeclined):
        add_add_on(engine, agreement_id=free.id, plan_key="extra")
    assert stored(engine, free) == free


def test_customers_of_an_add_on_are_not_migrated_to_another_version_of_it(engine):
    with pytest.raises(NotAnAddOn):
        migrate_customers(engine, plan_key="extra", to_version=1)
