"""Random histories of somebody whose payments wait to be confirmed: whatever is done, money has one invoice."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from itertools import pairwise

from hypothesis import given, settings, strategies as st

from billing_sdk.errors import BillingError
from billing_sdk.money import Money
from billing_sdk.server.storage.paging import PageRequest
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.change_options import ChangeOptions
from billing_sdk.server.usecases.confirm_payment import confirm_payment
from billing_sdk.server.usecases.create_coupon import create_coupon
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.pay_now import pay_now
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.settle_left_over_charges import settle_left_over_charges
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.usecases.top_up_credit import top_up_credit
from tests.awaited import ALWAYS, charges_of
from tests.engines import IN_MEMORY, advance, card, engine_on, payer

PLANS = ("free", "pro_monthly", "pro_quarterly", "enterprise_monthly")
STEPS = (
    *PLANS,
    *(f"{plan} with coupon" for plan in PLANS[1:3]),
    *("confirm", "confirm", "confirm", "fail", "cancel", "leave later", "good card", "asking card", "pay", "top up"),
    *("hours", "days", "weeks"),
)
WAITS = {"hours": 9, "days": 50, "weeks": 24 * 17}


def take(engine: Engine, customer_id: str, step: str) -> None:
    """Do something; that it is refused is no matter."""
    with engine.read() as tx:
        live, owed = tx.agreements.live_of(customer_id), tx.invoices.owed_by(customer_id)
    match step.split(" with "):
        case ["confirm" | "fail"]:
            for charge in charges_of(engine, customer_id):
                if charge.awaits is not None:
                    reference = str(charge.awaits.url).rpartition("/")[2]
                    confirm_payment(engine, reference, is_confirmed=step == "confirm")
        case ["cancel" | "leave later"] if live:
            timing = "now" if step == "cancel" else "period_end"
            cancel_agreement(engine, agreement_id=live[0].id, timing=timing)
        case ["good card" | "asking card"]:
            add_card(engine, customer_id=customer_id, card=card() if step == "good card" else card(ALWAYS))
        case ["pay"] if owed:
            pay_now(engine, invoice_id=owed[0].id)
        case ["top up"]:
            top_up_credit(engine, customer_id=customer_id, amount=Money(500, "USD"))
        case [("hours" | "days" | "weeks") as long]:
            advance(engine, hours=WAITS[long])
            settle_left_over_charges(engine)
            run_due(engine)
        case [plan, *coupon] if plan in PLANS:
            options = ChangeOptions(coupon_key="HALF" if coupon else None)
            subscribe(engine, customer_id=customer_id, plan_key=plan, options=options)


def check(engine: Engine, customer_id: str) -> None:
    """Every payment that was made has one paid invoice over its amount, and nothing is held for nobody."""
    with engine.read() as tx:
        payments = tx.invoices.list_payments(PageRequest(500), customer_id=customer_id).items
        invoices = tx.invoices.newest_of(customer_id, limit=500)
        charges = tx.charges.of_customer(customer_id)
        entries = tx.ledger.of_customer(customer_id)
        agreements = tx.agreements.list(PageRequest(500), customer_id=customer_id, live_only=False).items
        redeemed = tx.coupons.get("HALF").redeemed
        balance = tx.credits.balance(customer_id, "USD")
    made = [one for one in payments if one.status == "succeeded"]
    assert len({one.invoice_id for one in made}) == len(made)
    paid = {invoice.id: invoice.amount for invoice in invoices if invoice.status == "paid" and invoice.amount}
    assert {one.invoice_id: one.amount for one in made} == paid
    with_groups = sorted(charge.agreement.group_id for charge in charges if charge.agreement is not None)
    assert all(one != other for one, other in pairwise(with_groups))
    assert all(not sum(posting.amount_minor for posting in entry.postings) for entry in entries)
    waiting = sum(1 for charge in charges if charge.agreement and charge.agreement.id not in {a.id for a in agreements})
    assert redeemed <= sum(1 for one in agreements if one.discounts) + waiting
    assert balance.minor >= 0


@settings(max_examples=8)
@given(st.lists(st.sampled_from(STEPS), min_size=6, max_size=14))
def test_whatever_is_done_while_a_payment_waits_money_has_one_invoice_and_nothing_waits_for_ever(steps):
    with engine_on(IN_MEMORY) as engine:
        create_coupon(engine, key="HALF", name="Half", percent_off=Decimal(50), duration="forever")
        customer = payer(engine, number=ALWAYS)
        for step in steps:
            with suppress(BillingError):
                take(engine, customer.id, step)
            check(engine, customer.id)
        add_card(engine, customer_id=customer.id, card=card())
        advance(engine, hours=24)
        settle_left_over_charges(engine)
        check(engine, customer.id)
        assert charges_of(engine, customer.id) == ()
