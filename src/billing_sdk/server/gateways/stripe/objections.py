"""Disputes, warnings and refunds of payments, as they stand at Stripe."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final, TypeVar

import stripe
from stripe import Charge, Dispute, Invoice, PaymentIntent, Refund
from stripe.params import RefundListParams
from stripe.radar import EarlyFraudWarning

from billing_sdk.server.domain.invoicing import DisputeKind, DisputeStatus, ToldDispute
from billing_sdk.server.gateways.objections import PaymentDispute, PaymentRefund, RefundOutcome
from billing_sdk.server.gateways.stripe.amounts import from_stripe
from billing_sdk.server.gateways.stripe.failures import answers_of_stripe, error_for
from billing_sdk.server.gateways.stripe.link import StripeLink, metadata_of

logger = logging.getLogger(__name__)
T = TypeVar("T")

PAGE: Final = 100
WARNING: Final = "issfr_"
CHARGE: Final = ("ch_", "py_")
# What Stripe's words mean here (Stripe documentation, "How disputes work": dispute statuses).
STATUSES: Mapping[str, tuple[DisputeKind, DisputeStatus]] = MappingProxyType(
    {
        "warning_needs_response": ("inquiry", "needs_response"),
        "warning_under_review": ("inquiry", "under_review"),
        "warning_closed": ("inquiry", "closed"),
        "needs_response": ("dispute", "needs_response"),
        "under_review": ("dispute", "under_review"),
        "won": ("dispute", "won"),
        "lost": ("dispute", "lost"),
        # It was settled before it became one, with a refund that is told by itself.
        "prevented": ("inquiry", "closed"),
    }
)
OUTCOMES: Mapping[str, RefundOutcome] = MappingProxyType(
    {"succeeded": "succeeded", "pending": "under_way", "failed": "failed", "canceled": "failed"}
)


def find_dispute(link: StripeLink, reference: str) -> PaymentDispute | None:
    """Return a dispute, or a warning of fraud, as it stands at Stripe; None where there is none."""
    if reference.startswith(WARNING):
        return _warned(link, reference)
    found = _found(lambda: link.client.v1.disputes.retrieve(reference))
    return None if found is None else _disputed(found)


def find_refund(link: StripeLink, reference: str) -> PaymentRefund | None:
    """Return a refund as it stands at Stripe; None where there is none."""
    found = _found(lambda: link.client.v1.refunds.retrieve(reference))
    return None if found is None else _refund(link, found)


def refunds_of(link: StripeLink, payment_reference: str) -> tuple[PaymentRefund, ...]:
    """Return all refunds of a payment, or of its charge, the oldest first."""
    wanted: RefundListParams = {"payment_intent": payment_reference}
    if payment_reference.startswith(CHARGE):
        wanted = {"charge": payment_reference}
    with answers_of_stripe(link.app):
        found = list(link.client.v1.refunds.list({**wanted, "limit": PAGE}).auto_paging_iter())
    return tuple(_refund(link, one) for one in reversed(found))


def bill_paid_by(link: StripeLink, payment_reference: str) -> str | None:
    """Return our id of the bill that a payment was made for; None where it is none of ours."""
    if not payment_reference.startswith("pi_"):
        return None
    with answers_of_stripe(link.app):
        found = link.client.v1.invoice_payments.list(
            {"payment": {"type": "payment_intent", "payment_intent": payment_reference}, "limit": PAGE}
        )
    for one in found.data:
        invoice = one.invoice.id if isinstance(one.invoice, Invoice) else one.invoice
        ours = link.mirror.our_id("invoice", str(invoice))
        if ours is not None:
            return ours
    return None


def _warned(link: StripeLink, reference: str) -> PaymentDispute | None:
    found = _found(lambda: link.client.v1.radar.early_fraud_warnings.retrieve(reference, {"expand": ["charge"]}))
    if found is None:
        return None
    charge = found.charge
    if not isinstance(charge, Charge):
        charge_id = charge
        fetched = _found(lambda: link.client.v1.charges.retrieve(charge_id))
        if fetched is None:
            return None
        charge = fetched
    return PaymentDispute(
        _payment_of(found, charge),
        ToldDispute(
            reference=found.id,
            amount=from_stripe(charge.amount, charge.currency),
            reason=found.fraud_type[:64],
            kind="fraud_warning",
            status="needs_response" if found.actionable else "closed",
        ),
    )


def _disputed(dispute: Dispute) -> PaymentDispute:
    kind, status = meaning_of(dispute.status)
    due = dispute.evidence_details.due_by
    return PaymentDispute(
        _payment_of(dispute, dispute.charge),
        ToldDispute(
            reference=dispute.id,
            amount=from_stripe(dispute.amount, dispute.currency),
            reason=dispute.reason[:64],
            kind=kind,
            status=status,
            evidence_due_at=None if due is None else datetime.fromtimestamp(due, UTC),
        ),
    )


def meaning_of(status: str) -> tuple[DisputeKind, DisputeStatus]:
    """Return what Stripe's word means here; one that it has added holds money at least, unless it is a warning."""
    if status not in STATUSES:
        logger.warning("the status %s of a dispute is not known", status[:64])
    is_warning = status.startswith("warning_")
    return STATUSES.get(status, ("inquiry" if is_warning else "dispute", "needs_response"))


def _refund(link: StripeLink, refund: Refund) -> PaymentRefund:
    said = metadata_of(refund)
    is_ours = said.get("billing_environment") == link.keys.deployment
    outcome = OUTCOMES.get(refund.status or "", "waiting")
    return PaymentRefund(
        reference=refund.id,
        payment_reference=_payment_of(refund, refund.charge),
        amount=from_stripe(refund.amount, refund.currency),
        outcome=outcome,
        our_id=said.get("billing_id") if is_ours else None,
        decline_code=(refund.failure_reason or refund.status) if outcome == "failed" else None,
    )


def _payment_of(told: Dispute | Refund | EarlyFraudWarning, charge: Charge | str | None) -> str:
    """Return the id that the payment is known by here: that of its intent, where it has one."""
    intent = told.payment_intent
    if intent is not None:
        return intent.id if isinstance(intent, PaymentIntent) else intent
    return charge.id if isinstance(charge, Charge) else str(charge)


def _found(fetch: Callable[[], T]) -> T | None:
    try:
        return fetch()
    except stripe.InvalidRequestError as error:
        if error.http_status == 404:
            return None
        raise error_for(error) from None
    except stripe.StripeError as error:
        raise error_for(error) from None
