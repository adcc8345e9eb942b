"""The Stripe account that is linked by its owner's consent: link it, ask how it stands, keep a fee, and let it go."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from starlette.responses import RedirectResponse, Response

from billing_sdk.errors import APIError, InvalidRequest
from billing_sdk.server.pages.dashboard.seat import Seat
from billing_sdk.server.pages.dashboard.tab import Tab, open_tab, show_again
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.usecases.connect_account import (
    begin_connecting,
    disconnect_account,
    refresh_connection,
    set_application_fee,
)

FEE = "application_fee_percent"


def connect(seat: Seat, form: Form) -> Response:
    """Send the browser to Stripe's page, on which the owner of an account agrees."""
    tab = open_tab(seat)
    try:
        url = begin_connecting(seat.engine, actor=seat.operator.id)
    except APIError as error:
        return show_again(tab, form.refused(error))
    return RedirectResponse(url, 303)


def refresh(seat: Seat, form: Form) -> Response:
    """Ask Stripe what it still wants to know before the account takes charges."""
    return _done(seat, form, lambda: refresh_connection(seat.engine), "refreshed")


def disconnect(seat: Seat, form: Form) -> Response:
    """Give the owner's consent back."""
    is_forced = bool(form.text("is_forced"))
    return _done(
        seat,
        form,
        lambda: disconnect_account(seat.engine, is_forced=is_forced, actor=seat.operator.id),
        "disconnected",
    )


def keep_fee(seat: Seat, form: Form) -> Response:
    """Say what the platform keeps of each charge; nothing where the field is empty."""
    return _done(
        seat,
        form,
        lambda: set_application_fee(seat.engine, percent=_percent(form.text(FEE)), actor=seat.operator.id),
        "fee",
    )


def _done(seat: Seat, form: Form, act: Callable[[], object], note: str) -> Response:
    tab: Tab = open_tab(seat)
    try:
        act()
    except APIError as error:
        return show_again(tab, form.refused(error))
    section = "/settings" if tab.workspace.is_billing_enabled else ""
    return RedirectResponse(f"{tab.url}{section}?done={note}", 303)


def _percent(typed: str) -> Decimal | None:
    if not typed:
        return None
    try:
        return Decimal(typed.removesuffix("%").strip().replace(",", "."))
    except InvalidOperation:
        raise InvalidRequest("a fee is a number, such as 2.5", parameter=FEE) from None
