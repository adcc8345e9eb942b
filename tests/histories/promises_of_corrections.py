"""The promises of corrections: nothing issued is edited, and nothing is taken back or paid back twice."""

from __future__ import annotations

from collections import Counter

from billing_sdk.money import Money, total
from billing_sdk.server.domain.invoicing import BALANCE, Invoice, back_of, gives_back, left_of
from tests.histories.world import Books, World


def corrections_hold(world: World, books: Books) -> None:
    """Check every promise about what corrects the invoices of one customer."""
    nothing_issued_changes(world, books)
    notes_take_back_what_was_asked_at_most(books)
    what_is_owed_is_lowered_by_its_notes(books)
    what_was_paid_is_paid_back_once(books)
    time_that_was_given_back_is_not_credited_as_well(books)
    nothing_is_paid_back_and_lost_to_a_bank_as_well(books)


def nothing_issued_changes(world: World, books: Books) -> None:
    for invoice in books.invoices:
        assert world.issued.setdefault(invoice.id, invoice.lines) == invoice.lines, f"{invoice.name} has changed"


def notes_take_back_what_was_asked_at_most(books: Books) -> None:
    for invoice in books.invoices:
        notes = [note for note in books.notes if note.invoice_id == invoice.id]
        asked = total([line.amount for line in invoice.lines if line.component_id != BALANCE], invoice.currency)
        # Usage that there was not is given back whatever has paid for it, time that was given back as well.
        asked += _given_back_on(invoice)
        taken = total([note.amount for note in notes], invoice.currency)
        assert not notes or taken.minor <= asked.minor, f"{invoice.name}: {taken} of {asked} was taken back"
        for left in left_of(invoice, notes).lines.values():
            assert min(left.amount.minor, left.tax.minor, left.included_tax.minor) >= 0, f"{invoice.name}: {left}"


def what_is_owed_is_lowered_by_its_notes(books: Books) -> None:
    lowered: Counter[str] = Counter()
    for note in books.notes:
        lowered[note.invoice_id] += note.going_to("invoice").minor
    for invoice in books.invoices:
        assert invoice.credited_minor == lowered[invoice.id]
        assert 0 <= invoice.credited_minor <= max(0, invoice.amount.minor)
        if invoice.is_owed:
            assert invoice.amount_due.minor > 0, f"{invoice.name} is owed and asks for nothing"


def what_was_paid_is_paid_back_once(books: Books) -> None:
    payments = {payment.id: payment.amount.minor for payment in books.payments}
    back: Counter[str] = Counter()
    for refund in books.refunds:
        assert refund.status in ("succeeded", "failed"), "a refund is still pending"
        back[refund.invoice_id] += refund.amount.minor
    for note in books.notes:
        back[note.invoice_id] += note.going_to("balance").minor
    for invoice in books.invoices:
        paid = payments[invoice.payment_id] if invoice.payment_id is not None else 0
        paid += _from_balance(invoice) + _given_back_on(invoice).minor
        assert back[invoice.id] <= paid, f"{invoice.name}: more is given back than was paid"


def time_that_was_given_back_is_not_credited_as_well(books: Books) -> None:
    lines = [line for one in books.billed if one.status != "void" for line in one.lines]
    for invoice in books.invoices:
        notes = [note for note in books.notes if note.invoice_id == invoice.id]
        if not notes or invoice.status == "void":
            continue
        for number, line in enumerate(invoice.lines, 1):
            # Whatever takes some of it back rounds by itself.
            back = [one.amount.minor for one in back_of(line, lines)]
            taken = sum(one.amount.minor for note in notes for one in note.lines if one.number == number)
            is_fee = line.kind == "licence_fee" and line.amount.minor > 0
            assert not is_fee or taken + sum(back) <= line.amount.minor + len(back), f"{invoice.name}: {line}"


def nothing_is_paid_back_and_lost_to_a_bank_as_well(books: Books) -> None:
    """What goes back to a card and what a bank has taken are at most what the card has paid."""
    gone: Counter[str] = Counter()
    for refund in books.refunds:
        gone[refund.payment_id] += refund.amount.minor if refund.status == "succeeded" else 0
    for dispute in books.disputes:
        gone[dispute.payment_id] += dispute.held.minor
    told = Counter(one.type for one in books.events)
    for payment in books.payments:
        assert gone[payment.id] <= payment.amount.minor, f"{payment.id}: more has gone than was paid"
    kinds = Counter(one.kind for one in books.disputes)
    assert told["customer.payment_disputed"] == kinds["dispute"] + kinds["inquiry"]
    assert told["customer.payment_fraud_warned"] == kinds["fraud_warning"]
    assert told["customer.payment_dispute_closed"] == sum(1 for one in books.disputes if not one.is_open)


def _given_back_on(invoice: Invoice) -> Money:
    return total([-line.amount for line in invoice.lines if gives_back(line)], invoice.currency)


def _from_balance(invoice: Invoice) -> int:
    return -sum(line.amount.minor for line in invoice.lines if line.component_id == BALANCE and line.amount.minor < 0)
