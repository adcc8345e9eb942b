"""Numbers of invoices: each is given once and none is left out, whoever issues at the same time."""

from __future__ import annotations

import pytest

from billing_sdk.errors import CardDeclined
from billing_sdk.money import Money
from billing_sdk.server.domain.collection import BillingProfile, Numbering
from billing_sdk.server.gateways import ManagedGateway
from billing_sdk.server.usecases.add_charge import add_charge
from billing_sdk.server.usecases.draft_invoice import create_draft, discard_invoice, finalize_invoice
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.issue_invoice import issue_invoice, new_invoice
from billing_sdk.server.usecases.one_off_charges import OneOff, line_for
from tests.contract.test_usecases_at_once import at_once
from tests.engines import advance, engine_on, open_database, payer

SETUP = OneOff("Setup", Money(5_000, "USD"))


@pytest.fixture(params=[pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_kind(request):
    """SQLite lets one write at a time, and has nothing to add."""
    return request.param


def numbers_of(engine, customers):
    with engine.read() as tx:
        found = [one for customer in customers for one in tx.invoices.page(customer_id=customer.id).items]
    return sorted(one.number for one in found if one.number is not None)


def test_two_servers_that_issue_at_once_leave_no_gap_and_give_no_number_twice(database_url):
    database = open_database(database_url)
    with engine_on(database_url) as one:
        servers = (one, Engine(database, one.clock, ManagedGateway(), one.settings))
        customers = [payer(one, f"customer{number}@example.com") for number in range(4)]

        def act(number):
            engine, customer = servers[number % 2], customers[number % 4]
            if number < 4:
                draft = create_draft(engine, customer_id=customer.id, currency="USD", charges=[SETUP], actor="test")
                return discard_invoice(engine, invoice_id=draft.id, actor="test")
            return add_charge(engine, customer_id=customer.id, charge=SETUP, bill_now=True)

        at_once(act, 16)

        assert numbers_of(one, customers) == [f"INV-{number:06d}" for number in range(1, 13)]
    database.close()


def test_a_transaction_that_is_undone_gives_its_number_back(memory_engine):
    customer, at = payer(memory_engine), memory_engine.now()
    with memory_engine.read() as tx:
        line = line_for(tx, customer, SETUP, at=at)
    wanted = new_invoice(customer, (line,), currency="USD", agreement=None, reason="one_off", at=at)

    def issue_and_fail():
        with memory_engine.begin() as tx:
            issued = issue_invoice(tx, customer, wanted, source="admin", actor="test", at=at)
            raise CardDeclined(f"undo {issued.number}")

    with pytest.raises(CardDeclined, match="undo INV-000001"):
        issue_and_fail()

    assert add_charge(memory_engine, customer_id=customer.id, charge=SETUP, bill_now=True).number == "INV-000001"


def test_each_series_counts_by_itself(memory_engine):
    customer = payer(memory_engine)
    first = add_charge(memory_engine, customer_id=customer.id, charge=SETUP, bill_now=True)
    with memory_engine.begin() as tx:
        numbering = Numbering("ACME", 4)
        tx.billing_profiles.add(
            BillingProfile("profile_1", "Acme", memory_engine.now(), is_default=True, numbering=numbering)
        )

    others = [add_charge(memory_engine, customer_id=customer.id, charge=SETUP, bill_now=True) for _ in range(2)]

    assert [one.number for one in (first, *others)] == ["INV-000001", "ACME-0001", "ACME-0002"]


def test_invoices_are_shown_in_the_order_of_their_issue_however_long_they_have_gathered(memory_engine):
    customer = payer(memory_engine)
    gathering = add_charge(memory_engine, customer_id=customer.id, charge=SETUP)
    add_charge(memory_engine, customer_id=customer.id, charge=SETUP, bill_now=True)
    advance(memory_engine, hours=1)
    finalize_invoice(memory_engine, invoice_id=gathering.id, actor="test")

    with memory_engine.read() as tx:
        shown = tx.invoices.newest_of(customer.id)

    assert [one.number for one in shown] == ["INV-000002", "INV-000001"]
