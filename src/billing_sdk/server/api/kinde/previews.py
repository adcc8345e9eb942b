"""Previews (extension): what a change of plan, other numbers or a cancellation would come to, with nothing written."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import Path
from pydantic import BaseModel
from starlette.responses import Response

from billing_sdk.server.api.kinde.agreement_body import NewAgreement, WantedEnd, WantedNumbers, read_timing
from billing_sdk.server.api.kinde.envelope import Answer, StrictRoute
from billing_sdk.server.api.kinde.idempotency import OnlyOnce
from billing_sdk.server.api.kinde.invoice_view import LineView
from billing_sdk.server.api.kinde.security import scoped
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.preview_agreement import preview_alteration, preview_cancellation
from billing_sdk.server.usecases.preview_change import NextCharge, Preview, preview_change
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Billing agreements"], route_class=StrictRoute)


AgreementId = Annotated[str, Path(min_length=1, max_length=64)]


class NextChargeView(BaseModel):
    """What is charged next, if nothing is used until then and nothing changes."""

    charges_on: datetime
    total_minor: int
    lines: list[LineView]

    @classmethod
    def of(cls, charge: NextCharge) -> NextChargeView:
        """Show the next charge."""
        lines = [LineView.of(line) for line in charge.lines]
        return cls(charges_on=charge.at, total_minor=charge.amount.minor, lines=lines)


class PreviewView(BaseModel):
    """What a change would come to: `total_minor` is charged at once, in minor units.

    `credit_minor` is what is given back of what was paid and not used, `balance_minor` the customer's credit balance
    after it. `terms` goes into a change of plan, so that it is made on these terms only; anything else has none. With
    `tax_by_gateway` the payment processor works out the tax, which no amount holds that excludes it.
    """

    plan_code: str
    plan_version: int
    currency: str
    changes_on: datetime
    total_minor: int
    credit_minor: int
    balance_minor: int
    needs_payment_method: bool
    lines: list[LineView]
    next_charge: NextChargeView | None
    terms: str | None
    tax_by_gateway: bool

    @classmethod
    def of(cls, preview: Preview) -> PreviewView:
        """Show a preview."""
        return cls(
            plan_code=preview.plan.key,
            plan_version=preview.plan.version.number,
            currency=preview.agreement.currency,
            changes_on=preview.changes_at,
            total_minor=preview.amount.minor,
            credit_minor=preview.credit.minor,
            balance_minor=preview.balance.minor,
            needs_payment_method=preview.needs_method,
            lines=[LineView.of(line) for line in preview.lines],
            next_charge=NextChargeView.of(preview.next_charge) if preview.next_charge else None,
            terms=preview.terms,
            tax_by_gateway=preview.tax_by_gateway,
        )


class PreviewAnswer(Answer):
    """What a change would come to."""

    preview: PreviewView


PREVIEWS: dict[str, Any] = {
    "response_model": PreviewAnswer,
    **scoped("read:billing_agreements", extension=True),
}


@router.post("/billing/agreement_previews", **PREVIEWS)
def preview_agreement(body: NewAgreement, once: OnlyOnce) -> Response:
    """Work out what putting a customer on a plan would come to, by the same code and with nothing written (extension).

    The body is that of making an agreement.
    """
    options = body.options

    def serve(engine: Engine) -> PreviewAnswer:
        preview = preview_change(engine, customer_id=body.customer_id, plan_key=body.plan_code, options=options)
        return PreviewAnswer(preview=PreviewView.of(preview))

    return once(serve, body)


@router.post("/billing/agreements/{agreement_id}/alteration_preview", **PREVIEWS)
def preview_altered(agreement_id: AgreementId, body: WantedNumbers, once: OnlyOnce) -> Response:
    """Work out what other numbers of seats and add-ons would come to (extension).

    By the same code as the change itself, and with nothing written.
    """
    timing, add_ons = read_timing(body.timing), body.numbers

    def serve(engine: Engine) -> PreviewAnswer:
        preview = preview_alteration(
            engine,
            agreement_id=agreement_id,
            quantities=body.quantities,
            add_ons=add_ons,
            timing=timing,
            is_prorate=body.is_prorate,
        )
        return PreviewAnswer(preview=PreviewView.of(preview))

    return once(serve, body)


@router.post("/billing/agreements/{agreement_id}/cancellation_preview", **PREVIEWS)
def preview_end(agreement_id: AgreementId, body: WantedEnd, once: OnlyOnce) -> Response:
    """Work out what ending an agreement would come to (extension).

    By the same code as the cancellation itself, and with nothing written; the seller's own rules are not asked.
    """
    timing = read_timing(body.timing)

    def serve(engine: Engine) -> PreviewAnswer:
        preview = preview_cancellation(
            engine,
            agreement_id=agreement_id,
            timing=timing,
            is_invoice_now=body.is_invoice_now,
            is_prorate=body.is_prorate,
        )
        return PreviewAnswer(preview=PreviewView.of(preview))

    return once(serve, body)
