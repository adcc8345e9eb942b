"""Decide what a change of plan means for one customer: what is agreed to, and what is to be paid."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from billing_sdk.errors import CurrencyMismatch, NotFound
from billing_sdk.money import Money, total
from billing_sdk.server.domain.agreements import AgreedDiscount, Agreement
from billing_sdk.server.domain.catalog import BillingSettings, Plan
from billing_sdk.server.domain.customers import Customer, PaymentMethod
from billing_sdk.server.domain.invoicing import (
    Lines,
    RatedInterval,
    Used,
    lines_at_boundary,
    lines_at_end,
    unused_time,
    usage_at_end,
    with_period_discounted,
)
from billing_sdk.server.domain.workspace import BY_KEY as WORKSPACE_PLANS
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.change_options import AS_DECIDED, ChangeOptions
from billing_sdk.server.usecases.complete_lines import complete_lines
from billing_sdk.server.usecases.load_in_force import load_in_force, used_under
from billing_sdk.server.usecases.offer_plan import offer_plan, wanted_plan
from billing_sdk.server.usecases.paid_under import billed_under, paid_under
from billing_sdk.server.usecases.payer_method import payer_method
from billing_sdk.server.usecases.rate_intervals import known_intervals
from billing_sdk.server.usecases.redeem_coupon import redeem_coupon, release_planned
from billing_sdk.server.usecases.tax_customer import total_with_tax
from billing_sdk.server.usecases.under_way import under_way

Outcome = Literal["free", "credit", "charge"]


@dataclass(frozen=True, slots=True)
class Change:
    """A change of what a customer has agreed to, decided and not yet made.

    Attributes:
        plan: with the version that is agreed to, in the currency that is paid.
        before: the live agreement that it replaces or alters.
        agreement: what takes its place.
        lines: what is charged for it at once, and what is given back.
        method: how the customer pays, if that is known.
        credit: those of the lines that give back what was paid and not used.
        price: what the terms name, where that isn't the whole amount: what is given back for unused time, or used by
            then, differs from one second to the next, and the price of the plan does not.
        owes_usage: the lines include what was used under the agreement that ends.
        discounts: the agreement's before its first period counted, where that has been counted already.
        invoice_ids: the issued invoices that the lines are of, where they are owed already.
        rated: what is kept of the service intervals whose usage the lines charge.
        is_sent: the customer pays invoices by other means, so no card is needed, and none is charged.
    """

    customer: Customer
    plan: Plan
    before: Agreement | None
    agreement: Agreement
    lines: Lines
    method: PaymentMethod | None
    credit: Lines = ()
    price: Money | None = None
    owes_usage: bool = False
    discounts: tuple[AgreedDiscount, ...] | None = None
    invoice_ids: tuple[str, ...] = ()
    rated: tuple[RatedInterval, ...] = ()
    is_sent: bool = False

    @property
    def amount(self) -> Money:
        """What is charged at once."""
        return total([line.amount for line in self.lines], self.plan.version.currency)

    @property
    def needs_method(self) -> bool:
        """Whether somebody who gets this has to have a card, for now or for later."""
        if self.is_sent:
            return False
        if self.agreement.status == "trialing":
            trial = self.plan.version.trial
            return bool(self.amount) or (trial is not None and trial.requires_payment_method)
        return bool(self.amount) or not self.plan.version.is_free

    @property
    def can_be_owed(self) -> bool:
        """Whether it can be had on credit at all; a trial that requires a card, and what was used before, can't."""
        trial = self.plan.version.trial
        requires_card = trial is not None and trial.requires_payment_method
        return not self.owes_usage and not (self.agreement.status == "trialing" and requires_card)

    @property
    def outcome(self) -> Outcome:
        """What becomes of the money: there is none to take now, it is owed for want of a card, or it is charged."""
        if self.method is None and self.needs_method:
            return "credit"
        return "charge" if self.amount and not self.is_sent else "free"

    @property
    def terms(self) -> str:
        """What the customer agrees to; see `terms_of`."""
        return terms_of(self.plan, self.amount if self.price is None else self.price)


