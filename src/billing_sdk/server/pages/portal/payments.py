"""The section about the card."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from billing_sdk.errors import (
    CardDeclined,
    CardRefused,
    PaymentMethodRequired,
    PriceChanged,
    TaxLocationMissing,
)
from billing_sdk.server.domain.customers import Customer, PaymentMethod
from billing_sdk.server.pages.cards import TEST_CARDS, card_refused, read_card
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.pages.portal.desk import Desk
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.collect_pending import changes_unpaid, collect_pending
from billing_sdk.server.usecases.decide_change import Change

# One hidden field, with a number, for each amount that the page says will be charged.
SHOWN = "shown_"


def show_card(desk: Desk, form: Form) -> Response:
    """Show the current card and a form for another one, and what is charged to it at once."""
    card: PaymentMethod | None = None
    due: tuple[Change, ...] = ()
    if desk.customer:
        with desk.engine.read() as tx:
            card = tx.customers.find_payment_method(desk.customer.id)
            due = changes_unpaid(tx, desk.customer, at=desk.engine.now_for(tx, desk.customer))
    plan_key = form.text("plan") or desk.request.query_params.get("plan", "")
    return desk.show("payment", form, card=card, due=due, cards=TEST_CARDS, plan_key=plan_key)


def save_card(desk: Desk, form: Form) -> Response:
    """Keep another card, pay with it what was waiting for one, and go back to the plan that it was entered for."""
    if form.text("on_file"):
        return _pay_by_card_on_file(desk, form)
    entry, form = read_card(form)
    if entry is None:
        return show_card(desk, form)
    try:
        customer = desk.ensure_customer()
        add_card(desk.engine, customer_id=customer.id, card=entry, actor=desk.user.id)
        _collect_shown(desk, customer, form)
    except PriceChanged:
        return desk.go_to("payment_details", "card")  # where it says what is to be paid now, if anything is
    except TaxLocationMissing:
        return desk.go_to("billing_address")
    except (CardDeclined, CardRefused) as error:
        return show_card(desk, card_refused(form, error))
    plan_key = form.text("plan")
    if plan_key and plan_key.replace("_", "").replace("-", "").isalnum():
        return RedirectResponse(f"{desk.url('plan_selection')}/{plan_key}", 303)
    return desk.go_to("payment_details", "card")


def _pay_by_card_on_file(desk: Desk, form: Form) -> Response:
    """Pay what the page says is due by the card that is there already."""
    try:
        _collect_shown(desk, desk.ensure_customer(), form)
    except (PriceChanged, PaymentMethodRequired):
        return desk.go_to("payment_details")  # where it says what is to be paid now, if anything is
    except TaxLocationMissing:
        return desk.go_to("billing_address")
    except CardDeclined as error:
        told = card_refused(Form(), error)  # about the card, not about a field of the form for another one
        return show_card(desk, form.wrong({"": " ".join(told.errors.values())}, told.headline))
    return desk.go_to("payment_details", "paid_all")


def _collect_shown(desk: Desk, customer: Customer, form: Form) -> None:
    for terms in (value for name, value in form.values.items() if name.startswith(SHOWN)):
        collect_pending(desk.engine, customer_id=customer.id, terms=terms, actor=desk.user.id)
