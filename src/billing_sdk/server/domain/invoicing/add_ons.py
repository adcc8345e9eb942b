"""What an add-on costs that comes, goes or changes its number in the middle of a period."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from billing_sdk.server.domain.agreements import AgreedAddOn
from billing_sdk.server.domain.catalog import LicenceFee
from billing_sdk.server.domain.invoicing.ending import lines_at_end
from billing_sdk.server.domain.invoicing.in_force import BoughtAddOn, InForce, Lines, Used
from billing_sdk.server.domain.invoicing.invoice import InvoiceLine
from billing_sdk.server.domain.invoicing.priced import fee_line
from billing_sdk.server.domain.invoicing.seats import percents_off, with_percents_off
from billing_sdk.server.domain.periods import Period, Schedule


def lines_for_add_on(before: InForce, add_on: BoughtAddOn, *, becomes: int, at: datetime) -> Lines:
    """Return the difference that another number of an add-on makes from an instant on; below zero for fewer.

    As with licences, only service intervals that were paid for in advance have a difference: those that are billed
    later are billed with the number of that time.

    Args:
        before: what is in force until then.
        add_on: the add-on, and how many of it there are until then; none for one that is new.
        becomes: how many there are from then on.
        at: the instant.
    """
    with_it = replace(before, add_ons=(*before.add_ons, add_on))
    return with_percents_off(_differences(before, add_on, becomes, at), with_it)


def lines_for_removal(
    before: InForce, add_on: BoughtAddOn, used: Used, *, at: datetime, is_usage_charged: bool
) -> Lines:
    """Return what is still to be charged for an add-on that goes: what has completed, and usage if it is to be.

    Args:
        before: what is in force until then.
        add_on: the add-on.
        used: how much of a feature was used in a period.
        at: when it goes.
        is_usage_charged: whether the usage of service intervals that are not complete is charged, too.
    """
    agreement = replace(before.agreement, discounts=percents_off(before.agreement))
    nothing_else = replace(before.version, components=(), opening_phases=())
    alone = replace(before, agreement=agreement, version=nothing_else, add_ons=(add_on,))
    return lines_at_end(alone, used, at=at, is_usage_charged=is_usage_charged)


def with_add_on(add_ons: tuple[AgreedAddOn, ...], one: AgreedAddOn) -> tuple[AgreedAddOn, ...]:
    """Return add-ons with another number of one of them, at its place; at the end where it is new, out for none."""
    others = tuple(other for other in add_ons if other.plan_key != one.plan_key)
    if not one.quantity:
        return others
    if len(others) == len(add_ons):
        return (*add_ons, one)
    return tuple(one if other.plan_key == one.plan_key else other for other in add_ons)


def _differences(before: InForce, add_on: BoughtAddOn, becomes: int, at: datetime) -> Iterator[InvoiceLine]:
    agreement = before.agreement
    for fee in add_on.version.of_kind(LicenceFee):
        interval = Schedule(agreement.anchor, fee.service or agreement.cadence, agreement.zone).period_at(at)
        if add_on.quantity == becomes or interval.start > agreement.billed_period.start:
            continue
        was, now = (_line(before, add_on, fee, quantity, at, interval) for quantity in (add_on.quantity, becomes))
        derivation = {**now.derivation, "instead_of": {"quantity": str(add_on.quantity), "times": str(becomes)}}
        amount = now.amount - was.amount
        if amount:
            description = f"{now.description}, {becomes} instead of {add_on.quantity}"
            yield replace(now, amount=amount, description=description, derivation=derivation)


def _line(
    before: InForce, add_on: BoughtAddOn, fee: LicenceFee, quantity: int, at: datetime, interval: Period
) -> InvoiceLine:
    return fee_line(
        fee,
        plan_version_id=add_on.version.id,
        licences=quantity if fee.is_licensed else 1,
        times=1 if fee.is_licensed else quantity,
        part=Period(at, interval.end),
        interval=interval,
        zone=before.agreement.zone,
        policies=before.policies,
    )
