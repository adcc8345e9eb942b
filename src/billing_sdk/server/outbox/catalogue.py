"""The types of event that there are: name, origin, the schema of their data, and an example.

Names are those of the Kinde documentation, "Webhooks". The data of user and organization events has the shape
documented there; that of billing events is this project's own, as none is published. Every billing event carries
its owner and its sequence number, and the full state of the thing that it is about.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.outbox.catalogue_allowances import ALLOWANCE_EVENT_TYPES
from billing_sdk.server.outbox.catalogue_collection import COLLECTION_EVENT_TYPES
from billing_sdk.server.outbox.catalogue_corrections import CORRECTION_EVENT_TYPES
from billing_sdk.server.outbox.catalogue_credits import CREDIT_EVENT_TYPES
from billing_sdk.server.outbox.catalogue_gateways import GATEWAY_EVENT_TYPES
from billing_sdk.server.outbox.catalogue_workspace import WORKSPACE_EVENT_TYPES
from billing_sdk.server.outbox.event_type import (
    DECIMAL,
    LIST,
    TEXT,
    TIME,
    TRUTH,
    WHOLE,
    EventType,
    Schema,
    billing_event,
    nullable,
    object_of,
)

PLAN = object_of(key=TEXT, code=TEXT, name=TEXT)
AGREEMENT = object_of(
    id=TEXT,
    plan_code=TEXT,
    plan_version=WHOLE,
    next_version=nullable(WHOLE),
    billing_group_id=TEXT,
    status={"enum": ["trialing", "active", "paused", "replaced", "cancelled"]},
    currency=TEXT,
    cadence=TEXT,
    started_on=TIME,
    ended_on=nullable(TIME),
    expires_on=nullable(TIME),
    current_period_start=TIME,
    current_period_end=TIME,
    trial_ends_on=nullable(TIME),
    cancels_on=nullable(TIME),
    paused_on=nullable(TIME),
    suspended_on=nullable(TIME),
    pending_change=nullable(object_of(plan_code=TEXT, changes_on=TIME)),
    quantities={"type": "object", "additionalProperties": WHOLE},
    add_ons=LIST,
    discounts=LIST,
    is_unpaid=TRUTH,
)
PAYMENT = object_of(
    id=TEXT,
    amount_minor=WHOLE,
    currency=TEXT,
    status={"enum": ["succeeded", "failed"]},
    decline_code=nullable(TEXT),
)
INVOICE = object_of(id=TEXT, number=TEXT)
HELD = object_of(id=TEXT, status={"enum": ["awaiting_sending"]}, currency=TEXT)
USAGE = object_of(feature_code=TEXT, value=DECIMAL, kind={"enum": ["absolute", "delta"]}, total=DECIMAL)
USER = object_of(
    id=TEXT,
    email=TEXT,
    first_name=TEXT,
    last_name=TEXT,
    username=nullable(TEXT),
    phone=nullable(TEXT),
    is_password_reset_requested=TRUTH,
    is_suspended=TRUTH,
    organizations=LIST,
)
ORGANIZATION = object_of(code=TEXT, external_id=nullable(TEXT), handle=nullable(TEXT), name=TEXT)

PLAN_EXAMPLE = {"key": "pro_monthly", "code": "pro_monthly", "name": "Pro"}
FREE_EXAMPLE = {"key": "free", "code": "free", "name": "Free"}
AGREEMENT_EXAMPLE = {
    "id": "agreement_0193e0a1b2c3d4e5f60718293a4b5c6f",
    "plan_code": "pro_monthly",
    "plan_version": 1,
    "next_version": None,
    "billing_group_id": "sbg_0193e0a1b2c3d4e5f60718293a4b5c72",
    "status": "active",
    "currency": "USD",
    "cadence": "month",
    "started_on": "2026-01-31T09:00:00.000Z",
    "ended_on": None,
    "expires_on": None,
    "current_period_start": "2026-01-31T09:00:00.000Z",
    "current_period_end": "2026-02-28T09:00:00.000Z",
    "trial_ends_on": None,
    "cancels_on": None,
    "paused_on": None,
    "suspended_on": None,
    "pending_change": None,
    "quantities": {"seats": 5},
    "add_ons": [],
    "discounts": [],
    "is_unpaid": False,
}
ENDED_EXAMPLE = {
    **AGREEMENT_EXAMPLE,
    "status": "cancelled",
    "ended_on": "2026-02-10T09:00:00.000Z",
    "expires_on": "2026-02-10T09:00:00.000Z",
}
PAUSED_EXAMPLE = {**AGREEMENT_EXAMPLE, "status": "paused", "paused_on": "2026-02-10T09:00:00.000Z"}
PLANNED_EXAMPLE = {
    **AGREEMENT_EXAMPLE,
    "pending_change": {"plan_code": "free", "changes_on": "2026-02-28T09:00:00.000Z"},
}
RENEWED_EXAMPLE = {
    **AGREEMENT_EXAMPLE,
    "current_period_start": "2026-02-28T09:00:00.000Z",
    "current_period_end": "2026-03-31T09:00:00.000Z",
}
TRIAL_EXAMPLE = {
    **AGREEMENT_EXAMPLE,
    "status": "trialing",
    "current_period_end": "2026-02-14T09:00:00.000Z",
    "trial_ends_on": "2026-02-14T09:00:00.000Z",
}
PAYMENT_EXAMPLE = {
    "id": "payment_0193e0a1b2c3d4e5f60718293a4b5c70",
    "amount_minor": 2_900,
    "currency": "USD",
    "status": "succeeded",
    "decline_code": None,
}
DECLINED_EXAMPLE = {**PAYMENT_EXAMPLE, "status": "failed", "decline_code": "insufficient_funds"}
INVOICE_EXAMPLE = {"id": "invoice_0193e0a1b2c3d4e5f60718293a4b5c71", "number": "INV-000001"}
HELD_EXAMPLE = {"id": "invoice_0193e0a1b2c3d4e5f60718293a4b5c71", "status": "awaiting_sending", "currency": "USD"}
USAGE_EXAMPLE = {"feature_code": "ai_tokens", "value": "250", "kind": "delta", "total": "1250"}
USER_EXAMPLE = {
    "id": "kp_0193e0a1b2c3d4e5f60718293a4b5c6e",
    "email": "ada@example.com",
    "first_name": "Ada",
    "last_name": "Lovelace",
    "username": None,
    "phone": None,
    "is_password_reset_requested": False,
    "is_suspended": False,
    "organizations": [{"code": "org_0193e0a1b2c", "permissions": None, "roles": None}],
}
ORGANIZATION_EXAMPLE = {"code": "org_0193e0a1b2c", "external_id": None, "handle": None, "name": "Acme"}


def _about(origin: str, verb: str, schema: Schema, example: Any, when: str) -> EventType:
    return EventType(
        f"{origin}.{verb}",
        f"{origin.capitalize()} {verb}",
        origin,
        object_of(**{origin: schema}),
        {origin: example},
        when,
    )


CANCELLATION = object_of(
    id=TEXT,
    status={"enum": ["waiting", "approved", "refused", "withdrawn"]},
    asked_on=TIME,
    ends_on=TIME,
    reason=nullable(TEXT),
    comment=nullable(TEXT),
    answer=nullable(TEXT),
)
CANCELLATION_EXAMPLE = {
    "id": "endrequest_0193e0a1b2c3d4e5f60718293a4b5c70",
    "status": "waiting",
    "asked_on": "2026-02-03T09:00:00.000Z",
    "ends_on": "2026-02-28T09:00:00.000Z",
    "reason": "unused",
    "comment": "We are too few by now.",
    "answer": None,
}

_ID = (TEXT, AGREEMENT_EXAMPLE["id"])
_PLAN = (PLAN, PLAN_EXAMPLE)
_PREVIOUS = (nullable(PLAN), None)


def _about_agreement(code: str, name: str, when: str, example: Any, **parts: tuple[Schema, Any]) -> EventType:
    about = {"plan": _PLAN, "agreement_id": _ID, "agreement": (AGREEMENT, example)}
    return billing_event(code, name, when, is_extension=True, **about, **parts)


EVENT_TYPES: tuple[EventType, ...] = (
    billing_event(
        "customer.agreement_created",
        "Agreement created",
        "An agreement was made, by sign-up, change or API.",
        plan=_PLAN,
        previous_plan=_PREVIOUS,
        agreement_id=_ID,
        agreement=(AGREEMENT, AGREEMENT_EXAMPLE),
    ),
    billing_event(
        "customer.agreement_cancelled",
        "Agreement cancelled",
        "An agreement has ended, and no other took its place.",
        plan=_PLAN,
        agreement_id=_ID,
        agreement=(AGREEMENT, ENDED_EXAMPLE),
    ),
    billing_event(
        "customer.plan_assigned",
        "Plan assigned",
        "A customer without a plan in its group is on one.",
        plan=_PLAN,
        previous_plan=_PREVIOUS,
        agreement_id=_ID,
        agreement=(AGREEMENT, AGREEMENT_EXAMPLE),
    ),
    billing_event(
        "customer.plan_changed",
        "Plan changed",
        "A customer moved from one plan to another; a new agreement was created, too.",
        plan=_PLAN,
        previous_plan=(nullable(PLAN), FREE_EXAMPLE),
        agreement_id=_ID,
        agreement=(AGREEMENT, AGREEMENT_EXAMPLE),
    ),
    _about_agreement(
        "customer.agreement_updated",
        "Agreement updated",
        "Something about an agreement was changed, planned or taken back; `changed` says what.",
        PLANNED_EXAMPLE,
        changed=(LIST, ["pending_change"]),
    ),
    _about_agreement(
        "customer.agreement_paused",
        "Agreement paused",
        "An agreement was paused: nothing is included and nothing is charged until it is resumed.",
        PAUSED_EXAMPLE,
    ),
    _about_agreement(
        "customer.agreement_resumed", "Agreement resumed", "An agreement goes on after a pause.", AGREEMENT_EXAMPLE
    ),
    _about_agreement(
        "customer.agreement_renewed", "Agreement renewed", "Another period of an agreement has begun.", RENEWED_EXAMPLE
    ),
    _about_agreement(
        "customer.cancellation_requested",
        "Cancellation requested",
        "A customer asks for the end of an agreement, which somebody has to approve first.",
        AGREEMENT_EXAMPLE,
        cancellation=(CANCELLATION, CANCELLATION_EXAMPLE),
    ),
    _about_agreement(
        "customer.cancellation_decided",
        "Cancellation decided",
        "What a customer has asked for was approved, refused or withdrawn.",
        AGREEMENT_EXAMPLE,
        cancellation=(CANCELLATION, {**CANCELLATION_EXAMPLE, "status": "refused", "answer": "Call us first, please."}),
    ),
    _about_agreement("customer.trial_ending", "Trial ending", "A trial ends soon, at `trial_ends_on`.", TRIAL_EXAMPLE),
    billing_event(
        "customer.payment_succeeded",
        "Payment succeeded",
        "A payment was taken.",
        payment=(PAYMENT, PAYMENT_EXAMPLE),
        invoice=(nullable(INVOICE), INVOICE_EXAMPLE),
    ),
    billing_event(
        "customer.payment_failed",
        "Payment failed",
        "A payment was refused.",
        payment=(PAYMENT, DECLINED_EXAMPLE),
        invoice=(nullable(INVOICE), None),
    ),
    *GATEWAY_EVENT_TYPES,
    *COLLECTION_EVENT_TYPES,
    billing_event(
        "customer.invoice_held",
        "Invoice held",
        "An invoice can't be issued before somebody says where the customer is: the billing profile insists on tax.",
        is_extension=True,
        invoice=(HELD, HELD_EXAMPLE),
    ),
    billing_event(
        "customer.meter_usage_updated",
        "Meter usage updated",
        "Usage of a metered feature was recorded.",
        agreement_id=_ID,
        usage=(USAGE, USAGE_EXAMPLE),
    ),
    *ALLOWANCE_EVENT_TYPES,
    *CREDIT_EVENT_TYPES,
    *CORRECTION_EVENT_TYPES,
    *WORKSPACE_EVENT_TYPES,
    EventType(
        "customer.plan_created",
        "Plan created",
        "billing",
        object_of(plan=PLAN),
        {"plan": PLAN_EXAMPLE},
        "A plan was made, which nobody can buy before it is published; it belongs to no customer.",
    ),
    _about("user", "created", USER, USER_EXAMPLE, "Somebody has signed up, or was added."),
    _about("user", "updated", USER, USER_EXAMPLE, "What is known of a person has changed."),
    _about("user", "deleted", object_of(id=TEXT), {"id": USER_EXAMPLE["id"]}, "A person was forgotten."),
    _about("user", "authenticated", object_of(id=TEXT), {"id": USER_EXAMPLE["id"]}, "Somebody has signed in."),
    _about("organization", "created", ORGANIZATION, ORGANIZATION_EXAMPLE, "An organization was made."),
    _about(
        "organization", "updated", ORGANIZATION, ORGANIZATION_EXAMPLE, "What is known of an organization has changed."
    ),
    _about(
        "organization",
        "deleted",
        object_of(code=TEXT),
        {"code": ORGANIZATION_EXAMPLE["code"]},
        "An organization was forgotten.",
    ),
)

BY_CODE: Mapping[str, EventType] = MappingProxyType({event_type.code: event_type for event_type in EVENT_TYPES})


def event_type_for(code: str) -> EventType:
    """Return a type of event.

    Raises:
        InvalidRequest: there is no such type.
    """
    try:
        return BY_CODE[code]
    except KeyError:
        raise InvalidRequest(
            f"there is no event type {code[:80]!r}", remedy=f"Choose from {', '.join(BY_CODE)}."
        ) from None
