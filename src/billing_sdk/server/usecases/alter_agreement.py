"""Alter an agreement: other numbers of licences and add-ons, while the agreement itself goes on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from billing_sdk.errors import AddOnMissing, AgreementPaused
from billing_sdk.server.domain.agreements import AgreedAddOn, Agreement, PendingChange
from billing_sdk.server.domain.catalog import Plan
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.invoicing import (
    Alteration,
    BoughtAddOn,
    InForce,
    Lines,
    RatedInterval,
    check_quantities,
    lines_at_end,
    lines_for_alteration,
    removed,
    usage_at_end,
    with_add_on,
)
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.add_on_terms import check_add_on_terms
from billing_sdk.server.usecases.complete_lines import complete_lines
from billing_sdk.server.usecases.decide_change import Change
from billing_sdk.server.usecases.load_in_force import is_on_credit, load_in_force, used_under
from billing_sdk.server.usecases.offer_plan import check_number_of_add_ons, offer_add_on
from billing_sdk.server.usecases.paid_under import billed_under, paid_under
from billing_sdk.server.usecases.payer_method import payer_method
from billing_sdk.server.usecases.rate_intervals import known_intervals

Numbers = Mapping[str, int]
NONE: Numbers = {}


def decide_alteration(
    tx: UnitOfWork,
    customer: Customer,
    before: Agreement,
    *,
    quantities: Numbers = NONE,
    add_ons: Numbers = NONE,
    at: datetime,
    is_prorate: bool | None = None,
    counts_owed: bool = False,
) -> Change:
    """Decide what other numbers mean, for a customer that the caller has locked.

    More is charged at once for the rest of the period; for less, what was paid is given back where it is to be. While
    the period has not been invoiced, because the plan was given on credit, that waits for its invoice.

    Args:
        tx: the transaction.
        customer: whose agreement it is.
        before: the agreement.
        quantities: how many licences from then on, by the key of the fee.
        add_ons: how many of each add-on from then on, by its key; none to remove it.
        at: the instant.
        is_prorate: give back what was paid for what is given up; None leaves it to the policy.
        counts_owed: what was invoiced and not paid yet is given back like what was paid.

    Raises:
        AgreementPaused: the agreement is paused.
        InvalidQuantity: one of the numbers can't be agreed to.
        UnknownPlan, NotAnAddOn, AddOnMismatch: an add-on can't be had with the plan.
        AddOnMissing: an add-on is to be removed, and is not there.
    """
    if before.status == "paused":
        raise AgreementPaused("nothing about the agreement can change while it is paused")
    in_force = load_in_force(tx, before)
    check_quantities(in_force.version, quantities)
    (plan,) = tx.catalog.list_plans([before.plan_key])
    plan = replace(plan, version=in_force.version)
    agreed = [_agreed(tx, plan, before, plan_key, quantity, at) for plan_key, quantity in add_ons.items()]
    after = replace(before, quantities={**before.quantities, **quantities})
    for one in agreed:
        after = replace(after, add_ons=with_add_on(after.add_ons, one))
    alteration = Alteration(
        before=in_force,
        after=replace(in_force, agreement=after, add_ons=_bought(tx, in_force, agreed), gone=()),
        at=at,
        paid=(billed_under if counts_owed else paid_under)(tx, before, after=at),
        owed=() if counts_owed else tx.invoices.owed_lines(before.id),
        gives_back=in_force.policies.unused_days == "refund" if is_prorate is None else is_prorate,
        is_on_credit=is_on_credit(tx, before),
    )
    after = alteration.agreement
    owed, rated = _removals(tx, alteration)
    lines = lines_for_alteration(alteration) + owed
    lines = complete_lines(
        tx, customer, lines, currency=before.currency, agreement=before, period=before.period_at(at), at=at
    )
    return Change(
        customer=customer,
        plan=plan,
        before=before,
        agreement=after,
        lines=lines,
        method=payer_method(tx, customer.id, before.billing_cadence_id),
        rated=rated,
        is_sent=tx.billing_profiles.of(customer, before.billing_cadence_id).sends_invoices,
    )


def planned_alteration(
    before: Agreement,
    *,
    quantities: Numbers = NONE,
    add_ons: Numbers = NONE,
    at: datetime,
    is_prorate: bool | None,
    source: EventSource,
    actor: str,
) -> PendingChange:
    """Return what is planned for an agreement, together with what was planned for the same instant before."""
    standing = before.pending_change
    kept = standing if standing is not None and standing.is_alteration and standing.at == at else None
    return PendingChange(
        plan_key=before.plan_key,
        plan_version_id=before.plan_version_id,
        at=at,
        quantities={**(kept.quantities if kept else NONE), **quantities},
        add_ons={**(kept.add_ons if kept else NONE), **add_ons},
        is_prorate=is_prorate,
        is_alteration=True,
        source=source,
        actor=actor,
    )


def find_add_on(agreement: Agreement, plan_key: str) -> AgreedAddOn | None:
    """Return an add-on of an agreement, if it has it."""
    return next((add_on for add_on in agreement.add_ons if add_on.plan_key == plan_key), None)


def require_add_on(agreement: Agreement, plan_key: str) -> AgreedAddOn:
    """Return an add-on of an agreement.

    Raises:
        AddOnMissing: it has no such add-on.
    """
    found = find_add_on(agreement, plan_key)
    if found is None:
        raise AddOnMissing(f"the agreement has no add-on {plan_key[:64]!r}", plan=plan_key[:64])
    return found


def _agreed(tx: UnitOfWork, plan: Plan, before: Agreement, plan_key: str, quantity: int, at: datetime) -> AgreedAddOn:
    """Return an add-on as it is agreed then: with the version that it was taken in, or the live one for a new one."""
    if quantity == 0:
        return replace(require_add_on(before, plan_key), quantity=0)
    standing = find_add_on(before, plan_key)
    if standing is None:
        return replace(offer_add_on(tx, plan, plan_key, quantity), added_at=at)
    check_number_of_add_ons(plan_key, quantity)
    check_add_on_terms(tx, before.plan_version_id, standing.plan_version_id, plan_key, quantity)
    return replace(standing, quantity=quantity)


def _removals(tx: UnitOfWork, alteration: Alteration) -> tuple[Lines, tuple[RatedInterval, ...]]:
    """Return what is still to be charged for the add-ons that go; usage of the present interval as the policy says."""
    before = alteration.before.agreement
    lines: Lines = ()
    rated: tuple[RatedInterval, ...] = ()
    if before.status != "active" or alteration.is_on_credit:
        return lines, rated
    after, at = replace(alteration.after, agreement=alteration.agreement), alteration.at
    charges_usage = after.policies.unpaid_usage == "charge"
    used = used_under(tx, before, foreseen=(alteration.agreement,))
    for one in after.add_ons:
        if not one.quantity:
            alone = removed(after, one)
            known = known_intervals(tx, alone)
            usage = usage_at_end(alone, used, at=at, is_usage_charged=charges_usage, billed=known.billed)
            lines += lines_at_end(alone, usage, at=at)
            rated += known.keep(usage, alone)
    return lines, rated


def _bought(tx: UnitOfWork, in_force: InForce, agreed: list[AgreedAddOn]) -> tuple[BoughtAddOn, ...]:
    """Return all add-ons with their prices and the numbers from then on, none of those that go."""
    standing = {one.version.id: one for one in in_force.add_ons}
    for one in agreed:
        version = tx.catalog.get_version(one.plan_version_id).in_currency(in_force.agreement.currency)
        standing[version.id] = BoughtAddOn(version, one.quantity, one.added_at)
    return tuple(standing.values())
