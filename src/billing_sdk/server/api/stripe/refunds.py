"""Refunds of v1: of what a payment has paid, by a credit note; of what it has paid nothing with, as it came.

Source: Stripe documentation, API reference, Refunds.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, Final, Literal

from fastapi import Depends
from pydantic import Field
from starlette.responses import Response

from billing_sdk.errors import (
    BillingError,
    CreditNoteTooLarge,
    InvalidAmount,
    NotFound,
    PaymentDisputed,
    PaymentIntentUnexpectedState,
    RefundTooLarge,
    UnknownPaymentIntent,
)
from billing_sdk.money import Money
from billing_sdk.server.api.stripe.answers import Answering
from billing_sdk.server.api.stripe.bodies import FormBody, StripeRoute, View
from billing_sdk.server.api.stripe.ids import (
    ChargeId,
    Kind,
    PaymentIntentId,
    ours,
    shown,
    unknown,
)
from billing_sdk.server.api.stripe.once import OnlyOnce
from billing_sdk.server.api.stripe.paging import Filters, Listing, Wanted
from billing_sdk.server.api.stripe.problems import refused
from billing_sdk.server.api.stripe.security import CallerOf, EngineOf, v1
from billing_sdk.server.api.stripe.values import Livemode, LowerCurrency, Metadata, UnixTime, Whole, merged
from billing_sdk.server.domain.invoicing import PaymentIntent, Refund, UnusedRefund
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.paging import PageRequest
from billing_sdk.server.storage.stripe_objects import StripeObject
from billing_sdk.server.usecases.credit_invoice import credit_invoice
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.refund_unused import carry_out_refund, refund_unused
from billing_sdk.server.web.operations import Operations

router = Operations(route_class=StripeRoute)

KIND: Final = "refund"
Reason = Literal["duplicate", "fraudulent", "requested_by_customer"]
CODES: dict[type[BillingError], str] = {
    UnknownPaymentIntent: "resource_missing",
    PaymentIntentUnexpectedState: "charge_not_refundable",
    PaymentDisputed: "charge_disputed",
    CreditNoteTooLarge: "amount_too_large",
    RefundTooLarge: "amount_too_large",
    InvalidAmount: "parameter_invalid",
}


class NewRefund(FormBody):
    """What goes back: of a payment intent, or of a charge of one."""

    payment_intent: str | None = None
    charge: str | None = None
    amount: Whole | None = None
    reason: Reason | None = None
    metadata: Metadata | None = None
    instructions_email: Annotated[str, Field(max_length=320)] | None = None


class RefundFilters(Filters):
    """What refunds can be filtered by."""

    payment_intent: str | None = None
    charge: str | None = None


REFUNDS = Listing(RefundFilters)


class RefundView(View):
    """A refund."""

    id: str
    object: Literal["refund"] = "refund"
    amount: int
    balance_transaction: None = None
    charge: ChargeId
    created: UnixTime
    currency: LowerCurrency
    failure_reason: str | None
    livemode: Livemode = None
    metadata: dict[str, str]
    payment_intent: PaymentIntentId | None
    reason: str | None
    receipt_number: None = None
    source_transfer_reversal: None = None
    status: str
    transfer_reversal: None = None


@router.post("/refunds", **v1("update:billing_invoices", codes=CODES))
def create_refund(caller: CallerOf, body: NewRefund, once: OnlyOnce) -> Response:
    """Give money back."""

    def serve(engine: Engine) -> View:
        with engine.read() as tx:
            intent = _intent_of(tx, body.payment_intent, body.charge)
            if intent is None:
                raise refused(
                    "parameter_missing", "A refund names a payment_intent or a charge", param="payment_intent"
                )
        amount = None if body.amount is None else Money(body.amount, intent.amount.currency)
        try:
            refund = _given_back(engine, intent, amount, caller.client_id)
        except (CreditNoteTooLarge, RefundTooLarge) as refusal:
            if refusal.facts.get("left_minor") == 0:
                raise refused("charge_already_refunded", "all of the payment has gone back") from None
            raise
        at = engine.now()
        data = {"reason": body.reason, "payment_intent": intent.id}
        with engine.begin() as tx:
            kept = StripeObject(KIND, refund.id, at, at, data=data, metadata=merged({}, body.metadata))
            tx.stripe.save(kept)
            return _shown(tx, refund)

    return once(serve, body)


@router.get("/refunds/{refund}", **v1("read:billing_invoices"))
def get_refund(engine: EngineOf, answer: Answering, refund: str) -> Response:
    """Get a refund."""
    with engine.read() as tx:
        found = _find(tx, refund)
        if found is None:
            raise unknown("refund", refund)
        return answer(_shown(tx, found))


@router.get("/refunds", **v1("read:billing_invoices"))
def list_refunds(
    engine: EngineOf, answer: Answering, wanted: Annotated[Wanted[RefundFilters], Depends(REFUNDS)]
) -> Response:
    """List refunds, the newest first."""
    filters = wanted.filters
    with engine.read() as tx:
        intent = _intent_of(tx, filters.payment_intent, filters.charge)
        intents = tx.payment_intents.page(PageRequest(500)).items if intent is None else (intent,)
        found = [one for each in intents for one in _refunds_of(tx, each)]
        found.sort(key=lambda one: (one.requested_at, one.id), reverse=True)
        return answer(wanted.page(found, lambda one: _shown(tx, one), place_of=_shown_id))


def _given_back(engine: Engine, intent: PaymentIntent, amount: Money | None, actor: str) -> Refund | UnusedRefund:
    effect_id = None if engine.call is None else engine.call.effect_id
    if effect_id is not None and effect_id.startswith("refundunused_"):
        with engine.read() as tx:
            begun = tx.payment_intents.find_refund(effect_id)
        if begun is not None:
            return carry_out_refund(engine, begun) if begun.status == "pending" else begun
    if intent.invoice_id is None:
        return refund_unused(engine, intent.id, amount=amount, actor=actor)
    credited = credit_invoice(
        engine, invoice_id=intent.invoice_id, wanted=amount, reason="Refunded", destination="refund", actor=actor
    )
    if credited.refund is None:
        raise refused("charge_not_refundable", "nothing of the payment can be refunded", param="payment_intent")
    return credited.refund


def _intent_of(tx: UnitOfWork, payment_intent: str | None, charge: str | None) -> PaymentIntent | None:
    if payment_intent is not None:
        return tx.payment_intents.get(ours("payment_intent", payment_intent, param="payment_intent"))
    if charge is None:
        return None
    found = tx.payment_intents.find_by_payment(ours("charge", charge, param="charge"))
    if found is None:
        raise unknown("charge", charge, param="charge")
    return found


def _refunds_of(tx: UnitOfWork, intent: PaymentIntent) -> tuple[Refund | UnusedRefund, ...]:
    used = () if intent.invoice_id is None else tx.refunds.of_invoice(intent.invoice_id)
    return (*tx.payment_intents.refunds_of(intent.id), *used)


def _find(tx: UnitOfWork, name: str) -> Refund | UnusedRefund | None:
    with suppress(NotFound):
        return tx.refunds.find(ours("refund", name)) or tx.payment_intents.find_refund(ours("unused_refund", name))
    return None


def _shown_id(refund: Refund | UnusedRefund) -> str:
    kind: Kind = "refund" if isinstance(refund, Refund) else "unused_refund"
    return shown(kind, refund.id, is_live=True)  # it never says what environment it is of


def _shown(tx: UnitOfWork, refund: Refund | UnusedRefund) -> RefundView:
    known = tx.stripe.find(KIND, refund.id)
    if isinstance(refund, UnusedRefund):
        intent_id: str | None = refund.payment_intent_id
    else:
        intent_id = tx.invoices.get_payment(refund.payment_id).payment_intent_id
    return RefundView(
        id=_shown_id(refund),
        amount=refund.amount.minor,
        charge=refund.payment_id,
        created=refund.requested_at,
        currency=refund.amount.currency,
        failure_reason=refund.decline_code,
        metadata={} if known is None else dict(known.metadata),
        payment_intent=intent_id,
        reason=None if known is None else known.data.get("reason"),
        status=refund.status,
    )
