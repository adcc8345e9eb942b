"""A billing intent: a change of what a customer has agreed to that is written down before it is made.

A draft says what would happen and what it would come to. A reservation fixes both, and holds still what it touches; it
is committed, or released. Everything that can happen to an intent's status is in the table here.

Source: Stripe documentation, "Billing intents". How long a draft lasts is not published; here it is a day.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from billing_sdk.errors import IntentExpired, InvalidIntentStatus
from billing_sdk.money import Money
from billing_sdk.server.domain.agreements.intent_action import IntentAction

IntentStatus = Literal["draft", "reserved", "committed", "canceled"]
IntentEvent = Literal["reserve", "release", "commit", "cancel"]

TRANSITIONS: dict[tuple[IntentStatus, IntentEvent], IntentStatus] = {
    ("draft", "reserve"): "reserved",
    ("reserved", "release"): "draft",
    ("reserved", "commit"): "committed",
    ("draft", "cancel"): "canceled",
    ("reserved", "cancel"): "canceled",
}
LASTS = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class IntentAmounts:
    """What an intent comes to.

    Attributes:
        subtotal: what is charged and given back, without taxes and before anything is taken off.
        discount: what is taken off, zero or more.
        tax: on top of it.
        total: what the invoice comes to before the customer's credit balance.
        balance_applied: what the credit balance pays of it, zero or more.
        due: what is to be paid.
    """

    subtotal: Money
    discount: Money
    tax: Money
    total: Money
    balance_applied: Money
    due: Money


@dataclass(frozen=True, slots=True)
class BillingIntent:
    """A change that is written down first.

    Attributes:
        id: starts with `intent_`.
        billing_cadence_id: what is billed at its rhythm; all actions are about it.
        amounts: as they were when it was last looked at in a draft, and as they are charged from the reservation on.
        drafted_at: since when it is a draft, or was last one.
        expires_at: until when it can be reserved.
    """

    id: str
    customer_id: str
    billing_cadence_id: str
    currency: str
    actions: tuple[IntentAction, ...]
    amounts: IntentAmounts
    created_at: datetime
    drafted_at: datetime
    expires_at: datetime
    status: IntentStatus = "draft"
    reserved_at: datetime | None = None
    committed_at: datetime | None = None
    canceled_at: datetime | None = None

    def reserved(self, actions: tuple[IntentAction, ...], amounts: IntentAmounts, *, at: datetime) -> BillingIntent:
        """Return the intent as it is when its amounts are fixed, and what it touches is held still.

        Raises:
            InvalidIntentStatus: it is no draft.
            IntentExpired: it has been one for too long.
        """
        after = self._after("reserve")
        if at > self.expires_at:
            raise IntentExpired(f"the intent has expired on {self.expires_at:%Y-%m-%d %H:%M} UTC")
        return replace(after, actions=actions, amounts=amounts, reserved_at=at)

    def released(self, *, at: datetime) -> BillingIntent:
        """Return the intent as a draft again.

        Raises:
            InvalidIntentStatus: it is not reserved.
        """
        actions = tuple(replace(action, at=None) for action in self.actions)
        after = self._after("release")
        return replace(after, actions=actions, reserved_at=None, drafted_at=at, expires_at=at + LASTS)

    def committed(self, *, at: datetime) -> BillingIntent:
        """Return the intent as it is when everything has been done.

        Raises:
            InvalidIntentStatus: it is not reserved.
        """
        return replace(self._after("commit"), committed_at=at)

    def canceled(self, *, at: datetime) -> BillingIntent:
        """Return the intent as it is when nothing will come of it.

        Raises:
            InvalidIntentStatus: it is over already.
        """
        return replace(self._after("cancel"), canceled_at=at)

    def _after(self, event: IntentEvent) -> BillingIntent:
        try:
            return replace(self, status=TRANSITIONS[self.status, event])
        except KeyError:
            raise InvalidIntentStatus(f"the intent is {self.status}", event=event) from None
