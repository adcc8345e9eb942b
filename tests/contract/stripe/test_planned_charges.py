"""Charges that were planned are collected at Stripe as every other invoice is."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from billing_sdk.server.domain.invoicing import PlannedCharge
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.domain.rating import Flat, PerUnit, Terms
from billing_sdk.server.usecases.link_payer import link_payer
from billing_sdk.server.usecases.planned_charges import Wished, new_charge_id, plan_charge
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.subscribe import subscribe
from tests.contract.stripe.links import payer_at, paying_by_stripe
from tests.engines import NOON, advance, payer

WEEK = Period(NOON, NOON + timedelta(days=7))


def test_a_flat_charge_and_one_by_usage_are_an_invoice_each_at_stripe_and_paid(stripe_simulator):
    with paying_by_stripe(stripe_simulator) as (engine, link):
        ada = payer(engine, number=None)
        link_payer(engine, customer_id=ada.id, payer_reference=payer_at(stripe_simulator, link))
        agreement = subscribe(engine, customer_id=ada.id, plan_key="free")
        record_usage(engine, agreement_id=agreement.id, feature_key="ai_tokens", value="40")
        for feature, price in ((None, Flat(Decimal(1_500))), ("ai_tokens", PerUnit(Decimal(25)))):
            planned = PlannedCharge(
                new_charge_id(), ada.id, "Burst", "USD", Terms(price), WEEK, WEEK, WEEK.end, feature
            )
            plan_charge(engine, Wished(planned, "Burst"), actor="test")
        assert stripe_simulator.all("invoice") == []

        advance(engine, days=7)
        run_due(engine)
        run_due(engine)

        found = [(one["status"], one["total"]) for one in stripe_simulator.all("invoice")]
        assert sorted(found) == [("paid", 1_000), ("paid", 1_500)]
        assert len(stripe_simulator.all("payment_intent")) == 2
