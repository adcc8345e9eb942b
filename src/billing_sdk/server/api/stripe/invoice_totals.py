"""What an invoice comes to as v1 tells it: charges as lines, and what is taken off, taxed and paid at each of them.

The engine has a line for everything: charges, discounts, credit, taxes, and what the customer's balance pays. Here only
charges are lines. What lowers one is told with it, once, so that all sums are those of the invoice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from billing_sdk.server.domain.invoicing import (
    BALANCE,
    Invoice,
    InvoiceLine,
    LineTax,
    line_tax,
    lowering,
    tax_amounts,
)
from billing_sdk.server.domain.tax import TaxAmount

TAKES_OFF: Final = ("discount", "credit_grant")


@dataclass(frozen=True, slots=True)
class Reduction:
    """What a discount or a grant of credit takes off a line.

    Attributes:
        kind: `discount` or `credit_grant`.
        name: the coupon, or the grant.
        amount_minor: above zero.
        tax: what it takes off the tax of the line, below zero; None where there is none.
    """

    kind: str
    name: str
    amount_minor: int
    tax: LineTax | None = None


@dataclass(frozen=True, slots=True)
class Charged:
    """A charge, or what is given back of one.

    Attributes:
        number: of the line of ours; the first one is 1.
        taxes: what each rate comes to on it, after what lowers it.
    """

    number: int
    line: InvoiceLine
    reductions: tuple[Reduction, ...]
    taxes: tuple[TaxAmount, ...]

    @property
    def discounts(self) -> tuple[Reduction, ...]:
        """What discounts take off."""
        return tuple(one for one in self.reductions if one.kind == "discount")


@dataclass(frozen=True, slots=True)
class Totals:
    """The sums of an invoice, in minor units.

    Attributes:
        subtotal: the charges, with taxes that their prices include.
        discount: what discounts take off.
        credit: what credit pays.
        added_tax: taxes on top of prices.
        included_tax: taxes within prices.
        balance: what the customer's balance pays (below zero), or is given (above).
        balance_before: what was on the balance, as far as the invoice says.
    """

    charges: tuple[Charged, ...]
    taxes: tuple[TaxAmount, ...]
    subtotal: int
    discount: int
    credit: int
    added_tax: int
    included_tax: int
    balance: int
    balance_before: int

    @property
    def total(self) -> int:
        """What is charged in the end, before the balance."""
        return self.subtotal - self.discount - self.credit + self.added_tax

    @property
    def total_excluding_tax(self) -> int:
        """The same without any tax."""
        return self.total - self.added_tax - self.included_tax


def totals_of(invoice: Invoice) -> Totals:
    """Return what an invoice comes to, issued or not."""
    off = _reductions(invoice)
    charges = tuple(
        _charged(number, line, tuple(off.get(number, ())))
        for number, line in enumerate(invoice.lines, 1)
        if _is_charge(line)
    )
    balance = [line for line in invoice.lines if line.component_id == BALANCE]
    included = sum(tax.amount.minor for tax in invoice.taxes if tax.is_inclusive)
    return Totals(
        charges=charges,
        taxes=invoice.taxes,
        subtotal=sum(one.line.amount.minor for one in charges),
        discount=-_sum(invoice.lines, "discount"),
        credit=-_sum(invoice.lines, "credit_grant"),
        added_tax=_sum(invoice.lines, "tax"),
        included_tax=included,
        balance=sum(line.amount.minor for line in balance),
        balance_before=sum(int(line.derivation.get("balance_minor", 0)) for line in balance),
    )


def _charged(number: int, line: InvoiceLine, reductions: tuple[Reduction, ...]) -> Charged:
    taxes = (line_tax(line.derivation, line.amount.currency), *(one.tax for one in reductions))
    return Charged(number, line, reductions, tax_amounts(tax for tax in taxes if tax is not None))


def _is_charge(line: InvoiceLine) -> bool:
    return line.kind not in (*TAKES_OFF, "tax") and line.component_id != BALANCE


def _reductions(invoice: Invoice) -> dict[int, list[Reduction]]:
    """Return what is taken off each line, by its number; whatever could be of two lines alike is of one of them."""
    found: dict[int, list[Reduction]] = {}
    candidates: dict[int, list[int]] = {
        number: [] for number, line in enumerate(invoice.lines, 1) if line.kind in TAKES_OFF
    }
    for number, line in enumerate(invoice.lines, 1):
        if _is_charge(line):
            for place, _ in lowering(invoice, number):
                candidates[place].append(number)
    for place, numbers in candidates.items():
        line = invoice.lines[place - 1]
        name = str(line.derivation.get("coupon") or line.component_id)
        tax = line_tax(line.derivation, invoice.currency)
        reduction = Reduction(line.kind or "", name, -line.amount.minor, tax)
        if numbers:
            number = min(numbers, key=lambda one: sum(other.name == name for other in found.get(one, ())))
            found.setdefault(number, []).append(reduction)
    return found


def _sum(lines: Iterable[InvoiceLine], kind: str) -> int:
    return sum(line.amount.minor for line in lines if line.kind == kind)
