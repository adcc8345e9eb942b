"""The types of event that there are: name, origin, the schema of their data, and an example.

Names are those of the Kinde documentation, "Webhooks". The data of user and organization events has the shape
documented there; that of billing events is this project's own, as none is published. Every billing event carries
its owner and its sequence number, and the full state of the thing that it is about.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from billing_sdk.errors import InvalidRequest

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class EventType:
    """One type of event.

    Attributes:
        origin: what it is about: `billing`, `user` or `organization`.
        schema: a JSON Schema (2020-12) of the data, which `example` fits.
        when: one sentence, for people.
        is_extension: whether the published API has no such type.
    """

    code: str
    name: str
    origin: str
    schema: Schema
    example: Mapping[str, Any]
    when: str
    is_extension: bool = False

    @property
    def is_about_customer(self) -> bool:
        """Whether its data names a customer and carries a sequence number."""
        return "sequence" in self.schema["properties"]


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _nullable(schema: Schema) -> Schema:
    return {"anyOf": [schema, NULL]}


TEXT: Schema = {"type": "string"}
TRUTH: Schema = {"type": "boolean"}
WHOLE: Schema = {"type": "integer"}
NULL: Schema = {"type": "null"}
TIME: Schema = {"type": "string", "format": "date-time"}
DECIMAL: Schema = {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?$"}
LIST: Schema = {"type": "array"}

OWNER: Mapping[str, Schema] = {
    "customer_id": TEXT,
    "user_id": _nullable(TEXT),
    "org_code": _nullable(TEXT),
    "sequence": WHOLE,
}
PLAN = _object(key=TEXT, code=TEXT, name=TEXT)
AGREEMENT = _object(
    id=TEXT,
    plan_code=TEXT,
    plan_version=WHOLE,
    next_version=_nullable(WHOLE),
    billing_group_id=TEXT,
    status={"enum": ["trialing", "active", "paused", "replaced", "cancelled"]},
    currency=TEXT,
    cadence=TEXT,
    started_on=TIME,
    ended_on=_nullable(TIME),
    expires_on=_nullable(TIME),
    current_period_start=TIME,
    current_period_end=TIME,
    trial_ends_on=_nullable(TIME),
    cancels_on=_nullable(TIME),
    paused_on=_nullable(TIME),
    suspended_on=_nullable(TIME),
    pending_change=_nullable(_object(plan_code=TEXT, changes_on=TIME)),
    quantities={"type": "object", "additionalProperties": WHOLE},
    add_ons=LIST,
    discounts=LIST,
    is_unpaid=TRUTH,
)
PAYMENT = _object(
    id=TEXT,
    amount_minor=WHOLE,
    currency=TEXT,
    status={"enum": ["succeeded", "failed"]},
    decline_code=_nullable(TEXT),
)
INVOICE = _object(id=TEXT, number=TEXT)
BILL = _object(id=TEXT, number=TEXT, status={"enum": ["open"]}, total_minor=WHOLE, currency=TEXT, due_on=TIME)
USAGE = _object(feature_code=TEXT, value=DECIMAL, kind={"enum": ["absolute", "delta"]}, total=DECIMAL)
USER = _object(
    id=TEXT,
    email=TEXT,
    first_name=TEXT,
    last_name=TEXT,
    username=_nullable(TEXT),
    phone=_nullable(TEXT),
    is_password_reset_requested=TRUTH,
    is_suspended=TRUTH,
    organizations=LIST,
)
ORGANIZATION = _object(code=TEXT, external_id=_nullable(TEXT), handle=_nullable(TEXT), name=TEXT)

OWNER_EXAMPLE = {
    "customer_id": "customer_0193e0a1b2c3d4e5f60718293a4b5c6d",
    "user_id": "kp_0193e0a1b2c3d4e5f60718293a4b5c6e",
    "org_code": None,
    "sequence": 1,
}
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
BILL_EXAMPLE = {
    **INVOICE_EXAMPLE,
    "status": "open",
    "total_minor": 2_900,
    "currency": "USD",
    "due_on": "2026-03-02T09:00:00.000Z",
}
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


def _billing(code: str, name: str, when: str, *, is_extension: bool = False, **parts: tuple[Schema, Any]) -> EventType:
    schema = _object(**OWNER, **{part: schema for part, (schema, _) in parts.items()})
    example = {**OWNER_EXAMPLE, **{part: example for part, (_, example) in parts.items()}}
    return EventType(code, name, "billing", schema, example, when, is_extension)


def _about(origin: str, verb: str, schema: Schema, example: Any, when: str) -> EventType:
    return EventType(
        f"{origin}.{verb}",
        f"{origin.capitalize()} {verb}",
        origin,
        _object(**{origin: schema}),
        {origin: example},
        when,
    )


_ID = (TEXT, AGREEMENT_EXAMPLE["id"])
_PLAN = (PLAN, PLAN_EXAMPLE)
_PREVIOUS = (_nullable(PLAN), None)


def _about_agreement(code: str, name: str, when: str, example: Any, **parts: tuple[Schema, Any]) -> EventType:
    about = {"plan": _PLAN, "agreement_id": _ID, "agreement": (AGREEMENT, example)}
    return _billing(code, name, when, is_extension=True, **about, **parts)


EVENT_TYPES: tuple[EventType, ...] = (
    _billing(
        "customer.agreement_created",
        "Agreement created",
        "An agreement was made, by sign-up, change or API.",
        plan=_PLAN,
        previous_plan=_PREVIOUS,
        agreement_id=_ID,
        agreement=(AGREEMENT, AGREEMENT_EXAMPLE),
    ),
    _billing(
        "customer.agreement_cancelled",
        "Agreement cancelled",
        "An agreement has ended, and no other took its place.",
        plan=_PLAN,
        agreement_id=_ID,
        agreement=(AGREEMENT, ENDED_EXAMPLE),
    ),
    _billing(
        "customer.plan_assigned",
        "Plan assigned",
        "A customer without a plan in its group is on one.",
        plan=_PLAN,
        previous_plan=_PREVIOUS,
        agreement_id=_ID,
        agreement=(AGREEMENT, AGREEMENT_EXAMPLE),
    ),
    _billing(
        "customer.plan_changed",
        "Plan changed",
        "A customer moved from one plan to another; a new agreement was created, too.",
        plan=_PLAN,
        previous_plan=(_nullable(PLAN), FREE_EXAMPLE),
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
    _about_agreement("customer.trial_ending", "Trial ending", "A trial ends soon, at `trial_ends_on`.", TRIAL_EXAMPLE),
    _billing(
        "customer.payment_succeeded",
        "Payment succeeded",
        "A payment was taken.",
        payment=(PAYMENT, PAYMENT_EXAMPLE),
        invoice=(_nullable(INVOICE), INVOICE_EXAMPLE),
    ),
    _billing(
        "customer.payment_failed",
        "Payment failed",
        "A payment was refused.",
        payment=(PAYMENT, DECLINED_EXAMPLE),
        invoice=(_nullable(INVOICE), None),
    ),
    _billing(
        "customer.invoice_overdue",
        "Invoice overdue",
        "An invoice is due, and there is no card to take it from.",
        invoice=(BILL, BILL_EXAMPLE),
    ),
    _billing(
        "customer.meter_usage_updated",
        "Meter usage updated",
        "Usage of a metered feature was recorded.",
        agreement_id=_ID,
        usage=(USAGE, USAGE_EXAMPLE),
    ),
    EventType(
        "customer.plan_created",
        "Plan created",
        "billing",
        _object(plan=PLAN),
        {"plan": PLAN_EXAMPLE},
        "A plan was made, which nobody can buy before it is published; it belongs to no customer.",
    ),
    _about("user", "created", USER, USER_EXAMPLE, "Somebody has signed up, or was added."),
    _about("user", "updated", USER, USER_EXAMPLE, "What is known of a person has changed."),
    _about("user", "deleted", _object(id=TEXT), {"id": USER_EXAMPLE["id"]}, "A person was forgotten."),
    _about("user", "authenticated", _object(id=TEXT), {"id": USER_EXAMPLE["id"]}, "Somebody has signed in."),
    _about("organization", "created", ORGANIZATION, ORGANIZATION_EXAMPLE, "An organization was made."),
    _about(
        "organization", "updated", ORGANIZATION, ORGANIZATION_EXAMPLE, "What is known of an organization has changed."
    ),
    _about(
        "organization",
        "deleted",
        _object(code=TEXT),
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
