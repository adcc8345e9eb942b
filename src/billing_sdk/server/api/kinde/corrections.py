"""Corrections (extension): credit notes, refunds, void invoices and those that take their place."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field
from starlette.responses import Response

from billing_sdk.errors import InvalidRequest
from billing_sdk.money import Money
from billing_sdk.server.api.kinde.agreements import CustomerId
from billing_sdk.server.api.kinde.envelope import Answer, Body, StrictRoute
from billing_sdk.server.api.kinde.idempotency import OnlyOnce
from billing_sdk.server.api.kinde.invoice_view import InvoiceView
from billing_sdk.server.api.kinde.invoices import InvoiceAnswer
from billing_sdk.server.api.kinde.paging import EndingBefore, PageSize, StartingAfter, request_after
from billing_sdk.server.api.kinde.security import EngineOf, MachineOf, scoped
from billing_sdk.server.domain.invoicing import CreditNote, Refund, Wanted
from billing_sdk.server.usecases.credit_invoice import credit_invoice
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.invoice_links import links_to_note
from billing_sdk.server.usecases.reissue_invoice import reissue_invoice
from billing_sdk.server.usecases.void_invoice import void_invoice
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Invoices"], route_class=StrictRoute)
READ = scoped("read:billing_invoices", extension=True)
UPDATE = scoped("update:billing_invoices", extension=True)
INVOICE = "/billing/invoices/{invoice_id}"
MOST_LINES = 1_000


class CreditedLineView(BaseModel):
    """How much of a line was taken back; `tax_minor` was added to it, `included_tax_minor` is within it."""

    line: int
    amount_minor: int
    tax_minor: int
    included_tax_minor: int


class RefundView(BaseModel):
    """Money that goes back: `pending`, `succeeded`, or `failed`, and then it is on the customer's balance."""

    id: str
    status: str
    amount_minor: int
    currency: str
    requested_on: datetime
    settled_on: datetime | None
    decline_code: str | None


class CreditNoteView(BaseModel):
    """A credit note; `total_minor` is with the taxes, `balance_minor` what of it is on the customer's balance.

    `hosted_url` and `pdf_url` open it for whoever has them.
    """

    id: str
    number: str
    invoice_id: str
    customer_id: str
    currency: str
    total_minor: int
    balance_minor: int
    destination: str
    reason: str
    issued_on: datetime
    hosted_url: str
    pdf_url: str
    lines: list[CreditedLineView]
    refund: RefundView | None

    @classmethod
    def of(cls, note: CreditNote, refund: Refund | None, engine: Engine) -> CreditNoteView:
        """Show a note with its refund; the engine signs the addresses that open it."""
        links = links_to_note(engine, note)
        return cls(
            id=note.id,
            number=note.number,
            invoice_id=note.invoice_id,
            customer_id=note.customer_id,
            currency=note.currency,
            total_minor=note.amount.minor,
            balance_minor=note.going_to("balance").minor,
            destination=note.destination,
            reason=note.reason,
            issued_on=note.issued_at,
            hosted_url=links.hosted_url,
            pdf_url=links.pdf_url,
            lines=[
                CreditedLineView(
                    line=line.number,
                    amount_minor=line.amount.minor,
                    tax_minor=line.tax.minor,
                    included_tax_minor=line.included_tax.minor,
                )
                for line in note.lines
            ],
            refund=None if refund is None else _refund_view(refund),
        )


class CreditNoteAnswer(Answer):
    """One credit note."""

    credit_note: CreditNoteView


class CreditNoteList(Answer):
    """Credit notes in the order of their ids, which is that of their issue."""

    has_more: bool
    credit_notes: list[CreditNoteView]


class LineAmount(Body):
    """An amount of one line, by its number; in minor units of the invoice's currency."""

    line: int = Field(ge=1, le=MOST_LINES)
    amount_minor: int = Field(ge=0, le=10**15)


class CreditBody(Body):
    """What is taken back: amounts of lines before taxes, or one amount with them, or all that is left."""

    reason: str = Field(min_length=1, max_length=500)
    lines: list[LineAmount] | None = Field(default=None, min_length=1, max_length=MOST_LINES)
    amount_minor: int | None = Field(default=None, ge=1, le=10**15)
    destination: Literal["invoice", "refund", "balance"] | None = None

    def wanted(self, currency: str) -> Wanted:
        """Return what is wanted.

        Raises:
            InvalidRequest: lines and an amount exclude each other, or a line is named twice.
        """
        if self.lines is not None and self.amount_minor is not None:
            raise InvalidRequest("lines and amount_minor exclude each other", parameter="amount_minor")
        if self.lines is not None:
            return amounts_of(self.lines, currency)
        return None if self.amount_minor is None else Money(self.amount_minor, currency)


