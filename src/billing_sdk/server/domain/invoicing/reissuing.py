"""What an invoice says that takes the place of a void one: the same lines, but for those that were wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from billing_sdk.errors import CurrencyMismatch, InvalidAmount
from billing_sdk.money import Money
from billing_sdk.server.domain.invoicing.completion import is_completing
from billing_sdk.server.domain.invoicing.credit import BALANCE
from billing_sdk.server.domain.invoicing.crediting import CHARGES
from billing_sdk.server.domain.invoicing.explanation import line_of
from billing_sdk.server.domain.invoicing.gateway_taxing import untaxed
from billing_sdk.server.domain.invoicing.in_force import Lines
from billing_sdk.server.domain.invoicing.invoice import Invoice, InvoiceLine
from billing_sdk.server.domain.invoicing.relations import lowering


def lines_again(invoice: Invoice, corrected: Mapping[int, Money]) -> Lines:
    """Return the lines of an invoice for another one, without what completes an invoice.

    Args:
        invoice: the one whose place is taken.
        corrected: for each line that was wrong what it comes to, discounts taken off, by its number; a line that
            comes to nothing is left out. Its discounts go with it.

    Raises:
        NotFound: the invoice has no such line.
        InvalidAmount: a line is no charge, an amount is below zero, or no line is left.
        CurrencyMismatch: an amount is in another currency.
    """
    for number, amount in corrected.items():
        _check(invoice, number, amount)
    gone = {place for number in corrected for place, _ in lowering(invoice, number, "discount")}
    lines = []
    for number, line in enumerate(invoice.lines, 1):
        if number in gone or is_completing(line):
            continue
        if number not in corrected:
            lines.append(untaxed(line))
        elif corrected[number]:
            lines.append(_corrected(invoice, number, untaxed(line), corrected[number]))
    if not lines:
        raise InvalidAmount("nothing is left to charge", remedy="Make the invoice void instead.")
    return tuple(lines)


def _check(invoice: Invoice, number: int, amount: Money) -> None:
    line = line_of(invoice, number)
    if line.kind not in CHARGES or line.component_id == BALANCE:
        raise InvalidAmount(f"line {number} is no charge", remedy="Name a line that charges something.")
    if amount.currency != invoice.currency:
        raise CurrencyMismatch(f"the invoice is in {invoice.currency}, not in {amount.currency}")
    if amount.minor < 0:
        raise InvalidAmount(f"{amount} can't be charged", remedy="Name zero or more.")


def _corrected(invoice: Invoice, number: int, line: InvoiceLine, amount: Money) -> InvoiceLine:
    said = {
        "invoice": invoice.id,
        "number": invoice.number,
        "line": str(number),
        "from_minor": str(line.amount.minor),
        "amount_minor": str(amount.minor),
    }
    return replace(line, amount=amount, derivation={**line.derivation, "corrected": said})
