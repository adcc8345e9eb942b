"""What an operator can do about a customer: let them into the portal by a link, and move their test clock."""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.responses import Response
from starlette.routing import BaseRoute

from billing_sdk.errors import APIError
from billing_sdk.server.pages.dashboard.customer_page import Account, load_account, show_account
from billing_sdk.server.pages.dashboard.places import CUSTOMERS
from billing_sdk.server.pages.dashboard.seat import Seat, billing_route
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.pages.once import copies_lead_to
from billing_sdk.server.usecases.create_portal_link import create_portal_link
from billing_sdk.server.usecases.move_clock import move_clock
from billing_sdk.server.words import phrase

NOBODY_THERE = phrase("Nobody belongs to this account who could open the portal.")
ENTER_DAY = phrase("Enter a day to come.")
# The page waits so long for a clock, and shows afterwards where it has come to.
PATIENCE_SECONDS = 20.0


def show_own(seat: Seat) -> Response:
    """Show the customer to somebody who opens the address of one of its buttons."""
    account = load_account(seat)
    return seat.go_to(account.url)


def make_link(seat: Seat, form: Form) -> Response:
    """Make a link that lets the customer into the portal once; it is shown on this page alone."""
    account = load_account(seat)
    user_id = account.customer.user_id or next((user.id for user, _ in account.members), None)
    if user_id is None:
        return show_account(seat, account, form.wrong({"": NOBODY_THERE}))
    try:
        link = create_portal_link(
            seat.engine, user_id=user_id, org_code=account.customer.org_code, sub_nav="plan_details"
        )
    except APIError as error:
        return show_account(seat, account, form.refused(error))
    copies_lead_to(seat.request, then=f"{account.url}?done=shown_once")
    return show_account(seat, account, form, link=link)


def advance(seat: Seat, form: Form) -> Response:
    """Move the test clock that the customer lives by."""
    account = load_account(seat)
    to = _day(form.text("to"))
    if account.clock is None or to is None:
        return _wrong(seat, account, form)
    try:
        move_clock(seat.engine, account.clock.id, to=to, actor=seat.operator.id, patience_seconds=PATIENCE_SECONDS)
    except APIError as error:
        return show_account(seat, account, form.refused(error, "to"))
    return seat.go_to(account.url, "moved")


def _wrong(seat: Seat, account: Account, form: Form) -> Response:
    return show_account(seat, account, form.wrong({"to": ENTER_DAY} if account.clock else {"": ENTER_DAY}))


def _day(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None


ROUTES: tuple[BaseRoute, ...] = (
    billing_route(f"{CUSTOMERS}/{{customer_id}}/portal-link", show_own, make_link),
    # What is due on the way is many calls, which no transaction spans; a clock that is there already stays there.
    billing_route(f"{CUSTOMERS}/{{customer_id}}/clock", show_own, advance, repeats=True),
)
