"""Complete the lines of an invoice, or of a preview of one: load what the last lines depend on, and add them."""

from __future__ import annotations

from datetime import datetime

from billing_sdk.money import Money, zero
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.credits import CreditGrant
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.invoicing import (
    Completion,
    GatewayTaxation,
    Invoice,
    Lines,
    complete,
    lines_to_tax,
    payables_of,
)
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.credit_left import credit_left
from billing_sdk.server.usecases.tax_customer import taxation_of


def complete_lines(
    tx: UnitOfWork,
    customer: Customer,
    lines: Lines,
    *,
    currency: str,
    agreement: Agreement | None,
    period: Period,
    at: datetime,
    balance: Money | None = None,
    waiting: Invoice | None = None,
    grants: tuple[CreditGrant, ...] | None = None,
    taxation: GatewayTaxation | None = None,
    billing_cadence_id: str | None = None,
) -> Lines:
    """Return all lines of an invoice.

    Args:
        tx: reads what the customer has to its credit, and how it is taxed.
        customer: whose invoice it is.
        lines: what is charged and given back, discounts taken off; an invoice without any stays without.
        currency: of the invoice.
        agreement: what the invoice is about; None for several agreements, or none.
        period: which period is billed.
        at: when the invoice is issued, on the customer's time line.
        balance: what the customer will have to its credit then; what it has now if it is not given.
        waiting: the invoice that they are for, where it is stored and not issued: what has waited for longer is paid
            with credit first.
        grants: the customer's credit for usage then; what is left of it now if it is not given.
        taxation: what the payment processor has answered, where that works out the tax.
        billing_cadence_id: the cadence that the invoice is of; that of the agreement by default.

    Raises:
        CurrencyMismatch: a line is in another currency than the invoice.
        Conflict: the processor was asked about other lines.
    """
    if not lines:
        return lines
    if agreement is not None:
        billing_cadence_id = billing_cadence_id or agreement.billing_cadence_id
    completion = Completion(
        currency=currency,
        plan_version_id=None if agreement is None else agreement.plan_version_id,
        period=period,
        at=at,
        balance=tx.credits.balance(customer.id, currency) if balance is None else balance,
        # Most invoices charge fees alone, and need not look.
        grants=() if not payables_of(lines) else credit_left(tx, customer, waiting) if grants is None else grants,
        taxation=taxation or taxation_of(tx, customer, at=at, billing_cadence_id=billing_cadence_id),
    )
    return complete(completion, lines)


def lines_to_tax_of(
    tx: UnitOfWork,
    customer: Customer,
    lines: Lines,
    *,
    currency: str,
    agreement: Agreement | None,
    period: Period,
    at: datetime,
    waiting: Invoice,
) -> Lines:
    """Return the lines of an invoice that waits as they are when their taxes are worked out; see `complete_lines`."""
    completion = Completion(
        currency=currency,
        plan_version_id=None if agreement is None else agreement.plan_version_id,
        period=period,
        at=at,
        balance=zero(currency),
        grants=credit_left(tx, customer, waiting) if payables_of(lines) else (),
    )
    return lines_to_tax(completion, lines)
