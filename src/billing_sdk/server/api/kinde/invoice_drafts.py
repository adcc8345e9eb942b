"""Invoices that are put together (extension): one-off charges, drafts, and what is to come."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Path
from pydantic import BaseModel, Field
from starlette.responses import Response

from billing_sdk.errors import InvalidRequest
from billing_sdk.money import Money
from billing_sdk.server.api.kinde.agreements import CustomerId
from billing_sdk.server.api.kinde.envelope import Answer, Body, StrictRoute
from billing_sdk.server.api.kinde.idempotency import OnlyOnce
from billing_sdk.server.api.kinde.instants import read_instant
from billing_sdk.server.api.kinde.invoice_view import InvoiceView, LineView
from billing_sdk.server.api.kinde.invoices import InvoiceAnswer
from billing_sdk.server.api.kinde.security import EngineOf, MachineOf, scoped
from billing_sdk.server.domain.catalog import TaxBehavior
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.usecases.add_charge import add_charge
from billing_sdk.server.usecases.draft_invoice import (
    add_line,
    create_draft,
    discard_invoice,
    finalize_invoice,
    remove_line,
)
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.one_off_charges import OneOff
from billing_sdk.server.usecases.upcoming_invoices import Upcoming, upcoming_invoices
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Invoices"], route_class=StrictRoute)
CREATE = scoped("create:billing_invoices", extension=True)
UPDATE = scoped("update:billing_invoices", extension=True)
InvoiceId = Annotated[str, Path(min_length=1, max_length=64)]
LineNumber = Annotated[int, Path(ge=1, le=10_000)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class NewLine(Body):
    """A one-off charge; `period_start` and `period_end`, given together, say over which time it is earned."""

    description: str = Field(max_length=500)
    amount_minor: int = Field(le=10**15)
    period_start: str | None = Field(default=None, max_length=40)
    period_end: str | None = Field(default=None, max_length=40)
    tax_code: str | None = Field(default=None, max_length=100)
    tax_behavior: TaxBehavior | None = None
    agreement_id: str | None = Field(default=None, max_length=64)

    def one_off(self, currency: str) -> OneOff:
        """Read the charge.

        Raises:
            InvalidRequest: a time is none, one of the two is missing, or they are the wrong way round.
        """
        return OneOff(
            description=self.description,
            amount=Money(self.amount_minor, currency),
            period=_period(self.period_start, self.period_end),
            tax_code=self.tax_code,
            tax_behavior=self.tax_behavior,
            agreement_id=self.agreement_id,
        )


class NewCharge(NewLine):
    """A one-off charge for a customer, billed with what is billed next, or at once."""

    customer_id: str = Field(max_length=64)
    currency: Currency
    bill_now: bool = False


class AddedLine(NewLine):
    """A one-off charge for an invoice, in its currency."""

    currency: Currency


class NewDraft(Body):
    """A draft, which is billed to nobody before it is finalized."""

    customer_id: str = Field(max_length=64)
    currency: Currency
    lines: list[NewLine] = Field(default=[], max_length=100)


class UpcomingView(BaseModel):
    """An invoice that is to come, if no more is used and nothing changes until then."""

    currency: str
    total_minor: int
    bills_on: datetime
    issues_on: datetime
    agreement_ids: list[str]
    invoice_id: str | None
    lines: list[LineView]

    @classmethod
    def of(cls, upcoming: Upcoming) -> UpcomingView:
        """Show an invoice that is to come."""
        return cls(
            currency=upcoming.currency,
            total_minor=upcoming.amount.minor,
            bills_on=upcoming.bills_at,
            issues_on=upcoming.issues_at,
            agreement_ids=list(upcoming.agreement_ids),
            invoice_id=upcoming.invoice_id,
            lines=[LineView.of(line) for line in upcoming.lines],
        )


class UpcomingList(Answer):
    """What is to come, the first of it first."""

    upcoming_invoices: list[UpcomingView]


@router.get("/billing/upcoming_invoices", **scoped("read:billing_invoices", extension=True))
def list_upcoming(engine: EngineOf, customer_id: CustomerId) -> UpcomingList:
    """Return what waits to be issued, and what the next billing dates bring, by the code that will bill it (extension).

    What is used until then is not known; what was used so far counts.
    """
    with engine.read() as tx:
        found = upcoming_invoices(tx, engine, tx.customers.get(customer_id))
    return UpcomingList(upcoming_invoices=[UpcomingView.of(one) for one in found])


@router.post("/billing/charges", response_model=InvoiceAnswer, **CREATE)
def add_one_off(caller: MachineOf, body: NewCharge, once: OnlyOnce) -> Response:
    """Charge a customer once: with what is billed next, or at once by an invoice of its own (extension)."""
    charge = body.one_off(body.currency)

    def serve(engine: Engine) -> InvoiceAnswer:
        invoice = add_charge(
            engine,
            customer_id=body.customer_id,
            charge=charge,
            bill_now=body.bill_now,
            source="api",
            actor=caller.client_id,
        )
        return InvoiceAnswer(invoice=InvoiceView.of(invoice, engine))

    return once(serve, body)


@router.post("/billing/invoices", response_model=InvoiceAnswer, **CREATE)
def add_draft(caller: MachineOf, body: NewDraft, once: OnlyOnce) -> Response:
    """Make a draft of an invoice (extension)."""
    charges = [line.one_off(body.currency) for line in body.lines]

    def serve(engine: Engine) -> InvoiceAnswer:
        draft = create_draft(
            engine, customer_id=body.customer_id, currency=body.currency, charges=charges, actor=caller.client_id
        )
        return InvoiceAnswer(invoice=InvoiceView.of(draft, engine))

    return once(serve, body)


@router.post("/billing/invoices/{invoice_id}/lines", response_model=InvoiceAnswer, **UPDATE)
def add_invoice_line(caller: MachineOf, invoice_id: InvoiceId, body: AddedLine, once: OnlyOnce) -> Response:
    """Put a one-off charge on a draft, or on what gathers for a customer's next invoice (extension)."""
    charge = body.one_off(body.currency)

    def serve(engine: Engine) -> InvoiceAnswer:
        changed = add_line(engine, invoice_id=invoice_id, charge=charge, actor=caller.client_id)
        return InvoiceAnswer(invoice=InvoiceView.of(changed, engine))

    return once(serve, body)


