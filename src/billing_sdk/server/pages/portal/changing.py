"""Another plan: the pricing table, what a change comes to today and next, and the change as it was shown."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction

from starlette.responses import Response

from billing_sdk.errors import (
    AuthenticationRequired,
    CardDeclined,
    Conflict,
    PaymentMethodRequired,
    PriceChanged,
    SamePlan,
    SelectionDenied,
    TaxLocationMissing,
    UnknownPlan,
)
from billing_sdk.money import Money, zero
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.catalog import Plan, PlanVersion
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.pages.elsewhere import allow_pages
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.pages.method_words import label_of
from billing_sdk.server.pages.portal.charge_words import kept_of, told_lines
from billing_sdk.server.pages.portal.desk import Desk
from billing_sdk.server.pages.portal.quotes import FIELD, holds, quote_for, quoted_at
from billing_sdk.server.pages.portal.waiting import go_on
from billing_sdk.server.pages.pricing import card_of, card_of_agreement, decided_card
from billing_sdk.server.pages.shown_table import shown_table, table_for
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.billing_settings import billing_settings
from billing_sdk.server.usecases.change_options import ChangeOptions
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.preview_change import preview_in
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.web.languages import languages_of
from billing_sdk.server.words import Phrase, phrase

CHANGED_MEANWHILE = phrase("The plan or its price has changed since this page was shown. Check it again.")
# About how many days a unit of a cadence has: enough to tell which of two plans costs more.
DAYS = {"day": 1, "week": 7, "month": 30, "year": 365}


def show_selection(desk: Desk, _form: Form) -> Response:
    """Show the pricing table of the group of a plan that the account is on, with the current plan marked.

    The address says which plan is to be changed, where there are several.
    """
    wanted = desk.request.query_params.get("instead_of")
    with desk.engine.read() as tx:
        live = tx.agreements.live_of(desk.customer.id) if desk.customer else ()
        live = tuple(sorted(live, key=lambda one: one.plan_key != wanted))
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
        paid_until = paid_until_of(tx, desk.engine, current) if current else None
        is_later = paid_until is not None and _is_later(tx, desk, form, plan, current)
        shown, quote = None, ""
        if desk.customer:
            at = desk.engine.now_for(tx, desk.customer)
            try:
                shown = preview_in(tx, desk.engine, desk.customer, plan.key, _options(is_later), as_of=at)
            except TaxLocationMissing:
                return desk.go_to("billing_address")
            quote = quote_for(desk, _wish(plan, current, is_later=is_later), shown, at)
        return desk.show(
            "plan_change",
            form,
            plan=decided_card(tx, plan, shown.plan.version, has_trial=shown.agreement.status == "trialing")
            if shown
            else card_of(tx, plan),
            current=card_of_agreement(tx, current) if current else None,
            agreement_id=current.id if current else "",
            shown=shown,
            lines=told_lines(shown.lines) if shown else (),
            next_lines=told_lines(shown.next_charge.lines) if shown and shown.next_charge else (),
            kept=kept_of(shown) if shown else None,
            due_today=shown.amount if shown else _first_payment(plan),
            quote=quote,
            is_later=is_later,
            paid_until=paid_until,
            card=_method_label(tx, desk.customer),
            needs_card=shown.needs_method if shown else not plan.version.is_free,
        )


def change(desk: Desk, form: Form) -> Response:
    """Change to the plan of the address, as it was shown: with these amounts, in place of that agreement."""
    with desk.engine.read() as tx:
        plan = _plan_of_address(tx, desk)
        live = tx.agreements.find_live(desk.customer.id, plan.group.id) if desk.customer else None
        if live and live.plan_key == plan.key:
            return desk.go_to("plan_details")  # a second copy of the form that has done it
        is_later = live is not None and form.text("when") == "period_end"
        is_as_shown = form.text("version") == plan.version.id and form.text("replaces") == (live.id if live else "")
        terms = None
        if is_as_shown and desk.customer:
            try:
                terms = _agreed_terms(tx, desk, desk.customer, form, plan, live, is_later=is_later)
            except TaxLocationMissing:
                return desk.go_to("billing_address")
            except Conflict as error:
                elsewhere = go_on(desk, error)
                if elsewhere is None:
                    raise
                return elsewhere
            is_as_shown = terms is not None
    if not is_as_shown:
        return show_change(desk, form.wrong({"": CHANGED_MEANWHILE}))
    try:
        subscribe(
            desk.engine,
            customer_id=desk.ensure_customer().id,
            plan_key=plan.key,
            options=_options(is_later),
            actor=desk.user.id,
            terms=terms,
        )
    except SamePlan:
        return desk.go_to("plan_details")
    except PaymentMethodRequired:
        return desk.go_to("payment_details")
    except TaxLocationMissing:
        return desk.go_to("billing_address")
    except PriceChanged:
        return show_change(desk, form.wrong({"": CHANGED_MEANWHILE}))
    except (AuthenticationRequired, CardDeclined, Conflict, SelectionDenied) as error:
        return go_on(desk, error) or show_change(desk, form.refused(error))
    return desk.go_to("plan_details", "planned" if is_later else "plan")


def _agreed_terms(
    tx: UnitOfWork, desk: Desk, customer: Customer, form: Form, plan: Plan, live: Agreement | None, *, is_later: bool
) -> str | None:
    """Return the terms of a change that comes to what its form says; None where it comes to something else by now."""
    at = quoted_at(form.text(FIELD), now=desk.engine.now_for(tx, customer))
    if at is None:
        return None
    again = preview_in(tx, desk.engine, customer, plan.key, _options(is_later), as_of=at)
    return again.terms if holds(desk, form.text(FIELD), _wish(plan, live, is_later=is_later), again, at) else None


def paid_until_of(tx: UnitOfWork, engine: Engine, agreement: Agreement) -> datetime | None:
    """Return until when an agreement is paid, or on trial; None where there is nothing to wait for."""
    at = engine.now_for(tx, tx.customers.get(agreement.customer_id))
    is_free = tx.catalog.get_version(agreement.plan_version_id).is_free
    return agreement.billed_until if agreement.grants and not is_free and agreement.billed_until > at else None


def _options(is_later: bool) -> ChangeOptions:
    return ChangeOptions(timing="period_end" if is_later else "now")


def _wish(plan: Plan, live: Agreement | None, *, is_later: bool) -> str:
    return f"plan {plan.key} for {live.id if live else 'nothing'} {'later' if is_later else 'now'}"


def _is_later(tx: UnitOfWork, desk: Desk, form: Form, plan: Plan, current: Agreement | None) -> bool:
    """Tell when somebody changes who has paid: as they say, and else in the way that loses them nothing.

    A cheaper plan waits for the end of what is paid where the policy is to keep what was paid.
    """
    said = form.text("when") or desk.request.query_params.get("when", "")
    if said or current is None:
        return said == "period_end"
    keeps_what_was_paid = billing_settings(tx, desk.engine).policies.unused_days == "retain"
    before = tx.catalog.get_version(current.plan_version_id).in_currency(current.currency)
    return keeps_what_was_paid and _per_day(plan.version, current.currency) < _per_day(before, current.currency)


def _per_day(version: PlanVersion, currency: str) -> Fraction:
    sold = version.in_currency(currency) if currency in version.currencies else version
    return Fraction(sold.price.minor, version.cadence.count * DAYS[version.cadence.unit])


def _first_payment(plan: Plan) -> Money:
    """Return what the plan costs today for somebody who has never been a customer."""
    return zero(plan.version.currency) if plan.version.trial else plan.version.price_in(0)


def _plan_of_address(tx: UnitOfWork, desk: Desk) -> Plan:
    """Return the published plan that the address names, if it is for this kind of customer.

    Raises:
        UnknownPlan: there is none.
    """
    plan = tx.catalog.get_plan(desk.request.path_params["plan_key"])
    if plan.group.scope != desk.kind or plan.kind != "plan":
        raise UnknownPlan(f"there is no plan {plan.key!r} for this account", plan=plan.key)
    return plan


def _method_label(tx: UnitOfWork, customer: Customer | None) -> Phrase | None:
    """Return what is charged, by its name; None where nothing is kept."""
    method = tx.customers.find_payment_method(customer.id) if customer else None
    return label_of(method) if method else None
