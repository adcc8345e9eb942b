"""What an agreement is billed next: worked out when it is due, and beforehand for whoever wants to know."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from billing_sdk.money import Money
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.catalog import PlanVersion
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.invoicing import (
    InForce,
    Lines,
    RatedInterval,
    Used,
    lines_at_boundary,
    renewed,
    trial_ended,
    usage_at_boundary,
    with_period_discounted,
)
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.alter_agreement import decide_alteration
from billing_sdk.server.usecases.load_in_force import is_on_credit, load_in_force, used_under
from billing_sdk.server.usecases.offer_plan import add_ons_fit
from billing_sdk.server.usecases.put_together import Bill, put_together
from billing_sdk.server.usecases.rate_intervals import known_intervals


@dataclass(frozen=True, slots=True)
class NextCharges:
    """What an agreement is charged at its next billing date.

    Attributes:
        at: the billing date.
        after: the agreement once it is billed.
        version: what it is billed by from then on, in the agreement's currency.
        lines: what is charged, discounts taken off; before its date with what was used so far.
        rated: what is kept of the service intervals whose usage it charges.
    """

    at: datetime
    after: Agreement
    version: PlanVersion
    lines: Lines
    rated: tuple[RatedInterval, ...] = ()


@dataclass(frozen=True, slots=True)
class NextInvoice:
    """What is billed at the next billing date; see `NextCharges` and `Bill`."""

    charges: NextCharges
    bill: Bill

    @property
    def at(self) -> datetime:
        """The billing date."""
        return self.charges.at

    @property
    def after(self) -> Agreement:
        """The agreement once it is billed."""
        return self.charges.after

    @property
    def version(self) -> PlanVersion:
        """What it is billed by from then on."""
        return self.charges.version

    @property
    def lines(self) -> Lines:
        """What the invoice says; before its date with what was used so far."""
        return self.bill.lines

    @property
    def rated(self) -> tuple[RatedInterval, ...]:
        """What is kept of the service intervals whose usage it charges."""
        return self.charges.rated

    @property
    def amount(self) -> Money:
        """What is to be paid."""
        return self.bill.amount


def next_invoice(
    tx: UnitOfWork, customer: Customer, agreement: Agreement, *, balance: Money | None = None
) -> NextInvoice:
    """Work out what a live agreement is billed at the end of the period that was billed last, or of its trial.

    Where another version of the plan is to take over (`next_version_id`), it does so then, unless there is an add-on
    that can't go on beside it: then the agreement stays on its version.

    Args:
        tx: the transaction.
        customer: whose agreement it is.
        agreement: as it will be then; nothing else that is planned for it is looked at.
        balance: what the customer has to its credit then; what it has now if it is not given.

    Raises:
        CurrencyMismatch: that version is not sold in the currency of the agreement.
        InvalidAmount: something comes to more than can be real.
    """
    charges = billed_next(tx, agreement)
    started = charges.at if agreement.status == "trialing" else agreement.billed_period.start
    bill = put_together(
        tx,
        customer,
        charges.lines,
        agreement=charges.after,
        period=Period(started, charges.at),
        at=charges.at,
        balance=balance,
    )
    return NextInvoice(charges, bill)


def billed_next(tx: UnitOfWork, agreement: Agreement, used: Used | None = None) -> NextCharges:
    """Return what an agreement is charged next; `next_invoice` makes an invoice of it.

    Args:
        tx: the transaction.
        agreement: as it will be then.
        used: how much is to be taken to be used; what was recorded if it is not given.
    """
    before = load_in_force(tx, agreement)
    version = before.version
    if agreement.next_version_id is not None:
        following = tx.catalog.get_version(agreement.next_version_id).in_currency(agreement.currency)
        # An add-on that has come since then may be billed at another pace than that version.
        version = following if add_ons_fit(tx, agreement, following) else version
    if agreement.status != "trialing":
        return _renewal(tx, before, version, used or used_under(tx, agreement))
    begun = trial_ended(agreement, version)
    in_force = replace(before, agreement=begun, version=version)
    charges = lines_at_boundary(in_force, after=None, at=begun.charged_from)
    return NextCharges(begun.charged_from, with_period_discounted(begun), version, charges)


def ends_before_billing(agreement: Agreement) -> bool:
    """Tell whether an agreement is to end, or to give way to another plan, no later than it is billed next."""
    pending = agreement.pending_change
    ends = [agreement.cancel_at, pending.at if pending is not None and not pending.is_alteration else None]
    return any(end is not None and end <= agreement.billed_until for end in ends)


def as_planned(tx: UnitOfWork, agreement: Agreement) -> Agreement:
    """Return an agreement as it will be billed next, with the seats and add-ons that are planned until then.

    Raises:
        BillingError: what is planned can't be done as things are.
    """
    pending = agreement.pending_change
    if pending is None or not pending.is_alteration or pending.at > agreement.billed_until:
        return agreement
    change = decide_alteration(
        tx,
        tx.customers.get(agreement.customer_id),
        replace(agreement, pending_change=None),
        quantities=pending.quantities,
        add_ons=pending.add_ons,
        at=pending.at,
        is_prorate=pending.is_prorate,
    )
    return change.agreement


def _renewal(tx: UnitOfWork, before: InForce, version: PlanVersion, used: Used) -> NextCharges:
    agreement = before.agreement
    started, at = agreement.billed_period.start, agreement.billed_until
    first: Lines = ()
    if is_on_credit(tx, agreement):
        # Its first period has not been billed to anybody yet.
        first = lines_at_boundary(before, after=None, at=started)
        agreement = with_period_discounted(agreement)
        before = replace(before, agreement=agreement)
    after = renewed(agreement, version)
    following = replace(before, agreement=after, version=version)
    known = known_intervals(tx, before)
    usage = usage_at_boundary(before, used, after=started, at=at, following=following, billed=known.billed)
    lines = lines_at_boundary(before, usage, after=started, at=at, following=following)
    return NextCharges(at, after, version, first + lines, known.keep(usage, before))
