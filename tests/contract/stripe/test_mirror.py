"""Whatever becomes of an invoice here, the processor has exactly one that says the same."""

from __future__ import annotations

from itertools import count

import httpx
import pytest

from billing_sdk.money import Money
from billing_sdk.server.domain.periods import Duration
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.add_charge import add_charge
from billing_sdk.server.usecases.billing_profiles import create_profile
from billing_sdk.server.usecases.credit_invoice import credit_invoice
from billing_sdk.server.usecases.enable_billing import enable_billing
from billing_sdk.server.usecases.one_off_charges import OneOff
from billing_sdk.server.usecases.pay_now import pay_now
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.settle_by_hand import pay_by_other_means, write_off_invoice
from billing_sdk.server.usecases.update_customer import update_customer
from billing_sdk.server.usecases.void_invoice import void_invoice
from billing_sdk.testing.stripe import Fault, stripe_simulator as run_simulator
from tests.contract.stripe.links import paying_by_stripe
from tests.engines import NOON, advance, card, payer

COUNTER = count()
CARD = {"number": "4242424242424242"}


@pytest.fixture(scope="module")
def simulator():
    with run_simulator(at=NOON, delivers=False) as simulator:
        yield simulator


@pytest.fixture(scope="module")
def engine(simulator):
    with paying_by_stripe(simulator) as (opened, _):
        yield opened


@pytest.fixture(scope="module")
def by_invoice(engine):
    return create_profile(engine, name="Sent", collection_method="send_invoice", due_after=Duration(days=10)).id


@pytest.fixture
def billed(engine, by_invoice):
    """Return a function that bills somebody else each time, with an invoice that is sent unless it says otherwise."""

    def bill(minor=5_000, *, is_sent=True):
        customer = payer(engine, f"ada{next(COUNTER)}@example.com", number=None)
        if is_sent:
            update_customer(engine, customer.id, profile_id=by_invoice)
        charge = OneOff("Workshop", Money(minor, "USD"))
        return add_charge(engine, customer_id=customer.id, charge=charge, bill_now=True)

    return bill


def there(simulator, invoice):
    return [each for each in simulator.all("invoice") if each["metadata"].get("billing_id") == invoice.id]


def sent_there(simulator, invoice):
    [remote] = there(simulator, invoice)
    wanted = f"/v1/invoices/{remote['id']}/send"
    return [entry.path for entry in simulator.log if entry.path == wanted]


ENDS = {
    "paid": pay_by_other_means,
    "void": lambda engine, invoice_id: void_invoice(engine, invoice_id=invoice_id),
    "uncollectible": write_off_invoice,
}


def test_an_invoice_that_is_sent_is_sent_by_the_processor_once_with_the_day_it_is_due(engine, simulator, billed):
    invoice = billed()
    run_due(engine)
    run_due(engine)
    [remote] = there(simulator, invoice)
    assert (remote["status"], remote["total"], remote["collection_method"]) == ("open", 5_000, "send_invoice")
    assert remote["due_date"] == int(invoice.due_at.timestamp())
    assert len(sent_there(simulator, invoice)) == 1


@pytest.mark.parametrize("is_known", [True, False], ids=["known-there", "not-known-there"])
@pytest.mark.parametrize(("status", "end"), ENDS.items(), ids=list(ENDS))
def test_after_each_end_there_is_one_invoice_in_the_same_state(engine, simulator, billed, status, end, is_known):
    invoice = billed()
    if is_known:
        run_due(engine)
    end(engine, invoice.id)
    run_due(engine)
    assert [each["status"] for each in there(simulator, invoice)] == [status]
    assert len(sent_there(simulator, invoice)) == int(is_known), "nobody is asked for what is not owed any more"


def test_what_was_given_up_can_still_be_paid_or_voided(engine, simulator, billed):
    for status in ("paid", "void"):
        invoice = billed()
        for end in ("uncollectible", status):
            ENDS[end](engine, invoice.id)
            run_due(engine)
        assert [each["status"] for each in there(simulator, invoice)] == [status]


def test_an_invoice_of_nothing_is_there_as_paid(engine, simulator, billed):
    paid = billed()
    pay_by_other_means(engine, paid.id)
    credit_invoice(engine, invoice_id=paid.id, destination="balance", reason="A gift")
    charge = OneOff("Workshop", Money(5_000, "USD"))
    invoice = add_charge(engine, customer_id=paid.customer_id, charge=charge, bill_now=True)
    run_due(engine)
    [remote] = there(simulator, invoice)
    assert (invoice.status, remote["status"], remote["total"]) == ("paid", "paid", 0)
    assert [line["amount"] for line in remote["lines"]["data"]] == [5_000, -5_000]


def test_a_credit_note_lowers_what_is_owed_there_and_settles_it_where_nothing_is_left(engine, simulator, billed):
    invoice = billed()
    run_due(engine)
    for amount, left, status in ((1_500, 3_500, "open"), (3_500, 0, "paid")):
        credit_invoice(engine, invoice_id=invoice.id, wanted=Money(amount, "USD"), reason="A mistake")
        run_due(engine)
        [remote] = there(simulator, invoice)
        assert (remote["status"], remote["amount_remaining"], remote["amount_paid"]) == (status, left, 0)
    notes = [each["amount"] for each in simulator.all("credit_note") if each["invoice"] == remote["id"]]
    assert notes == [1_500, 3_500]


def test_a_processor_out_of_reach_holds_nobody_up_and_is_told_when_it_is_back(engine, simulator, billed):
    invoice = billed()
    simulator.faults.script([Fault("error_503", times=50)])
    run_due(engine)
    assert there(simulator, invoice) == []
    other = billed(700)
    simulator.faults.clear()
    advance(engine, minutes=6)
    run_due(engine)
    assert [each["status"] for each in there(simulator, invoice)] == ["open"]
    assert [each["status"] for each in there(simulator, other)] == ["open"]


def test_a_refused_key_lets_what_is_to_be_told_wait_until_it_is_mended(engine, simulator, billed):
    invoice = billed()
    run_due(engine)
    simulator.revoke_key()
    void_invoice(engine, invoice_id=invoice.id)
    run_due(engine)
    assert [each["status"] for each in there(simulator, invoice)] == ["open"]
    simulator.restore_key()
    advance(engine, hours=2)
    run_due(engine)
    assert [each["status"] for each in there(simulator, invoice)] == ["void"]


@pytest.mark.parametrize("end", ["paid", "void"])
def test_money_that_came_in_there_for_what_was_settled_here_is_reported(engine, simulator, billed, end):
    invoice = billed()
    run_due(engine)
    [remote] = there(simulator, invoice)
    httpx.post(remote["hosted_invoice_url"], data=CARD)
    ENDS[end](engine, invoice.id)
    run_due(engine)
    with engine.read() as tx:
        assert "payment.mismatch" in [record["action"] for record in tx.audit.of(invoice.id)]


def test_what_another_gateway_is_paid_for_after_a_switch_is_not_owed_at_the_old_one_any_more(engine, simulator, billed):
    invoice = billed()
    run_due(engine)
    enable_billing(engine, gateway="managed", actor="operator")
    update_customer(engine, invoice.customer_id, profile_id=None)
    add_card(engine, customer_id=invoice.customer_id, card=card())
    pay_now(engine, invoice_id=invoice.id)
    run_due(engine)
    enable_billing(engine, gateway="stripe_platform", actor="operator")
    [remote] = there(simulator, invoice)
    assert (remote["status"], remote["amount_paid_off_stripe"]) == ("paid", 5_000)
