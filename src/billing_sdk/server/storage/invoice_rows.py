"""How invoices, their lines and payments are written as rows, and read back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import RowMapping

from billing_sdk.money import Money
from billing_sdk.server.domain.customers import MethodName
from billing_sdk.server.domain.invoicing import Frame, Frames, Invoice, InvoiceLine, Payment
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.storage.tables.billing import invoices

COLUMNS = tuple(column.name for column in invoices.columns if column.name != "line_count")


def row_of(invoice: Invoice) -> dict[str, Any]:
    """Write an invoice without its lines."""
    values = {name: getattr(invoice, name) for name in COLUMNS}
    return values | {"basis": dict(invoice.basis), "line_count": len(invoice.lines)}


def line_rows(invoice: Invoice) -> list[dict[str, Any]]:
    """Write the lines of an invoice."""
    return [
        {
            "invoice_id": invoice.id,
            "position": position,
            "subject": line.subject,
            "frames": frames_to_json(line.frames),
            "amount_minor": line.amount.minor,
            "period_start": line.period.start,
            "period_end": line.period.end,
            "agreement_id": line.agreement_id,
            "plan_version_id": line.plan_version_id,
            "component_id": line.component_id,
            "quantity": line.quantity,
            "derivation": dict(line.derivation),
        }
        for position, line in enumerate(invoice.lines)
    ]


def line_of(row: RowMapping) -> InvoiceLine:
    """Read a line; the row names the currency of its invoice, too."""
    return InvoiceLine(
        subject=row["subject"],
        amount=Money(row["amount_minor"], row["currency"]),
        period=Period(row["period_start"], row["period_end"]),
        plan_version_id=row["plan_version_id"],
        component_id=row["component_id"],
        quantity=row["quantity"],
        derivation=row["derivation"],
        agreement_id=row["agreement_id"],
        frames=frames_from_json(row["frames"]),
    )


def frames_to_json(frames: Frames) -> list[list[Any]]:
    """Write what is said around the subject of a line."""
    return [[frame.form, dict(frame.facts)] for frame in frames]


def frames_from_json(stored: Sequence[Any]) -> Frames:
    """Read what `frames_to_json` has written."""
    return tuple(Frame(form, facts) for form, facts in stored)


def invoice_of(row: RowMapping, lines: Sequence[InvoiceLine]) -> Invoice:
    """Read an invoice."""
    return Invoice(**{name: row[name] for name in COLUMNS}, lines=tuple(lines))


def payment_row(payment: Payment) -> dict[str, Any]:
    """Write a payment."""
    return {
        "id": payment.id,
        "customer_id": payment.customer_id,
        "amount_minor": payment.amount.minor,
        "currency": payment.amount.currency,
        "status": payment.status,
        "attempted_at": payment.attempted_at,
        "method_kind": payment.method.kind,
        "method_brand": payment.method.brand,
        "method_last4": payment.method.last4,
        "gateway_reference": payment.gateway_reference,
        "reference": payment.reference,
        "decline_code": payment.decline_code,
        "invoice_id": payment.invoice_id,
        "gateway": payment.gateway,
        "payment_intent_id": payment.payment_intent_id,
    }


def payment_of(row: RowMapping) -> Payment:
    """Read a payment."""
    return Payment(
        id=row["id"],
        customer_id=row["customer_id"],
        amount=Money(row["amount_minor"], row["currency"]),
        status=row["status"],
        attempted_at=row["attempted_at"],
        method=MethodName(row["method_kind"], row["method_brand"], row["method_last4"]),
        gateway_reference=row["gateway_reference"],
        reference=row["reference"],
        decline_code=row["decline_code"],
        invoice_id=row["invoice_id"],
        gateway=row["gateway"],
        payment_intent_id=row["payment_intent_id"],
    )