@router.delete("/billing/invoices/{invoice_id}/lines/{line}", response_model=InvoiceAnswer, **UPDATE)
def remove_invoice_line(caller: MachineOf, invoice_id: InvoiceId, line: LineNumber, once: OnlyOnce) -> Response:
    """Take a one-off charge off a draft, or off what gathers for a customer's next invoice (extension)."""

    def serve(engine: Engine) -> InvoiceAnswer:
        changed = remove_line(engine, invoice_id=invoice_id, number=line, actor=caller.client_id)
        return InvoiceAnswer(invoice=InvoiceView.of(changed, engine))

    return once(serve)


@router.post("/billing/invoices/{invoice_id}/finalize", response_model=InvoiceAnswer, **UPDATE)
def finalize(caller: MachineOf, invoice_id: InvoiceId, once: OnlyOnce) -> Response:
    """Issue a draft, or what gathers or waits for a customer, now (extension)."""

    def serve(engine: Engine) -> InvoiceAnswer:
        issued = finalize_invoice(engine, invoice_id=invoice_id, source="api", actor=caller.client_id)
        return InvoiceAnswer(invoice=InvoiceView.of(issued, engine))

    return once(serve)


@router.delete(
    "/billing/invoices/{invoice_id}", response_model=Answer, **scoped("delete:billing_invoices", extension=True)
)
def discard(caller: MachineOf, invoice_id: InvoiceId, once: OnlyOnce) -> Response:
    """Throw a draft away, or the one-off charges that gather for a customer's next invoice (extension)."""

    def serve(engine: Engine) -> Answer:
        discard_invoice(engine, invoice_id=invoice_id, actor=caller.client_id)
        return Answer()

    return once(serve)


def _period(start: str | None, end: str | None) -> Period | None:
    if start is None and end is None:
        return None
    if start is None or end is None:
        raise InvalidRequest(
            "a period has a start and an end", parameter="period_start" if start is None else "period_end"
        )
    period = Period(read_instant(start, parameter="period_start"), read_instant(end, parameter="period_end"))
    if period.end <= period.start:
        raise InvalidRequest("the period ends before it starts", parameter="period_end")
    return period
