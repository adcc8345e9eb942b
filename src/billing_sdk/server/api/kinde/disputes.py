"""Disputes (extension): payments that are asked back for through the payer's bank."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel
from starlette.responses import Response

from billing_sdk.server.api.kinde.envelope import Answer, Body, StrictRoute
from billing_sdk.server.api.kinde.idempotency import OnlyOnce
from billing_sdk.server.api.kinde.paging import EndingBefore, PageSize, StartingAfter, request_after
from billing_sdk.server.api.kinde.security import EngineOf, MachineOf, scoped
from billing_sdk.server.domain.invoicing import Dispute, DisputeStatus
from billing_sdk.server.usecases.close_dispute import close_dispute
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Invoices"], route_class=StrictRoute)
READ = scoped("read:billing_invoices", extension=True)
UPDATE = scoped("update:billing_invoices", extension=True)

CustomerOf = Annotated[str | None, Query(description="Only those of a customer.", max_length=255)]
InvoiceOf = Annotated[str | None, Query(description="Only those of the payment of an invoice.", max_length=255)]
StatusOf = Annotated[DisputeStatus | None, Query(description="Only those that stand so.")]


class DisputeView(BaseModel):
    """A dispute; `held_minor` is how much of the money is gone because of it: with the bank, or lost to it."""

    id: str
    payment_id: str
    invoice_id: str | None
    customer_id: str
    gateway: str
    reference: str
    kind: str
    amount_minor: int
    held_minor: int
    currency: str
    reason: str
    status: str
    opened_on: datetime
    evidence_due_on: datetime | None
    closed_on: datetime | None

    @classmethod
    def of(cls, dispute: Dispute) -> DisputeView:
        """Show a dispute."""
        return cls(
            id=dispute.id,
            payment_id=dispute.payment_id,
            invoice_id=dispute.invoice_id,
            customer_id=dispute.customer_id,
            gateway=dispute.gateway,
            reference=dispute.reference,
            kind=dispute.kind,
            amount_minor=dispute.amount.minor,
            held_minor=dispute.held.minor,
            currency=dispute.amount.currency,
            reason=dispute.reason,
            status=dispute.status,
            opened_on=dispute.opened_at,
            evidence_due_on=dispute.evidence_due_at,
            closed_on=dispute.closed_at,
        )


class DisputeAnswer(Answer):
    """One dispute."""

    dispute: DisputeView


class DisputeList(Answer):
    """Disputes in the order of their ids, which is that in which they became known."""

    has_more: bool
    disputes: list[DisputeView]


class CloseBody(Body):
    """How it ends: a dispute is `won` or `lost`; an inquiry and a fraud warning are `closed`."""

    outcome: Literal["won", "lost", "closed"]


@router.get("/billing/disputes", **READ)
def list_disputes(
    engine: EngineOf,
    customer_id: CustomerOf = None,
    invoice_id: InvoiceOf = None,
    status: StatusOf = None,
    page_size: PageSize = 10,
    starting_after: StartingAfter = None,
    ending_before: EndingBefore = None,
) -> DisputeList:
    """Return disputes, the oldest first: all of them, or those of a customer, an invoice or a status (extension)."""
    with engine.read() as tx:
        if customer_id is not None:
            tx.customers.get(customer_id)
        if invoice_id is not None:
            tx.invoices.get(invoice_id)
        wanted = request_after(page_size, starting_after, ending_before, known=tx.disputes.get)
        page = tx.disputes.page(wanted, customer_id=customer_id, invoice_id=invoice_id, status=status)
    return DisputeList(has_more=page.has_more, disputes=[DisputeView.of(one) for one in page.items])


@router.get("/billing/disputes/{dispute_id}", **READ)
def get_dispute(engine: EngineOf, dispute_id: str) -> DisputeAnswer:
    """Return one dispute (extension)."""
    with engine.read() as tx:
        return DisputeAnswer(dispute=DisputeView.of(tx.disputes.get(dispute_id)))


@router.post("/billing/disputes/{dispute_id}/close", response_model=DisputeAnswer, **UPDATE)
def decide_dispute(once: OnlyOnce, caller: MachineOf, dispute_id: str, body: CloseBody) -> Response:
    """Decide a dispute of the managed test processor, which has no bank to do so (extension).

    One of another gateway is decided by the payer's bank, and known here when the processor tells it.
    """

    def serve(calling: Engine) -> DisputeAnswer:
        return DisputeAnswer(
            dispute=DisputeView.of(close_dispute(calling, dispute_id, body.outcome, actor=caller.client_id))
        )

    return once(serve, body)
