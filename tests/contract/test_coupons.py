"""Coupons as they are kept, and counted."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from billing_sdk.errors import (
    AgreementNotLive,
    CardDeclined,
    Conflict,
    CouponEnded,
    CouponMismatch,
    InvalidRequest,
    UnknownCoupon,
    UnknownPlan,
)
from billing_sdk.money import Money
from billing_sdk.server.domain.agreements import AgreedDiscount
from billing_sdk.server.usecases.apply_coupon import apply_coupon, remove_discount
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.change_options import ChangeOptions
from billing_sdk.server.usecases.create_coupon import archive_coupon, create_coupon
from billing_sdk.server.usecases.subscribe import subscribe
from tests.engines import DECLINED_WHEN_CHARGED, IN_MEMORY, NOON, engine_on, events_of, payer


@pytest.fixture
def engine():
    """An engine on SQLite, where the database is not the point."""
    with engine_on(IN_MEMORY) as opened:
        yield opened


def test_a_coupon_is_found_as_it_was_created(engine):
    made = create_coupon(
        engine,
        key="SPRING26",
        name=" Spring ",
        amount_off=[Money(500, "USD"), Money(450, "EUR")],
        duration="repeating",
        periods=3,
        redeem_by=NOON + timedelta(days=30),
        max_redemptions=10,
        plan_keys=["pro_monthly", "pro_monthly"],
    )
    with engine.read() as tx:
        assert tx.coupons.get("SPRING26") == made
        assert tx.coupons.list().items == (made,)
        assert [record["action"] for record in tx.audit.of("SPRING26")] == ["coupon.create"]
    assert (made.name, made.plan_keys) == ("Spring", ("pro_monthly",))


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        pytest.param({"plan_keys": ["pro_monthly", "nothing"]}, UnknownPlan, id="for a plan that does not exist"),
        pytest.param({"name": ""}, InvalidRequest, id="without a name"),
        pytest.param({"percent_off": None}, InvalidRequest, id="that takes nothing off"),
    ],
)
def test_a_coupon_is_not_created(engine, changes, error):
    with pytest.raises(error):
        create_coupon(engine, **{"key": "SPRING26", "name": "Spring", "percent_off": Decimal(20), **changes})
    with engine.read() as tx, pytest.raises(UnknownCoupon):
        tx.coupons.get("SPRING26")


def test_a_key_is_given_once_even_where_its_coupon_is_archived(engine):
    create_coupon(engine, key="SPRING26", name="Spring", percent_off=Decimal(20))
    archive_coupon(engine, key="SPRING26")
    with pytest.raises(Conflict, match="SPRING26"):
        create_coupon(engine, key="SPRING26", name="Spring again", percent_off=Decimal(30))


def test_an_archived_coupon_stays_as_it_was_archived(engine):
    create_coupon(engine, key="SPRING26", name="Spring", percent_off=Decimal(20))
    archived = archive_coupon(engine, key="SPRING26")
    assert archived.archived_at == NOON
    assert archive_coupon(engine, key="SPRING26") == archived
    customer = payer(engine)
    with engine.begin() as tx:
        assert not tx.coupons.redeem("SPRING26", customer_id=customer.id, agreement_id="agreement_1", at=NOON)


def test_a_redemption_is_counted_once_for_an_agreement_and_can_be_given_back(engine):
    made = create_coupon(engine, key="SPRING26", name="Spring", percent_off=Decimal(20), max_redemptions=1)
    customer = payer(engine)

    def redeem(agreement_id: str) -> bool:
        with engine.begin() as tx:
            return tx.coupons.redeem("SPRING26", customer_id=customer.id, agreement_id=agreement_id, at=NOON)

    assert redeem("agreement_1")
    assert not redeem("agreement_2")
    with engine.begin() as tx:
        tx.coupons.give_back("agreement_1")
        tx.coupons.give_back("agreement_3")
        assert tx.coupons.get("SPRING26") == made
    assert redeem("agreement_2")


def test_the_same_coupon_counts_once_for_an_agreement(engine):
    made = create_coupon(engine, key="SPRING26", name="Spring", percent_off=Decimal(20))
    customer = payer(engine)
    with engine.begin() as tx:
        assert tx.coupons.redeem("SPRING26", customer_id=customer.id, agreement_id="agreement_1", at=NOON)
    with pytest.raises(Conflict, match="already"), engine.begin() as tx:
        tx.coupons.redeem("SPRING26", customer_id=customer.id, agreement_id="agreement_1", at=NOON)
    with engine.read() as tx:
        assert tx.coupons.get("SPRING26") == replace(made, redeemed=1)


@pytest.mark.attack(195)
@pytest.mark.postgres
def test_the_last_redemption_goes_to_one_of_those_who_ask_at_once(postgresql_url):
    with engine_on(postgresql_url) as engine:
        create_coupon(engine, key="LAST", name="Last", percent_off=Decimal(20), max_redemptions=3)
        customer = payer(engine)

        def ask(number: int) -> bool:
            with engine.begin() as tx:
                return tx.coupons.redeem("LAST", customer_id=customer.id, agreement_id=f"agreement_{number}", at=NOON)

        with ThreadPoolExecutor(8) as pool:
            won = list(pool.map(ask, range(16)))
        with engine.read() as tx:
            coupon = tx.coupons.get("LAST")
    assert (sum(won), coupon.redeemed) == (3, 3)
    with pytest.raises(CouponEnded):
        coupon.check(plan_keys=["free"], currency="USD", at=NOON)


def coupon(engine, key="SPRING26", **changes):
    return create_coupon(engine, **{"key": key, "name": "Spring", "percent_off": Decimal(20), **changes})


def test_a_coupon_is_applied_to_a_live_agreement_from_the_next_invoice_on(engine):
    customer = payer(engine)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    coupon(engine, duration="repeating", periods=3)
    changed = apply_coupon(engine, agreement_id=agreement.id, coupon_key="SPRING26")
    assert changed.discounts == (AgreedDiscount("SPRING26", percent_off=Decimal(20), periods_left=3),)
    with engine.read() as tx:
        assert tx.agreements.get(agreement.id) == changed
        assert tx.coupons.get("SPRING26").redeemed == 1
        assert len(tx.invoices.newest_of(customer.id)) == 1
    assert events_of(engine, customer.id)[-1] == "customer.agreement_updated"


def test_a_discount_that_is_removed_stays_redeemed(engine):
    agreement = subscribe(engine, customer_id=payer(engine).id, plan_key="pro_monthly")
    coupon(engine, duration="forever", max_redemptions=1)
    apply_coupon(engine, agreement_id=agreement.id, coupon_key="SPRING26")
    assert remove_discount(engine, agreement_id=agreement.id, coupon_key="SPRING26").discounts == ()
    with pytest.raises(CouponEnded):
        apply_coupon(engine, agreement_id=agreement.id, coupon_key="SPRING26")
    with pytest.raises(UnknownCoupon, match="no discount"):
        remove_discount(engine, agreement_id=agreement.id, coupon_key="SPRING26")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        pytest.param({"plan_keys": ["enterprise_monthly"]}, CouponMismatch, id="for another plan"),
        pytest.param({"percent_off": None, "amount_off": [Money(1, "EUR")]}, CouponMismatch, id="in another currency"),
        pytest.param({"redeem_by": NOON}, CouponEnded, id="after its last day"),
    ],
)
def test_a_coupon_that_does_not_fit_changes_nothing(engine, changes, error):
    agreement = subscribe(engine, customer_id=payer(engine).id, plan_key="pro_monthly")
    made = coupon(engine, **changes)
    with pytest.raises(error):
        apply_coupon(engine, agreement_id=agreement.id, coupon_key="SPRING26")
    with engine.read() as tx:
        assert tx.agreements.get(agreement.id) == agreement
        assert tx.coupons.get("SPRING26") == made
        assert tx.audit.of(agreement.id)[-1]["action"] == "agreement.discount.denied"


def test_an_agreement_that_has_ended_takes_no_coupon(engine):
    agreement = subscribe(engine, customer_id=payer(engine).id, plan_key="pro_monthly")
    cancel_agreement(engine, agreement_id=agreement.id)
    coupon(engine)
    with pytest.raises(AgreementNotLive):
        apply_coupon(engine, agreement_id=agreement.id, coupon_key="SPRING26")


def test_a_discount_goes_on_with_a_change_of_plan_and_is_not_given_twice(engine):
    customer = payer(engine)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    coupon(engine, duration="forever")
    apply_coupon(engine, agreement_id=agreement.id, coupon_key="SPRING26")
    changed = subscribe(engine, customer_id=customer.id, plan_key="enterprise_monthly")
    assert [discount.coupon_key for discount in changed.discounts] == ["SPRING26"]
    with pytest.raises(Conflict, match="already"):
        apply_coupon(engine, agreement_id=changed.id, coupon_key="SPRING26")
    with engine.read() as tx:
        assert tx.coupons.get("SPRING26").redeemed == 1


def test_a_coupon_lowers_the_first_invoice_and_a_card_that_is_declined_gives_it_back(engine):
    coupon(engine, max_redemptions=1)
    with_it = ChangeOptions(coupon_key="SPRING26")
    broke = payer(engine, "broke@example.com", number=DECLINED_WHEN_CHARGED)
    with pytest.raises(CardDeclined):
        subscribe(engine, customer_id=broke.id, plan_key="pro_monthly", options=with_it)
    customer = payer(engine)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="pro_monthly", options=with_it)
    with engine.read() as tx:
        (invoice,) = tx.invoices.newest_of(customer.id)
        assert tx.coupons.get("SPRING26").redeemed == 1
    assert (invoice.amount, agreement.discounts) == (Money(2_320, "USD"), ())
