"""What was issued goes on saying what customer and supplier were called then."""

from __future__ import annotations

from dataclasses import replace

import pytest

from billing_sdk.server.domain.collection import Supplier
from billing_sdk.server.domain.customers import Address
from billing_sdk.server.ids import new_id
from billing_sdk.server.usecases.advance_clock import advance_clock
from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.billing_profiles import create_profile, update_profile
from billing_sdk.server.usecases.create_clock import create_clock
from billing_sdk.server.usecases.create_organization import create_organization
from billing_sdk.server.usecases.delete_clock import delete_clock
from billing_sdk.server.usecases.delete_user import delete_user
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.show_invoice import show_invoice
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.usecases.update_customer import update_customer
from billing_sdk.server.usecases.update_organization import update_organization
from billing_sdk.server.usecases.update_user import update_user
from tests.contract.agreements import invoices_of, rows
from tests.engines import IN_MEMORY, NOON, advance, engine_on, payer, person

BERLIN, PARIS = Address("DE", city="Berlin"), Address("FR", city="Paris")


@pytest.fixture
def engine():
    with engine_on(IN_MEMORY) as opened:
        create_profile(opened, name="Default", is_default=True, supplier=Supplier("Old Ltd", BERLIN, "DE1"))
        yield opened


def papers_of(engine, customer):
    return [show_invoice(engine, invoice_id=invoice.id) for invoice in invoices_of(engine, customer)]


def a_month_later(engine):
    advance(engine, days=31)
    run_due(engine)


def test_an_invoice_keeps_the_names_and_addresses_of_its_day_and_the_next_has_the_new_ones(engine):
    customer = payer(engine)
    update_user(engine, user_id=customer.user_id, given_name="Ada", family_name="Byron")
    update_customer(engine, customer.id, address=BERLIN, tax_ids=("DE1",))
    subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    advance(engine, days=1)
    update_user(engine, user_id=customer.user_id, family_name="Lovelace")
    advance(engine, days=1)
    update_customer(engine, customer.id, address=PARIS, tax_ids=("FR2",), billing_email="new@example.com")
    with engine.read() as tx:
        profile = tx.billing_profiles.default()
    update_profile(engine, profile.id, supplier=Supplier("New Ltd", PARIS, "FR1"))
    a_month_later(engine)

    first, second = papers_of(engine, customer)
    assert (first.customer.name, first.customer.lines) == (
        "Ada Byron",
        ("Berlin", "Germany", "Tax ID: DE1", "ada@example.com"),
    )
    assert (first.supplier.name, first.supplier.lines) == ("Old Ltd", ("Berlin", "Germany", "Tax ID: DE1"))
    assert (second.customer.name, second.customer.lines) == (
        "Ada Lovelace",
        ("Paris", "France", "Tax ID: FR2", "new@example.com"),
    )
    assert second.supplier.name == "New Ltd"


def test_an_organization_that_is_renamed_keeps_its_name_on_what_was_issued(engine):
    code = create_organization(engine, name="Before Inc", creator_id=person(engine)).code
    customer = become_customer(engine, org_code=code, billing_email="pay@example.com")
    bill = bill_for(engine, customer)
    with engine.begin() as tx:
        tx.invoices.add(bill)
    advance(engine, days=1)
    update_organization(engine, code=code, name="After Inc")
    (paper,) = papers_of(engine, customer)
    assert paper.customer.name == "Before Inc"


def bill_for(engine, customer):
    """Return a bill that is like another one, and is for this customer."""
    ada = payer(engine, "model@example.com")
    subscribe(engine, customer_id=ada.id, plan_key="pro_monthly")
    (model,) = invoices_of(engine, ada)
    return replace(model, id=new_id("invoice"), number="INV-900001", customer_id=customer.id, payment_id=None)


def test_what_changes_nothing_on_paper_keeps_nothing(engine):
    customer = payer(engine)
    before = rows(engine)["past_parties"]
    update_user(engine, user_id=customer.user_id, picture="https://a.example/p.png")
    update_customer(engine, customer.id, language="de")
    assert rows(engine)["past_parties"] == before


def test_somebody_who_is_erased_leaves_no_name_behind(engine):
    customer = payer(engine)
    subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    advance(engine, days=1)
    update_user(engine, user_id=customer.user_id, given_name="Zebedee")
    update_customer(engine, customer.id, address=PARIS)
    delete_user(engine, user_id=customer.user_id)
    (paper,) = papers_of(engine, customer)
    assert paper.customer.name == ""
    assert rows(engine)["past_parties"] == []


def test_the_names_of_a_customer_on_a_clock_follow_the_clock_and_go_with_it(engine):
    clock = create_clock(engine, at=NOON)
    customer = become_customer(engine, user_id=person(engine), billing_email="old@example.com", clock_id=clock.id)
    subscribe(engine, customer_id=customer.id, plan_key="free")
    advance_clock(engine, clock.id, by=NOON - NOON.replace(day=1))
    update_customer(engine, customer.id, billing_email="new@example.com")
    with engine.read() as tx:
        assert tx.past_parties.find("customer_id", customer.id, at=NOON).email == "old@example.com"
        assert tx.past_parties.find("customer_id", customer.id, at=tx.clocks.time_of(clock.id)) is None
    delete_clock(engine, clock.id)
    assert rows(engine)["past_parties"] == []
