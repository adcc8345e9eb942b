"""Credit: the grants of all customers or of one, each with what became of it; granted and taken back by hand."""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.responses import Response
from starlette.routing import BaseRoute

from billing_sdk.errors import APIError
from billing_sdk.server.domain.credits import CreditGrant, CreditMovement
from billing_sdk.server.pages.dashboard.amounts import ENTER_AMOUNT, amount_words, currency_wrong, read_amount
from billing_sdk.server.pages.dashboard.listing import AFTER, PAGE_SIZE, Cell, Column, Row, asked, listing, row
from billing_sdk.server.pages.dashboard.names import called, called_by_id
from billing_sdk.server.pages.dashboard.places import CREDITS, CUSTOMERS, INVOICES
from billing_sdk.server.pages.dashboard.seat import Seat, billing_route
from billing_sdk.server.pages.dashboard.statuses import GRANT_CATEGORIES, GRANT_STATUSES, status_cell
from billing_sdk.server.pages.forms import Form, require
from billing_sdk.server.pages.line_words import credit_name
from billing_sdk.server.usecases.grant_credit import grant_credit
from billing_sdk.server.usecases.void_credit import void_credit
from billing_sdk.server.words import phrase

COLUMNS = (
    Column(phrase("Name")),
    Column(phrase("Customer")),
    Column(phrase("Status")),
    Column(phrase("Until")),
    Column(phrase("Left"), is_number=True),
    Column(phrase("Granted"), is_number=True),
)
MOVEMENT_COLUMNS = (Column(phrase("Date")), Column(phrase("What")), Column(phrase("Amount"), is_number=True))
MOVEMENTS = {
    "granted": phrase("Granted"),
    "applied": phrase("Used"),
    "given_back": phrase("Given back"),
    "expired": phrase("Expired"),
    "voided": phrase("Taken back"),
    "reinstated": phrase("Reinstated"),
    "adjusted": phrase("Adjusted by hand"),
}
CATEGORIES = (("promotional", phrase("A present")), ("paid", phrase("Paid for elsewhere")))
ENTER_DAY = phrase("Enter a day to come.")
ENTER_CUSTOMER = phrase("Enter the id of a customer.")


def show_credits(seat: Seat) -> Response:
    """Show grants, the newest first."""
    request = seat.request
    customer_id, after = asked(request, "customer"), asked(request, AFTER)
    with seat.engine.read() as tx:
        found = tx.grants.newest(customer_id=customer_id or None, after=after or None, before=None, size=PAGE_SIZE + 1)
        shown = found[:PAGE_SIZE]
        names = called_by_id(tx, [grant.customer_id for grant in shown])
        balances = tx.credits.balances(customer_id) if customer_id else ()
    rows = [_row(grant, names[grant.customer_id]) for grant in shown]
    last = shown[-1].id if len(found) > PAGE_SIZE else ""
    return seat.show(
        "credits/list",
        Form({"customer": customer_id}),
        listing=listing(request, COLUMNS, rows, last=last),
        balances=balances,
        customer_id=customer_id,
    )


def show_new(seat: Seat) -> Response:
    """Show the form of a grant."""
    return _new(seat, Form({"customer": asked(seat.request, "customer"), "currency": _currency(seat)}))


def grant(seat: Seat, form: Form) -> Response:
    """Grant credit; what is wrong stands beside the field."""
    form = require(
        form,
        {
            "customer": phrase("the id of a customer"),
            "name": phrase("what invoices call it"),
            "amount": phrase("an amount"),
        },
    )
    currency, expires_at = form.text("currency").upper(), _day(form.text("until"))
    if (wrong := currency_wrong(currency)) is not None:
        form = form.wrong({"currency": wrong})
    if form.text("until") and expires_at is None:
        form = form.wrong({"until": ENTER_DAY})
    if form.errors:
        return _new(seat, form)
    try:
        amount = read_amount(form.text("amount"), currency)
    except APIError:
        return _new(seat, form.wrong({"amount": ENTER_AMOUNT}))
    with seat.engine.read() as tx:
        if form.text("customer") not in tx.customers.list_of([form.text("customer")]):
            return _new(seat, form.wrong({"customer": ENTER_CUSTOMER}))
    try:
        made = grant_credit(
            seat.engine,
            customer_id=form.text("customer"),
            name=form.text("name"),
            amount=amount,
            category="paid" if form.text("category") == "paid" else "promotional",
            expires_at=expires_at,
            actor=seat.operator.id,
        )
    except APIError as error:
        return _new(seat, form.refused(error))
    return seat.go_to(f"{CREDITS}/{made.id}", "granted")


def show_credit(seat: Seat) -> Response:
    """Show a grant with its history."""
    return _page(seat, Form())


def void(seat: Seat, form: Form) -> Response:
    """Take a grant back."""
    grant_id = seat.request.path_params["grant_id"]
    try:
        void_credit(seat.engine, grant_id=grant_id, actor=seat.operator.id)
    except APIError as error:
        return _page(seat, form.refused(error))
    return seat.go_to(f"{CREDITS}/{grant_id}", "voided")


def _page(seat: Seat, form: Form) -> Response:
    with seat.engine.read() as tx:
        found = tx.grants.get(seat.request.path_params["grant_id"])
        customer = tx.customers.get(found.customer_id)
        name = called(tx, [customer])[customer.id]
        movements = tx.grants.movements_of_grant(found.id)
        numbers = tx.invoices.numbers({one.invoice_id for one in movements if one.invoice_id is not None})
    return seat.show(
        "credits/show",
        form,
        grant=found,
        title=credit_name(found.name),
        url=f"{CREDITS}/{found.id}",
        said=GRANT_STATUSES[found.status],
        category=GRANT_CATEGORIES[found.category],
        amount=amount_words(found.amount),
        left=amount_words(found.left),
        name=name,
        customer_url=f"{CUSTOMERS}/{customer.id}",
        columns=MOVEMENT_COLUMNS,
        rows=[_movement_row(one, numbers.get(one.invoice_id or "", "")) for one in movements],
    )


def _new(seat: Seat, form: Form) -> Response:
    return seat.show("credits/new", form, categories=CATEGORIES)


def _currency(seat: Seat) -> str:
    """Return the currency that a form begins with: that of the first plan."""
    with seat.engine.read() as tx:
        plans = tx.catalog.page_in_order(after=None, limit=1)
    return plans[0].version.currency if plans else ""


def _row(found: CreditGrant, name: str) -> Row:
    return row(
        Cell(credit_name(found.name), url=f"{CREDITS}/{found.id}"),
        Cell(name, url=f"{CUSTOMERS}/{found.customer_id}"),
        status_cell(GRANT_STATUSES, found.status),
        found.expires_at or "",
        amount_words(found.left),
        amount_words(found.amount),
    )


def _movement_row(one: CreditMovement, number: str) -> Row:
    url = f"{INVOICES}/{one.invoice_id}" if number else ""
    what = MOVEMENTS.get(one.kind)
    return row(one.at, Cell(what or one.kind, url=url, note=number), amount_words(one.amount))


def _day(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None


ROUTES: tuple[BaseRoute, ...] = (
    billing_route(CREDITS, show_credits),
    billing_route(f"{CREDITS}/new", show_new, grant),
    billing_route(f"{CREDITS}/{{grant_id}}", show_credit),
    billing_route(f"{CREDITS}/{{grant_id}}/void", show_credit, void),
)
