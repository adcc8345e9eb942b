"""The section about the card."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from billing_sdk.errors import CardDeclined, CardRefused, PriceChanged, TaxLocationMissing
from billing_sdk.server.domain.customers import PaymentMethod
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
    entry, form = read_card(form)
    if entry is None:
        return show_card(desk, form)
    try:
        customer = desk.ensure_customer()
        add_card(desk.engine, customer_id=customer.id, card=entry, actor=desk.user.id)
        for terms in (value for name, value in form.values.items() if name.startswith(SHOWN)):
            collect_pending(desk.engine, customer_id=customer.id, terms=terms, actor=desk.user.id)
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
