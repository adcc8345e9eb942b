"""Invoices and credit (extension): what was billed, what is billed next, and what is owed to a customer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel

from billing_sdk.errors import AgreementNotLive
from billing_sdk.server.api.kinde.agreement_changes import ONE, AgreementId
from billing_sdk.server.api.kinde.agreements import CustomerId
from billing_sdk.server.api.kinde.envelope import Answer, StrictRoute
from billing_sdk.server.api.kinde.invoice_view import InvoiceView, LineView
from billing_sdk.server.api.kinde.paging import EndingBefore, PageSize, StartingAfter, request_after
from billing_sdk.server.api.kinde.security import EngineOf, scoped
from billing_sdk.server.domain.invoicing import CreditEntry, InvoiceStatus
from billing_sdk.server.usecases.gateway_pages import gateway_pages
from billing_sdk.server.usecases.next_invoice import next_invoice
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Invoices"], route_class=StrictRoute)
Status = Annotated[InvoiceStatus | None, Query(description="Such as `gathering`: what is billed next.")]
READ = scoped("read:billing_invoices", extension=True)


class InvoiceAnswer(Answer):
    """One invoice."""

    invoice: InvoiceView


class InvoiceList(Answer):
    """A customer's invoices in the order of their ids, which is that of their issue."""

    has_more: bool
    invoices: list[InvoiceView]


class NextInvoiceView(BaseModel):
    """What is billed next, with what was used so far, if nothing changes until then."""

    bills_on: datetime
    currency: str
    total_minor: int
    lines: list[LineView]


class NextInvoiceAnswer(Answer):
    """What is billed next."""

    next_invoice: NextInvoiceView


class CreditEntryView(BaseModel):
    """One change of a balance: above zero what was given, below zero what was used."""

    id: str
    amount_minor: int
    currency: str
    reason: str
    agreement_id: str | None
    invoice_id: str | None
    booked_on: datetime

    @classmethod
    def of(cls, entry: CreditEntry) -> CreditEntryView:
        """Show an entry."""
        return cls(
            id=entry.id,
            amount_minor=entry.amount.minor,
            currency=entry.amount.currency,
            reason=entry.reason,
            agreement_id=entry.agreement_id,
            invoice_id=entry.invoice_id,
            booked_on=entry.at,
        )


class BalanceView(BaseModel):
    """What is owed to a customer in a currency, and is taken off later invoices."""

    amount_minor: int
    currency: str


class CreditAnswer(Answer):
    """A customer's balances, and every change of them, the oldest first."""

    balances: list[BalanceView]
    entries: list[CreditEntryView]


@router.get("/billing/invoices", **READ)
def list_invoices(
    engine: EngineOf,
    customer_id: CustomerId,
    status: Status = None,
    page_size: PageSize = 10,
    starting_after: StartingAfter = None,
    ending_before: EndingBefore = None,
) -> InvoiceList:
    """Return a customer's invoices, all or those of one status, what was begun first coming first (extension)."""
    with engine.read() as tx:
        customer = tx.customers.get(customer_id)
        wanted = request_after(page_size, starting_after, ending_before, known=tx.invoices.get)
        page = tx.invoices.page(wanted, customer_id=customer.id, status=status)
        urls = gateway_pages(tx, [invoice.id for invoice in page.items])
    shown = [InvoiceView.of(invoice, engine, gateway_url=urls.get(invoice.id)) for invoice in page.items]
    return InvoiceList(has_more=page.has_more, invoices=shown)


@router.get("/billing/invoices/{invoice_id}", **READ)
def get_invoice(engine: EngineOf, invoice_id: str) -> InvoiceAnswer:
    """Return one invoice, with how each of its amounts came about (extension)."""
    with engine.read() as tx:
        url = gateway_pages(tx, [invoice_id]).get(invoice_id)
        return InvoiceAnswer(invoice=InvoiceView.of(tx.invoices.get(invoice_id), engine, gateway_url=url))


@router.get(f"{ONE}/next_invoice", **READ)
def get_next_invoice(engine: EngineOf, agreement_id: AgreementId) -> NextInvoiceAnswer:
    """Return what an agreement is billed next, with what was used so far (extension)."""
    with engine.read() as tx:
        agreement = tx.agreements.get(agreement_id)
        if not agreement.is_live:
            raise AgreementNotLive(f"the agreement is {agreement.status}")
        found = next_invoice(tx, tx.customers.get(agreement.customer_id), agreement)
    return NextInvoiceAnswer(
        next_invoice=NextInvoiceView(
            bills_on=found.at,
            currency=found.amount.currency,
            total_minor=found.amount.minor,
            lines=[LineView.of(line) for line in found.lines],
        )
    )


@router.get("/billing/credit", **READ)
def get_credit(engine: EngineOf, customer_id: CustomerId) -> CreditAnswer:
    """Return what is owed to a customer, such as for days that were paid for and not used (extension)."""
    with engine.read() as tx:
        customer = tx.customers.get(customer_id)
        balances = tx.credits.balances(customer.id)
        entries = tx.credits.of_customer(customer.id)
    return CreditAnswer(
        balances=[BalanceView(amount_minor=one.minor, currency=one.currency) for one in balances],
        entries=[CreditEntryView.of(entry) for entry in entries],
    )
