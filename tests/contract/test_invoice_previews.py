"""Previews of invoices: whatever comes together on one, the invoice says what its preview said."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import HealthCheck, Phase, given, settings, strategies as st

from billing_sdk.money import Money
from billing_sdk.server.domain.collection import BillingProfile, TaxSettings
from billing_sdk.server.domain.customers import Address
from billing_sdk.server.domain.invoicing import CreditEntry
from billing_sdk.server.domain.periods import NO_TIME, Duration
from billing_sdk.server.domain.tax import TaxRate
from billing_sdk.server.usecases.add_charge import add_charge
from billing_sdk.server.usecases.apply_coupon import apply_coupon
from billing_sdk.server.usecases.create_coupon import create_coupon
from billing_sdk.server.usecases.grant_credit import grant_credit
from billing_sdk.server.usecases.one_off_charges import OneOff
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.usecases.upcoming_invoices import upcoming_invoices
from tests.contract.test_waiting_invoices import sell
from tests.engines import IN_MEMORY, NOON, advance, engine_on, payer

DAY = Duration(days=1)
PROFILES = st.builds(
    BillingProfile,
    id=st.just("profile_1"),
    name=st.just("Drawn"),
    created_at=st.just(NOON),
    is_default=st.just(True),
    collection_method=st.sampled_from(["charge_automatically", "send_invoice"]),
    wait_for_late_usage=st.sampled_from([NO_TIME, DAY]),
    wait_before_sending=st.sampled_from([NO_TIME, DAY]),
    is_consolidating=st.booleans(),
    tax=st.builds(TaxSettings, is_enabled=st.booleans(), behavior=st.sampled_from(["exclusive", "inclusive"])),
)
AMOUNTS = st.integers(1, 9_999)


@settings(max_examples=8, phases=[Phase.generate], suppress_health_check=[HealthCheck.too_slow])
@given(
    profile=PROFILES,
    charges=st.lists(AMOUNTS, max_size=2),
    used=st.lists(st.integers(0, 5_000), min_size=1, max_size=2),
    percent_off=st.none() | st.integers(1, 100),
    balance=st.integers(0, 3_000),
    grants=st.lists(AMOUNTS, max_size=2),
)
def test_an_invoice_says_what_its_preview_said(profile, charges, used, percent_off, balance, grants):
    with engine_on(IN_MEMORY) as engine:
        customer = payer(engine)
        with engine.begin() as tx:
            tx.billing_profiles.add(profile)
            tx.tax_rates.add(TaxRate("taxrate_1", "DE", Decimal(19), "VAT"))
            tx.customers.save(replace(tx.customers.get(customer.id), address=Address("DE")))
            if balance:
                entry = CreditEntry("credit_1", customer.id, Money(balance, "USD"), "unused_time", NOON)
                tx.credits.add(entry)
        agreements = []
        for number in range(len(used)):
            sell(engine, f"plan_{number}", 777, group=f"group_{number}")
            agreements.append(subscribe(engine, customer_id=customer.id, plan_key=f"plan_{number}"))
        if percent_off is not None:
            create_coupon(engine, key="LESS", name="Less", percent_off=Decimal(percent_off))
            apply_coupon(engine, agreement_id=agreements[0].id, coupon_key="LESS")
        for amount in grants:
            grant_credit(engine, customer_id=customer.id, name="Gift", amount=Money(amount, "USD"))
        for amount in charges:
            add_charge(engine, customer_id=customer.id, charge=OneOff("Extra", Money(amount, "USD")))
        advance(engine, days=27)
        for agreement, value in zip(agreements, used, strict=True):
            record_usage(engine, agreement_id=agreement.id, feature_key="ai_tokens", value=str(value))

        with engine.read() as tx:
            coming = upcoming_invoices(tx, engine, tx.customers.get(customer.id))
            known = {one.id for one in tx.invoices.page(customer_id=customer.id).items if one.is_issued}
        for _ in range(4):
            advance(engine, days=1)
            run_due(engine)
        with engine.read() as tx:
            issued = [one for one in tx.invoices.page(customer_id=customer.id).items if one.id not in known]

        assert all(one.is_issued for one in issued)
        assert sorted(_told(one) for one in coming) == sorted(_told(one) for one in issued)
        assert {one.issues_at for one in coming} == {one.issued_at for one in issued}
        assert all(one.bills_at == NOON + timedelta(days=28) for one in coming)
        assert all(one.amount.minor >= 0 for one in coming)


def _told(one):
    return [(line.kind, line.amount.minor, line.agreement_id or "") for line in one.lines]
