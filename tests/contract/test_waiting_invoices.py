"""Invoices that gather and wait: what billing profiles make of them, through the real use cases and a test clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from billing_sdk.errors import InvalidAmount, InvoiceLocked, NotFound, UnknownTaxCode
from billing_sdk.money import Money
from billing_sdk.server.domain.catalog import Entitlement, LicenceFee, Plan, PlanGroup, PlanVersion, Rate
from billing_sdk.server.domain.collection import BillingProfile, Numbering, TaxSettings
from billing_sdk.server.domain.periods import Cadence, Duration
from billing_sdk.server.domain.rating import Flat, PerUnit, Terms
from billing_sdk.server.usecases.add_charge import add_charge
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.draft_invoice import (
    add_line,
    create_draft,
    discard_invoice,
    finalize_invoice,
    remove_line,
)
from billing_sdk.server.usecases.one_off_charges import OneOff
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.usecases.upcoming_invoices import upcoming_invoices
from tests.contract.agreements import live, stored
from tests.engines import NOON, advance, events_of, payer

MONTH = Cadence("month")
SETUP = OneOff("Setup", Money(5_000, "USD"))


@pytest.fixture
def engine(memory_engine):
    return memory_engine


@pytest.fixture
def profile(engine):
    """Let every customer be billed by a profile of its own kind."""

    def choose(**settings):
        with engine.begin() as tx:
            made = BillingProfile(id="profile_1", name="Chosen", created_at=engine.now(), is_default=True, **settings)
            tx.billing_profiles.add(made)
        return made

    return choose


def all_of(engine, customer):
    with engine.read() as tx:
        return sorted(tx.invoices.page(customer_id=customer.id).items, key=lambda one: one.created_at)


def told(invoice):
    return invoice.status, [line.amount.minor for line in invoice.lines]


def renewed(engine, **units):
    advance(engine, **units)
    run_due(engine)


def upcoming(engine, customer):
    with engine.read() as tx:
        return upcoming_invoices(tx, engine, customer)


def sell(engine, key, minor, *, cadence="month", group="beside"):
    """Publish a plan of a group of its own, with one fee for each month, and a price for what is used."""
    fee = LicenceFee(f"fee_{key}", "base_price", "Base price", "USD", Terms(Flat(Decimal(minor))), service=MONTH)
    tokens = Rate(f"rate_{key}", "ai_tokens", "AI tokens", "USD", Terms(PerUnit(Decimal(1))), service=MONTH)
    included = Entitlement(f"included_{key}", "ai_tokens", "AI tokens")
    components = (fee, tokens, included)
    version = PlanVersion(f"version_{key}", key, 1, "USD", components, NOON, Cadence.from_text(cadence))
    with engine.begin() as tx:
        made = PlanGroup(f"sbg_{group}", group, group.capitalize(), "user")
        tx.plan_groups.add(made)
        tx.catalog.add_plan(Plan.draft(version, name=key.capitalize(), group=made).selling(version))


def test_an_invoice_waits_for_late_usage_and_before_it_is_sent(engine, profile):
    profile(wait_for_late_usage=Duration(days=2), wait_before_sending=Duration(days=1))
    sell(engine, "metered", 700)
    customer = payer(engine)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="metered")
    record_usage(engine, agreement_id=agreement.id, feature_key="ai_tokens", value="1000")
    renewed(engine, days=28)
    first, waiting = all_of(engine, customer)

    assert (first.status, waiting.status, waiting.number) == ("paid", "awaiting_usage", None)
    assert waiting.collect_at == stored(engine, agreement).billed_period.start + timedelta(days=2)
    coming = next(one for one in upcoming(engine, customer) if one.invoice_id == waiting.id)

    renewed(engine, days=2)
    assert all_of(engine, customer)[1].status == "awaiting_sending"

    renewed(engine, days=1)
    issued = all_of(engine, customer)[1]
    assert (issued.status, issued.number) == ("paid", "INV-000002")
    assert issued.issued_at == coming.issues_at
    assert [line.amount for line in issued.lines] == [line.amount for line in coming.lines]


def test_usage_that_is_reported_while_its_invoice_waits_is_on_it(engine, profile):
    profile(wait_for_late_usage=Duration(days=2))
    sell(engine, "metered", 700)
    customer = payer(engine)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="metered")
    renewed(engine, days=28)
    used_at = stored(engine, agreement).billed_period.start - timedelta(days=3)
    record_usage(engine, agreement_id=agreement.id, feature_key="ai_tokens", value="10000", used_at=used_at)

    renewed(engine, days=2)

    _, issued = all_of(engine, customer)
    assert issued.status == "paid"
    assert [line.quantity for line in issued.lines if line.kind == "usage"] == [Decimal(10_000)]


def test_what_falls_due_at_one_instant_is_one_invoice_where_the_profile_consolidates(engine, profile):
    profile(is_consolidating=True)
    sell(engine, "support", 700)
    customer = payer(engine)
    for plan in ("pro_monthly", "support"):
        subscribe(engine, customer_id=customer.id, plan_key=plan)
    (coming,) = upcoming(engine, customer)

    renewed(engine, days=28)

    *_, together = all_of(engine, customer)
    assert together.agreement_id is None
    assert len(together.agreement_ids) == 2
    assert told(together) == ("paid", [line.amount.minor for line in coming.lines])
    assert sum(line.amount.minor for line in together.lines) == 2_900 + 700
    assert together.issued_at == coming.issues_at


def test_a_charge_goes_on_the_next_invoice_of_its_customer(engine):
    customer = payer(engine)
    subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    gathering = add_charge(engine, customer_id=customer.id, charge=SETUP)
    assert told(gathering) == ("gathering", [5_000])
    (coming,) = upcoming(engine, customer)

    renewed(engine, days=28)

    billed = next(one for one in all_of(engine, customer) if one.id == gathering.id)
    assert told(billed) == ("paid", [5_000, 2_900])
    assert [line.amount for line in coming.lines] == [line.amount for line in billed.lines]
    assert (coming.invoice_id, billed.number) == (gathering.id, "INV-000002")


def test_the_end_of_an_agreement_takes_along_what_has_gathered(engine):
    customer = payer(engine)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    add_charge(engine, customer_id=customer.id, charge=SETUP)

    cancel_agreement(engine, agreement_id=agreement.id)

    assert told(all_of(engine, customer)[-1]) == ("paid", [5_000])


def test_a_charge_that_is_billed_now_is_an_invoice_of_its_own(engine):
    customer = payer(engine)

    billed = add_charge(engine, customer_id=customer.id, charge=SETUP, bill_now=True)

    assert told(billed) == ("paid", [5_000])
    assert (billed.agreement_id, billed.reason, billed.number) == (None, "one_off", "INV-000001")
    assert events_of(engine, customer.id)[-2:] == ["customer.invoice_issued", "customer.payment_succeeded"]


def test_without_a_card_a_charge_that_is_billed_now_is_owed(engine):
    customer = payer(engine, number=None)

    billed = add_charge(engine, customer_id=customer.id, charge=SETUP, bill_now=True)

    assert (billed.status, billed.amount_due) == ("overdue", SETUP.amount)


def test_a_draft_is_put_together_and_finalized(engine):
    customer = payer(engine)
    draft = create_draft(engine, customer_id=customer.id, currency="USD", charges=[SETUP], actor="api")
    add_line(engine, invoice_id=draft.id, charge=replace(SETUP, description="Training"), actor="api")
    assert told(remove_line(engine, invoice_id=draft.id, number=1, actor="api")) == ("draft", [5_000])

    issued = finalize_invoice(engine, invoice_id=draft.id, actor="api")

    assert told(issued) == ("paid", [5_000])
    assert [line.description for line in issued.lines] == ["Training"]
    for late in (
        lambda: add_line(engine, invoice_id=draft.id, charge=SETUP, actor="api"),
        lambda: remove_line(engine, invoice_id=draft.id, number=1, actor="api"),
        lambda: finalize_invoice(engine, invoice_id=draft.id, actor="api"),
        lambda: discard_invoice(engine, invoice_id=draft.id, actor="api"),
    ):
        with pytest.raises(InvoiceLocked):
            late()


def test_a_draft_that_is_discarded_leaves_no_gap(engine):
    customer = payer(engine)
    draft = create_draft(engine, customer_id=customer.id, currency="USD", charges=[SETUP], actor="api")

    discard_invoice(engine, invoice_id=draft.id, actor="api")

    with pytest.raises(NotFound), engine.read() as tx:
        tx.invoices.get(draft.id)
    assert add_charge(engine, customer_id=customer.id, charge=SETUP, bill_now=True).number == "INV-000001"


@pytest.mark.parametrize(
    ("charge", "error"),
    [
        (OneOff("Setup", Money(0, "USD")), InvalidAmount),
        (OneOff("Setup", Money(-1, "USD")), InvalidAmount),
        (replace(SETUP, tax_code="unheard-of"), UnknownTaxCode),
        (replace(SETUP, agreement_id="agreement_of_somebody"), NotFound),
    ],
)
def test_a_charge_that_can_not_be_is_refused_and_nothing_is_written(engine, charge, error):
    customer = payer(engine)

    with pytest.raises(error):
        add_charge(engine, customer_id=customer.id, charge=charge)

    assert all_of(engine, customer) == []


def test_who_pays_sent_invoices_needs_no_card_and_has_a_due_date(engine, profile):
    made = profile(collection_method="send_invoice", numbering=Numbering("ACME", 4))
    customer = payer(engine, number=None)

    agreement = subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    renewed(engine, days=28)

    first, second = all_of(engine, customer)
    assert [one.number for one in (first, second)] == ["ACME-0001", "ACME-0002"]
    assert [one.status for one in (first, second)] == ["issued", "issued"]
    assert first.due_at == made.due_at(first.issued_at) == first.issued_at + timedelta(days=30)
    assert not stored(engine, agreement).is_unpaid
    assert live(engine, customer).billed_until > second.issued_at


def test_an_invoice_without_the_tax_that_is_insisted_on_is_held(engine, profile):
    customer = payer(engine)
    subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    profile(tax=TaxSettings(is_enabled=True, is_enforced=True))

    renewed(engine, days=28)
    renewed(engine, days=1)

    held = all_of(engine, customer)[-1]
    assert (held.status, held.number) == ("awaiting_sending", None)


@pytest.mark.parametrize(("cadence", "fees"), [("3 months", 3), ("year", 12)])
def test_a_longer_cadence_gathers_its_service_intervals(engine, cadence, fees):
    sell(engine, "long", 1_000, cadence=cadence)
    customer = payer(engine)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="long")
    (coming,) = upcoming(engine, customer)

    until = stored(engine, agreement).billed_until
    renewed(engine, seconds=(until - engine.now()).total_seconds())

    _, renewal = all_of(engine, customer)
    assert len(renewal.lines) == fees
    assert [line.amount.minor for line in renewal.lines] == [line.amount.minor for line in coming.lines]
