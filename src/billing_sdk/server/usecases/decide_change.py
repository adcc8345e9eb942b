"""Decide what a change of plan means for one customer: what is agreed to, and what is to be paid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from billing_sdk.errors import Conflict, NotFound, PlanMismatch, SamePlan
from billing_sdk.money import Money, total
from billing_sdk.server.domain.agreements import Agreement, Offer, agree
from billing_sdk.server.domain.catalog import Plan, PlanVersion
from billing_sdk.server.domain.customers import Customer, CustomerKind, PaymentMethod
from billing_sdk.server.domain.invoicing import (
    InvoiceLine,
    credit_for_unused,
    lines_in_advance,
    lines_in_arrears,
    with_credit,
)
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork

Outcome = Literal["free", "credit", "charge"]


@dataclass(frozen=True, slots=True)
class Change:
    """A change of plan that has been decided and not yet been made.

    Attributes:
        before: the live agreement that it replaces.
        agreement: what takes its place.
        lines: what is charged for it at once.
        method: how the customer pays, if that is known.
        owes_usage: the lines include what was used under the agreement that ends.
    """

    customer: Customer
    plan: Plan
    before: Agreement | None
    agreement: Agreement
    lines: tuple[InvoiceLine, ...]
    method: PaymentMethod | None
    owes_usage: bool = False

    @property
    def amount(self) -> Money:
        """What is charged at once."""
        return total([line.amount for line in self.lines], self.plan.version.currency)

    @property
    def outcome(self) -> Outcome:
        """What becomes of the money: there is none to take now, it is owed for want of a card, or it is charged."""
        if self.method is None and (self.amount or not self.plan.version.is_free):
            return "credit"
        return "charge" if self.amount else "free"

    @property
    def terms(self) -> str:
        """What the customer agrees to; see `terms_of`."""
        return terms_of(self.plan, self.amount)


def decide_change(
    tx: UnitOfWork,
    *,
    customer: Customer,
    plan_key: str,
    at: datetime,
    is_prorate: bool = False,
    is_invoice_now: bool = False,
) -> Change:
    """Decide, for a customer that the caller has locked; `at` is the customer's present.

    Raises:
        NotFound: the customer's owner has been deleted.
        UnknownPlan: no published plan has this key.
        PlanMismatch: the plan is for customers of the other kind.
        SamePlan: the customer is on the plan already.
        Conflict: the outcome of an earlier change is not known yet.
    """
    if not has_owner(tx, customer):
        raise NotFound(f"the account of the customer {customer.id!r} has been deleted")
    plan = tx.catalog.get_plan(plan_key)
    check_kind(plan, customer.kind)
    before = tx.agreements.find_live(customer.id, plan.group.id)
    if before is not None and before.plan_key == plan.key:
        raise SamePlan(f"the customer is on {plan.key!r} already", plan=plan.key)
    if tx.charges.find(customer.id, plan.group.id):
        raise Conflict("another change of this customer's plan is under way")
    offer = Offer(
        group_id=plan.group.id,
        plan_key=plan.key,
        plan_version_id=plan.version.id,
        currency=plan.version.currency,
        cadence=plan.version.cadence,
    )
    agreement = agree(offer, agreement_id=new_id("agreement"), customer_id=customer.id, at=at)
    used = _usage_of(tx, before, at) if before is not None and is_invoice_now else ()
    lines = lines_in_advance(plan.version, agreement.period_at(at)) + used
    if before is not None and is_prorate:
        lines = _with_unused_credited(tx, before, lines, at)
    method = tx.customers.find_payment_method(customer.id)
    return Change(customer, plan, before, agreement, lines, method, owes_usage=bool(used))


def check_kind(plan: Plan, kind: CustomerKind) -> None:
    """Let a plan pass that is for customers of a kind.

    Raises:
        PlanMismatch: it is for the other kind.
    """
    if plan.group.scope != kind:
        raise PlanMismatch(
            f"the plan {plan.key!r} is for {plan.group.scope} customers, not for a {kind}", plan=plan.key
        )


def has_owner(tx: UnitOfWork, customer: Customer) -> bool:
    """Tell whether the person or organization that the customer is has not been deleted."""
    if customer.user_id is not None:
        return tx.users.find(customer.user_id) is not None
    return tx.organizations.find(customer.org_code or "") is not None


def terms_of(plan: Plan, amount: Money) -> str:
    """Name what somebody agrees to pay, so that a page from before a change can't agree to what came after."""
    return f"{plan.key} {plan.version.id} {amount}"


def _usage_of(tx: UnitOfWork, before: Agreement, at: datetime) -> tuple[InvoiceLine, ...]:
    """Return the lines for what was used in the present period of the agreement that ends."""
    version, period = _present(tx, before, at)
    return lines_in_arrears(version, period, tx.usage.totals(before.id, period))


def _with_unused_credited(
    tx: UnitOfWork, before: Agreement, lines: tuple[InvoiceLine, ...], at: datetime
) -> tuple[InvoiceLine, ...]:
    """Take off what was paid for the rest of the period of the agreement that ends."""
    version, period = _present(tx, before, at)
    paid = tx.invoices.paid_for(before.id, period, version.currency)
    unused = InvoiceLine(
        description=f"Unused time on {before.plan_key}",
        amount=paid,
        period=period,
        plan_version_id=version.id,
        component_id="credit",
    )
    return with_credit(lines, credit_for_unused(paid, period, at), of=unused)


def _present(tx: UnitOfWork, agreement: Agreement, at: datetime) -> tuple[PlanVersion, Period]:
    return tx.catalog.get_version(agreement.plan_version_id), agreement.period_at(at)
