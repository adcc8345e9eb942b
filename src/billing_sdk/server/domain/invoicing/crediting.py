"""How much of an issued invoice can be credited, and how an amount is divided among its lines.

What can be credited of a line is what the customer was asked for it: its amount, less what discounts and credit have
taken off, with its share of the taxes that were added. No line is credited beyond that, nor the invoice beyond what it
came to before the customer's balance has paid for some of it. What the balance has paid goes back to the balance;
money that was paid is refunded, or goes there as well. What credit has paid stays paid, but for usage that there was
not: that goes back to the grants, once nothing is left of the line that the customer was asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from billing_sdk.errors import (
    CreditNoteTooLarge,
    CurrencyMismatch,
    InvalidAmount,
    InvoiceNotIssued,
    InvoiceNotOwed,
    InvoiceNotPaid,
    InvoicePaid,
    InvoiceVoid,
    PaymentDisputed,
    RefundTooLarge,
)
from billing_sdk.money import Money, allocate, round_money, total, zero
from billing_sdk.server.domain.invoicing.credit import BALANCE, balance_change
from billing_sdk.server.domain.invoicing.credit_note import CreditDestination, CreditedLine, CreditNote
from billing_sdk.server.domain.invoicing.explanation import line_of
from billing_sdk.server.domain.invoicing.given_back import back_of, tax_minor
from billing_sdk.server.domain.invoicing.invoice import Invoice, InvoiceLine
from billing_sdk.server.domain.invoicing.relations import charge_of, lowering

# What a customer is charged for; the other kinds take something off, pay for it, or are the tax on it.
CHARGES = frozenset({"licence_fee", "usage", "one_off", "adjustment", "overage", None})


@dataclass(frozen=True, slots=True)
class Creditable:
    """What is left to credit of an invoice: of each line that can be credited, and of the whole."""

    lines: Mapping[int, CreditedLine]
    whole: Money


@dataclass(frozen=True, slots=True)
class OverBilled:
    """What of an invoice was billed too much.

    Attributes:
        money: how much of which charges, by their numbers, of what the customer was asked for.
        credit: how much of which lines of credit, by their numbers, of what they have paid of those charges.
    """

    money: Mapping[int, Money]
    credit: Mapping[int, Money]


Wanted = Mapping[int, Money] | Money | OverBilled | None


def left_of(invoice: Invoice, notes: Iterable[CreditNote], given_back: Sequence[InvoiceLine] = ()) -> Creditable:
    """Return what is left to credit of an issued invoice.

    Args:
        invoice: the invoice.
        notes: those that were issued for it.
        given_back: lines of other invoices that give back time which this one has charged.
    """
    back = (*given_back, *invoice.lines)
    found = {
        number: asked for number, line in enumerate(invoice.lines, 1) if (asked := _asked(invoice, number, line, back))
    }
    whole = total([line.amount for line in invoice.lines if line.component_id != BALANCE], invoice.currency)
    for line in invoice.lines:
        for one in back_of(line, given_back):
            whole -= _gross(one)
    for note in notes:
        whole -= note.amount
        for one in note.lines:
            number = charge_of(invoice, one.number)
            left = found.get(number)
            if left is not None:  # else credit has paid all of it, and has that again
                found[number] = CreditedLine(
                    number, left.amount - one.amount, left.tax - one.tax, left.included_tax - one.included_tax
                )
    lines = {number: left for number, left in found.items() if _gross(left).minor > 0}
    # An invoice that earlier time has paid for in part may have given back more than it came to.
    left_of_lines = total([_gross(left) for left in lines.values()], invoice.currency)
    return Creditable(lines, max(zero(invoice.currency), min(whole, left_of_lines)))


def credit_used(invoice: Invoice, notes: Iterable[CreditNote], number: int) -> dict[int, Money]:
    """Return what credit has paid of a line and no note has given back, by the lines of credit, the last one first."""
    found = {place: -line.amount for place, line in lowering(invoice, number, "credit_grant")}
    for note in notes:
        for one in note.lines:
            if one.number in found:
                found[one.number] += one.amount
    return {place: found[place] for place in sorted(found, reverse=True)}


def credited_lines(
    invoice: Invoice, notes: Sequence[CreditNote], wanted: Wanted, given_back: Sequence[InvoiceLine] = ()
) -> tuple[CreditedLine, ...]:
    """Return the lines of a credit note.

    Args:
        invoice: the invoice.
        notes: those that were issued for it before.
        wanted: an amount for each line by its number, before taxes that were added to it, whose share is credited
            with it; or one amount, taxes included, which is divided among all lines; or what was billed too much; or
            None for all that is left.
        given_back: lines of other invoices that give back time which this one has charged.

    Raises:
        CreditNoteTooLarge: it is more than what is left of a line or of the invoice.
        InvalidAmount: an amount is not above zero, or there is none.
        CurrencyMismatch: an amount is in another currency than the invoice.
        NotFound: the invoice has no such line.
    """
    if isinstance(wanted, OverBilled):
        # What unused time has paid for on the same invoice was the customer's as well, so each line counts for itself.
        left = left_of(invoice, notes, given_back)
        asked = tuple(_part_of(invoice, left, number, amount) for number, amount in wanted.money.items())
        return _with_credit(invoice, asked, wanted.credit)
    left = left_of(invoice, notes, given_back)
    if not isinstance(wanted, Mapping):
        amount = left.whole if wanted is None else _checked(wanted, invoice)
        return _divided(left, amount)
    if not wanted:
        raise InvalidAmount("no line is named")
    lines = tuple(_part_of(invoice, left, number, _checked(amount, invoice)) for number, amount in wanted.items())
    amount = total([_gross(line) for line in lines], invoice.currency)
    if amount.minor > left.whole.minor:
        raise _too_large(amount, left.whole, f"of {invoice.name}")
    return lines


def usual_destination(
    invoice: Invoice, notes: Iterable[CreditNote], amount: Money, *, is_by_card: bool, disputed: Money
) -> tuple[CreditDestination, Money]:
    """Return where a note goes if nobody says, and how much of it goes to the customer's balance beside that.

    What is owed is lowered, and money goes back to the card. What is beyond that has been paid from the balance.

    Args:
        invoice: what is corrected.
        notes: those that were issued for it before.
        amount: what the note comes to.
        is_by_card: a card has paid the invoice, so something can go back to it.
        disputed: what of the payment is with the bank, or lost to it.
    """
    notes = tuple(notes)
    first: CreditDestination = "refund"
    room = zero(invoice.currency)
    if invoice.is_owed:
        first, room = "invoice", invoice.amount_due
    elif is_by_card:
        room = min(_refundable(invoice, notes), _paid_and_left(invoice, notes)) - disputed
    if room.minor <= 0:
        return "balance", zero(invoice.currency)
    return first, amount - min(amount, room)


def check_destination(
    invoice: Invoice,
    notes: Iterable[CreditNote],
    destination: CreditDestination,
    amount: Money,
    beside: Money,
    *,
    disputed: Money,
) -> None:
    """Let a credit note pass that can go where it is to go.

    Args:
        invoice: what is corrected.
        notes: those that were issued for it before.
        destination: where it goes.
        amount: what it comes to.
        beside: how much of it goes to the customer's balance beside that.
        disputed: what of the payment is with the bank, or lost to it.

    Raises:
        InvoiceNotIssued: the invoice is not issued yet.
        InvoiceVoid: it is void.
        InvoicePaid: it is paid, and the note is to lower what is owed.
        InvoiceNotOwed: it was given up for lost.
        InvoiceNotPaid: it was not paid with money, and the note is to be refunded.
        RefundTooLarge: it is more than what is left of what was paid.
        PaymentDisputed: it would be, less what is disputed.
        CreditNoteTooLarge: it is more than what is owed, or than what was paid with money or from the balance.
    """
    check_issued(invoice)
    notes = tuple(notes)
    there, from_paid = amount - beside, amount
    if destination == "invoice":
        if not invoice.is_owed:
            raise _not_owed(invoice)
        if there.minor > invoice.amount_due.minor:
            raise _too_large(there, invoice.amount_due, f"owed for {invoice.name}")
        from_paid = beside
    elif destination == "refund":
        if not _paid_in_money(invoice):
            raise InvoiceNotPaid(f"nothing was paid for {invoice.name} that could be refunded")
        refundable = _refundable(invoice, notes)
        _check_disputed(invoice, there, refundable, disputed)
        if there.minor > refundable.minor:
            raise RefundTooLarge(
                f"{there} is more than the {refundable} that is left of what was paid for {invoice.name}",
                asked_minor=there.minor,
                left_minor=refundable.minor,
            )
    left = _paid_and_left(invoice, notes)
    _check_disputed(invoice, from_paid, left, disputed)
    if from_paid and from_paid.minor > left.minor:
        raise _too_large(from_paid, left, f"paid for {invoice.name}")


def check_issued(invoice: Invoice) -> None:
    """Let an invoice pass that can be corrected.

    Raises:
        InvoiceNotIssued: it is not issued yet.
        InvoiceVoid: it is void.
    """
    if not invoice.is_issued:
        raise InvoiceNotIssued(f"the invoice {invoice.name} is {invoice.status}")
    if invoice.status == "void":
        raise InvoiceVoid(f"the invoice {invoice.name} is void")


def _check_disputed(invoice: Invoice, asked: Money, paid: Money, disputed: Money) -> None:
    """Let pass what a dispute does not stand in the way of: what is given back twice is lost once."""
    left = paid - disputed
    if left.minor < asked.minor <= paid.minor:
        raise PaymentDisputed(
            f"{disputed} of what was paid for {invoice.name} is disputed, so {asked} can't be given back as well",
            asked_minor=asked.minor,
            left_minor=max(0, left.minor),
            disputed_minor=disputed.minor,
        )


def _asked(invoice: Invoice, number: int, line: InvoiceLine, back: Iterable[InvoiceLine]) -> CreditedLine | None:
    """Return what a customer was asked for a line and not given back, without the balance; None if nothing."""
    if line.kind not in CHARGES or line.component_id == BALANCE or line.amount.minor <= 0:
        return None
    its = (line, *(other for _, other in lowering(invoice, number)))
    amount = total([one.amount for one in its], invoice.currency)
    added, included = (
        Money(sum(tax_minor(one, is_inclusive=is_inclusive) for one in its), invoice.currency)
        for is_inclusive in (False, True)
    )
    for one in back_of(line, back):
        amount, added, included = amount - one.amount, added - one.tax, included - one.included_tax
    nothing = zero(invoice.currency)
    return CreditedLine(number, amount, max(added, nothing), max(included, nothing)) if amount.minor > 0 else None


def _part_of(invoice: Invoice, left: Creditable, number: int, amount: Money) -> CreditedLine:
    """Return a part of what is left of a line with its share of the tax, of which the last part gets the rest."""
    line = line_of(invoice, number)
    nothing = zero(invoice.currency)
    one = left.lines.get(number, CreditedLine(number, nothing, nothing, nothing))
    if amount.minor > one.amount.minor:
        raise _too_large(amount, one.amount, f"of line {number} ({line.description[:64]})", line=number)
    return CreditedLine(number, amount, _share(one.tax, amount, one), _share(one.included_tax, amount, one))


def _with_credit(
    invoice: Invoice, lines: tuple[CreditedLine, ...], credit: Mapping[int, Money]
) -> tuple[CreditedLine, ...]:
    """Take lines of credit back, with as much of the charges that they have paid; no tax was added to that."""
    nothing = zero(invoice.currency)
    found = {line.number: line for line in lines}
    for number, amount in credit.items():
        charge = charge_of(invoice, number)
        line = found.get(charge, CreditedLine(charge, nothing, nothing, nothing))
        found[charge] = replace(line, amount=line.amount + amount)
        found[number] = CreditedLine(number, -amount, nothing, nothing)
    return tuple(found[number] for number in sorted(found))


def _share(tax: Money, amount: Money, left: CreditedLine) -> Money:
    """Return the share of a tax that a part of what is left of a line has; all of what is left has all of it."""
    if not left.amount:
        return tax  # nothing but the tax is left
    return round_money(Fraction(tax.minor) * amount.minor / left.amount.minor, tax.currency)


def _divided(left: Creditable, amount: Money) -> tuple[CreditedLine, ...]:
    """Divide an amount, taxes included, among the lines in proportion to what is left of each."""
    if amount.minor > left.whole.minor or not left.lines or amount.minor <= 0:
        raise _too_large(amount, left.whole, "of the invoice")
    lines = tuple(left.lines.values())
    shares = allocate(amount, [_gross(line).minor for line in lines])
    return tuple(_from_gross(line, share) for line, share in zip(lines, shares, strict=True) if share)


def _from_gross(left: CreditedLine, gross: Money) -> CreditedLine:
    exact = Fraction(gross.minor) * left.amount.minor / _gross(left).minor
    amount = round_money(exact, gross.currency)
    return CreditedLine(left.number, amount, gross - amount, _share(left.included_tax, amount, left))


def _gross(line: CreditedLine) -> Money:
    return line.amount + line.tax


def _paid_in_money(invoice: Invoice) -> Money:
    is_paid = invoice.status == "paid" and invoice.payment_id is not None
    return invoice.amount - invoice.credited if is_paid else zero(invoice.currency)


def _refundable(invoice: Invoice, notes: Iterable[CreditNote]) -> Money:
    """Return what is left of the money that was paid, as far as the payment goes."""
    return _paid_in_money(invoice) - _gone_to("refund", notes, invoice.currency)


def _paid_and_left(invoice: Invoice, notes: Sequence[CreditNote]) -> Money:
    """Return what was paid, with money or from the balance, and has not been given back."""
    paid = _paid_in_money(invoice) + _paid_from_balance(invoice)
    return paid - _gone_to("refund", notes, paid.currency) - _gone_to("balance", notes, paid.currency)


def _gone_to(destination: CreditDestination, notes: Iterable[CreditNote], currency: str) -> Money:
    return total([note.going_to(destination) for note in notes], currency)


def _paid_from_balance(invoice: Invoice) -> Money:
    return Money(max(0, -balance_change(invoice.lines, invoice.currency).minor), invoice.currency)


def _checked(amount: Money, invoice: Invoice) -> Money:
    if amount.currency != invoice.currency:
        raise CurrencyMismatch(f"the invoice is in {invoice.currency}, not in {amount.currency}")
    if amount.minor <= 0:
        raise InvalidAmount(f"{amount} can't be credited", remedy="Credit more than zero.")
    return amount


def _not_owed(invoice: Invoice) -> InvoicePaid | InvoiceNotOwed:
    if invoice.status == "paid":
        return InvoicePaid(f"the invoice {invoice.name} is paid, so nothing can be taken off what is owed")
    return InvoiceNotOwed(f"the invoice {invoice.name} is {invoice.status}")


def _too_large(asked: Money, left: Money, of: str, *, line: int | None = None) -> CreditNoteTooLarge:
    about = {} if line is None else {"line": line}
    facts: dict[str, Any] = {"asked_minor": asked.minor, "left_minor": left.minor, **about}
    return CreditNoteTooLarge(f"{asked} is more than the {left} that is left {of}", **facts)
