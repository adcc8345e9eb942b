"""What the lines of an invoice come to, part by part, as a billing intent tells it."""

from __future__ import annotations

from billing_sdk.money import Money, total
from billing_sdk.server.domain.agreements import IntentAmounts
from billing_sdk.server.domain.invoicing.credit import BALANCE
from billing_sdk.server.domain.invoicing.in_force import Lines

TAKES_OFF = frozenset({"discount", "credit_grant"})
TAX = "tax"


def amounts_of(lines: Lines, currency: str) -> IntentAmounts:
    """Return what complete lines come to.

    Args:
        lines: those of an invoice, with what comes last.
        currency: of the invoice.
    """

    def sum_of(name: str) -> Money:
        return total([line.amount for line in lines if _part(line.component_id, line.kind) == name], currency)

    subtotal, discount, tax, balance = (sum_of(name) for name in ("charged", "taken_off", "tax", "balance"))
    return IntentAmounts(
        subtotal=subtotal,
        discount=-discount,
        tax=tax,
        total=subtotal + discount + tax,
        balance_applied=-balance,
        due=subtotal + discount + tax + balance,
    )


def _part(component_id: str | None, kind: str | None) -> str:
    if component_id == BALANCE:
        return "balance"
    if kind == TAX:
        return "tax"
    return "taken_off" if kind in TAKES_OFF else "charged"
