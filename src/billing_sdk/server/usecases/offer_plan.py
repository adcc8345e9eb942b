"""Offer a plan to one customer: on which conditions it would be agreed to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import NoReturn

from billing_sdk.errors import (
    AddOnMismatch,
    Conflict,
    CouponMismatch,
    EmptyVersion,
    InvalidQuantity,
    InvalidRequest,
    NotAnAddOn,
    PaymentMethodRequired,
    PlanMismatch,
    SamePlan,
    TrialUsed,
    UnknownPlan,
)
from billing_sdk.server.domain.agreements import (
    AgreedAddOn,
    AgreedDiscount,
    Agreement,
    BillingCadence,
    Offer,
    agree,
)
from billing_sdk.server.domain.catalog import BillingSettings, Plan, PlanVersion, check_service_intervals
from billing_sdk.server.domain.customers import Customer, CustomerKind
from billing_sdk.server.domain.invoicing import check_quantities
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.add_on_terms import check_add_on_terms
from billing_sdk.server.usecases.change_options import ChangeOptions
from billing_sdk.server.usecases.redeem_coupon import available_coupon, discount_of

MOST_OF_AN_ADD_ON = 1_000_000
# Whoever has all of these has the plan, and would pay for all of it once more with another agreement.
WHAT_MAKES_A_PLAN = ("plan_key", "plan_version_id", "currency")


def wanted_plan(
    tx: UnitOfWork,
    customer: Customer,
    plan_key: str,
    *,
    number: int | None = None,
    agreed_version_id: str | None = None,
) -> Plan:
    """Return the plan that a customer asks for, with the version that is meant.

    Raises:
        UnknownPlan: no published plan has this key.
        VersionNotFound: the plan has no such version.
        EmptyVersion: that version has no components.
        NotAnAddOn: the plan is an add-on.
        PlanMismatch: the plan is for customers of the other kind.
    """
    if agreed_version_id is not None:
        plan = tx.catalog.find_plan(plan_key)
        if plan is None:
            raise UnknownPlan(f"there is no plan {plan_key[:64]!r}", plan=plan_key[:64])
        plan = replace(plan, version=tx.catalog.get_version_of(plan_key, version_id=agreed_version_id))
    else:
        plan = tx.catalog.get_plan(plan_key)
        if number is not None:
            plan = replace(plan, version=tx.catalog.get_version_of(plan_key, number=number))
    if not plan.version.components:
        raise EmptyVersion(f"version {plan.version.number} of the plan {plan.key!r} has no components")
    if plan.kind != "plan":
        raise NotAnAddOn(f"{plan.key!r} is an add-on", remedy="Choose a plan, and take the add-on with it.")
    check_kind(plan, customer.kind)
    return plan


def check_kind(plan: Plan, kind: CustomerKind) -> None:
    """Let a plan pass that is for customers of a kind.

    Raises:
        PlanMismatch: it is for the other kind.
    """
    if plan.group.scope != kind:
        raise PlanMismatch(
            f"the plan {plan.key!r} is for {plan.group.scope} customers, not for a {kind}", plan=plan.key
        )


def check_first_plan(tx: UnitOfWork, plan_key: str, kind: CustomerKind) -> None:
    """Let a plan pass that a new customer can begin with, who has no card.

    Raises:
        UnknownPlan: no published plan has this key.
        PlanMismatch: it is for customers of the other kind.
        PaymentMethodRequired: it begins with a trial that requires a card.
    """
    plan = tx.catalog.get_plan(plan_key)
    check_kind(plan, kind)
    if plan.version.trial is not None and plan.version.trial.requires_payment_method:
        raise PaymentMethodRequired(f"the trial of {plan_key!r} requires a card", plan=plan_key)


def offer_plan(
    tx: UnitOfWork,
    customer: Customer,
    plan: Plan,
    before: Agreement | None,
    *,
    settings: BillingSettings,
    at: datetime,
    options: ChangeOptions,
) -> tuple[Plan, Agreement]:
    """Return the plan in the currency that the customer would pay in, and the agreement that would be made.

    What the customer has beside the plan goes on where it fits the new one: numbers of seats, add-ons, discounts.

    Raises:
        Conflict: the customer has an agreement, and this is to be the first.
        SamePlan: the customer has this version of the plan already; its quantities, add-ons and discounts are changed
            where they are.
        CurrencyMismatch: the plan is not sold in this currency.
        InvalidQuantity: a quantity can't be agreed to.
        TrialUsed: a trial was asked for that the customer has had before.
        InvalidRequest: a trial was asked for, and the plan has none.
        UnknownPlan, NotAnAddOn, AddOnMismatch: an add-on can't be had with it.
        UnknownCoupon, CouponEnded, CouponMismatch: the coupon can't be redeemed.
        UnknownCadence, CadenceMismatch, CadenceCanceled: it can't be billed by the cadence that was named.
        InvalidServiceInterval: something is charged less often than the customer is billed.
    """
    if before is not None and not options.replaces:
        raise Conflict(
            f"the customer is on {before.plan_key!r} already", remedy="Change that agreement, or cancel it first."
        )
    currency = options.currency or _currency_for(plan.version, before, settings)
    plan = replace(plan, version=plan.version.in_currency(currency))
    add_ons = _add_ons(tx, plan, before, options)
    billing = _billing_cadence(tx, customer, before, options)
    offer = Offer(
        group_id=plan.group.id,
        plan_key=plan.key,
        plan_version_id=plan.version.id,
        currency=currency,
        cadence=plan.version.cadence if billing is None else billing.cadence,
        zone=settings.zone if billing is None else billing.schedule.zone,
        alignment=plan.version.alignment,
        anchor=options.anchor if billing is None else billing.anchor,
        trial_days=_trial_days(tx, customer, plan.version, before, options),
        quantities=_quantities(plan.version, before, options.quantities),
        add_ons=add_ons,
        discounts=_discounts(tx, plan, add_ons, before, at, options),
        billing_cadence_id=None if billing is None else billing.id,
    )
    if billing is not None or plan.version.is_billed_by_customer:
        check_service_intervals(plan.version, offer.cadence)
    if before is not None and all(getattr(before, name) == getattr(offer, name) for name in WHAT_MAKES_A_PLAN):
        _refuse_same(before, offer, options)
    return plan, agree(offer, agreement_id=options.agreement_id or new_id("agreement"), customer_id=customer.id, at=at)


def _refuse_same(before: Agreement, offer: Offer, options: ChangeOptions) -> NoReturn:
    """Say how somebody gets what is asked for who would pay for the whole plan once more."""
    if offer.quantities != before.quantities or offer.add_ons != before.add_ons:
        raise SamePlan(
            f"the customer is on {offer.plan_key!r} already, with other quantities",
            plan=offer.plan_key,
            remedy="Change the quantities and add-ons of the agreement: set_quantity, add_add_on, remove_add_on.",
        )
    if options.coupon_key is not None:
        raise SamePlan(
            f"the customer is on {offer.plan_key!r} already",
            plan=offer.plan_key,
            remedy="Apply the coupon to the agreement: apply_coupon.",
        )
    raise SamePlan(f"the customer is on {offer.plan_key!r} already", plan=offer.plan_key)


def _billing_cadence(
    tx: UnitOfWork, customer: Customer, before: Agreement | None, options: ChangeOptions
) -> BillingCadence | None:
    cadence_id = options.billing_cadence_id or (None if before is None else before.billing_cadence_id)
    if cadence_id is None:
        return None
    billing = tx.billing_cadences.get(cadence_id)
    billing.check(customer.id)
    return billing


def _currency_for(version: PlanVersion, before: Agreement | None, settings: BillingSettings) -> str:
    wanted = (before.currency if before else None, settings.default_currency)
    return next((currency for currency in wanted if currency in version.currencies), version.currency)


def _trial_days(
    tx: UnitOfWork, customer: Customer, version: PlanVersion, before: Agreement | None, options: ChangeOptions
) -> int:
    if options.wants_trial and version.trial is None:
        raise InvalidRequest(f"the plan {version.plan_key!r} has no trial", parameter="trial")
    if version.trial is None or options.wants_trial is False:
        return 0
    was_used = tx.agreements.has_had_trial(customer.id, version.plan_key)
    if options.wants_trial:
        if was_used:
            raise TrialUsed(f"the customer has had a trial of {version.plan_key!r}", plan=version.plan_key)
        return version.trial.days
    pays = before is not None and not tx.catalog.get_version(before.plan_version_id).is_free
    return 0 if was_used or pays else version.trial.days


def _quantities(version: PlanVersion, before: Agreement | None, wanted: Mapping[str, int]) -> Mapping[str, int]:
    check_quantities(version, wanted)
    kept = {}
    for key, quantity in (before.quantities if before else {}).items():
        try:
            check_quantities(version, {key: quantity})
        except InvalidQuantity:
            continue  # the new plan has no such seats, or other bounds
        kept[key] = quantity
    return {**kept, **wanted}


def offer_add_on(tx: UnitOfWork, plan: Plan, key: str, quantity: int) -> AgreedAddOn:
    """Return what would be agreed beside a plan, which is in the currency that is paid.

    Raises:
        UnknownPlan: no published plan has this key.
        NotAnAddOn: it is a plan of its own.
        InvalidQuantity: it is not a whole number above zero, above a million, or more than its maker allows.
        AddOnMismatch: it is for the other kind of customer, or billed in another currency or at another pace.
    """
    add_on = tx.catalog.get_plan(key)
    if add_on.kind != "add_on":
        raise NotAnAddOn(f"{key!r} is a plan of its own")
    check_number_of_add_ons(key, quantity)
    if not fits_beside(add_on, plan):
        raise AddOnMismatch(f"the add-on {key!r} can't be had with {plan.key!r}", plan=key)
    check_add_on_terms(tx, plan.version.id, add_on.version.id, key, quantity)
    return AgreedAddOn(key, add_on.version.id, quantity)


def fits_beside(add_on: Plan, plan: Plan) -> bool:
    """Tell whether an add-on is for the same kind of customer as a plan, and billed in its currency at its pace."""
    return _fits(add_on.version, plan.version) and add_on.group.scope == plan.group.scope


def check_number_of_add_ons(key: str, quantity: int) -> None:
    """Let a number of an add-on pass.

    Raises:
        InvalidQuantity: it is not a whole number above zero, or above a million.
    """
    if type(quantity) is not int or not 0 < quantity <= MOST_OF_AN_ADD_ON:
        raise InvalidQuantity(f"{str(quantity)[:40]} of the add-on {key!r} can't be agreed to")


def _add_ons(tx: UnitOfWork, plan: Plan, before: Agreement | None, options: ChangeOptions) -> tuple[AgreedAddOn, ...]:
    found = []
    for key, quantity in options.add_ons.items():
        found.append(offer_add_on(tx, plan, key, quantity))
    kept = (
        standing
        for standing in (before.add_ons if before else ())
        if standing.plan_key not in options.add_ons
        and _fits(tx.catalog.get_version(standing.plan_version_id), plan.version)
    )
    return (*found, *kept)


def add_ons_fit(tx: UnitOfWork, agreement: Agreement, version: PlanVersion) -> bool:
    """Tell whether all add-ons of an agreement can go on beside another version of its plan."""
    version = version.in_currency(agreement.currency)
    return all(_fits(tx.catalog.get_version(one.plan_version_id), version) for one in agreement.add_ons)


def _fits(add_on: PlanVersion, version: PlanVersion) -> bool:
    return version.currency in add_on.currencies and add_on.cadence == version.cadence


def _discounts(
    tx: UnitOfWork,
    plan: Plan,
    add_ons: tuple[AgreedAddOn, ...],
    before: Agreement | None,
    at: datetime,
    options: ChangeOptions,
) -> tuple[AgreedDiscount, ...]:
    plan_keys = {plan.key, *(add_on.plan_key for add_on in add_ons)}
    kept = []
    for standing in before.discounts if before else ():
        is_for_it = not standing.plan_keys or plan_keys & set(standing.plan_keys)
        in_currency = standing.amount_off is None or standing.amount_off.currency == plan.version.currency
        if is_for_it and in_currency:
            kept.append(standing)
    kept += [one for one in options.discounts if one.coupon_key not in {standing.coupon_key for standing in kept}]
    if options.coupon_key is None:
        return tuple(kept)
    if options.coupon_key in {standing.coupon_key for standing in kept}:
        raise CouponMismatch(f"the coupon {options.coupon_key[:64]!r} counts for this customer already")
    coupon = available_coupon(tx, options.coupon_key, before)
    coupon.check(plan_keys=plan_keys, currency=plan.version.currency, at=at)
    return (*kept, discount_of(coupon, plan.version.currency))
