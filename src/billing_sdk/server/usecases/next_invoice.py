"""What an agreement is billed next: worked out when it is due, and beforehand for whoever wants to know."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from billing_sdk.money import Money, total
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.catalog import PlanVersion
from billing_sdk.server.domain.invoicing import (
    InForce,
    Lines,
    lines_at_boundary,
    renewed,
    trial_ended,
    with_period_discounted,
)
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.load_in_force import load_in_force, used_under


@dataclass(frozen=True, slots=True)
class NextInvoice:
    """What is billed at the next billing date.

    Attributes:
        at: the billing date.
        after: the agreement once it is billed.
        version: what it is billed by from then on, in the agreement's currency.
        lines: what the invoice says; before its date with what was used so far.
    """

    at: datetime
    after: Agreement
    version: PlanVersion
    lines: Lines

    @property
    def amount(self) -> Money:
        """What is to be paid."""
        return total([line.amount for line in self.lines], self.after.currency)


def next_invoice(tx: UnitOfWork, agreement: Agreement) -> NextInvoice:
    """Work out what a live agreement is billed at the end of the period that was billed last, or of its trial.

    Where another version of the plan is to take over (`next_version_id`), it does so then.

    Raises:
        CurrencyMismatch: that version is not sold in the currency of the agreement.
        InvalidAmount: something comes to more than can be real.
    """
    before = load_in_force(tx, agreement)
    version = before.version
    if agreement.next_version_id is not None:
        version = tx.catalog.get_version(agreement.next_version_id).in_currency(agreement.currency)
    balance = tx.credits.balance(agreement.customer_id, agreement.currency)
    if agreement.status == "trialing":
        begun = trial_ended(agreement, version)
        in_force = replace(before, agreement=begun, version=version)
        lines = lines_at_boundary(in_force, after=None, at=begun.charged_from, balance=balance)
        return NextInvoice(begun.charged_from, with_period_discounted(begun), version, lines)
    return _renewal(tx, before, version, balance)


def _renewal(tx: UnitOfWork, before: InForce, version: PlanVersion, balance: Money) -> NextInvoice:
    agreement = before.agreement
    started, at = agreement.billed_period.start, agreement.billed_until
    first: Lines = ()
    is_first = started == agreement.charged_from
    if is_first and agreement.is_unpaid and not tx.invoices.has_billed(agreement.id, agreement.billed_period):
        # It was given on credit: its first period has not been billed to anybody yet.
        first = lines_at_boundary(before, after=None, at=started)
        agreement = with_period_discounted(agreement)
        before = replace(before, agreement=agreement)
    after = renewed(agreement, version)
    lines = lines_at_boundary(
        before,
        used_under(tx, agreement),
        after=started,
        at=at,
        following=replace(before, agreement=after, version=version),
        balance=balance,
    )
    return NextInvoice(at, after, version, first + lines)
