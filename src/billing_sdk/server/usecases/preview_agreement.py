"""Preview what other numbers of seats and add-ons, or the end of an agreement, would come to, with nothing written."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from billing_sdk.errors import AgreementNotLive
from billing_sdk.money import Money, total
from billing_sdk.server.domain.agreements import Agreement, Timing
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.invoicing import Lines, balance_change, given_back
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.alter_agreement import NONE, Numbers, decide_alteration, planned_alteration
from billing_sdk.server.usecases.decide_change import Change
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.load_in_force import load_in_force
from billing_sdk.server.usecases.next_invoice import ends_before_billing
from billing_sdk.server.usecases.plan_ahead import instant_of
from billing_sdk.server.usecases.preview_change import NextCharge, Preview, next_charge_of
from billing_sdk.server.usecases.tax_customer import is_taxed_later, require_location
from billing_sdk.server.usecases.under_way import under_way
from billing_sdk.server.usecases.work_out_end import terms_of_end, work_out_end


def preview_alteration(
    engine: Engine,
    *,
    agreement_id: str,
    quantities: Numbers = NONE,
    add_ons: Numbers = NONE,
    timing: Timing = "now",
    is_prorate: bool | None = None,
    as_of: datetime | None = None,
) -> Preview:
    """Work out what `set_quantity` and `set_add_on` with the same arguments would come to.

    Args:
        engine: the engine.
        agreement_id: which agreement.
        quantities: how many licences from then on, by the key of the fee.
        add_ons: how many of each add-on from then on, by its key; none to remove it.
        timing: now, at the end of the period that was paid last, or at an instant.
        is_prorate: give back what was paid for what is given up; None leaves it to the policy.
        as_of: another instant to work it out for than the customer's present.

    Raises:
        NotFound, AgreementNotLive, AgreementPaused, InvalidQuantity, InvalidTiming, UnknownPlan, NotAnAddOn,
            AddOnMismatch, AddOnMissing, EndPlanned, Conflict: as `set_quantity` and `set_add_on`.
    """
    with engine.read() as tx:
        customer, before, now = _standing(engine, tx, agreement_id)
        now = as_of or now
        at = instant_of(timing, before, at=now)
        present = before
        if at > now:
            pending = planned_alteration(
                before,
                quantities=quantities,
                add_ons=add_ons,
                at=at,
                is_prorate=is_prorate,
                source="user",
                actor="user",
            )
            before.to_change(pending)
            present, quantities, add_ons = replace(before, pending_change=None), pending.quantities, pending.add_ons
        change = decide_alteration(
            tx,
            customer,
            present,
            quantities=quantities,
            add_ons=add_ons,
            # Nothing is known yet of periods that are still to be billed.
            at=at if at <= before.billed_until else now,
            is_prorate=is_prorate,
        )
        require_location(tx, customer, change.lines, billing_cadence_id=change.agreement.billing_cadence_id)
        lines = change.lines if at <= now else ()
        balance = _balance_after(tx, before, lines)
        return Preview(
            plan=change.plan,
            agreement=change.agreement,
            changes_at=at,
            lines=lines,
            amount=_sum(lines, before),
            credit=given_back(change.lines, before.currency),
            balance=balance,
            next_charge=_charge_after(tx, change, present, at, balance, is_later=at > now),
            needs_method=change.method is None and bool(change.amount) and not change.is_sent,
            terms=None,
            tax_by_gateway=is_taxed_later(tx, customer, before.billing_cadence_id),
        )


def preview_cancellation(
    engine: Engine,
    *,
    agreement_id: str,
    timing: Timing = "now",
    is_invoice_now: bool | None = None,
    is_prorate: bool | None = None,
) -> Preview:
    """Work out what `cancel_agreement` with the same arguments would come to; the seller's own rules are not asked.

    Raises:
        NotFound, AgreementNotLive, InvalidTiming, Conflict: as `cancel_agreement`.
    """
    with engine.read() as tx:
        customer, before, now = _standing(engine, tx, agreement_id)
        at = instant_of(timing, before, at=now)
        ending = work_out_end(tx, customer, before, at=at, is_invoice_now=is_invoice_now, is_prorate=is_prorate)
        lines = ending.lines if at <= now else ()
        balance = _balance_after(tx, before, lines)
        is_billed_before = at > before.billed_until and before.status != "paused"
        next_charge = None
        if is_billed_before:
            next_charge = next_charge_of(tx, customer, before, balance)
        elif at > now and ending.lines:
            next_charge = NextCharge(at, ending.lines, _sum(ending.lines, before))
        (plan,) = tx.catalog.list_plans([before.plan_key])
        return Preview(
            plan=replace(plan, version=load_in_force(tx, before).version),
            agreement=before.ended_by("cancel", at),
            changes_at=at,
            lines=lines,
            amount=_sum(lines, before),
            credit=given_back(ending.lines, before.currency),
            balance=balance,
            next_charge=next_charge,
            needs_method=False,  # what a cancellation leaves open keeps nobody from leaving
            terms=None,
            end_terms=terms_of_end(ending, before, ends_at=at, at=now),
            tax_by_gateway=is_taxed_later(tx, customer, before.billing_cadence_id),
        )


def _standing(engine: Engine, tx: UnitOfWork, agreement_id: str) -> tuple[Customer, Agreement, datetime]:
    """Return a live agreement with its customer, and the customer's present.

    Raises:
        NotFound: there is no such agreement.
        AgreementNotLive: it has ended.
        Conflict: a change of the customer's plan is under way, whose outcome is not known yet.
    """
    agreement = tx.agreements.get(agreement_id)
    customer = tx.customers.get(agreement.customer_id)
    if not agreement.is_live:
        raise AgreementNotLive(f"the agreement is {agreement.status}")
    charge = tx.charges.find(customer.id, agreement.group_id)
    if charge is not None:
        raise under_way(charge)
    return customer, agreement, engine.now_for(tx, customer)


def _charge_after(
    tx: UnitOfWork, change: Change, present: Agreement, at: datetime, balance: Money, *, is_later: bool
) -> NextCharge | None:
    """Return what is charged next: with the change itself, where that is later, or when the agreement is billed."""
    if is_later and at > present.billed_until:
        return next_charge_of(tx, change.customer, present, balance)
    if is_later and change.lines:
        return NextCharge(at, change.lines, change.amount)
    return (
        None
        if ends_before_billing(change.agreement)
        else next_charge_of(tx, change.customer, change.agreement, balance)
    )


def _balance_after(tx: UnitOfWork, agreement: Agreement, lines: Lines) -> Money:
    balance = tx.credits.balance(agreement.customer_id, agreement.currency)
    return balance + balance_change(lines, agreement.currency)


def _sum(lines: Lines, agreement: Agreement) -> Money:
    return total([line.amount for line in lines], agreement.currency)
