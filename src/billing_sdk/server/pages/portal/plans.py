"""The sections about a plan: the current one, another one, none any more."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from starlette.responses import Response

from billing_sdk.errors import (
    AgreementNotLive,
    AgreementPaused,
    AuthenticationRequired,
    CancellationDenied,
    CardDeclined,
    Conflict,
    NothingPending,
    NotPaused,
    PaymentMethodRequired,
    PaymentPending,
    PriceChanged,
    SamePlan,
    SelectionDenied,
    TaxLocationMissing,
    UnknownPlan,
)
from billing_sdk.money import Money, zero
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.catalog import BillingSettings, Entitlement, LicenceFee, Plan, PlanVersion
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.entitlements import AddedOn, allowance_under, with_add_ons
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.domain.workspace import Wish
from billing_sdk.server.pages.elsewhere import allow_pages, go_on_elsewhere
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.pages.languages import languages_of
from billing_sdk.server.pages.portal.desk import Desk, own_agreement
from billing_sdk.server.pages.pricing import PlanCard, card_of, card_of_agreement, decided_card
from billing_sdk.server.pages.shown_table import shown_table, table_for
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.change_options import ChangeOptions
from billing_sdk.server.usecases.collect_pending import changes_unpaid
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.pause_agreement import pause_agreement, resume_agreement
from billing_sdk.server.usecases.plan_ahead import undo_plans
from billing_sdk.server.usecases.preview_change import preview_in
from billing_sdk.server.usecases.room_of import room_of
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.words import phrase

CHANGED_MEANWHILE = phrase("The plan or its price has changed since this page was shown. Check it again.")


@dataclass(frozen=True, slots=True)
class Included:
    """One thing that a plan includes: how much of it is used, and how much may be; None is not counted, or no limit."""

    name: str
    used: Decimal | None
    limit: Decimal | None


@dataclass(frozen=True, slots=True)
class Current:
    """A plan that the account is on.

    Attributes:
        beside: what is agreed beside the plan, in words: add-ons and numbers of licences.
        next_plan: the name of the plan that is to follow, if one is.
        due: what is still to be paid for it; None where that is nothing.
    """

    agreement: Agreement
    plan: PlanCard
    period: Period
    included: tuple[Included, ...]
    beside: tuple[str, ...]
    next_plan: str
    due: Money | None


def show_plan(desk: Desk, _form: Form) -> Response:
    """Show the current plan, what it includes, and how much of that is used."""
    allow_pages(desk.request, desk.engine)
    with desk.engine.read() as tx:
        return desk.show("plan", plans=_current_plans(tx, desk.engine, desk.customer))


def show_selection(desk: Desk, _form: Form) -> Response:
    """Show the pricing table, with the current plan marked."""
    with desk.engine.read() as tx:
        live = tx.agreements.live_of(desk.customer.id) if desk.customer else ()
        table = table_for(tx, desk.kind, live[0].group_id if live else None)
        current = [agreement.plan_key for agreement in live]
        currency = live[0].currency if live else None
        shown = shown_table(tx, table, languages_of(desk.request), currency, current) if table else None
    return desk.show("plan_selection", table=shown, current_plan_keys=current)


def show_change(desk: Desk, form: Form) -> Response:
    """Show what it costs, today and next, to change to the plan of the address: at once, or after what is paid."""
    allow_pages(desk.request, desk.engine)
    with desk.engine.read() as tx:
        plan = _plan_of_address(tx, desk)
        current = tx.agreements.find_live(desk.customer.id, plan.group.id) if desk.customer else None
        if current and current.plan_key == plan.key:
            return desk.go_to("plan_details")
        if desk.customer is None and tx.billing_profiles.default().tax.is_enabled:
            return desk.go_to("billing_address")  # what it costs depends on where somebody is
        paid_until = _paid_until(tx, desk.engine, current) if current else None
        is_later = paid_until is not None and _when(desk, form) == "period_end"
        shown = None
        if desk.customer:
            options = ChangeOptions(timing="period_end" if is_later else "now")
            try:
                shown = preview_in(tx, desk.engine, desk.customer, plan.key, options)
            except TaxLocationMissing:
                return desk.go_to("billing_address")
        return desk.show(
            "plan_change",
            form,
            plan=decided_card(tx, plan, shown.plan.version, has_trial=shown.agreement.status == "trialing")
            if shown
            else card_of(tx, plan),
            current=card_of_agreement(tx, current) if current else None,
            agreement_id=current.id if current else "",
            shown=shown,
            due_today=shown.amount if shown else _first_payment(plan),
            is_later=is_later,
            paid_until=paid_until,
            card=tx.customers.find_payment_method(desk.customer.id) if desk.customer else None,
            needs_card=shown.needs_method if shown else not plan.version.is_free,
        )


def change(desk: Desk, form: Form) -> Response:
    """Change to the plan of the address, as it was shown: with this price, in place of that agreement."""
    with desk.engine.read() as tx:
        plan = _plan_of_address(tx, desk)
        live = tx.agreements.find_live(desk.customer.id, plan.group.id) if desk.customer else None
    if live and live.plan_key == plan.key:
        return desk.go_to("plan_details")  # a second copy of the form that has done it
    if form.text("version") != plan.version.id or form.text("replaces") != (live.id if live else ""):
        return show_change(desk, form.wrong({"": CHANGED_MEANWHILE}))
    is_later = live is not None and form.text("when") == "period_end"
    try:
        subscribe(
            desk.engine,
            customer_id=desk.ensure_customer().id,
            plan_key=plan.key,
            options=ChangeOptions(timing="period_end" if is_later else "now"),
            actor=desk.user.id,
            terms=form.text("terms") or None,
        )
    except SamePlan:
        return desk.go_to("plan_details")
    except PaymentMethodRequired:
        return desk.go_to("payment_details")
    except TaxLocationMissing:
        return desk.go_to("billing_address")
    except PriceChanged:
        return show_change(desk, form.wrong({"": CHANGED_MEANWHILE}))
    except (AuthenticationRequired, PaymentPending) as waits:
        elsewhere = go_on_elsewhere(desk.request, desk.engine, waits, back=desk.url("plan_details"))
        return elsewhere or show_change(desk, form.refused(waits))
    except (CardDeclined, Conflict, SelectionDenied) as error:
        return show_change(desk, form.refused(error))
    return desk.go_to("plan_details", "planned" if is_later else "plan")


def show_cancel(desk: Desk, form: Form) -> Response:
    """Ask whether the agreement of the address is really to end, and when."""
    with desk.engine.read() as tx:
        agreement = own_agreement(tx, desk)
        if not agreement.is_live:
            return desk.go_to("plan_details")
        settings = tx.billing_settings.find() or BillingSettings()
        return desk.show(
            "cancel",
            form,
            plan=card_of_agreement(tx, agreement),
            agreement=agreement,
            paid_until=_paid_until(tx, desk.engine, agreement),
            policies=settings.policies,
        )


def cancel(desk: Desk, form: Form) -> Response:
    """End the agreement of the address, with what was paid or at once; to end it twice is to end it."""
    with desk.engine.read() as tx:
        agreement = own_agreement(tx, desk)
        paid_until = _paid_until(tx, desk.engine, agreement)
    if not agreement.is_live:
        return desk.go_to("plan_details", "cancelled")
    is_later = paid_until is not None and form.text("when") != "now"
    try:
        cancel_agreement(
            desk.engine,
            agreement_id=agreement.id,
            timing="period_end" if is_later else "now",
            source="user",
            actor=desk.user.id,
        )
    except (CancellationDenied, Conflict) as error:
        return show_cancel(desk, form.refused(error))
    return desk.go_to("plan_details", "ending" if is_later else "cancelled")


def show_own(desk: Desk, _form: Form) -> Response:
    """Show the plan page to somebody who opens the address of one of its buttons."""
    with desk.engine.read() as tx:
        own_agreement(tx, desk)
    return desk.go_to("plan_details")


def undo(desk: Desk, _form: Form) -> Response:
    """Take back what is planned for the agreement of the address; what is not planned any more is no matter."""
    with desk.engine.read() as tx:
        agreement = own_agreement(tx, desk)
    wish: Wish = "change_plan" if agreement.cancel_at is None else "resume"
    if not desk.may(wish):
        return desk.decline(wish)
    with suppress(NothingPending, AgreementNotLive):
        undo_plans(desk.engine, agreement_id=agreement.id, actor=desk.user.id)
    return desk.go_to("plan_details", "undone")


def pause(desk: Desk, _form: Form) -> Response:
    """Pause the agreement of the address."""
    with desk.engine.read() as tx:
        agreement = own_agreement(tx, desk)
    with suppress(AgreementPaused):
        pause_agreement(desk.engine, agreement_id=agreement.id, actor=desk.user.id)
    return desk.go_to("plan_details", "paused")


def resume(desk: Desk, _form: Form) -> Response:
    """Go on with the agreement of the address."""
    with desk.engine.read() as tx:
        agreement = own_agreement(tx, desk)
    try:
        resume_agreement(desk.engine, agreement_id=agreement.id, actor=desk.user.id)
    except NotPaused:
        return desk.go_to("plan_details")
    except (AuthenticationRequired, PaymentPending) as waits:
        elsewhere = go_on_elsewhere(desk.request, desk.engine, waits, back=desk.url("plan_details"))
        return elsewhere or desk.go_to("plan_details", "pending")
    except (PaymentMethodRequired, CardDeclined):
        return desk.go_to("payment_details")
    except TaxLocationMissing:
        return desk.go_to("billing_address")
    return desk.go_to("plan_details", "resumed")


def _when(desk: Desk, form: Form) -> str:
    return form.text("when") or desk.request.query_params.get("when", "")


def _first_payment(plan: Plan) -> Money:
    """Return what the plan costs today for somebody who has never been a customer."""
    return zero(plan.version.currency) if plan.version.trial else plan.version.price_in(0)


def _paid_until(tx: UnitOfWork, engine: Engine, agreement: Agreement) -> datetime | None:
    """Return until when an agreement is paid, or on trial; None where there is nothing to wait for."""
    at = engine.now_for(tx, tx.customers.get(agreement.customer_id))
    is_free = tx.catalog.get_version(agreement.plan_version_id).is_free
    return agreement.billed_until if agreement.grants and not is_free and agreement.billed_until > at else None


def _current_plans(tx: UnitOfWork, engine: Engine, customer: Customer | None) -> tuple[Current, ...]:
    if customer is None:
        return ()
    at = engine.now_for(tx, customer)
    due = {change.agreement.id: change.amount for change in changes_unpaid(tx, customer, at=at) if change.amount}
    return tuple(_current(tx, agreement, at, due.get(agreement.id)) for agreement in tx.agreements.live_of(customer.id))


def _current(tx: UnitOfWork, agreement: Agreement, at: datetime, due: Money | None) -> Current:
    version = tx.catalog.get_version(agreement.plan_version_id)
    period = agreement.period_at(at)
    pending = agreement.pending_change
    follows = [] if pending is None or pending.is_alteration else [pending.plan_key]
    keys = [*(one.plan_key for one in agreement.add_ons), *follows]
    names = {plan.key: plan.name for plan in tx.catalog.list_plans(keys)}
    version = with_add_ons(
        version, [AddedOn(tx.catalog.get_version(one.plan_version_id), one.quantity) for one in agreement.add_ons]
    )
    licences = {fee.key: fee.name for fee in version.of_kind(LicenceFee)}
    return Current(
        agreement,
        card_of_agreement(tx, agreement),
        period,
        _included(tx, agreement, version, at),
        beside=(
            *(f"{names[one.plan_key]} \u00d7 {one.quantity}" for one in agreement.add_ons),
            *(f"{licences.get(key, key)} \u00d7 {quantity}" for key, quantity in agreement.quantities.items()),
        ),
        next_plan=names[follows[0]] if follows else "",
        due=due,
    )


def _included(tx: UnitOfWork, agreement: Agreement, version: PlanVersion, at: datetime) -> tuple[Included, ...]:
    metered = {feature.key for feature in tx.features.list() if feature.is_metered}
    found = []
    for entitlement in version.of_kind(Entitlement):
        key = entitlement.feature_key
        allowance = allowance_under(agreement, version, key) if key in metered else None
        room = None if allowance is None else room_of(tx, allowance, key, at)
        used, limit = (None, None) if room is None else (room.used, room.limit)
        found.append(Included(entitlement.feature_name, used, limit))
    return tuple(found)


def _plan_of_address(tx: UnitOfWork, desk: Desk) -> Plan:
    """Return the published plan that the address names, if it is for this kind of customer.

    Raises:
        UnknownPlan: there is none.
    """
    plan = tx.catalog.get_plan(desk.request.path_params["plan_key"])
    if plan.group.scope != desk.kind or plan.kind != "plan":
        raise UnknownPlan(f"there is no plan {plan.key!r} for this account", plan=plan.key)
    return plan
