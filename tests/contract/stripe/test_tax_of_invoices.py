"""Tax that Stripe works out, on our own invoices: invoice, Stripe's invoice, payment and books agree to the cent."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import pytest

from billing_sdk.errors import TaxLocationMissing
from billing_sdk.money import Money
from billing_sdk.server.domain.collection import TaxSettings
from billing_sdk.server.domain.periods import Duration
from billing_sdk.server.gateways import SetupWanted
from billing_sdk.server.usecases.add_charge import add_charge
from billing_sdk.server.usecases.begin_checkout import begin_checkout
from billing_sdk.server.usecases.billing_profiles import create_profile
from billing_sdk.server.usecases.credit_invoice import credit_invoice
from billing_sdk.server.usecases.finish_checkout import finish_checkout
from billing_sdk.server.usecases.one_off_charges import OneOff
from billing_sdk.server.usecases.read_books import trial_balance
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.settle_by_hand import pay_by_other_means
from billing_sdk.server.usecases.settle_left_over_charges import settle_left_over_charges
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.usecases.update_customer import update_customer
from billing_sdk.testing.stripe import Fault, stripe_simulator as run_simulator
from tests.contract.stripe.links import paying_by_stripe
from tests.engines import NOON, advance, payer
from tests.linked import BERLIN

COUNTER = count()
HOME = "http://127.0.0.1:3000/done"
FEE, VAT = 2_900, 551


@pytest.fixture(scope="module")
def simulator():
    with run_simulator(at=NOON, delivers=False) as simulator:
        yield simulator


@pytest.fixture(scope="module")
def engine(simulator):
    with paying_by_stripe(simulator) as (opened, _):
        yield opened


@pytest.fixture
def customer(engine, simulator):
    """Return a function that makes somebody whose tax Stripe works out; who pays by card has left one."""

    def make(*, address=BERLIN, has_card=True, profile=None, **tax):
        number = next(COUNTER)
        settings = TaxSettings(is_enabled=True, provider="gateway", **tax)
        made = create_profile(engine, name=f"Taxed {number}", tax=settings, **(profile or {}))
        customer = payer(engine, f"ada{number}@example.com", number=None)
        customer = update_customer(engine, customer.id, profile_id=made.id, address=address)
        if has_card:
            wanted = SetupWanted(f"card{number}", "hosted", HOME)
            session = begin_checkout(engine, customer_id=customer.id, wanted=wanted)
            simulator.complete_checkout(session.id, card="4242424242424242")
            finish_checkout(engine, session_id=session.id)
        return customer

    return make


def charge(engine, customer, minor=10_000):
    """Charge a customer once, and let its timer do the rest."""
    invoice = add_charge(engine, customer_id=customer.id, charge=OneOff("Workshop", Money(minor, "USD")), bill_now=True)
    run_due(engine)
    return stored(engine, invoice.id)


def stored(engine, invoice_id):
    with engine.read() as tx:
        return tx.invoices.get(invoice_id)


def newest(engine, customer):
    with engine.read() as tx:
        return tx.invoices.newest_of(customer.id, limit=1)[0]


def paid_for(engine, invoice):
    with engine.read() as tx:
        return tx.invoices.get_payment(invoice.payment_id).amount.minor


def at_stripe(simulator, *bill_ids):
    found = [each for each in simulator.all("invoice") if each["metadata"].get("billing_id") in bill_ids]
    return [(each["status"], each["total"]) for each in found]


def tax_payable(engine):
    with engine.read() as tx:
        [balance] = trial_balance(tx)
    return dict(balance.credits_minor).get("tax_payable", 0)


def test_a_change_that_is_paid_with_tax_is_invoiced_with_it(engine, simulator, customer):
    ada = customer()
    subscribe(engine, customer_id=ada.id, plan_key="pro_monthly")
    invoice = newest(engine, ada)
    assert [line.amount.minor for line in invoice.lines] == [FEE, VAT]
    assert (invoice.status, invoice.amount.minor, paid_for(engine, invoice)) == ("paid", FEE + VAT, FEE + VAT)
    assert [(tax.rate.name, str(tax.percent), tax.amount.minor) for tax in invoice.taxes] == [("VAT", "19", VAT)]
    assert simulator.all("invoice")[-1]["total"] == FEE + VAT


def test_a_renewal_asks_for_its_tax_and_is_issued_and_paid_with_it(engine, simulator, customer):
    ada = customer()
    subscribe(engine, customer_id=ada.id, plan_key="pro_monthly")
    simulator.clock.advance(days=31)
    advance(engine, days=31)
    run_due(engine)
    invoice = newest(engine, ada)
    assert (invoice.reason, invoice.status) == ("renewal", "paid")
    assert invoice.amount.minor == paid_for(engine, invoice) == FEE + VAT
    assert at_stripe(simulator, invoice.id) == [("paid", FEE + VAT)]


def test_prices_that_include_tax_stay_what_they_are(engine, simulator, customer):
    invoice = charge(engine, customer(behavior="inclusive"), 11_900)
    assert [line.amount.minor for line in invoice.lines] == [11_900]
    [tax] = invoice.taxes
    assert (tax.is_inclusive, tax.base.minor, tax.amount.minor) == (True, 10_000, 1_900)
    assert at_stripe(simulator, invoice.id) == [("paid", 11_900)]


def test_an_invoice_that_is_sent_waits_for_its_tax_and_is_sent_with_it(engine, simulator, customer):
    sends = {"collection_method": "send_invoice", "due_after": Duration(days=10)}
    ada = customer(has_card=False, profile=sends)
    invoice = add_charge(engine, customer_id=ada.id, charge=OneOff("Workshop", Money(10_000, "USD")), bill_now=True)
    assert (invoice.status, invoice.number) == ("awaiting_sending", None)
    run_due(engine)
    invoice = stored(engine, invoice.id)
    assert (invoice.status, invoice.amount.minor) == ("issued", 11_900)
    [remote] = [each for each in simulator.all("invoice") if each["metadata"]["billing_id"] == invoice.id]
    assert (remote["status"], remote["total"], remote["collection_method"]) == ("open", 11_900, "send_invoice")
    assert remote["due_date"] == int(invoice.due_at.timestamp())
    assert remote["custom_fields"] == [{"name": "Invoice", "value": invoice.number}]


def test_a_change_that_is_paid_later_is_invoiced_when_its_tax_is_known(engine, simulator, customer):
    ada = customer(has_card=False, profile={"collection_method": "send_invoice"})
    subscribe(engine, customer_id=ada.id, plan_key="pro_monthly")
    with engine.read() as tx:
        assert [each.status for each in tx.invoices.unissued_of(ada.id)] == ["awaiting_sending"]
    run_due(engine)
    invoice = newest(engine, ada)
    assert (invoice.status, invoice.amount.minor) == ("issued", FEE + VAT)
    assert at_stripe(simulator, invoice.id) == [("open", FEE + VAT)]


def test_the_balance_of_a_customer_pays_what_there_is_with_tax(engine, simulator, customer):
    ada = customer(has_card=False, profile={"collection_method": "send_invoice"})
    first = charge(engine, ada)
    pay_by_other_means(engine, first.id)
    credit_invoice(engine, invoice_id=first.id, wanted=Money(11_000, "USD"), destination="balance", reason="A gift")
    second = charge(engine, ada)
    assert [line.amount.minor for line in second.lines] == [10_000, 1_900, -11_000]
    assert (second.amount_due.minor, at_stripe(simulator, second.id)) == (900, [("open", 900)])


def test_a_credit_note_takes_the_tax_back_with_the_line(engine, simulator, customer):
    ada = customer(has_card=False, profile={"collection_method": "send_invoice"})
    invoice = charge(engine, ada)
    credit_invoice(engine, invoice_id=invoice.id, wanted={1: Money(5_000, "USD")}, reason="A mistake")
    run_due(engine)
    with engine.read() as tx:
        [note] = tx.credit_notes.of_invoice(invoice.id)
    assert [(line.amount.minor, line.tax.minor) for line in note.lines] == [(5_000, 950)]
    [remote] = [each for each in simulator.all("invoice") if each["metadata"]["billing_id"] == invoice.id]
    assert remote["amount_remaining"] == stored(engine, invoice.id).amount_due.minor == 5_950


def test_where_tax_is_insisted_on_nothing_is_agreed_to_without_an_address(engine, simulator, customer):
    ada = customer(address=None, is_enforced=True)
    with pytest.raises(TaxLocationMissing):
        subscribe(engine, customer_id=ada.id, plan_key="pro_monthly")
    with pytest.raises(TaxLocationMissing):
        charge(engine, ada)


def test_where_tax_is_insisted_on_an_invoice_is_held_until_stripe_knows_the_place(engine, simulator, customer):
    nowhere = BERLIN.__class__(country="US")
    ada = customer(address=nowhere, is_enforced=True)
    invoice = charge(engine, ada)
    assert invoice.status == "awaiting_sending"
    assert invoice.send_at == engine.now() + timedelta(days=1)
    update_customer(engine, ada.id, address=BERLIN)
    run_due(engine)
    invoice = stored(engine, invoice.id)
    assert (invoice.status, invoice.amount.minor) == ("paid", 11_900)
    assert at_stripe(simulator, invoice.id) == [("paid", 11_900)]


def test_a_change_whose_place_stripe_does_not_know_is_refused_and_leaves_nothing_open(engine, simulator, customer):
    ada = customer(address=BERLIN.__class__(country="US"), is_enforced=True)
    with pytest.raises(TaxLocationMissing):
        subscribe(engine, customer_id=ada.id, plan_key="pro_monthly")
    with engine.read() as tx:
        assert tx.charges.of_customer(ada.id) == ()
        assert tx.agreements.of_customer(ada.id) == ()


def test_where_tax_is_not_insisted_on_an_invoice_goes_without_and_warns(engine, simulator, customer):
    ada = customer(address=None)
    subscribe(engine, customer_id=ada.id, plan_key="pro_monthly")
    for invoice in (newest(engine, ada), charge(engine, ada)):
        assert (invoice.status, invoice.taxes) == ("paid", ())
        assert {line.derivation["tax"]["treatment"] for line in invoice.lines} == {"location_missing"}


def test_while_stripe_is_out_of_reach_an_invoice_waits_for_its_tax(engine, simulator, customer):
    ada = customer()
    simulator.faults.script([Fault("error_503", times=50)])
    invoice = charge(engine, ada)
    assert invoice.status == "awaiting_sending"
    simulator.faults.clear()
    advance(engine, minutes=6)
    run_due(engine)
    assert stored(engine, invoice.id).status == "paid"


def test_an_invoice_that_is_left_to_stripe_is_paid_when_stripe_has_made_it_final(engine, simulator, customer):
    ada = customer(profile={"finalizes": "by_gateway"})
    invoice = charge(engine, ada)
    assert (invoice.status, at_stripe(simulator, invoice.id)) == ("issued", [("draft", 11_900)])
    simulator.clock.advance(hours=2)
    advance(engine, hours=2)
    settle_left_over_charges(engine)
    invoice = stored(engine, invoice.id)
    assert (invoice.status, paid_for(engine, invoice)) == ("paid", 11_900)


def test_the_books_owe_the_state_what_stripe_has_worked_out(engine, simulator, customer):
    before = tax_payable(engine)
    charge(engine, customer())
    assert tax_payable(engine) - before == 1_900
