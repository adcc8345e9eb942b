"""The sections where credit is bought: once, after a look at the exact price, or by itself whenever it runs low."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from billing_sdk.errors import (
    AuthenticationRequired,
    CardDeclined,
    Conflict,
    InvalidAmount,
    InvalidCreditGrant,
    PaymentMethodRequired,
    PaymentPending,
    PreconditionFailed,
    PriceChanged,
    TaxLocationMissing,
    TooManyCreditGrants,
)
from billing_sdk.money import Money, exponent
from billing_sdk.server.domain.catalog import BillingSettings
from billing_sdk.server.pages.cards import card_refused
from billing_sdk.server.pages.elsewhere import allow_pages, go_on_elsewhere
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.pages.line_words import line_name
from billing_sdk.server.pages.method_words import label_of
from billing_sdk.server.pages.portal.desk import Desk
from billing_sdk.server.usecases.preview_top_up import TopUp, preview_top_up
from billing_sdk.server.usecases.top_up_credit import Shown, top_up_credit
from billing_sdk.server.usecases.watch_credit import chosen_of, delete_credit_settings, save_credit_settings
from billing_sdk.server.words import Phrase, phrase

PLACE: Final = "credit/top_up"
TYPED: Final = re.compile(r"(-?)([0-9]{1,60})(?:[.,]([0-9]{1,4}))?", re.ASCII)
MOST: Final = 999_999_999
UNREADABLE: Final = phrase(
    "Write the amount in plain figures, such as 1000 or 25.50: without a separator of thousands, and with no more "
    "decimal places than the currency has."
)
NOT_ABOVE_ZERO: Final = phrase("Enter an amount above zero.")
BELOW_ZERO: Final = phrase("Enter zero or more.")
NOT_NOW: Final = phrase("That much can't be bought now. Enter a smaller amount.")
CHANGED: Final = phrase("The price has changed. Look at it again.")
NO_CARD: Final = phrase("Add a payment method first.")
UNDER_WAY: Final = phrase("Another payment is under way. Wait until it has ended.")


def show_top_up(desk: Desk, form: Form) -> Response:
    """Ask how much is to be bought and, once that is said, show exactly what it costs."""
    typed = form.text("amount") or desk.request.query_params.get("amount", "")
    currency, preview = _currency(desk), None
    if typed:
        form = form.showing("amount", typed)
        amount = _amount(typed, currency)
        if isinstance(amount, Phrase):
            form = form.wrong({"amount": amount})
        elif desk.customer is None:  # looking at a price makes nobody a customer
            form = form.wrong({"": NO_CARD})
        else:
            try:
                preview = preview_top_up(desk.engine, customer_id=desk.customer.id, amount=amount)
            except TaxLocationMissing:
                return desk.go_to("billing_address")
            except (InvalidAmount, InvalidCreditGrant, TooManyCreditGrants):
                form = form.wrong({"amount": NOT_NOW})
    return _show(desk, form, preview, currency)


def _show(desk: Desk, form: Form, preview: TopUp | None, currency: str) -> Response:
    allow_pages(desk.request, desk.engine)
    method = settings = None
    if desk.customer:
        with desk.engine.read() as tx:
            method = tx.customers.find_payment_method(desk.customer.id)
            settings = tx.grants.find_settings(desk.customer.id)
    form = form.of_version(chosen_of(settings))
    if settings is not None:
        form = form.showing("threshold", f"{settings.threshold.major}")
        form = form.showing("top_up", "" if settings.top_up is None else f"{settings.top_up.major}")
    return desk.show(
        "top_up",
        form,
        preview=preview,
        line_name=line_name,
        currency=currency,
        card=label_of(method) if method else None,
        settings=settings,
        places=exponent(currency),
    )


def buy(desk: Desk, form: Form) -> Response:
    """Buy what was shown, at the price that was shown, once."""
    currency = _currency(desk)
    amount, shown = _amount(form.text("amount"), currency), _shown(form, currency)
    if isinstance(amount, Phrase):
        return show_top_up(desk, form.wrong({"amount": amount}))
    if shown is None:
        return RedirectResponse(f"{desk.url(PLACE)}?{urlencode({'amount': form.text('amount')})}", 303)
    try:
        top_up_credit(
            desk.engine,
            customer_id=desk.ensure_customer().id,
            amount=amount,
            shown=shown,
            source="user",
            actor=desk.user.id,
        )
    except PriceChanged:
        return _changed(desk, form, shown)
    except PaymentMethodRequired:
        return show_top_up(desk, form.wrong({"": NO_CARD}))
    except TaxLocationMissing:
        return desk.go_to("billing_address")
    except (AuthenticationRequired, PaymentPending) as waits:
        elsewhere = go_on_elsewhere(desk.request, desk.engine, waits, back=desk.url("credit"))
        return elsewhere or desk.go_to("credit", "pending")
    except CardDeclined as error:
        told = card_refused(Form(), error)  # about the card, not about a field of this form
        return show_top_up(desk, form.wrong({"": next(iter(told.errors.values()))}, told.headline))
    except Conflict:
        return show_top_up(desk, form.wrong({"": UNDER_WAY}))
    except (InvalidAmount, InvalidCreditGrant, TooManyCreditGrants):
        return show_top_up(desk, form.wrong({"amount": NOT_NOW}))
    return desk.go_to("credit", "bought")


def _changed(desk: Desk, form: Form, shown: Shown) -> Response:
    """Show what the same form has bought that was sent before, or the new price."""
    with desk.engine.read() as tx:
        customer_id = desk.ensure_customer().id
        newest = tx.grants.newest(customer_id=customer_id, after=None, before=None, size=1)
    if newest and newest[0].id != shown.last_grant_id and newest[0].source == "top_up":
        return desk.go_to("credit")
    return show_top_up(desk, form.wrong({"": CHANGED}))


def set_rule(desk: Desk, form: Form) -> Response:
    """Have credit bought whenever it runs low, be told of it only, or neither."""
    customer, currency = desk.ensure_customer(), _currency(desk)
    if form.text("stop"):
        delete_credit_settings(desk.engine, customer_id=customer.id, actor=desk.user.id)
        return desk.go_to("credit", "saved")
    threshold = _amount(form.text("threshold"), currency, least=0)
    top_up = _amount(form.text("top_up"), currency) if form.text("top_up") else None
    if isinstance(threshold, Phrase) or isinstance(top_up, Phrase):
        said = {"threshold": threshold, "top_up": top_up}
        errors = {name: words for name, words in said.items() if isinstance(words, Phrase)}
        return _show(desk, form.wrong(errors), None, currency)
    try:
        save_credit_settings(
            desk.engine,
            customer_id=customer.id,
            threshold=threshold,
            top_up=top_up,
            versions=form.versions(),
            actor=desk.user.id,
        )
    except PreconditionFailed as error:
        return _show(desk, form.refused(error), None, currency)
    return desk.go_to("credit", "saved")


def show_rule(desk: Desk, _form: Form) -> Response:
    """Show the page of the form to somebody who opens the address that it is sent to."""
    return desk.go_to(PLACE)


def _currency(desk: Desk) -> str:
    """Return the currency that an account buys credit in: that of its plan, or else the usual one."""
    with desk.engine.read() as tx:
        live = tx.agreements.live_of(desk.customer.id) if desk.customer else ()
        settings = tx.billing_settings.find() or BillingSettings()
    return live[0].currency if live else settings.default_currency


def _amount(typed: str, currency: str, *, least: int = 1) -> Money | Phrase:
    """Read an amount as people write it; where it can't be taken, return what is wrong with it."""
    found, places = TYPED.fullmatch(typed), exponent(currency)
    if found is None or len(found[3] or "") > places:
        return UNREADABLE
    if int(found[2]) > MOST:
        most = Money(MOST * 10**places, currency)
        return (NOT_ABOVE_ZERO if least else BELOW_ZERO) if found[1] else phrase("Enter at most %(most)s.", most=most)
    minor = int(Decimal("".join(found.group(1, 2)) + f".{found[3] or 0}").scaleb(places))
    if minor < least:
        return NOT_ABOVE_ZERO if least else BELOW_ZERO
    return Money(minor, currency)


def _shown(form: Form, currency: str) -> Shown | None:
    minor = form.text("shown_minor")
    if not (minor.isascii() and minor.isdecimal() and len(minor) < 17):
        return None
    return Shown(Money(int(minor), currency), form.text("last_grant"))
