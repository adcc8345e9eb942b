"""The steps of a journey that are about money: choose a plan, pay for it, go back to the application."""

from __future__ import annotations

from starlette.responses import Response

from billing_sdk.errors import (
    AuthenticationRequired,
    CardDeclined,
    CardRefused,
    InvalidAddress,
    InvalidRequest,
    InvalidTaxId,
    PaymentMethodRequired,
    PaymentPending,
    PriceChanged,
    SelectionDenied,
    TaxLocationMissing,
)
from billing_sdk.server.pages.addresses import address_refused, require_country, typed_address, typed_tax_ids
from billing_sdk.server.pages.cards import TEST_CARDS, card_refused, read_card
from billing_sdk.server.pages.elsewhere import allow_pages, come_back, go_on_elsewhere, go_to_checkout
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.pages.line_words import line_name
from billing_sdk.server.pages.method_words import label_of
from billing_sdk.server.pages.pricing import decided_card
from billing_sdk.server.pages.shown_table import shown_table
from billing_sdk.server.pages.stop import Stop
from billing_sdk.server.usecases.advance_journey import choose_plan, give_address, pay, see_success
from billing_sdk.server.usecases.journey_facts import find_due, is_kept_out, offered_table
from billing_sdk.server.usecases.takes_cards import require_card_entry, takes_cards
from billing_sdk.server.usecases.tax_customer import taxes_shown
from billing_sdk.server.web.languages import languages_of
from billing_sdk.server.words import phrase

STILL_PENDING = phrase(
    "The payment has begun, and its outcome is not known yet. Try again in a moment; nothing is paid twice."
)
CHANGED_MEANWHILE = phrase("The plan or its price has changed since this page was shown. Check it and pay again.")


def show_plans(stop: Stop, form: Form) -> Response:
    """Show the pricing table in its own words."""
    with stop.engine.read() as tx:
        table = offered_table(tx, stop.engine, stop.journey)
        if table is None:
            return stop.go_on()  # the plan was named by the link, or assigned: there is nothing to choose
        languages = languages_of(stop.request, stop.journey.language)
        return stop.show(
            "plans",
            form,
            table=shown_table(tx, table, languages, stop.journey.currency, [stop.journey.plan_key]),
            is_for_organization=table.group.scope == "organization",
        )


def choose(stop: Stop, form: Form) -> Response:
    """Take a plan of the table."""
    try:
        choose_plan(stop.engine, journey=stop.journey, plan_key=form.text("plan"))
    except (InvalidRequest, SelectionDenied) as error:
        return show_plans(stop, form.refused(error))
    return stop.go_on()


def show_payment(stop: Stop, form: Form) -> Response:
    """Show what is due today, and ask for a card, here or on a page of the processor."""
    if _has_come_back(stop):
        return stop.go_on()
    takes = takes_cards(stop.engine)
    allow_pages(stop.request, stop.engine)
    with stop.engine.read() as tx:
        due = find_due(tx, stop.engine, stop.journey)
        if due is None:
            return stop.go_on()
        may_choose = not due.is_pending and offered_table(tx, stop.engine, stop.journey) is not None
        return stop.show(
            "payment",
            form,
            plan=decided_card(tx, due.plan, due.plan.version, has_trial=not due.amount),
            due_today=due.amount,
            taxes=taxes_shown(due.lines),
            line_name=line_name,
            asks_address=due.asks_address,
            tax_by_gateway=due.tax_by_gateway,
            next_charge=due.next_charge,
            shown=due.terms,
            saved_card=label_of(due.method) if due.method else None,
            may_choose_another=may_choose,
            cards=TEST_CARDS,
            takes_cards=takes,
        )


def _has_come_back(stop: Stop) -> bool:
    """Keep what was left at the processor, where the browser comes from there."""
    with stop.engine.read() as tx:
        due = find_due(tx, stop.engine, stop.journey)
    if due is None or takes_cards(stop.engine):
        return False
    return come_back(stop.request, stop.engine, customer_id=due.customer.id, actor=stop.journey.user_id or "user")


def settle(stop: Stop, form: Form) -> Response:
    """Pay what is due, as it was shown: with a new card, or with the one that is known already."""
    if form.text("is_address"):
        return _settle_address(stop, form)
    if form.text("leave"):
        return _leave_for_checkout(stop)
    card = None
    if not form.text("use_saved_card"):
        require_card_entry(stop.engine)
        card, form = read_card(form)
        if card is None:
            return show_payment(stop, form)
    try:
        pay(stop.engine, journey=stop.journey, terms=form.text("shown"), card=card)
    except (AuthenticationRequired, PaymentPending) as waits:
        elsewhere = go_on_elsewhere(stop.request, stop.engine, waits, back=stop.url)
        return elsewhere or show_payment(stop, form.wrong({"": STILL_PENDING}))
    except (PriceChanged, TaxLocationMissing):
        return show_payment(stop, form.wrong({"": CHANGED_MEANWHILE}))
    except SelectionDenied as error:
        return show_payment(stop, form.refused(error))
    except (CardDeclined, CardRefused, PaymentMethodRequired) as error:
        return show_payment(stop, card_refused(form, error))
    return stop.go_on()


def _leave_for_checkout(stop: Stop) -> Response:
    """Send the browser to the processor's page, where a payment method is left."""
    with stop.engine.read() as tx:
        due = find_due(tx, stop.engine, stop.journey)
    if due is None:
        return stop.go_on()
    return go_to_checkout(
        stop.request,
        stop.engine,
        customer_id=due.customer.id,
        path=f"{stop.url}/payment",
        actor=stop.journey.user_id or "user",
    )


def _settle_address(stop: Stop, form: Form) -> Response:
    """Take the billing address, and show what is due with the tax that it decides."""
    form = require_country(form)
    if form.errors:
        return show_payment(stop, form)
    try:
        give_address(stop.engine, journey=stop.journey, address=typed_address(form), tax_ids=typed_tax_ids(form))
    except (InvalidAddress, InvalidTaxId) as error:
        return show_payment(stop, address_refused(form, error))
    return stop.go_on()


def show_success(stop: Stop, form: Form) -> Response:
    """Say that all went well, or why a new organization has no plan."""
    with stop.engine.read() as tx:
        kept_out = is_kept_out(tx, stop.engine, stop.journey)
        chosen = tx.catalog.find_plan(stop.journey.plan_key) if stop.journey.plan_key and not kept_out else None
        is_new = stop.journey.is_new_user or stop.journey.is_new_organization
        is_without_plan = is_new and chosen is None and stop.engine.workspace_in(tx).is_billing_enabled
    return stop.show(
        "success",
        form,
        plan_name=chosen.name if chosen else "",
        is_without_plan=is_without_plan,
        is_kept_out=kept_out,
    )


def leave(stop: Stop, _form: Form) -> Response:
    """Go on to the application."""
    see_success(stop.engine, journey=stop.journey)
    return stop.go_on()
