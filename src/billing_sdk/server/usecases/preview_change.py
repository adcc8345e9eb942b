"""Preview a change of plan: what it would come to, by the same code as the change itself, with nothing written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from billing_sdk.errors import InvalidTiming, NotFound
from billing_sdk.money import Money, total
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.catalog import Plan
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.invoicing import Lines, balance_change, given_back
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.change_options import AS_DECIDED, ChangeOptions
from billing_sdk.server.usecases.decide_change import Change, has_owner, work_out_change
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.load_in_force import load_in_force
from billing_sdk.server.usecases.make_way import for_plan, gives_way
from billing_sdk.server.usecases.next_invoice import next_invoice
from billing_sdk.server.usecases.offer_plan import wanted_plan
from billing_sdk.server.usecases.plan_ahead import instant_of
from billing_sdk.server.usecases.tax_customer import is_taxed_later, require_location
from billing_sdk.server.usecases.under_way import under_way


@dataclass(frozen=True, slots=True)
class NextCharge:
    """What is charged next, if nothing is used until then and nothing changes.

    Attributes:
        at: when.
        lines: what the invoice says.
    """

    at: datetime
    lines: Lines
    amount: Money


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change of plan, of numbers or a cancellation would come to.

    Attributes:
        plan: with the version that would be agreed to, in the currency that would be paid.
        agreement: as it would be; its id is made up.
        changes_at: when it would happen.
        lines: what would be charged and given back at once; nothing where it happens later.
        amount: what they come to.
        credit: what is given back of what was paid and not used, with its tax; zero or more.
        balance: the customer's credit balance after it.
        next_charge: None for a plan that never costs anything.
        needs_method: a card is needed, and there is none.
        terms: hand it to a change of plan, so that it is made on these terms only; None for anything else.
        end_terms: hand it to a cancellation, so that it is made on these terms only; None for anything else.
        tax_by_gateway: the payment processor works out the tax, which none of the amounts holds that exclude it.
    """

    plan: Plan
    agreement: Agreement
    changes_at: datetime
    lines: Lines
    amount: Money
    credit: Money
    balance: Money
    next_charge: NextCharge | None
    needs_method: bool
    terms: str | None
    end_terms: str | None = None
    tax_by_gateway: bool = False


def preview_change(engine: Engine, *, customer_id: str, plan_key: str, options: ChangeOptions = AS_DECIDED) -> Preview:
    """Work out what `change_plan` with the same arguments would come to.

    Raises:
        NotFound, UnknownPlan, VersionNotFound, EmptyVersion, NotAnAddOn, PlanMismatch, SamePlan, CurrencyMismatch,
            InvalidQuantity, TrialUsed, UnknownCoupon, CouponEnded, CouponMismatch, AddOnMismatch, InvalidTiming,
            TaxLocationMissing, Conflict: as `change_plan`.
    """
    with engine.read() as tx:
        return preview_in(tx, engine, tx.customers.get(customer_id), plan_key, options)


def preview_in(
    tx: UnitOfWork,
    engine: Engine,
    customer: Customer,
    plan_key: str,
    options: ChangeOptions = AS_DECIDED,
    *,
    as_of: datetime | None = None,
) -> Preview:
    """Do the same within somebody's transaction; `as_of` is another instant to work it out for than the present."""
    if not has_owner(tx, customer):
        raise NotFound(f"the account of the customer {customer.id!r} has been deleted")
    plan = wanted_plan(tx, customer, plan_key, number=options.version)
    charge = tx.charges.find(customer.id, plan.group.id)
    if charge is not None and not gives_way(tx, charge, for_plan(tx, customer.id, plan_key)):
        raise under_way(charge)
    now = as_of or engine.now_for(tx, customer)
    before = tx.agreements.find_live(customer.id, plan.group.id)
    if before is None and options.timing != "now":
        raise InvalidTiming("the customer has no agreement that could go on until then", parameter="timing")
    at = now if before is None else instant_of(options.timing, before, at=now)
    change = work_out_change(tx, customer=customer, plan=plan, at=at, options=options)
    require_location(tx, customer, change.lines, billing_cadence_id=change.agreement.billing_cadence_id)
    currency = change.agreement.currency
    is_later = at > now
    lines = () if is_later else change.lines
    balance = tx.credits.balance(customer.id, currency) + balance_change(lines, currency)
    return Preview(
        plan=change.plan,
        agreement=change.agreement,
        changes_at=at,
        lines=lines,
        amount=total([line.amount for line in lines], currency),
        credit=given_back(change.lines, currency),
        balance=balance,
        next_charge=_later_charge(tx, change, at)
        if is_later
        else next_charge_of(tx, customer, change.agreement, balance),
        needs_method=change.outcome == "credit",
        terms=change.terms,
        tax_by_gateway=is_taxed_later(tx, customer, change.agreement.billing_cadence_id),
    )


def _later_charge(tx: UnitOfWork, change: Change, at: datetime) -> NextCharge | None:
    """Return what is charged next where a change happens later: its own price, or a renewal before it."""
    before = change.before
    if before is None or at <= before.billed_until or before.status != "active":
        return NextCharge(at, change.lines, change.amount)
    return next_charge_of(tx, change.customer, before, tx.credits.balance(before.customer_id, before.currency))


def next_charge_of(tx: UnitOfWork, customer: Customer, agreement: Agreement, balance: Money) -> NextCharge | None:
    """Return what the next billing date of an agreement comes to, if no more is used until then.

    Args:
        tx: reads the prices.
        customer: whose agreement it is.
        agreement: stored, or only decided.
        balance: what the customer will have to its credit.
    """
    in_force = load_in_force(tx, agreement)
    if in_force.version.is_free and not agreement.add_ons:
        return None
    invoice = next_invoice(tx, customer, agreement, balance=balance)
    return NextCharge(invoice.at, invoice.lines, invoice.amount)