def decide_change(
    tx: UnitOfWork,
    *,
    customer: Customer,
    plan_key: str,
    at: datetime,
    options: ChangeOptions = AS_DECIDED,
    agreed_version_id: str | None = None,
) -> Change:
    """Decide, for a customer that the caller has locked; `at` is the customer's present.

    Args:
        tx: the transaction.
        customer: whose plan it is.
        plan_key: the plan that is asked for.
        at: when the change happens, on the customer's time line.
        options: what is asked for with it; its timing is the caller's business.
        agreed_version_id: the version that was agreed to earlier, whether or not it is still for sale.

    Raises:
        NotFound: the customer's owner has been deleted.
        UnknownPlan: no published plan has this key.
        VersionNotFound: the plan has no such version.
        EmptyVersion: that version has no components.
        NotAnAddOn: the plan is an add-on.
        PlanMismatch: the plan is for customers of the other kind.
        SamePlan: the customer has just that already.
        CurrencyMismatch: the plan is not sold in this currency, or what is owed or given back is in another one.
        InvalidQuantity: a quantity can't be agreed to.
        TrialUsed: a trial was asked for that the customer has had before.
        UnknownCoupon, CouponEnded, CouponMismatch: the coupon can't be redeemed.
        AgreementReserved: a billing intent holds it still.
        Conflict: the outcome of an earlier change is not known yet.
    """
    if not has_owner(tx, customer):
        raise NotFound(f"the account of the customer {customer.id!r} has been deleted")
    plan = wanted_plan(tx, customer, plan_key, number=options.version, agreed_version_id=agreed_version_id)
    if agreed_version_id is None:  # what was planned before it was reserved comes before it, too
        tx.billing_intents.check_free(customer.id, plan.group.id)
    change = work_out_change(tx, customer=customer, plan=plan, at=at, options=options)
    charge = tx.charges.find(customer.id, plan.group.id)
    if charge is not None:
        raise under_way(charge)
    if options.coupon_key is not None:
        if change.before is not None:
            release_planned(tx, change.before.id)
        redeem_coupon(
            tx,
            options.coupon_key,
            customer_id=customer.id,
            agreement_id=change.agreement.id,
            plan_keys=(plan.key, *(add_on.plan_key for add_on in change.agreement.add_ons)),
            currency=change.agreement.currency,
            at=at,
        )
    return change


def work_out_change(tx: UnitOfWork, *, customer: Customer, plan: Plan, at: datetime, options: ChangeOptions) -> Change:
    """Work out what a change means at an instant, and write nothing.

    Raises:
        SamePlan, CurrencyMismatch, InvalidQuantity, TrialUsed, UnknownCoupon, CouponEnded, CouponMismatch: as
            `decide_change`.
    """
    settings = tx.billing_settings.find() or BillingSettings()
    before = options.takes_place_of or tx.agreements.find_live(customer.id, plan.group.id)
    plan, agreement = offer_plan(tx, customer, plan, before, settings=settings, at=at, options=options)
    if before is not None:
        agreement = replace(agreement, first_id=before.subscription_id, metadata=before.metadata)
    if options.metadata is not None:
        agreement = replace(agreement, metadata=options.metadata)
    lines: Lines = ()
    discounts = agreement.discounts
    if agreement.status != "trialing":
        in_force = load_in_force(tx, agreement)
        # What goes on within a period that is billed has its prices from the next one on, where nothing is prorated.
        if options.charges_partial or before is None or at >= before.billed_until:
            lines = lines_at_boundary(in_force, after=None, at=at, charges_partial=options.charges_partial)
        agreement = with_period_discounted(agreement)
    price = total_with_tax(tx, customer, lines, agreement=agreement, at=at)
    closing = _closing(tx, before, agreement, at, options) if before is not None else Closing()
    lines = complete_lines(
        tx,
        customer,
        lines + closing.owed + closing.credit,
        currency=agreement.currency,
        agreement=agreement,
        period=agreement.billed_period,
        at=at,
    )
    method = payer_method(tx, customer.id, agreement.billing_cadence_id)
    return Change(
        customer=customer,
        plan=plan,
        before=before,
        agreement=agreement,
        lines=lines,
        method=method,
        credit=closing.credit,
        price=price,
        owes_usage=bool(closing.owed),
        discounts=discounts,
        rated=closing.rated,
        is_sent=tx.billing_profiles.of(customer, agreement.billing_cadence_id).sends_invoices,
    )


