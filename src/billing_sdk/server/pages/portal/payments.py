"""The section about the card, or whatever else the account is charged by."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from billing_sdk.errors import (
    AuthenticationRequired,
    CardDeclined,
    CardRefused,
    Conflict,
    PaymentMethodRequired,
    PaymentPending,
    PriceChanged,
    TaxLocationMissing,
    UnknownPayerMethod,
)
from billing_sdk.server.domain.customers import Customer, PaymentMethod
from billing_sdk.server.pages.cards import TEST_CARDS, card_refused, read_card
from billing_sdk.server.pages.elsewhere import allow_pages, come_back, go_on_elsewhere, go_to_checkout
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.pages.portal.desk import Desk
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.collect_pending import changes_unpaid, collect_pending
from billing_sdk.server.usecases.decide_change import Change
from billing_sdk.server.usecases.payment_methods import choose_method, remove_method
from billing_sdk.server.usecases.takes_cards import require_card_entry, takes_cards

# One hidden field, with a number, for each amount that the page says will be charged.
SHOWN = "shown_"


def show_card(desk: Desk, form: Form) -> Response:
    """Show the payment methods and the way to another one, and what is charged to it at once."""
    methods: tuple[PaymentMethod, ...] = ()
    due: tuple[Change, ...] = ()
    takes = takes_cards(desk.engine)
    allow_pages(desk.request, desk.engine)
    if _has_come_back(desk):
        return desk.go_to("payment_details", "card")
    if desk.customer:
        with desk.engine.read() as tx:
            methods = tx.customers.methods_of(desk.customer.id)
            due = changes_unpaid(tx, desk.customer, at=desk.engine.now_for(tx, desk.customer))
    plan_key = form.text("plan") or desk.request.query_params.get("plan", "")
    return desk.show(
        "payment",
        form,
        card=next((method for method in methods if method.is_default), None),
        others=[] if takes else [method for method in methods if not method.is_default],
        due=due,
        cards=TEST_CARDS,
        plan_key=plan_key,
        takes_cards=takes,
    )


def _has_come_back(desk: Desk) -> bool:
    """Keep what was left at the processor, where the browser comes from there."""
    if desk.customer is None or takes_cards(desk.engine):
        return False
    return come_back(desk.request, desk.engine, customer_id=desk.customer.id, actor=desk.user.id)


def save_card(desk: Desk, form: Form) -> Response:
    """Keep another card, pay with it what was waiting for one, and go back to the plan that it was entered for."""
    if form.text("on_file"):
        return _pay_by_card_on_file(desk, form)
    if form.text("leave"):
        customer, path = desk.ensure_customer(), desk.url("payment_details")
        return go_to_checkout(desk.request, desk.engine, customer_id=customer.id, path=path, actor=desk.user.id)
    if form.text("choose") or form.text("remove"):
        return _keep_order(desk, form)
    require_card_entry(desk.engine)
    entry, form = read_card(form)
    if entry is None:
        return show_card(desk, form)
    try:
        customer = desk.ensure_customer()
        add_card(desk.engine, customer_id=customer.id, card=entry, actor=desk.user.id)
        _collect_shown(desk, customer, form)
    except (AuthenticationRequired, PaymentPending) as waits:
        return _wait(desk, waits)
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


def _keep_order(desk: Desk, form: Form) -> Response:
    """Charge another one of the payment methods from now on, or forget one."""
    customer, actor = desk.ensure_customer(), desk.user.id
    try:
        if form.text("choose"):
            choose_method(desk.engine, customer_id=customer.id, method_id=form.text("choose"), actor=actor)
        else:
            remove_method(desk.engine, customer_id=customer.id, method_id=form.text("remove"), actor=actor)
    except (Conflict, UnknownPayerMethod) as error:
        return show_card(desk, Form().refused(error))
    return desk.go_to("payment_details", "saved")


def _wait(desk: Desk, waits: AuthenticationRequired | PaymentPending) -> Response:
    """Send the browser to where the payment goes on, or say that it has to wait."""
    back = desk.url("payment_details")
    return go_on_elsewhere(desk.request, desk.engine, waits, back=back) or desk.go_to("payment_details", "pending")


def _pay_by_card_on_file(desk: Desk, form: Form) -> Response:
    """Pay what the page says is due by the card that is there already."""
    try:
        _collect_shown(desk, desk.ensure_customer(), form)
    except (PriceChanged, PaymentMethodRequired):
        return desk.go_to("payment_details")  # where it says what is to be paid now, if anything is
    except TaxLocationMissing:
        return desk.go_to("billing_address")
    except (AuthenticationRequired, PaymentPending) as waits:
        return _wait(desk, waits)
    except CardDeclined as error:
        told = card_refused(Form(), error)  # about the card, not about a field of the form for another one
        return show_card(desk, form.wrong({"": next(iter(told.errors.values()))}, told.headline))
    return desk.go_to("payment_details", "paid_all")


def _collect_shown(desk: Desk, customer: Customer, form: Form) -> None:
    for terms in (value for name, value in form.values.items() if name.startswith(SHOWN)):
        collect_pending(desk.engine, customer_id=customer.id, terms=terms, actor=desk.user.id)
