"""What is given back of lines that have billed more usage than there was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from billing_sdk.money import Money, round_money
from billing_sdk.server.domain.invoicing.crediting import left_of
from billing_sdk.server.domain.invoicing.invoice import Invoice, InvoiceLine


@dataclass(frozen=True, slots=True)
class BilledLine:
    """A line that has billed usage, with what is left of it.

    Attributes:
        number: which line of its invoice, counted from 1.
        gross: what it says, before discounts.
        net: what it comes to, discounts taken off.
        payable: what of it was asked for in money: credit pays the rest.
        left: what of that no credit note has taken back.
    """

    invoice_id: str
    number: int
    gross: Money
    net: Money
    payable: Money
    left: Money

    @property
    def gross_left(self) -> Money:
        """What of the amount before discounts has not been taken back."""
        taken = (self.payable - self.left).minor
        if not taken or not self.net:
            return self.gross
        back = round_money(Fraction(taken * self.gross.minor, self.net.minor), self.gross.currency, "up")
        return self.gross - min(back, self.gross, key=lambda money: money.minor)


def billed_line(invoice: Invoice, number: int, left: Money) -> BilledLine:
    """Return a line of an invoice, with what discounts have taken off it."""
    line = invoice.lines[number - 1]
    off = [one for one in invoice.lines if _is_discount_of(one, line)]
    net = line.amount
    for one in off:
        net += one.amount
    uncredited = left_of(invoice, ()).lines.get(number)
    payable = Money(0, invoice.currency) if uncredited is None else uncredited.amount
    return BilledLine(invoice.id, number, line.amount, net, payable, left)


def taken_back(lines: Iterable[BilledLine], gross: Money) -> Iterator[tuple[BilledLine, Money]]:
    """Yield what is given back of each line, the lines that are named first going first.

    What a discount has taken off was never asked for, so it is not given back. Of a line that credit has paid for in
    part, money goes back before credit: the rest of the usage is what the credit was for.

    Args:
        lines: those that have billed the usage, the newest first.
        gross: how much too much they say, before discounts.
    """
    for line in lines:
        share = min(gross, line.gross_left, key=lambda money: money.minor)
        if share.minor <= 0:
            continue
        gross -= share
        net = round_money(Fraction(share.minor * line.net.minor, line.gross.minor), line.gross.currency)
        back = min(net, line.left, key=lambda money: money.minor)
        if back.minor > 0:
            yield line, back


def _is_discount_of(one: InvoiceLine, line: InvoiceLine) -> bool:
    its = (one.agreement_id, one.plan_version_id, one.component_id, one.period)
    is_same = its == (line.agreement_id, line.plan_version_id, line.component_id, line.period)
    return one.kind == "discount" and is_same and one.derivation.get("of") == line.kind
