"""The data of events about what corrects an invoice."""

from __future__ import annotations

from typing import Any

from billing_sdk.server.domain.invoicing import CreditNote, Dispute, Invoice, Refund
from billing_sdk.server.usecases.event_data import of_time, of_time_or_none


def of_credit_note(note: CreditNote, invoice: Invoice) -> dict[str, Any]:
    """Describe a credit note, and the invoice that it corrects."""
    return {
        "credit_note": {
            "id": note.id,
            "number": note.number,
            "amount_minor": note.amount.minor,
            "currency": note.currency,
            "balance_minor": note.going_to("balance").minor,
            "destination": note.destination,
            "reason": note.reason,
            "issued_on": of_time(note.issued_at),
        },
        "invoice": {"id": invoice.id, "number": invoice.name},
    }


def of_refund(refund: Refund, invoice: Invoice) -> dict[str, Any]:
    """Describe a refund, and the invoice whose payment it gives back."""
    return {
        "refund": {
            "id": refund.id,
            "credit_note_id": refund.credit_note_id,
            "amount_minor": refund.amount.minor,
            "currency": refund.amount.currency,
            "status": refund.status,
            "decline_code": refund.decline_code,
        },
        "invoice": {"id": invoice.id, "number": invoice.name},
    }


def of_voided(invoice: Invoice) -> dict[str, Any]:
    """Describe an invoice that asks for nothing any more."""
    return {
        "invoice": {
            "id": invoice.id,
            "number": invoice.name,
            "status": invoice.status,
            "total_minor": invoice.amount.minor,
            "currency": invoice.currency,
        }
    }


def of_dispute(dispute: Dispute, invoice: Invoice | None) -> dict[str, Any]:
    """Describe a dispute, and the payment and the invoice that it is about."""
    return {
        "dispute": {
            "id": dispute.id,
            "kind": dispute.kind,
            "amount_minor": dispute.amount.minor,
            "currency": dispute.amount.currency,
            "reason": dispute.reason,
            "status": dispute.status,
            "evidence_due_on": of_time_or_none(dispute.evidence_due_at),
        },
        "payment": {"id": dispute.payment_id},
        "invoice": None if invoice is None else {"id": invoice.id, "number": invoice.name},
    }
