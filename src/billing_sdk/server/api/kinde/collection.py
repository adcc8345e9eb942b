"""How invoices are collected (extension): what was tried, what follows, and what an operator settles by hand."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field
from starlette.responses import Response

from billing_sdk.money import Money, zero
from billing_sdk.server.api.kinde.envelope import Answer, Body, StrictRoute
from billing_sdk.server.api.kinde.idempotency import OnlyOnce
from billing_sdk.server.api.kinde.security import EngineOf, MachineOf, scoped
from billing_sdk.server.domain.collection import Dunning
from billing_sdk.server.domain.invoicing import Invoice, Payment
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.pay_now import pay_now
from billing_sdk.server.usecases.settle_by_hand import pay_by_other_means, write_off_invoice
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Collection"], route_class=StrictRoute)


class AttemptView(BaseModel):
    """One attempt to collect an invoice; `decline_code` says why it failed.

    `disputed_minor` is how much of it is with the payer's bank, or was lost to it.
    """

    id: str
    status: str
    amount_minor: int
    attempted_on: datetime
    payment_method: str
    reference: str | None
    decline_code: str | None
    disputed_minor: int

    @classmethod
    def of(cls, payment: Payment, disputed: Money) -> AttemptView:
        """Show an attempt."""
        return cls(
            id=payment.id,
            status=payment.status,
            amount_minor=payment.amount.minor,
            attempted_on=payment.attempted_at,
            payment_method=payment.method.label,
            reference=payment.gateway_reference or payment.reference,
            decline_code=payment.decline_code,
            disputed_minor=disputed.minor,
        )


class DunningStateView(BaseModel):
    """What follows an invoice that was not paid; `outcome` says how that has ended."""

    started_on: datetime
    failures: int
    next_attempt_on: datetime | None
    grace_ends_on: datetime
    access_closed_on: datetime | None
    at_end: str
    ended_on: datetime | None
    outcome: str | None

    @classmethod
    def of(cls, dunning: Dunning | None) -> DunningStateView | None:
        """Show how it stands, if anything follows."""
        if dunning is None:
            return None
        return cls(
            started_on=dunning.started_at,
            failures=dunning.failures,
            next_attempt_on=dunning.retry_at,
            grace_ends_on=dunning.grace_ends_at,
            access_closed_on=dunning.closed_at,
            at_end=dunning.policy.at_end,
            ended_on=dunning.ended_at,
            outcome=dunning.outcome,
        )


class CollectionView(BaseModel):
    """How the collection of an invoice stands."""

    invoice_id: str
    number: str | None
    status: str
    currency: str
    due_minor: int
    due_on: datetime | None
    collection_method: str
    attempts: list[AttemptView]
    dunning: DunningStateView | None


class CollectionAnswer(Answer):
    """How the collection of one invoice stands."""

    collection: CollectionView

    @classmethod
    def of(cls, engine: Engine, invoice_id: str) -> CollectionAnswer:
        """Show how it stands now.

        Raises:
            NotFound: there is no such invoice.
        """
        with engine.read() as tx:
            invoice: Invoice = tx.invoices.get(invoice_id)
            attempts, dunning = tx.invoices.payments_for(invoice.id), tx.dunnings.find(invoice.id)
            held = tx.disputes.held(invoice)
        return cls(
            collection=CollectionView(
                invoice_id=invoice.id,
                number=invoice.number,
                status=invoice.status,
                currency=invoice.currency,
                due_minor=invoice.amount_due.minor,
                due_on=invoice.due_at,
                collection_method=invoice.collection_method,
                attempts=[
                    AttemptView.of(one, held if one.id == invoice.payment_id else zero(invoice.currency))
                    for one in attempts
                ],
                dunning=DunningStateView.of(dunning),
            )
        )


class HowPaid(Body):
    """By the card on file, which is charged; or by other means, which is only recorded, with what identifies it."""

    by: Literal["card", "other"] = "card"
    reference: str = Field(default="", max_length=255)


@router.get("/billing/invoices/{invoice_id}/collection", **scoped("read:billing_invoices", extension=True))
def get_collection(engine: EngineOf, invoice_id: str) -> CollectionAnswer:
    """Return every attempt to collect an invoice, and what follows if it is not paid (extension)."""
    return CollectionAnswer.of(engine, invoice_id)


@router.post(
    "/billing/invoices/{invoice_id}/pay",
    response_model=CollectionAnswer,
    **scoped("update:billing_invoices", extension=True),
)
def pay_invoice(caller: MachineOf, invoice_id: str, body: HowPaid, once: OnlyOnce) -> Response:
    """Charge the card on file for an owed invoice, or record that it was paid by other means (extension)."""

    def serve(engine: Engine) -> CollectionAnswer:
        if body.by == "card":
            pay_now(engine, invoice_id=invoice_id, source="api", actor=caller.client_id)
        else:
            pay_by_other_means(engine, invoice_id, reference=body.reference, actor=caller.client_id)
        return CollectionAnswer.of(engine, invoice_id)

    return once(serve, body)


@router.post(
    "/billing/invoices/{invoice_id}/write_off",
    response_model=CollectionAnswer,
    **scoped("update:billing_invoices", extension=True),
)
def give_invoice_up(caller: MachineOf, invoice_id: str, once: OnlyOnce) -> Response:
    """Make an owed invoice uncollectible; should it be paid all the same, it is paid (extension)."""

    def serve(engine: Engine) -> CollectionAnswer:
        write_off_invoice(engine, invoice_id, actor=caller.client_id)
        return CollectionAnswer.of(engine, invoice_id)

    return once(serve)