@dataclass(frozen=True, slots=True)
class Closing:
    """What is settled of an agreement that ends.

    Attributes:
        owed: what is still to be charged.
        credit: what is given back of what was paid.
        rated: what is kept of the service intervals whose usage is charged.
    """

    owed: Lines = ()
    credit: Lines = ()
    rated: tuple[RatedInterval, ...] = ()


def close_agreement(
    tx: UnitOfWork,
    before: Agreement,
    *,
    at: datetime,
    is_invoice_now: bool | None,
    is_prorate: bool | None,
    counts_owed: bool = False,
    used: Used | None = None,
    following: Agreement | None = None,
) -> Closing:
    """Work out what is owed for an agreement that ends, and what is given back of what was paid for it.

    Args:
        tx: the transaction.
        before: the agreement.
        at: when it ends.
        is_invoice_now: charge usage of intervals that are not complete; None leaves it to the policy.
        is_prorate: give back what was paid for days that are not used; None leaves it to the policy.
        counts_owed: what was invoiced and not paid yet is given back like what was paid.
        used: how much is to be taken to be used; what was recorded if it is not given.
        following: the agreement that takes its place then.
    """
    in_force = load_in_force(tx, before)
    policies = in_force.policies
    charges_usage = policies.unpaid_usage == "charge" if is_invoice_now is None else is_invoice_now
    known = known_intervals(tx, in_force)
    if used is None:
        foreseen = (replace(before, ended_at=at), *(() if following is None else (following,)))
        used = used_under(tx, before, foreseen=foreseen)
    usage = usage_at_end(in_force, used, at=at, is_usage_charged=charges_usage, billed=known.billed)
    owed, rated = lines_at_end(in_force, usage, at=at), known.keep(usage, in_force)
    if not (policies.unused_days == "refund" if is_prorate is None else is_prorate):
        return Closing(owed, (), rated)
    (plan,) = tx.catalog.list_plans([before.plan_key])
    # What has started since the last billing date is owed as a whole, and given back for the time to come as well.
    paid = (*(billed_under if counts_owed else paid_under)(tx, before, after=at), *owed)
    ahead = [line for line in paid if line.period.end > at]
    credit = unused_time(ahead, at=at, zone=before.zone, policies=policies, name=plan.name)
    return Closing(owed, credit, rated)


def has_owner(tx: UnitOfWork, customer: Customer) -> bool:
    """Tell whether the person or organization that the customer is has not been deleted."""
    if customer.user_id is not None:
        return tx.users.find(customer.user_id) is not None
    return tx.organizations.find(customer.org_code or "") is not None


def terms_of(plan: Plan, amount: Money) -> str:
    """Name what somebody agrees to pay, so that a page from before a change can't agree to what came after."""
    return f"{plan.key} {plan.version.id} {amount}"


def _closing(tx: UnitOfWork, before: Agreement, agreement: Agreement, at: datetime, options: ChangeOptions) -> Closing:
    # What the workspace pays for itself is prorated, whatever its seller has decided for its own customers.
    is_prorate = True if options.is_prorate is None and before.plan_key in WORKSPACE_PLANS else options.is_prorate
    closing = close_agreement(
        tx,
        before,
        at=at,
        is_invoice_now=options.is_invoice_now,
        is_prorate=is_prorate,
        counts_owed=options.counts_owed,
        following=agreement,
    )
    if (closing.owed or closing.credit) and before.currency != agreement.currency:
        raise CurrencyMismatch(
            f"what is still to be settled is in {before.currency}",
            remedy="Cancel the agreement first, then subscribe in the other currency.",
        )
    return closing
