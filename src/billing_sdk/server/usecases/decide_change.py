"""Decide what a change of plan means for one customer: what is agreed to, and what is to be paid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from billing_sdk.errors import Conflict, PlanMismatch, SamePlan
from billing_sdk.money import Money, total
from billing_sdk.server.domain.agreements import Agreement, period_at
from billing_sdk.server.domain.catalog import Plan
from billing_sdk.server.domain.customers import Customer, CustomerKind, PaymentMethod
from billing_sdk.server.domain.invoicing import (
    InvoiceLine,
    credit_for_unused,
    lines_in_advance,
    lines_in_arrears,
    with_credit,
)
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class Change:
    """A change of plan that has been decided and not yet been made.

    Attributes:
        before: the live agreement that it replaces.
        agreement: what takes its place.
        lines: what is charged for it at once.
        method: how the customer pays, if that is known.
    """

    customer: Customer
    plan: Plan
    before: Agreement | None
    agreement: Agreement
    lines: tuple[InvoiceLine, ...]
    method: PaymentMethod | None

    @property
    def amount(self) -> Money:
        """What is charged at once."""
        return total([line.amount for line in self.lines], self.plan.version.currency)

    @property
    def needs_card(self) -> bool:
        """Whether the plan costs something, now or later."""
        return bool(self.amount) or not self.plan.version.is_free


def decide_change(
    tx: UnitOfWork,
    *,
    customer_id: str,
    plan_key: str,
    at: datetime,
    is_prorate: bool = False,
    is_invoice_now: bool = False,
) -> Change:
    """Decide, with the customer locked until the transaction ends.

    Raises:
        NotFound: there is no such customer.
        UnknownPlan: no published plan has this key.
        PlanMismatch: the plan is for customers of the other kind.
        SamePlan: the customer is on the plan already.
        Conflict: the outcome of an earlier change is not known yet.
    """
    customer = tx.customers.lock(customer_id)
    plan = tx.catalog.get_plan(plan_key)
    check_kind(plan, customer.kind)
    before = tx.agreements.find_live(customer.id, plan.group.id)
    if before is not None and before.plan_key == plan.key:
        raise SamePlan(f"the customer is on {plan.key!r} already", plan=plan.key)
    if tx.charges.find(customer.id, plan.group.id):
        raise Conflict("another change of this customer's plan is under way")
    agreement = Agreement(
        id=new_id("agreement"),
        customer_id=customer.id,
        group_id=plan.group.id,
        plan_key=plan.key,
        plan_version_id=plan.version.id,
        status="active",
        interval=plan.interval,
        started_at=at,
    )
    lines = lines_in_advance(plan.version, agreement.period_at(at))
    if before is not None:
        lines = _with_what_is_left(tx, before, lines, at, is_prorate=is_prorate, is_invoice_now=is_invoice_now)
    return Change(customer, plan, before, agreement, lines, tx.customers.find_payment_method(customer.id))


def check_kind(plan: Plan, kind: CustomerKind) -> None:
    """Let a plan pass that is for customers of a kind.

    Raises:
        PlanMismatch: it is for the other kind.
    """
    if plan.group.scope != kind:
        raise PlanMismatch(
            f"the plan {plan.key!r} is for {plan.group.scope} customers, not for a {kind}", plan=plan.key
        )


def _with_what_is_left(
    tx: UnitOfWork,
    before: Agreement,
    lines: tuple[InvoiceLine, ...],
    at: datetime,
    *,
    is_prorate: bool,
    is_invoice_now: bool,
) -> tuple[InvoiceLine, ...]:
    """Add what the agreement that ends still owes, and take off what it is owed, as far as that was asked for."""
    version = tx.catalog.get_version(before.plan_version_id)
    period = period_at(before.started_at, before.interval, at)
    if is_invoice_now:
        lines += lines_in_arrears(version, period, tx.usage.totals(before.id, period))
    if is_prorate:
        paid = tx.invoices.paid_for(before.id, period, version.currency)
        unused = InvoiceLine(
            description=f"Unused time on {before.plan_key}",
            amount=paid,
            period=period,
            plan_version_id=version.id,
            component_id="credit",
        )
        lines = with_credit(lines, credit_for_unused(paid, period, at), of=unused)
    return lines
