"""One event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from billing_sdk.events.allowance_parts import EventAccess, EventUsageThreshold
from billing_sdk.events.cancellation_payloads import EventCancellation
from billing_sdk.events.dispute_payloads import EventDispute
from billing_sdk.events.parts import (
    EventCredit,
    EventCreditNote,
    EventDunning,
    EventGrant,
    EventInvoice,
    EventPayment,
    EventPlan,
    EventRefund,
    EventUsage,
    members,
    read_agreement,
    text,
    whole,
)
from billing_sdk.events.payload import Payload
from billing_sdk.events.payloads import PAYLOADS
from billing_sdk.models import Agreement

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
VERSION_DIGITS: Final = 20
LARGEST_VERSION: Final = 10**VERSION_DIGITS


@dataclass(frozen=True, slots=True)
class Event:
    """One verified event.

    Providers differ in what they put into `data`: the attributes below read it leniently and are None where
    the provider does not say. They never raise. `payload` has those that belong to the type of the event.

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
    def payload(self) -> Payload | None:
        """What a billing event says, as the class of its type; None for other events and unknown types.

        `match event.payload: case PlanChanged(plan=plan): ...` narrows it.
        """
        found = PAYLOADS.get(self.type)
        return found(**{part.name: getattr(self, part.name) for part in fields(found)}) if found else None

    @property
    def customer_id(self) -> str | None:
        """The billing customer."""
        return text(self.data, "customer_id") or self._inner("customer", "id")

    @property
    def user_id(self) -> str | None:
        """The user that it is about, or whose subscription it is."""
        return text(self.data, "user_id") or self._inner("user", "id")

    @property
    def org_code(self) -> str | None:
        """The organization that it is about, or whose subscription it is."""
        return text(self.data, "org_code") or self._inner("organization", "code")

    @property
    def sequence(self) -> int | None:
        """Position among the events of one customer; a lower one that comes later is old news."""
        return whole(self.data, "sequence")

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
        return EventPlan.read(self.data.get("plan"))

    @property
    def previous_plan(self) -> EventPlan | None:
        """The plan that the customer was on before."""
        return EventPlan.read(self.data.get("previous_plan"))

    @property
    def agreement_id(self) -> str | None:
        """The agreement that it is about."""
        return text(self.data, "agreement_id") or self._inner("agreement", "id")

    @property
    def agreement(self) -> Agreement | None:
        """The agreement that it is about, as it was after the event."""
        return read_agreement(self.data.get("agreement"), self.plan)

    @property
    def changed(self) -> tuple[str, ...]:
        """The fields of the agreement that have changed, where the provider says which."""
        found = self.data.get("changed")
        return tuple(name for name in found if isinstance(name, str)) if isinstance(found, list) else ()

    @property
    def invoice(self) -> EventInvoice | None:
        """The invoice that it is about."""
        return EventInvoice.read(self.data.get("invoice"))

    @property
    def invoice_number(self) -> str | None:
        """Number of the invoice that it is about."""
        return self._inner("invoice", "number")

    @property
    def payment(self) -> EventPayment | None:
        """The payment that it is about."""
        return EventPayment.read(self.data.get("payment"))

    @property
    def usage(self) -> EventUsage | None:
        """The usage that it is about."""
        return EventUsage.read(self.data.get("usage"))

    @property
    def credit_note(self) -> EventCreditNote | None:
        """The credit note that it is about."""
        return EventCreditNote.read(self.data.get("credit_note"))

    @property
    def refund(self) -> EventRefund | None:
        """The refund that it is about."""
        return EventRefund.read(self.data.get("refund"))

    @property
    def dispute(self) -> EventDispute | None:
        """The dispute that it is about."""
        return EventDispute.read(self.data.get("dispute"))

    @property
    def dunning(self) -> EventDunning | None:
        """What follows the invoice that it is about, where that was not paid."""
        return EventDunning.read(self.data.get("dunning"))

    @property
    def grant(self) -> EventGrant | None:
        """The credit grant that it is about."""
        return EventGrant.read(self.data.get("grant"))

    @property
    def expired_minor(self) -> int | None:
        """How much credit has expired, in minor units."""
        return whole(self.data, "expired_minor")

    @property
    def credit(self) -> EventCredit | None:
        """What the customer has in credit."""
        return EventCredit.read(self.data.get("credit"))

    @property
    def threshold(self) -> EventUsageThreshold | None:
        """The threshold of usage that was reached."""
        return EventUsageThreshold.read(self.data.get("threshold"))

    @property
    def cancellation(self) -> EventCancellation | None:
        """What the customer has asked for, where that is the end of an agreement."""
        return EventCancellation.read(self.data.get("cancellation"))

    @property
    def access(self) -> EventAccess | None:
        """Whether the feature that it is about can be used."""
        return EventAccess.read(self.data.get("access"))

    @property
    def url(self) -> str | None:
        """Where its payer goes on, if there is such a page; it is for the payer alone."""
        return text(self.data, "url")

    def _inner(self, thing: str, name: str) -> str | None:
        return text(members(self.data.get(thing)), name)


@dataclass(frozen=True, slots=True)
class UnknownEvent(Event):
    """An event of a type that this version does not know; answer it with 200 and go on."""
