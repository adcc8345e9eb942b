"""What comes last on every invoice: what pays for it without a card, taxes, and the customer's own balance.

Whoever puts an invoice together - a renewal, a change, an alteration, an end, a preview of any of them - has its
charges, what is given back, and its discounts; all of them hand those to `complete`. So a preview and its invoice
can't differ in what comes after.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from billing_sdk.money import Money
from billing_sdk.server.domain.credits import CreditGrant
from billing_sdk.server.domain.invoicing.credit import BALANCE
from billing_sdk.server.domain.invoicing.credited import with_credit_grants
from billing_sdk.server.domain.invoicing.deductions import with_balance, with_surplus_kept
from billing_sdk.server.domain.invoicing.gateway_taxing import GatewayTaxation, with_gateway_taxes
from billing_sdk.server.domain.invoicing.in_force import Lines
from billing_sdk.server.domain.invoicing.invoice import InvoiceLine
from billing_sdk.server.domain.invoicing.taxing import Taxation, with_taxes
from billing_sdk.server.domain.invoicing.unit_lines import with_overage
from billing_sdk.server.domain.periods import Period


@dataclass(frozen=True, slots=True)
class Completion:
    """What the last lines of an invoice depend on, besides its other lines.

    Attributes:
        currency: of the invoice.
        plan_version_id: of the agreement that it is about; None for several of them, or none.
        period: which period is billed.
        at: the instant that it is for, on the customer's time line.
        balance: what the customer has to its credit.
        grants: the customer's credit for usage, with what is left of each.
        taxation: how the customer is taxed, or what the processor has answered; None where there is no tax.
    """

    currency: str
    plan_version_id: str | None
    period: Period
    at: datetime
    balance: Money
    grants: tuple[CreditGrant, ...] = ()
    taxation: Taxation | GatewayTaxation | None = None


# What is worked out anew for every invoice, when its other lines are known.
COMPLETED = frozenset({"credit_grant", "overage", "tax", "credit_balance"})

Step = Callable[[Completion, Lines], Lines]


def credit_grants(completion: Completion, lines: Lines) -> Lines:
    """Pay for usage with the credit that was granted for it."""
    return with_credit_grants(lines, completion.grants)


def overage(completion: Completion, lines: Lines) -> Lines:  # noqa: ARG001 - as every step
    """Charge for custom units that no credit has paid for: from here on there is money alone."""
    return with_overage(lines)


def taxes(completion: Completion, lines: Lines) -> Lines:
    """Tax what is charged and given back: each rate once for the whole invoice."""
    if completion.taxation is None:
        return lines
    if isinstance(completion.taxation, GatewayTaxation):
        return with_gateway_taxes(
            lines, completion.taxation, plan_version_id=completion.plan_version_id, period=completion.period
        )
    return with_taxes(
        lines,
        completion.taxation,
        currency=completion.currency,
        plan_version_id=completion.plan_version_id,
        period=completion.period,
    )


def surplus_kept(completion: Completion, lines: Lines) -> Lines:
    """Put what the lines give back beyond what they charge on the customer's balance: no invoice is below zero."""
    return with_surplus_kept(
        lines, completion.currency, plan_version_id=completion.plan_version_id, period=completion.period
    )


def customer_balance(completion: Completion, lines: Lines) -> Lines:
    """Pay with what the customer has to its credit."""
    return with_balance(lines, completion.balance, plan_version_id=completion.plan_version_id, period=completion.period)


# Tax is due on what is left to pay, and given back with what is given back, so both can be kept. The balance is the
# customer's own money: it pays last, for what nothing else has paid.
COMPLETION: tuple[Step, ...] = (
    credit_grants,
    overage,
    taxes,
    surplus_kept,
    customer_balance,
)


def is_completing(line: InvoiceLine) -> bool:
    """Tell whether a line comes last: it pays for others, or is the tax on them."""
    return line.kind in COMPLETED or line.component_id == BALANCE


def uncompleted(lines: Lines) -> Lines:
    """Return what is charged, taken off and given back, as an invoice keeps it that is completed later."""
    return tuple(line for line in lines if not is_completing(line))


def lines_to_tax(completion: Completion, lines: Lines) -> Lines:
    """Return the lines as they are when their taxes are worked out: what is paid after that is paid with tax."""
    return overage(completion, credit_grants(completion, lines))


def complete(completion: Completion, lines: Lines) -> Lines:
    """Return all lines of an invoice.

    Args:
        completion: what the last ones depend on.
        lines: what is charged and given back, discounts taken off.

    Raises:
        CurrencyMismatch: a line is in another currency than the invoice.
    """
    if not lines:
        return lines
    for step in COMPLETION:
        lines = step(completion, lines)
    return lines
