"""What Kong's documentation says about billing profiles: "Collect payments with Stripe", paragraph by paragraph.

The processor's own part of it, Stripe Invoicing, Tax and Checkout, is not here.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from billing_sdk.errors import PaymentMethodRequired
from billing_sdk.server.domain.periods import Duration
from billing_sdk.server.usecases.billing_profiles import create_profile
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.usecases.update_customer import update_customer
from tests.engines import advance, payer

TOKENS = "ai_tokens"


@pytest.fixture
def engine(memory_engine):
    return memory_engine


def invoices_of(engine, customer):
    with engine.read() as tx:
        return sorted(tx.invoices.page(customer_id=customer.id).items, key=lambda one: one.created_at)


def used(engine, agreement, units, **when):
    record_usage(engine, agreement_id=agreement.id, feature_key=TOKENS, value=str(units), **when)


def usage_of(invoice):
    return [line.quantity for line in invoice.lines if line.kind == "usage"]


def test_invoice_timing_a_wait_of_p0d_includes_only_what_has_been_received_and_sends_at_once(engine):
    at_once = Duration.parse("P0D")
    create_profile(engine, name="At once", is_default=True, wait_for_late_usage=at_once, wait_before_sending=at_once)
    customer = payer(engine)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="enterprise_monthly")
    used(engine, agreement, 10_000)
    due = advance(engine, days=28)

    run_due(engine)

    renewal = invoices_of(engine, customer)[-1]
    assert (renewal.status, renewal.issued_at) == ("paid", due)
    assert usage_of(renewal) == [Decimal(10_000)]


def test_invoice_timing_waits_for_late_usage_and_then_before_sending(engine):
    create_profile(
        engine,
        name="An hour, and a day",
        is_default=True,
        wait_for_late_usage=Duration.parse("PT1H"),
        wait_before_sending=Duration.parse("P1D"),
    )
    customer = payer(engine)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="enterprise_monthly")
    used(engine, agreement, 10_000)
    over = advance(engine, days=28)
    run_due(engine)
    assert invoices_of(engine, customer)[-1].status == "awaiting_usage"

    advance(engine, minutes=30)
    used(engine, agreement, 5_000, used_at=over - timedelta(minutes=1))
    advance(engine, minutes=30)
    run_due(engine)
    assert invoices_of(engine, customer)[-1].status == "awaiting_sending"
    advance(engine, days=1)
    run_due(engine)

    renewal = invoices_of(engine, customer)[-1]
    assert (renewal.status, renewal.issued_at) == ("paid", over + timedelta(days=1, hours=1))
    assert usage_of(renewal) == [Decimal(15_000)]


def test_collection_methods_charge_by_default_and_send_to_whom_the_enterprise_profile_is_for(engine):
    enterprise = create_profile(
        engine, name="Enterprise", collection_method="send_invoice", due_after=Duration.parse("P30D")
    )
    create_profile(engine, name="Self-service", is_default=True)
    company = payer(engine, "company@example.com", number=None)
    update_customer(engine, company.id, profile_id=enterprise.id)
    person, without_card = payer(engine, "ada@example.com"), payer(engine, "bo@example.com", number=None)

    subscribe(engine, customer_id=person.id, plan_key="pro_monthly")
    subscribe(engine, customer_id=company.id, plan_key="pro_monthly")
    with pytest.raises(PaymentMethodRequired):
        subscribe(engine, customer_id=without_card.id, plan_key="pro_monthly")

    (charged,), (sent,) = invoices_of(engine, person), invoices_of(engine, company)
    assert (charged.status, charged.collection_method) == ("paid", "charge_automatically")
    assert (sent.status, sent.collection_method) == ("issued", "send_invoice")
    assert sent.due_at == sent.issued_at + timedelta(days=30)
    assert invoices_of(engine, without_card) == []
