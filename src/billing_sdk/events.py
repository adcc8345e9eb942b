"""What happened at the billing server, as its webhooks tell it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

BILLING_TYPES: Final = frozenset(
    {
        "customer.agreement_created",
        "customer.agreement_cancelled",
        "customer.plan_assigned",
        "customer.plan_changed",
        "customer.plan_created",
        "customer.invoice_overdue",
        "customer.meter_usage_updated",
        "customer.payment_succeeded",
        "customer.payment_failed",
    }
)
IDENTITY_TYPES: Final = frozenset(
    {
        "user.created",
        "user.updated",
        "user.deleted",
        "user.authenticated",
        "user.authentication_failed",
        "organization.created",
        "organization.updated",
        "organization.deleted",
        "role.created",
        "role.updated",
        "role.deleted",
        "permission.created",
        "permission.updated",
        "permission.deleted",
        "access_request.created",
        "subscriber.created",
        "passkey.added",
        "passkey.removed",
    }
)
KNOWN_TYPES: Final = BILLING_TYPES | IDENTITY_TYPES
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
VERSION_DIGITS: Final = 20
LARGEST_VERSION: Final = 10**VERSION_DIGITS


@dataclass(frozen=True, slots=True)
class EventPlan:
    """The plan that an event is about."""

    key: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class EventPayment:
    """The payment that an event is about; `amount_minor` is in minor units of the currency."""

    id: str | None
    amount_minor: int | None
    currency: str | None
    status: str | None
    decline_code: str | None


@dataclass(frozen=True, slots=True)
class EventUsage:
    """The usage that an event is about; quantities are decimal numbers in text."""

    feature_code: str | None
    value: str | None
    kind: str | None
    total: str | None


@dataclass(frozen=True, slots=True)
class Event:
    """One verified event.

    Providers differ in what they put into `data`: the attributes below read it leniently and are None where
    the provider does not say. They never raise.

    Attributes:
        type: such as `customer.plan_changed`.
        id: the signed event id, the same over every delivery; de-duplicate by it.
        source: who caused it: `admin`, `api` or `user`.
        occurred_at: when, in UTC.
        data: everything that the provider sent about it.
    """

    type: str
    id: str
    source: str
    occurred_at: datetime
    data: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def is_billing(self) -> bool:
        """Whether it is about what a customer pays for."""
        return self.type.startswith("customer.")

    @property
    def customer_id(self) -> str | None:
        """The billing customer."""
        return self._text("customer_id") or _text(self._inner("customer"), "id")

    @property
    def user_id(self) -> str | None:
        """The user that it is about, or whose subscription it is."""
        return self._text("user_id") or _text(self._inner("user"), "id")

    @property
    def org_code(self) -> str | None:
        """The organization that it is about, or whose subscription it is."""
        return self._text("org_code") or _text(self._inner("organization"), "code")

    @property
    def sequence(self) -> int | None:
        """Position among the events of one customer; a lower one that comes later is old news."""
        return _whole(self.data, "sequence")

    @property
    def version(self) -> str:
        """A text that sorts after that of every earlier event about the same thing, in Python and in SQL.

        Deliveries overtake each other. Keep the version beside what a handler writes, and write only over a smaller
        one: then the order in which events arrive makes no difference. It is the customer's sequence where the
        provider counts, else the time; compare versions of one thing and one kind of event.
        """
        sequence = self.sequence
        if sequence is None or not 0 <= sequence < LARGEST_VERSION:
            sequence = max(0, (self.occurred_at - EPOCH) // timedelta(microseconds=1))
        return f"{sequence:0{VERSION_DIGITS}d} {self.id}"

    @property
    def plan(self) -> EventPlan | None:
        """The plan that the customer is on now."""
        return _plan(self.data.get("plan"))

    @property
    def previous_plan(self) -> EventPlan | None:
        """The plan that the customer was on before."""
        return _plan(self.data.get("previous_plan"))

    @property
    def agreement_id(self) -> str | None:
        """The agreement that it is about."""
        return self._text("agreement_id") or _text(self._inner("agreement"), "id")

    @property
    def invoice_number(self) -> str | None:
        """Number of the invoice that it is about."""
        return _text(self._inner("invoice"), "number")

    @property
    def payment(self) -> EventPayment | None:
        """The payment that it is about."""
        found = self._inner("payment")
        if not found:
            return None
        return EventPayment(
            id=_text(found, "id"),
            amount_minor=_whole(found, "amount_minor"),
            currency=_text(found, "currency"),
            status=_text(found, "status"),
            decline_code=_text(found, "decline_code"),
        )

    @property
    def usage(self) -> EventUsage | None:
        """The usage that it is about."""
        found = self._inner("usage")
        if not found:
            return None
        return EventUsage(
            feature_code=_text(found, "feature_code"),
            value=_text(found, "value"),
            kind=_text(found, "kind"),
            total=_text(found, "total"),
        )

    def _inner(self, name: str) -> Mapping[str, Any]:
        found = self.data.get(name)
        return found if isinstance(found, Mapping) else {}

    def _text(self, name: str) -> str | None:
        return _text(self.data, name)


@dataclass(frozen=True, slots=True)
class UnknownEvent(Event):
    """An event of a type that this version does not know; answer it with 200 and go on."""


def _text(data: Mapping[str, Any], name: str) -> str | None:
    found = data.get(name)
    return found if isinstance(found, str) and found else None


def _whole(data: Mapping[str, Any], name: str) -> int | None:
    found = data.get(name)
    return found if type(found) is int else None


def _plan(found: Any) -> EventPlan | None:
    if isinstance(found, str) and found:
        return EventPlan(found)
    if not isinstance(found, Mapping):
        return None
    key = _text(found, "key") or _text(found, "code")
    return EventPlan(key, _text(found, "name") or "") if key else None