class ReissueBody(Body):
    """What each line that was wrong comes to, discounts taken off; zero leaves it out."""

    lines: list[LineAmount] = Field(min_length=1, max_length=MOST_LINES)


@router.get("/billing/credit_notes", **READ)
def list_credit_notes(
    engine: EngineOf,
    customer_id: CustomerId,
    page_size: PageSize = 10,
    starting_after: StartingAfter = None,
    ending_before: EndingBefore = None,
) -> CreditNoteList:
    """Return a customer's credit notes, the oldest first (extension)."""
    with engine.read() as tx:
        customer = tx.customers.get(customer_id)
        wanted = request_after(page_size, starting_after, ending_before, known=tx.credit_notes.get)
        page = tx.credit_notes.page(wanted, customer_id=customer.id)
        notes = [CreditNoteView.of(note, tx.refunds.find_by_note(note.id), engine) for note in page.items]
    return CreditNoteList(has_more=page.has_more, credit_notes=notes)


@router.get("/billing/credit_notes/{credit_note_id}", **READ)
def get_credit_note(engine: EngineOf, credit_note_id: str) -> CreditNoteAnswer:
    """Return one credit note, with what has become of its refund (extension)."""
    with engine.read() as tx:
        note = tx.credit_notes.get(credit_note_id)
        return CreditNoteAnswer(credit_note=CreditNoteView.of(note, tx.refunds.find_by_note(note.id), engine))


@router.post(f"{INVOICE}/credit_notes", response_model=CreditNoteAnswer, **UPDATE)
def issue_credit_note(once: OnlyOnce, caller: MachineOf, invoice_id: str, body: CreditBody) -> Response:
    """Take back some or all of an issued invoice, which itself stays as it is (extension).

    It lowers what is owed; what was paid is refunded, or goes to the customer's balance.
    """

    def serve(calling: Engine) -> CreditNoteAnswer:
        credited = credit_invoice(
            calling,
            invoice_id=invoice_id,
            wanted=body.wanted(_currency_of(calling, invoice_id)),
            reason=body.reason,
            destination=body.destination,
            actor=caller.client_id,
        )
        return CreditNoteAnswer(credit_note=CreditNoteView.of(credited.note, credited.refund, calling))

    return once(serve, body)


@router.post(f"{INVOICE}/void", response_model=InvoiceAnswer, **UPDATE)
def make_invoice_void(once: OnlyOnce, caller: MachineOf, invoice_id: str) -> Response:
    """Make an issued invoice void that nobody has paid; what credit has paid of it is there again (extension)."""

    def serve(calling: Engine) -> InvoiceAnswer:
        voided = void_invoice(calling, invoice_id=invoice_id, actor=caller.client_id)
        return InvoiceAnswer(invoice=InvoiceView.of(voided, calling))

    return once(serve)


@router.post(f"{INVOICE}/reissue", response_model=InvoiceAnswer, **UPDATE)
def reissue(once: OnlyOnce, caller: MachineOf, invoice_id: str, body: ReissueBody) -> Response:
    """Make an invoice void, and issue another one in its place in which some lines are others (extension)."""

    def serve(calling: Engine) -> InvoiceAnswer:
        corrected = amounts_of(body.lines, _currency_of(calling, invoice_id))
        issued = reissue_invoice(calling, invoice_id=invoice_id, corrected=corrected, actor=caller.client_id)
        return InvoiceAnswer(invoice=InvoiceView.of(issued, calling))

    return once(serve, body)


def amounts_of(lines: Sequence[LineAmount], currency: str) -> dict[int, Money]:
    """Return amounts of lines by their numbers.

    Raises:
        InvalidRequest: a line is named twice.
    """
    amounts = {one.line: Money(one.amount_minor, currency) for one in lines}
    if len(amounts) < len(lines):
        raise InvalidRequest("a line is named twice", parameter="lines")
    return amounts


def _currency_of(engine: Engine, invoice_id: str) -> str:
    with engine.read() as tx:
        return tx.invoices.get(invoice_id).currency


def _refund_view(refund: Refund) -> RefundView:
    return RefundView(
        id=refund.id,
        status=refund.status,
        amount_minor=refund.amount.minor,
        currency=refund.amount.currency,
        requested_on=refund.requested_at,
        settled_on=refund.settled_at,
        decline_code=refund.decline_code,
    )
