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
    """One type of event; `schema` is a JSON Schema (2020-12) that `example` fits."""

    code: str
    name: str
    origin: str
    schema: Schema
    example: Mapping[str, Any]

    @property
    def is_about_customer(self) -> bool:
        """Whether its data names a customer and carries a sequence number."""
        return self.code.startswith("customer.")


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
    status={"enum": ["active", "replaced", "cancelled"]},
    started_on=TIME,
    ended_on=_nullable(TIME),
)
PAYMENT = _object(
    id=TEXT,
    amount_minor=WHOLE,
    currency=TEXT,
    status={"enum": ["succeeded", "failed"]},
    decline_code=_nullable(TEXT),
)
INVOICE = _object(id=TEXT, number=TEXT)
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
    "status": "active",
    "started_on": "2026-01-31T09:00:00.000Z",
    "ended_on": None,
}
ENDED_EXAMPLE = {**AGREEMENT_EXAMPLE, "status": "cancelled", "ended_on": "2026-02-10T09:00:00.000Z"}
PAYMENT_EXAMPLE = {
    "id": "payment_0193e0a1b2c3d4e5f60718293a4b5c70",
    "amount_minor": 2_900,
    "currency": "USD",
    "status": "succeeded",
    "decline_code": None,
}
DECLINED_EXAMPLE = {**PAYMENT_EXAMPLE, "status": "failed", "decline_code": "insufficient_funds"}
INVOICE_EXAMPLE = {"id": "invoice_0193e0a1b2c3d4e5f60718293a4b5c71", "number": "INV-000001"}
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


def _billing(code: str, name: str, **parts: tuple[Schema, Any]) -> EventType:
    schema = _object(**OWNER, **{part: schema for part, (schema, _) in parts.items()})
    example = {**OWNER_EXAMPLE, **{part: example for part, (_, example) in parts.items()}}
    return EventType(code, name, "billing", schema, example)


def _about(origin: str, verb: str, schema: Schema, example: Any) -> EventType:
    return EventType(
        f"{origin}.{verb}", f"{origin.capitalize()} {verb}", origin, _object(**{origin: schema}), {origin: example}
    )


_ID = (TEXT, AGREEMENT_EXAMPLE["id"])
_PLAN = (PLAN, PLAN_EXAMPLE)
_PREVIOUS = (_nullable(PLAN), None)

EVENT_TYPES: tuple[EventType, ...] = (
    _billing(
        "customer.agreement_created",
        "Agreement created",
        plan=_PLAN,
        previous_plan=_PREVIOUS,
        agreement_id=_ID,
        agreement=(AGREEMENT, AGREEMENT_EXAMPLE),
    ),
    _billing(
        "customer.agreement_cancelled",
        "Agreement cancelled",
        plan=_PLAN,
        agreement_id=_ID,
        agreement=(AGREEMENT, ENDED_EXAMPLE),
    ),
    _billing(
        "customer.plan_assigned",
        "Plan assigned",
        plan=_PLAN,
        previous_plan=_PREVIOUS,
        agreement_id=_ID,
        agreement=(AGREEMENT, AGREEMENT_EXAMPLE),
    ),
    _billing(
        "customer.plan_changed",
        "Plan changed",
        plan=_PLAN,
        previous_plan=(_nullable(PLAN), FREE_EXAMPLE),
        agreement_id=_ID,
        agreement=(AGREEMENT, AGREEMENT_EXAMPLE),
    ),
    _billing(
        "customer.payment_succeeded",
        "Payment succeeded",
        payment=(PAYMENT, PAYMENT_EXAMPLE),
        invoice=(_nullable(INVOICE), INVOICE_EXAMPLE),
    ),
    _billing(
        "customer.payment_failed",
        "Payment failed",
        payment=(PAYMENT, DECLINED_EXAMPLE),
        invoice=(_nullable(INVOICE), None),
    ),
    _billing("customer.meter_usage_updated", "Meter usage updated", agreement_id=_ID, usage=(USAGE, USAGE_EXAMPLE)),
    _about("user", "created", USER, USER_EXAMPLE),
    _about("user", "updated", USER, USER_EXAMPLE),
    _about("user", "deleted", _object(id=TEXT), {"id": USER_EXAMPLE["id"]}),
    _about("user", "authenticated", _object(id=TEXT), {"id": USER_EXAMPLE["id"]}),
    _about("organization", "created", ORGANIZATION, ORGANIZATION_EXAMPLE),
    _about("organization", "updated", ORGANIZATION, ORGANIZATION_EXAMPLE),
    _about("organization", "deleted", _object(code=TEXT), {"code": ORGANIZATION_EXAMPLE["code"]}),
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
