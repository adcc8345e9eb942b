"""What an operator can do about an invoice: each deed is one use case, and one form of the invoice's page."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.responses import Response

from billing_sdk.errors import (
    APIError,
    AuthenticationRequired,
    CardDeclined,
    Conflict,
    PaymentMethodRequired,
    PaymentPending,
)
from billing_sdk.server.domain.invoicing import UNISSUED, CreditDestination, Invoice
from billing_sdk.server.pages.dashboard.amounts import ENTER_AMOUNT, read_amount
from billing_sdk.server.pages.dashboard.places import INVOICES
from billing_sdk.server.pages.dashboard.seat import Seat
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.usecases.credit_invoice import credit_invoice
from billing_sdk.server.usecases.draft_invoice import discard_invoice, finalize_invoice
from billing_sdk.server.usecases.pay_now import pay_now
from billing_sdk.server.usecases.settle_by_hand import pay_by_other_means, write_off_invoice
from billing_sdk.server.usecases.void_invoice import void_invoice
from billing_sdk.server.words import phrase

# Does it, and says where to go; or returns the form with what is wrong.
Deed = Callable[[Seat, Invoice, Form], Response | Form]

DESTINATIONS: Mapping[str, CreditDestination | None] = {"": None, "refund": "refund", "balance": "balance"}
DESTINATION_OPTIONS = (
    ("", phrase("Off what is owed, else back to the card")),
    ("refund", phrase("Back to the card")),
    ("balance", phrase("To the balance of the customer")),
)
ENTER_REASON = phrase("Say why, in words that the customer may read.")


def offered(invoice: Invoice) -> frozenset[str]:
    """Return the names of what can be done about an invoice as it stands."""
    names = set()
    if invoice.status in UNISSUED:
        names.add("issue")
    if invoice.status in ("draft", "gathering"):
        names.add("discard")
    if invoice.is_payable:
        names |= {"retry", "paid"}
    if invoice.is_owed:
        names.add("write-off")
    if invoice.is_payable:
        names.add("void")
    if invoice.is_issued and invoice.status != "void":
        names.add("credit")
    return frozenset(names)


def _issue(seat: Seat, invoice: Invoice, form: Form) -> Response | Form:
    return _done(
        seat,
        invoice,
        form,
        "issued",
        lambda: finalize_invoice(seat.engine, invoice_id=invoice.id, actor=seat.operator.id),
    )


def _discard(seat: Seat, invoice: Invoice, form: Form) -> Response | Form:
    try:
        discard_invoice(seat.engine, invoice_id=invoice.id, actor=seat.operator.id)
    except APIError as error:
        return form.refused(error)
    return seat.go_to(INVOICES, "deleted")


def _retry(seat: Seat, invoice: Invoice, form: Form) -> Response | Form:
    try:
        pay_now(seat.engine, invoice_id=invoice.id, source="admin", actor=seat.operator.id)
    except (AuthenticationRequired, PaymentPending):
        return seat.go_to(_url(invoice), "payment_waits")
    except (PaymentMethodRequired, CardDeclined, Conflict) as error:
        return form.refused(error)
    return seat.go_to(_url(invoice), "collected")


def _paid(seat: Seat, invoice: Invoice, form: Form) -> Response | Form:
    return _done(
        seat,
        invoice,
        form,
        "settled",
        lambda: pay_by_other_means(
            seat.engine, invoice.id, reference=form.text("reference"), source="admin", actor=seat.operator.id
        ),
    )


def _write_off(seat: Seat, invoice: Invoice, form: Form) -> Response | Form:
    return _done(
        seat,
        invoice,
        form,
        "written_off",
        lambda: write_off_invoice(seat.engine, invoice.id, source="admin", actor=seat.operator.id),
    )


def _void(seat: Seat, invoice: Invoice, form: Form) -> Response | Form:
    return _done(
        seat,
        invoice,
        form,
        "voided",
        lambda: void_invoice(seat.engine, invoice_id=invoice.id, source="admin", actor=seat.operator.id),
    )


def _credit(seat: Seat, invoice: Invoice, form: Form) -> Response | Form:
    if not form.text("reason"):
        form = form.wrong({"reason": ENTER_REASON})
    amount = None
    if form.text("credited"):
        try:
            amount = read_amount(form.text("credited"), invoice.currency)
        except APIError:
            form = form.wrong({"credited": ENTER_AMOUNT})
    if form.errors:
        return form
    destination = DESTINATIONS.get(form.text("destination"))
    return _done(
        seat,
        invoice,
        form,
        "credited",
        lambda: credit_invoice(
            seat.engine,
            invoice_id=invoice.id,
            wanted=amount,
            reason=form.text("reason"),
            destination=destination,
            source="admin",
            actor=seat.operator.id,
        ),
    )


def _done(seat: Seat, invoice: Invoice, form: Form, note: str, act: Callable[[], object]) -> Response | Form:
    try:
        act()
    except APIError as error:
        return form.refused(error)
    return seat.go_to(_url(invoice), note)


def _url(invoice: Invoice) -> str:
    return f"{INVOICES}/{invoice.id}"


DEEDS: Mapping[str, Deed] = {
    "issue": _issue,
    "discard": _discard,
    "retry": _retry,
    "paid": _paid,
    "write-off": _write_off,
    "void": _void,
    "credit": _credit,
}
