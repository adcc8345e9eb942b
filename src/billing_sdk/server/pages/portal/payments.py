"""The section about the card, or whatever else the account is charged by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

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
from billing_sdk.money import Money, zero
from billing_sdk.server.domain.customers import Customer, PaymentMethod
from billing_sdk.server.pages.cards import TEST_CARDS, card_refused, read_card
from billing_sdk.server.pages.elsewhere import allow_pages, come_back, go_on_elsewhere, go_to_checkout
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.pages.method_words import expiry_of, has_expired, label_of
from billing_sdk.server.pages.portal.desk import Desk
from billing_sdk.server.pages.stretch import stretch_of
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.collect_pending import changes_unpaid, collect_pending
from billing_sdk.server.usecases.decide_change import Change
from billing_sdk.server.usecases.payment_methods import choose_method, remove_method
from billing_sdk.server.usecases.takes_cards import require_card_entry, takes_cards
from billing_sdk.server.words import Phrase, phrase

# One hidden field, with a number, for each amount that the page says will be charged.
SHOWN = "shown_"
NOT_REMOVED = phrase("It was not removed")
NEEDED = phrase("Your plan, or an invoice, is paid by it. Add another payment method first.")
UNDER_WAY = phrase("A payment by it is under way. Wait until it has ended.")


@dataclass(frozen=True, slots=True)
class Kept:
    """A payment method as its owner sees it."""

    id: str
    label: Phrase
    expiry: str
    is_default: bool
    has_expired: bool


def show_card(desk: Desk, form: Form) -> Response:
    """Show the payment methods and the way to another one, and what is charged to it at once."""
    kept: list[Kept] = []
    due: tuple[Change, ...] = ()
    allow_pages(desk.request, desk.engine)
    if _has_come_back(desk):
        return desk.go_to("payment_details", "card")
    if desk.customer:
        with desk.engine.read() as tx:
            at = desk.engine.now_for(tx, desk.customer)
            kept = [_kept(method, at) for method in tx.customers.methods_of(desk.customer.id)]
            due = changes_unpaid(tx, desk.customer, at=at)
    plan_key = form.text("plan") or desk.request.query_params.get("plan", "")
    return desk.show(
        "payment",
        form,
        card=next((one for one in kept if one.is_default), None),
        methods=stretch_of(desk.request, sorted(kept, key=lambda one: not one.is_default)),
        may_change=desk.may("manage_payment_methods"),
        due=due,
        to_pay=_sums([change.amount for change in due]),
        cards=TEST_CARDS,
        plan_key=plan_key,
        takes_cards=takes_cards(desk.engine),
    )


def _kept(method: PaymentMethod, at: datetime) -> Kept:
    return Kept(method.id, label_of(method), expiry_of(method), method.is_default, has_expired(method, at))


def _sums(amounts: Iterable[Money]) -> tuple[Money, ...]:
    """Return what amounts come to in each currency, where that is anything."""
    sums: dict[str, Money] = {}
    for amount in amounts:
        sums[amount.currency] = sums.get(amount.currency, zero(amount.currency)) + amount
    return tuple(amount for amount in sums.values() if amount)


def _has_come_back(desk: Desk) -> bool:
    """Keep what was left at the processor, where the browser comes from there."""
    if desk.customer is None or takes_cards(desk.engine):
        return False
    return come_back(desk.request, desk.engine, customer_id=desk.customer.id, actor=desk.user.id)


def save_card(desk: Desk, form: Form) -> Response:
    """Keep another card, pay with it what was waiting for one, and go back to the plan that it was entered for."""
    if form.text("on_file"):
        return _pay_by_card_on_file(desk, form)
    if not desk.may("manage_payment_methods"):
        return desk.decline("manage_payment_methods")
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
    chosen, removed = form.text("choose"), form.text("remove")
    try:
        if chosen:
            choose_method(desk.engine, customer_id=customer.id, method_id=chosen, actor=actor)
        else:
            remove_method(desk.engine, customer_id=customer.id, method_id=removed, spares_last=True, actor=actor)
    except PaymentMethodRequired:
        return show_card(desk, Form().wrong({"": NEEDED}, NOT_REMOVED))
    except Conflict:
        return show_card(desk, Form().wrong({"": UNDER_WAY}, NOT_REMOVED))
    except UnknownPayerMethod as error:
        return show_card(desk, Form().refused(error))
    return desk.go_to("payment_details", "card_chosen" if chosen else "card_removed")


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
