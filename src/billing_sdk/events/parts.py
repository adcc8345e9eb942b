"""What events are about: plans, payments, invoices, usage; agreements are the `Agreement` of the models.

Each `read` takes whatever a provider has sent and returns None for what it can't make sense of; none raises.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from billing_sdk.errors import UnsafeAnswer
from billing_sdk.models import Agreement, parse_instant


@dataclass(frozen=True, slots=True)
class EventPlan:
    """The plan that an event is about."""

    key: str
    name: str = ""

    @classmethod
    def read(cls, found: Any) -> EventPlan | None:
        """Read a plan, or its key alone."""
        if isinstance(found, str) and found:
            return cls(found)
        inner = members(found)
        key = text(inner, "key") or text(inner, "code")
        return cls(key, text(inner, "name") or "") if key else None


@dataclass(frozen=True, slots=True)
class EventPayment:
    """The payment that an event is about; `amount_minor` is in minor units of the currency."""

    id: str | None
    amount_minor: int | None
    currency: str | None
    status: str | None
    decline_code: str | None

    @classmethod
    def read(cls, found: Any) -> EventPayment | None:
        """Read a payment."""
        inner = members(found)
        if not inner:
            return None
        return cls(
            id=text(inner, "id"),
            amount_minor=whole(inner, "amount_minor"),
            currency=text(inner, "currency"),
            status=text(inner, "status"),
            decline_code=text(inner, "decline_code"),
        )


@dataclass(frozen=True, slots=True)
class EventInvoice:
    """The invoice that an event is about.

    Attributes:
        total_minor: what it comes to, in minor units of the currency.
        due_on: until when it is to be paid.
    """

    id: str | None
    number: str | None
    status: str | None = None
    total_minor: int | None = None
    currency: str | None = None
    due_on: datetime | None = None

    @classmethod
    def read(cls, found: Any) -> EventInvoice | None:
        """Read an invoice."""
        inner = members(found)
        if not inner:
            return None
        return cls(
            id=text(inner, "id"),
            number=text(inner, "number"),
            status=text(inner, "status"),
            total_minor=whole(inner, "total_minor"),
            currency=text(inner, "currency"),
            due_on=instant(inner, "due_on"),
        )


@dataclass(frozen=True, slots=True)
class EventUsage:
    """The usage that an event is about; quantities are decimal numbers in text.

    Attributes:
        value: what was recorded.
        kind: `delta` or `absolute`.
        total: of the billing period, with this usage.
    """

    feature_code: str | None
    value: str | None
    kind: str | None
    total: str | None

    @classmethod
    def read(cls, found: Any) -> EventUsage | None:
        """Read usage."""
        inner = members(found)
        if not inner:
            return None
        return cls(
            feature_code=text(inner, "feature_code"),
            value=text(inner, "value"),
            kind=text(inner, "kind"),
            total=text(inner, "total"),
        )


def read_agreement(found: Any, plan: EventPlan | None) -> Agreement | None:
    """Read an agreement; its plan is that of the event where it names none itself."""
    try:
        return Agreement.read({**({"plan_code": plan.key} if plan else {}), **members(found)})
    except UnsafeAnswer:
        return None


def members(found: Any) -> Mapping[str, Any]:
    """Return an object as it is, and anything else as an empty one."""
    return found if isinstance(found, Mapping) else {}


def text(data: Mapping[str, Any], name: str) -> str | None:
    """Return a member that is text and not empty."""
    found = data.get(name)
    return found if isinstance(found, str) and found else None


def whole(data: Mapping[str, Any], name: str) -> int | None:
    """Return a member that is a whole number."""
    found = data.get(name)
    return found if type(found) is int else None


def instant(data: Mapping[str, Any], name: str) -> datetime | None:
    """Return a member that is a time, in UTC."""
    try:
        return parse_instant(text(data, name) or "")
    except ValueError:
        return None
