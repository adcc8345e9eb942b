"""What events say: the full state of the thing that they are about, in JSON values.

The data of user and organization events has the shape of the Kinde documentation, "Webhooks"; that of billing
events is this project's own, since none is published.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from billing_sdk.server.domain.agreements import AgreedDiscount, Agreement, EndRequest
from billing_sdk.server.domain.catalog import Plan, PlanVersion
from billing_sdk.server.domain.collection import Dunning
from billing_sdk.server.domain.identity import Organization, User
from billing_sdk.server.domain.invoicing import Invoice, Payment
from billing_sdk.server.domain.metering import Reading
from billing_sdk.server.domain.workspace import Workspace


def of_agreement(
    agreement: Agreement, plan: Plan, version: PlanVersion, *, next_version: int | None = None
) -> dict[str, Any]:
    """Describe an agreement as it is now, with its plan and the version of it that was agreed to.

    Args:
        agreement: as it is now.
        plan: what it is for.
        version: what was agreed to.
        next_version: the number of the version that takes over when it is billed next.
    """
    period, pending = agreement.billed_period, agreement.pending_change
    later = {"plan_code": pending.plan_key, "changes_on": of_time(pending.at)} if pending else None
    return {
        "plan": of_plan(plan),
        "agreement_id": agreement.id,
        "agreement": {
            "id": agreement.id,
            "plan_code": agreement.plan_key,
            "plan_version": version.number,
            "next_version": next_version,
            "billing_group_id": agreement.group_id,
            "status": agreement.status,
            "currency": agreement.currency,
            "cadence": str(agreement.cadence),
            "started_on": of_time(agreement.started_at),
            "ended_on": of_time_or_none(agreement.ended_at),
            "expires_on": of_time_or_none(agreement.ended_at or agreement.cancel_at),
            "current_period_start": of_time(period.start),
            "current_period_end": of_time(period.end),
            "trial_ends_on": of_time_or_none(agreement.trial_ends_at),
            "cancels_on": of_time_or_none(agreement.cancel_at),
            "paused_on": of_time_or_none(agreement.paused_at),
            "suspended_on": of_time_or_none(agreement.suspended_at),
            "pending_change": later,
            "quantities": dict(agreement.quantities),
            "add_ons": [{"plan_code": one.plan_key, "quantity": one.quantity} for one in agreement.add_ons],
            "discounts": [_of_discount(discount) for discount in agreement.discounts],
            "is_unpaid": agreement.is_unpaid,
        },
    }


def _of_discount(discount: AgreedDiscount) -> dict[str, Any]:
    percent, amount = discount.percent_off, discount.amount_off
    return {
        "coupon_code": discount.coupon_key,
        "percent_off": None if percent is None else f"{percent:f}",
        "amount_off_minor": None if amount is None else amount.minor,
        "periods_left": discount.periods_left,
    }


def of_end_request(request: EndRequest) -> dict[str, Any]:
    """Describe a customer's wish that an agreement ends."""
    return {
        "id": request.id,
        "status": request.status,
        "asked_on": of_time(request.asked_at),
        "ends_on": of_time(request.ends_at),
        "reason": request.reason,
        "comment": request.comment or None,
        "answer": request.answer or None,
    }


def of_plan(plan: Plan) -> dict[str, Any]:
    """Describe a plan; `key` and `code` are the same, as the two published APIs name it."""
    return {"key": plan.key, "code": plan.key, "name": plan.name}


def of_payment(payment: Payment, invoice: Invoice | None) -> dict[str, Any]:
    """Describe an attempt to collect an amount, and the invoice that it paid."""
    return {
        "payment": {
            "id": payment.id,
            "amount_minor": payment.amount.minor,
            "currency": payment.amount.currency,
            "status": payment.status,
            "decline_code": payment.decline_code,
        },
        "invoice": {"id": invoice.id, "number": invoice.number} if invoice else None,
    }


def of_invoice(invoice: Invoice) -> dict[str, Any]:
    """Describe an invoice that has been issued."""
    return {
        "invoice": {
            "id": invoice.id,
            "number": invoice.name,
            "status": invoice.status,
            "total_minor": invoice.amount.minor,
            "currency": invoice.currency,
            "due_on": of_time(invoice.due_at or invoice.created_at),
        }
    }


def of_held_invoice(invoice: Invoice) -> dict[str, Any]:
    """Describe an invoice that can't be issued as things are; what it comes to is not known yet."""
    return {"invoice": {"id": invoice.id, "status": invoice.status, "currency": invoice.currency}}


def of_dunning(dunning: Dunning) -> dict[str, Any]:
    """Describe what follows an invoice that was not paid."""
    return {
        "dunning": {
            "started_on": of_time(dunning.started_at),
            "failures": dunning.failures,
            "next_attempt_on": of_time_or_none(dunning.retry_at),
            "grace_ends_on": of_time(dunning.grace_ends_at),
            "at_end": dunning.policy.at_end,
            "ended_on": of_time_or_none(dunning.ended_at),
            "outcome": dunning.outcome,
        }
    }


def of_usage(reading: Reading, total: Decimal) -> dict[str, Any]:
    """Describe a reading, and the total of its period with it."""
    return {
        "agreement_id": reading.agreement_id,
        "usage": {
            "feature_code": reading.feature_key,
            "value": f"{reading.value:f}",
            "kind": reading.kind,
            "total": f"{total:f}",
        },
    }


def of_total(agreement_id: str, feature_key: str, total: Decimal) -> dict[str, Any]:
    """Describe what the total of the present period is, after events of other sources."""
    usage = {"feature_code": feature_key, "value": f"{total:f}", "kind": "absolute", "total": f"{total:f}"}
    return {"agreement_id": agreement_id, "usage": usage}


def of_user(user: User, org_codes: tuple[str, ...]) -> dict[str, Any]:
    """Describe a person."""
    return {
        "user": {
            "id": user.id,
            "email": user.email,
            "first_name": user.given_name,
            "last_name": user.family_name,
            "username": None,
            "phone": None,
            "is_password_reset_requested": False,
            "is_suspended": user.is_suspended,
            "organizations": [{"code": code, "permissions": None, "roles": None} for code in org_codes],
        }
    }


def of_organization(organization: Organization) -> dict[str, Any]:
    """Describe an organization."""
    return {
        "organization": {
            "code": organization.code,
            "external_id": organization.external_id,
            "handle": organization.handle,
            "name": organization.name,
        }
    }


def of_workspace(workspace: Workspace) -> dict[str, Any]:
    """Describe whether billing is on, since when, and the gateway that was chosen last."""
    return {
        "billing": {
            "is_enabled": workspace.is_billing_enabled,
            "enabled_on": of_time_or_none(workspace.billing_enabled_at),
            "gateway": workspace.gateway,
        }
    }


def of_time_or_none(at: datetime | None) -> str | None:
    """Write an instant, if there is one."""
    return None if at is None else of_time(at)


def of_time(at: datetime) -> str:
    """Write an instant as ISO 8601 in UTC, with milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
