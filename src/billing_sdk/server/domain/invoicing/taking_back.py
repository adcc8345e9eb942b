"""What is given back of lines that have billed more usage than there was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from billing_sdk.money import Money, round_money, total, zero
from billing_sdk.server.domain.invoicing.credit_note import CreditNote
from billing_sdk.server.domain.invoicing.crediting import credit_used, left_of
from billing_sdk.server.domain.invoicing.invoice import Invoice, InvoiceLine


@dataclass(frozen=True, slots=True)
class BilledLine:
    """A line that has billed usage, with what is left of it.

    Attributes:
        number: which line of its invoice, counted from 1.
        gross: what it says, before discounts.
        net: what it comes to, discounts taken off.
        taken: what of that credit notes have taken back.
        left: what is left of what the customer was asked for.
        credit: what is left of what credit has paid, by the numbers of its lines.
    """

    invoice_id: str
    number: int
    gross: Money
    net: Money
    taken: Money
    left: Money
    credit: Mapping[int, Money]

    @property
    def gross_left(self) -> Money:
        """What of the amount before discounts has not been taken back."""
        if not self.taken or not self.net:
            return self.gross
        back = round_money(Fraction(self.taken.minor * self.gross.minor, self.net.minor), self.gross.currency, "up")
        return self.gross - min(back, self.gross)


@dataclass(frozen=True, slots=True)
class GivenBack:
    """What is given back of a line.

    Attributes:
        gross: what it is before discounts.
        money: what the customer was asked for.
        credit: what credit had paid, by the numbers of its lines.
    """

    line: BilledLine
    gross: Money
    money: Money
    credit: Mapping[int, Money]


def billed_line(invoice: Invoice, notes: Sequence[CreditNote], number: int) -> BilledLine:
    """Return a line of an invoice, with what discounts and credit notes have taken off it."""
    line, currency = invoice.lines[number - 1], invoice.currency
    net = total([line.amount, *(one.amount for one in invoice.lines if _is_discount_of(one, line))], currency)
    asked, left = (_left(invoice, issued, number) for issued in ((), notes))
    paid, credit = (credit_used(invoice, issued, number) for issued in ((), notes))
    taken = asked - left + total(list(paid.values()), currency) - total(list(credit.values()), currency)
    return BilledLine(invoice.id, number, line.amount, net, taken, left, credit)


def taken_back(lines: Iterable[BilledLine], gross: Money) -> Iterator[GivenBack]:
    """Yield what is given back of each line, the lines that are named first going first.

    What a discount has taken off was never asked for, so it is not given back. Of a line that credit has paid for in
    part, money goes back before credit: the rest of the usage is what the credit was for.

    Args:
        lines: those that have billed the usage, the newest first.
        gross: how much too much they say, before discounts.
    """
    for line in lines:
        share = min(gross, line.gross_left)
        if share.minor <= 0:
            continue
        gross -= share
        net = round_money(Fraction(share.minor * line.net.minor, line.gross.minor), line.gross.currency)
        money = min(net, line.left)
        yield GivenBack(line, share, money, dict(_of_credit(line, net - money)))


def _of_credit(line: BilledLine, amount: Money) -> Iterator[tuple[int, Money]]:
    for number, left in line.credit.items():
        part = min(amount, left)
        if part:
            amount -= part
            yield number, part


def _left(invoice: Invoice, notes: Iterable[CreditNote], number: int) -> Money:
    left = left_of(invoice, notes).lines.get(number)
    return zero(invoice.currency) if left is None else left.amount


def _is_discount_of(one: InvoiceLine, line: InvoiceLine) -> bool:
    its = (one.agreement_id, one.plan_version_id, one.component_id, one.period)
    is_same = its == (line.agreement_id, line.plan_version_id, line.component_id, line.period)
    return one.kind == "discount" and is_same and one.derivation.get("of") == line.kind
