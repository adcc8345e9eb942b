"""Tax on invoices through the real use cases: sign-up, renewal, change, end, previews."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import event

from billing_sdk.errors import TaxLocationMissing
from billing_sdk.money import Money
from billing_sdk.server.domain.collection import Supplier, TaxSettings
from billing_sdk.server.domain.customers import Address
from billing_sdk.server.domain.invoicing import lacks_location
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.add_charge import add_charge
from billing_sdk.server.usecases.advance_clock import advance_clock
from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.billing_profiles import create_profile
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.change_options import ChangeOptions
from billing_sdk.server.usecases.change_plan import change_plan
from billing_sdk.server.usecases.create_clock import create_clock
from billing_sdk.server.usecases.create_tax_rate import create_tax_rate, end_tax_rate
from billing_sdk.server.usecases.draft_invoice import finalize_invoice
from billing_sdk.server.usecases.next_invoice import next_invoice
from billing_sdk.server.usecases.one_off_charges import OneOff
from billing_sdk.server.usecases.preview_change import preview_change
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.usecases.update_customer import update_customer
from tests.engines import NOON, card, events_of, payer, person

MARCH = datetime(2026, 2, 28, 12, tzinfo=UTC)
GERMANY = Address("DE")


@pytest.fixture
def engine(memory_engine):
    """A seller in Austria with tax on all invoices, and rates in Germany and Austria."""
    create_profile(
        memory_engine,
        name="Everybody",
        is_default=True,
        supplier=Supplier("Alpaca GmbH", Address("AT"), "ATU12345678"),
        tax=TaxSettings(is_enabled=True),
    )
    create_tax_rate(memory_engine, country="DE", percent=Decimal(19))
    create_tax_rate(memory_engine, country="AT", percent=Decimal(20))
    return memory_engine


def somebody(engine, address=GERMANY, **fields):
    customer = payer(engine)
    return update_customer(engine, customer.id, address=address, **fields)


def invoices(engine, customer):
    with engine.read() as tx:
        return tx.invoices.newest_of(customer.id, limit=100)[::-1]


def said(invoice):
    return [(line.kind, line.amount.minor) for line in invoice.lines]


def test_a_plan_costs_its_price_and_the_tax_of_the_customers_country(engine):
    customer = somebody(engine)
    subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    [invoice] = invoices(engine, customer)
    assert said(invoice) == [("licence_fee", 2_900), ("tax", 551)]
    assert [line.description for line in invoice.lines][1:] == ["VAT 19 %"]
    [tax] = invoice.taxes
    assert (tax.percent, tax.base, tax.amount) == (Decimal(19), Money(2_900, "USD"), Money(551, "USD"))


def test_a_renewal_is_taxed_by_the_rate_of_its_date_and_previewed_with_it(engine):
    clock = create_clock(engine, at=NOON)
    customer = become_customer(engine, user_id=person(engine), billing_email="a@b.example", clock_id=clock.id)
    customer = update_customer(engine, customer.id, address=GERMANY)
    with engine.read() as tx:
        [rate] = tx.tax_rates.of_country("DE")
    end_tax_rate(engine, rate_id=rate.id, at=MARCH)
    create_tax_rate(engine, country="DE", percent=Decimal(16), valid_from=MARCH)
    add_card(engine, customer_id=customer.id, card=card())
    subscribe(engine, customer_id=customer.id, plan_key="enterprise_monthly")
    with engine.read() as tx:
        [agreement] = tx.agreements.live_of(customer.id)
        expected = next_invoice(tx, customer, agreement)
    assert [line.amount.minor for line in expected.lines if line.kind == "tax"]
    advance_clock(engine, clock.id, to=MARCH + timedelta(minutes=1))
    found = invoices(engine, customer)[-1]
    assert [(line.description, line.amount) for line in found.lines] == [
        (line.description, line.amount) for line in expected.lines
    ]
    assert [(tax.percent, tax.amount.minor) for tax in found.taxes] == [(Decimal(16), 1_584)]


def test_a_change_of_plan_gives_tax_back_with_unused_days(engine):
    customer = somebody(engine)
    subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    change = {"customer_id": customer.id, "plan_key": "enterprise_monthly", "options": ChangeOptions(is_prorate=True)}
    preview = preview_change(engine, **change)
    assert (preview.amount.minor, preview.credit.minor) == (8_330, 3_451)
    change_plan(engine, **change)
    found = invoices(engine, customer)[-1]
    assert said(found) == [("licence_fee", 9_900), ("unused_time", -2_900), ("tax", 1_330)]


def test_a_preview_shows_the_tax_that_the_invoice_has(engine):
    customer = somebody(engine)
    preview = preview_change(engine, customer_id=customer.id, plan_key="pro_monthly")
    assert preview.amount == Money(3_451, "USD")
    subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    assert [line.amount for line in invoices(engine, customer)[0].lines] == [line.amount for line in preview.lines]


def test_what_is_given_back_at_the_end_is_kept_with_its_tax(engine):
    customer = somebody(engine)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    cancel_agreement(engine, agreement_id=agreement.id, is_prorate=True)
    assert said(invoices(engine, customer)[-1]) == [("unused_time", -2_900), ("tax", -551), ("credit_balance", 3_451)]


def test_a_business_in_another_member_state_accounts_for_the_tax_itself(engine):
    customer = somebody(engine, tax_ids=("DE123456789",))
    subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    [invoice] = invoices(engine, customer)
    assert said(invoice) == [("licence_fee", 2_900)]
    assert [(tax.rate.name, tax.amount.minor) for tax in invoice.taxes] == [("Reverse charge", 0)]


def test_a_business_in_the_sellers_country_pays_tax(engine):
    customer = somebody(engine, Address("AT"), tax_ids=("ATU87654321",))
    subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    assert said(invoices(engine, customer)[0]) == [("licence_fee", 2_900), ("tax", 580)]


def test_prices_that_include_tax_stay_what_they_are(engine):
    shop = create_profile(engine, name="Shop", tax=TaxSettings(is_enabled=True, behavior="inclusive"))
    customer = somebody(engine, profile_id=shop.id)
    subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    [invoice] = invoices(engine, customer)
    assert said(invoice) == [("licence_fee", 2_900)]
    [tax] = invoice.taxes
    assert (tax.base.minor, tax.amount.minor, tax.is_inclusive) == (2_437, 463, True)


def test_without_a_country_an_invoice_has_no_tax_and_says_why(engine):
    customer = somebody(engine, address=None)
    subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    [invoice] = invoices(engine, customer)
    assert said(invoice) == [("licence_fee", 2_900)]
    assert (invoice.taxes, lacks_location(invoice.lines)) == ((), True)


def test_where_tax_is_insisted_on_nothing_is_agreed_to_without_a_country(engine):
    strict = create_profile(engine, name="Strict", tax=TaxSettings(is_enabled=True, is_enforced=True))
    customer = somebody(engine, address=None, profile_id=strict.id)
    for ask in (subscribe, preview_change):
        with pytest.raises(TaxLocationMissing):
            ask(engine, customer_id=customer.id, plan_key="pro_monthly")
    assert invoices(engine, customer) == ()
    subscribe(engine, customer_id=customer.id, plan_key="free")
    later = ChangeOptions(timing="period_end")
    with pytest.raises(TaxLocationMissing):
        change_plan(engine, customer_id=customer.id, plan_key="pro_monthly", options=later)
    update_customer(engine, customer.id, address=GERMANY)
    change_plan(engine, customer_id=customer.id, plan_key="pro_monthly")
    assert said(invoices(engine, customer)[-1])[-1] == ("tax", 551)


def test_where_there_is_no_tax_nobody_asks_for_rates(memory_engine):
    customer = update_customer(memory_engine, payer(memory_engine).id, address=GERMANY)
    asked: list[str] = []
    opened = memory_engine.database._engine
    event.listen(opened, "before_cursor_execute", lambda *about: asked.append(about[2]))
    subscribe(memory_engine, customer_id=customer.id, plan_key="pro_monthly")
    assert not [statement for statement in asked if "tax_rates" in statement]
    assert len([statement for statement in asked if "billing_profiles" in statement]) <= 3
    assert replace(invoices(memory_engine, customer)[0]).taxes == ()


def test_a_renewal_waits_for_the_country_and_is_issued_when_it_comes(engine):
    strict = create_profile(engine, name="Strict", tax=TaxSettings(is_enabled=True, is_enforced=True))
    clock = create_clock(engine, at=NOON)
    customer = become_customer(engine, user_id=person(engine), billing_email="a@b.example", clock_id=clock.id)
    add_card(engine, customer_id=customer.id, card=card())
    subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    update_customer(engine, customer.id, profile_id=strict.id)
    advance_clock(engine, clock.id, to=MARCH + timedelta(days=3))
    with engine.read() as tx:
        [held] = tx.invoices.unissued_of(customer.id)
    assert (len(invoices(engine, customer)), held.status, held.number) == (1, "awaiting_sending", None)
    assert events_of(engine, customer.id).count("customer.invoice_held") == 1
    update_customer(engine, customer.id, address=GERMANY)
    advance_clock(engine, clock.id, by=timedelta(minutes=1))
    [_, issued] = invoices(engine, customer)
    assert (issued.id, issued.status, said(issued)) == (held.id, "paid", [("licence_fee", 2_900), ("tax", 551)])


def test_a_one_off_charge_says_how_it_is_taxed(engine):
    create_tax_rate(engine, country="DE", percent=Decimal(7), tax_code="e_book")
    customer = somebody(engine)
    book = OneOff("A book", Money(1_070, "USD"), tax_code="e_book", tax_behavior="inclusive")
    add_charge(engine, customer_id=customer.id, charge=book)
    invoice = add_charge(engine, customer_id=customer.id, charge=OneOff("Help", Money(1_000, "USD")), bill_now=True)
    assert said(invoice) == [("one_off", 1_000), ("tax", 190)]
    with engine.read() as tx:
        [gathering] = tx.invoices.unissued_of(customer.id)
    issued = finalize_invoice(engine, invoice_id=gathering.id, actor="operator")
    assert said(issued) == [("one_off", 1_070)]
    assert [(tax.base.minor, tax.amount.minor, tax.is_inclusive) for tax in issued.taxes] == [(1_000, 70, True)]
