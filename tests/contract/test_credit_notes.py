"""Credit notes and refunds: what is taken back of an invoice, once, and never more than there is."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from billing_sdk.errors import (
    Conflict,
    CreditNoteTooLarge,
    CurrencyMismatch,
    InvalidAmount,
    InvalidRequest,
    InvoiceNotPaid,
    InvoicePaid,
    InvoiceVoid,
    NotFound,
    RefundTooLarge,
    ServerFault,
)
from billing_sdk.money import Money
from billing_sdk.server.gateways import ManagedGateway
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.bill_customer import charge_for
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.change_options import ChangeOptions
from billing_sdk.server.usecases.change_plan import change_plan
from billing_sdk.server.usecases.credit_invoice import credit_invoice
from billing_sdk.server.usecases.pay_back import settle_left_over_refunds
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.usecases.void_invoice import void_invoice
from tests.engines import DECLINED_WHEN_CHARGED, IN_MEMORY, advance, card, engine_on, payer

REFUND_DECLINED = "4000000000005126"
MISTAKE = "ordered by mistake"


def usd(minor: int) -> Money:
    return Money(minor, "USD")


@pytest.fixture
def engine(memory_engine):
    return memory_engine


def paid(engine, number=None):
    """Return a customer with an invoice of 29 dollars that is paid."""
    customer = payer(engine)
    if number is not None:
        add_card(engine, customer_id=customer.id, card=card(number))
    subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    return customer, newest(engine, customer)


def owed(engine):
    """Return a customer whose renewal was declined."""
    customer, _ = paid(engine)
    add_card(engine, customer_id=customer.id, card=card(DECLINED_WHEN_CHARGED))
    advance(engine, days=28)
    run_due(engine)
    return customer, newest(engine, customer)


def newest(engine, customer):
    with engine.read() as tx:
        return tx.invoices.newest_of(customer.id, limit=1)[0]


def written(engine, customer, invoice):
    """Return all that corrections have written about a customer."""
    with engine.read() as tx:
        return (
            tx.invoices.get(invoice.id),
            tx.credit_notes.of_invoice(invoice.id),
            tx.refunds.of_invoice(invoice.id),
            tx.credits.of_customer(customer.id),
            [event.type for event in tx.outbox.list(customer_id=customer.id)],
        )


def told(engine, customer, prefix):
    with engine.read() as tx:
        types = [event.type for event in tx.outbox.list(customer_id=customer.id)]
    return [one.removeprefix("customer.") for one in types if one.startswith(f"customer.{prefix}")]


def test_a_paid_invoice_is_refunded_in_parts_up_to_what_was_paid(engine):
    customer, invoice = paid(engine)
    first = credit_invoice(engine, invoice_id=invoice.id, wanted=usd(1_000), reason=MISTAKE)
    second = credit_invoice(engine, invoice_id=invoice.id, wanted={1: usd(1_500)}, reason=MISTAKE)
    with pytest.raises(CreditNoteTooLarge) as too_much:
        credit_invoice(engine, invoice_id=invoice.id, wanted=usd(401), reason=MISTAKE)
    last = credit_invoice(engine, invoice_id=invoice.id, reason=MISTAKE)

    assert too_much.value.facts == {"asked_minor": 401, "left_minor": 400}
    assert [one.note.number for one in (first, second, last)] == ["CN-000001", "CN-000002", "CN-000003"]
    assert [one.refund.amount.minor for one in (first, second, last)] == [1_000, 1_500, 400]
    assert {one.refund.status for one in (first, second, last)} == {"succeeded"}
    now, notes, refunds, kept, _ = written(engine, customer, invoice)
    assert (now, len(notes), len(refunds), kept) == (invoice, 3, 3, ())
    assert told(engine, customer, "refund") == ["refund_succeeded"] * 3
    with pytest.raises(CreditNoteTooLarge):
        credit_invoice(engine, invoice_id=invoice.id, reason=MISTAKE)


def test_what_is_owed_is_lowered_and_settled_by_a_note_for_all_of_it(engine):
    customer, invoice = owed(engine)
    credit_invoice(engine, invoice_id=invoice.id, wanted=usd(900), reason=MISTAKE)
    with engine.read() as tx:
        lowered = tx.invoices.get(invoice.id)
    assert (lowered.amount_due, lowered.is_owed, lowered.lines) == (usd(2_000), True, invoice.lines)

    credit_invoice(engine, invoice_id=invoice.id, reason=MISTAKE)
    with engine.read() as tx:
        settled = tx.invoices.get(invoice.id)
        [agreement] = tx.agreements.live_of(customer.id)
    assert (settled.status, settled.payment_id, settled.credited) == ("paid", None, usd(2_900))
    assert not agreement.is_unpaid


def test_what_is_left_of_an_invoice_is_what_its_charge_asks_for(engine):
    _, invoice = owed(engine)
    credit_invoice(engine, invoice_id=invoice.id, wanted=usd(900), reason=MISTAKE)
    with engine.read() as tx:
        lowered = tx.invoices.get(invoice.id)
    assert sum(line.amount.minor for line in lowered.lines_due) == 2_000


def test_what_is_credited_to_the_balance_pays_the_next_invoice(engine):
    customer, invoice = paid(engine)
    made = credit_invoice(engine, invoice_id=invoice.id, wanted=usd(900), reason=MISTAKE, destination="balance")
    with engine.read() as tx:
        assert tx.credits.balance(customer.id, "USD") == usd(900)
    assert made.refund is None
    advance(engine, days=28)
    run_due(engine)
    assert newest(engine, customer).amount == usd(2_000)


def test_money_and_balance_together_are_given_back_once(engine):
    customer, invoice = paid(engine)
    credit_invoice(engine, invoice_id=invoice.id, wanted=usd(900), reason=MISTAKE, destination="balance")
    advance(engine, days=28)
    run_due(engine)
    second = newest(engine, customer)

    with pytest.raises(RefundTooLarge):
        credit_invoice(engine, invoice_id=second.id, reason=MISTAKE, destination="refund")
    credit_invoice(engine, invoice_id=second.id, wanted=usd(2_000), reason=MISTAKE)
    with pytest.raises(RefundTooLarge):
        credit_invoice(engine, invoice_id=second.id, wanted=usd(1), reason=MISTAKE, destination="refund")
    credit_invoice(engine, invoice_id=second.id, reason=MISTAKE, destination="balance")
    with engine.read() as tx:
        assert tx.credits.balance(customer.id, "USD") == usd(900)


def test_one_note_for_all_of_an_invoice_gives_back_to_the_card_and_to_the_balance_what_each_has_paid(engine):
    customer, invoice = paid(engine)
    credit_invoice(engine, invoice_id=invoice.id, wanted=usd(900), reason=MISTAKE, destination="balance")
    advance(engine, days=28)
    run_due(engine)

    made = credit_invoice(engine, invoice_id=newest(engine, customer).id, reason=MISTAKE)

    assert (made.note.amount, made.note.parts) == (usd(2_900), {"refund": usd(2_000), "balance": usd(900)})
    assert (made.refund.status, made.refund.amount) == ("succeeded", usd(2_000))
    with engine.read() as tx:
        assert tx.credits.balance(customer.id, "USD") == usd(900)
        assert tx.credit_notes.get(made.note.id) == made.note


def test_one_note_for_all_of_what_is_owed_settles_it_and_puts_back_what_the_balance_has_paid(engine):
    customer, invoice = paid(engine)
    credit_invoice(engine, invoice_id=invoice.id, wanted=usd(900), reason=MISTAKE, destination="balance")
    add_card(engine, customer_id=customer.id, card=card(DECLINED_WHEN_CHARGED))
    advance(engine, days=28)
    run_due(engine)

    made = credit_invoice(engine, invoice_id=newest(engine, customer).id, reason=MISTAKE)

    assert made.note.parts == {"invoice": usd(2_000), "balance": usd(900)}
    settled = newest(engine, customer)
    assert (settled.status, settled.credited) == ("paid", usd(2_000))
    with engine.read() as tx:
        assert tx.credits.balance(customer.id, "USD") == usd(900)


REFUSED = {
    "more than the line": ({1: usd(2_901)}, {}, CreditNoteTooLarge),
    "more than the invoice": (usd(2_901), {}, CreditNoteTooLarge),
    "nothing": (usd(0), {}, InvalidAmount),
    "less than nothing": ({1: usd(-5)}, {}, InvalidAmount),
    "no line": ({}, {}, InvalidAmount),
    "a line that is not there": ({2: usd(5)}, {}, NotFound),
    "another currency": (Money(5, "EUR"), {}, CurrencyMismatch),
    "off what is owed": (usd(5), {"destination": "invoice"}, InvoicePaid),
    "without a reason": (usd(5), {"reason": " "}, InvalidRequest),
}


def test_what_can_not_be_credited_is_refused_by_name_and_writes_nothing(engine):
    customer, invoice = paid(engine)
    before = written(engine, customer, invoice)
    for name, (wanted, asked, error) in REFUSED.items():
        with pytest.raises(error):
            credit_invoice(engine, invoice_id=invoice.id, wanted=wanted, **{"reason": MISTAKE, **asked})
        assert written(engine, customer, invoice) == before, name


def test_what_was_not_paid_is_not_refunded(engine):
    _, invoice = owed(engine)
    with pytest.raises(InvoiceNotPaid):
        credit_invoice(engine, invoice_id=invoice.id, wanted=usd(5), reason=MISTAKE, destination="refund")


def test_a_refund_that_the_bank_declines_goes_to_the_balance(engine):
    customer, invoice = paid(engine, REFUND_DECLINED)
    made = credit_invoice(engine, invoice_id=invoice.id, wanted=usd(900), reason=MISTAKE)
    assert (made.refund.status, made.refund.decline_code) == ("failed", "expired_or_canceled_card")
    with engine.read() as tx:
        assert tx.credits.balance(customer.id, "USD") == usd(900)
    assert told(engine, customer, "refund") == ["refund_failed"]


@dataclass
class Interrupted(ManagedGateway):
    """A gateway whose answer is lost, after it has paid back."""

    asked: list[str] = field(default_factory=list)
    paid_back: set[str] = field(default_factory=set)

    def __post_init__(self):
        ManagedGateway.__init__(self)

    def refund(self, *, reference, amount, idempotency_key):
        self.asked.append(idempotency_key)
        answer = ManagedGateway.refund(self, reference=reference, amount=amount, idempotency_key=idempotency_key)
        self.paid_back.add(answer.reference)
        if len(self.asked) == 1:
            raise ServerFault("the line went dead")
        return answer


def test_a_refund_whose_answer_was_lost_is_asked_for_again_with_its_key_and_paid_once():
    gateway = Interrupted()
    with engine_on(IN_MEMORY, gateway=gateway) as engine:
        customer, invoice = paid(engine)
        with pytest.raises(ServerFault):
            credit_invoice(engine, invoice_id=invoice.id, wanted=usd(900), reason=MISTAKE)
        with engine.read() as tx:
            [pending] = tx.refunds.of_invoice(invoice.id)
        assert pending.status == "pending"
        with pytest.raises(CreditNoteTooLarge):  # what is pending is not there any more
            credit_invoice(engine, invoice_id=invoice.id, wanted=usd(2_001), reason=MISTAKE)

        settle_left_over_refunds(engine)
        settle_left_over_refunds(engine)
        with engine.read() as tx:
            [settled] = tx.refunds.of_invoice(invoice.id)
        assert (settled.status, gateway.asked, len(gateway.paid_back)) == ("succeeded", [pending.id] * 2, 1)
        assert told(engine, customer, "refund") == ["refund_succeeded"]


def test_the_gateway_itself_refuses_to_pay_back_more_than_it_took(engine):
    _, invoice = paid(engine)
    with engine.read() as tx:
        payment = tx.invoices.get_payment(invoice.payment_id)
    reference = payment.gateway_reference
    engine.gateway.refund(reference=reference, amount=usd(2_900), idempotency_key="by hand")
    with pytest.raises(RefundTooLarge):
        engine.gateway.refund(reference=reference, amount=usd(1), idempotency_key="once more")
    made = credit_invoice(engine, invoice_id=invoice.id, reason=MISTAKE)
    assert (made.refund.status, made.refund.decline_code) == ("failed", "refund_too_large")


def test_a_void_invoice_asks_for_nothing_and_gives_the_balance_back(engine):
    customer, invoice = paid(engine)
    credit_invoice(engine, invoice_id=invoice.id, wanted=usd(900), reason=MISTAKE, destination="balance")
    add_card(engine, customer_id=customer.id, card=card(DECLINED_WHEN_CHARGED))
    advance(engine, days=28)
    run_due(engine)
    second = newest(engine, customer)
    assert second.amount_due == usd(2_000)

    voided = void_invoice(engine, invoice_id=second.id)
    with engine.read() as tx:
        assert tx.credits.balance(customer.id, "USD") == usd(900)
        [agreement] = tx.agreements.live_of(customer.id)
        assert tx.invoices.get(second.id) == voided
    assert (voided.status, voided.amount_due, agreement.is_unpaid) == ("void", usd(0), False)
    assert told(engine, customer, "invoice_voided") == ["invoice_voided"]
    with pytest.raises(InvoiceVoid):
        void_invoice(engine, invoice_id=second.id)
    with pytest.raises(InvoiceVoid):
        credit_invoice(engine, invoice_id=second.id, reason=MISTAKE)


def test_a_paid_invoice_is_not_made_void(engine):
    customer, invoice = paid(engine)
    before = written(engine, customer, invoice)
    with pytest.raises(InvoicePaid):
        void_invoice(engine, invoice_id=invoice.id)
    assert written(engine, customer, invoice) == before


def test_nothing_is_corrected_while_a_payment_is_under_way(engine):
    _, invoice = owed(engine)
    with engine.begin() as tx:
        tx.charges.add(pending_charge(engine, tx, invoice))
    for correct in (
        lambda: credit_invoice(engine, invoice_id=invoice.id, reason=MISTAKE),
        lambda: void_invoice(engine, invoice_id=invoice.id),
    ):
        with pytest.raises(Conflict):
            correct()


def pending_charge(engine, tx, invoice):
    agreement = tx.agreements.get(invoice.agreement_id)
    charge = charge_for(tx, engine, invoice, agreement, source="admin", actor="test")
    tx.charges.remove(charge.id)
    return charge


def test_what_was_given_back_at_the_end_of_the_agreement_is_not_refunded_as_well(engine):
    customer, invoice = paid(engine)
    advance(engine, days=14)
    with engine.read() as tx:
        [agreement] = tx.agreements.live_of(customer.id)
    cancel_agreement(engine, agreement_id=agreement.id, is_prorate=True, is_invoice_now=True)
    with engine.read() as tx:
        assert tx.credits.balance(customer.id, "USD") == usd(1_450)
    with pytest.raises(CreditNoteTooLarge):
        credit_invoice(engine, invoice_id=invoice.id, wanted=usd(1_451), reason=MISTAKE)
    with pytest.raises(CreditNoteTooLarge):
        credit_invoice(engine, invoice_id=invoice.id, wanted={1: usd(1_451)}, reason=MISTAKE)
    made = credit_invoice(engine, invoice_id=invoice.id, reason=MISTAKE)
    assert made.refund.amount == usd(1_450)
    with pytest.raises(CreditNoteTooLarge):
        credit_invoice(engine, invoice_id=invoice.id, reason=MISTAKE)


def test_what_a_change_of_plan_has_given_back_is_not_refunded_as_well(engine):
    customer, invoice = paid(engine)
    advance(engine, days=14)
    options = ChangeOptions(is_prorate=True)
    change_plan(engine, customer_id=customer.id, plan_key="pro_yearly", options=options)
    assert [line.amount.minor for line in newest(engine, customer).lines if line.kind == "unused_time"] == [-1_450]
    with pytest.raises(CreditNoteTooLarge):
        credit_invoice(engine, invoice_id=invoice.id, wanted=usd(1_451), reason=MISTAKE)
    assert credit_invoice(engine, invoice_id=invoice.id, reason=MISTAKE).refund.amount == usd(1_450)


def test_what_was_refunded_is_not_given_back_again_when_the_agreement_ends(engine):
    customer, invoice = paid(engine)
    credit_invoice(engine, invoice_id=invoice.id, wanted=usd(1_450), reason=MISTAKE)
    advance(engine, days=14)
    with engine.read() as tx:
        [agreement] = tx.agreements.live_of(customer.id)
    cancel_agreement(engine, agreement_id=agreement.id, is_prorate=True)
    with engine.read() as tx:
        # Half of the period is left, of which half was paid back before.
        assert tx.credits.balance(customer.id, "USD") == usd(725)
