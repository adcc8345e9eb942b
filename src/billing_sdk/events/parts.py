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
class EventDunning:
    """What follows an invoice that was not paid.

    Attributes:
        failures: how many attempts of the schedule have failed.
        next_attempt_on: when the card is tried again; None where it is not.
        grace_ends_on: when access closes, or has.
        at_end: what happens when neither retries nor grace are left: `cancel`, `pause` or `mark_uncollectible`.
        outcome: once it is over: `paid`, `not_owed`, `cancelled`, `paused` or `uncollectible`.
    """

    started_on: datetime | None
    failures: int | None
    next_attempt_on: datetime | None
    grace_ends_on: datetime | None
    at_end: str | None
    ended_on: datetime | None
    outcome: str | None

    @classmethod
    def read(cls, found: Any) -> EventDunning | None:
        """Read what follows an invoice that was not paid."""
        inner = members(found)
        if not inner:
            return None
        return cls(
            started_on=instant(inner, "started_on"),
            failures=whole(inner, "failures"),
            next_attempt_on=instant(inner, "next_attempt_on"),
            grace_ends_on=instant(inner, "grace_ends_on"),
            at_end=text(inner, "at_end"),
            ended_on=instant(inner, "ended_on"),
            outcome=text(inner, "outcome"),
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


@dataclass(frozen=True, slots=True)
class EventGrant:
    """The credit grant that an event is about.

    Attributes:
        amount_minor: what was granted, in minor units of the currency.
        left_minor: what is left of it.
        category: `paid` or `promotional`.
        source: `manual`, `service_action` or `top_up`.
    """

    id: str | None
    name: str | None
    amount_minor: int | None
    left_minor: int | None
    currency: str | None
    category: str | None
    status: str | None
    source: str | None
    effective_on: datetime | None
    expires_on: datetime | None
    agreement_id: str | None

    @classmethod
    def read(cls, found: Any) -> EventGrant | None:
        """Read a credit grant."""
        inner = members(found)
        if not inner:
            return None
        return cls(
            id=text(inner, "id"),
            name=text(inner, "name"),
            amount_minor=whole(inner, "amount_minor"),
            left_minor=whole(inner, "left_minor"),
            currency=text(inner, "currency"),
            category=text(inner, "category"),
            status=text(inner, "status"),
            source=text(inner, "source"),
            effective_on=instant(inner, "effective_on"),
            expires_on=instant(inner, "expires_on"),
            agreement_id=text(inner, "agreement_id"),
        )


@dataclass(frozen=True, slots=True)
class EventCredit:
    """The credit of a customer in one currency, in minor units.

    Attributes:
        ledger_minor: what was granted and is not used, expired or taken back.
        pending_minor: what of it pays for usage that no issued invoice says yet.
        available_minor: what can still be spent.
    """

    currency: str | None
    ledger_minor: int | None
    pending_minor: int | None
    available_minor: int | None

    @classmethod
    def read(cls, found: Any) -> EventCredit | None:
        """Read what a customer has in credit."""
        inner = members(found)
        if not inner:
            return None
        return cls(
            currency=text(inner, "currency"),
            ledger_minor=whole(inner, "ledger_minor"),
            pending_minor=whole(inner, "pending_minor"),
            available_minor=whole(inner, "available_minor"),
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


@dataclass(frozen=True, slots=True)
class EventCreditNote:
    """The credit note that an event is about.

    Attributes:
        amount_minor: what was taken back, taxes included, in minor units of the currency.
        balance_minor: how much of that is on the customer's balance; the rest has gone to `destination`.
        destination: it has lowered what is owed (`invoice`), is paid back (`refund`), or is on the `balance`; `credit`
            where it takes back nothing but what credit had paid.
    """

    id: str | None
    number: str | None
    amount_minor: int | None
    currency: str | None
    balance_minor: int | None
    destination: str | None
    reason: str | None
    issued_on: datetime | None

    @classmethod
    def read(cls, found: Any) -> EventCreditNote | None:
        """Read a credit note."""
        inner = members(found)
        if not inner:
            return None
        return cls(
            id=text(inner, "id"),
            number=text(inner, "number"),
            amount_minor=whole(inner, "amount_minor"),
            currency=text(inner, "currency"),
            balance_minor=whole(inner, "balance_minor"),
            destination=text(inner, "destination"),
            reason=text(inner, "reason"),
            issued_on=instant(inner, "issued_on"),
        )


@dataclass(frozen=True, slots=True)
class EventRefund:
    """The refund that an event is about; `decline_code` says why it failed."""

    id: str | None
    credit_note_id: str | None
    amount_minor: int | None
    currency: str | None
    status: str | None
    decline_code: str | None

    @classmethod
    def read(cls, found: Any) -> EventRefund | None:
        """Read a refund."""
        inner = members(found)
        if not inner:
            return None
        return cls(
            id=text(inner, "id"),
            credit_note_id=text(inner, "credit_note_id"),
            amount_minor=whole(inner, "amount_minor"),
            currency=text(inner, "currency"),
            status=text(inner, "status"),
            decline_code=text(inner, "decline_code"),
        )
