"""What events say about customers who ask for the end of an agreement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from billing_sdk.events.parts import instant, members, text
from billing_sdk.events.payload import AboutAgreement


@dataclass(frozen=True, slots=True)
class EventCancellation:
    """A customer's wish that an agreement ends.

    Attributes:
        status: `waiting`, `approved`, `refused` or `withdrawn`.
        ends_on: when the agreement is to end.
        reason: such as `too_expensive`, `unused` or `other`, if one was given.
        comment: the same in the customer's own words.
        answer: what the customer was told with the decision.
    """

    id: str | None
    status: str | None
    asked_on: datetime | None
    ends_on: datetime | None
    reason: str | None
    comment: str | None
    answer: str | None

    @classmethod
    def read(cls, found: Any) -> EventCancellation | None:
        """Read a wish."""
        inner = members(found)
        if not inner:
            return None
        return cls(
            id=text(inner, "id"),
            status=text(inner, "status"),
            asked_on=instant(inner, "asked_on"),
            ends_on=instant(inner, "ends_on"),
            reason=text(inner, "reason"),
            comment=text(inner, "comment"),
            answer=text(inner, "answer"),
        )


@dataclass(frozen=True, slots=True)
class CancellationRequested(AboutAgreement):
    """A customer asks for the end of an agreement, which somebody has to approve first."""

    TYPE = "customer.cancellation_requested"
    IS_EXTENSION = True

    cancellation: EventCancellation | None


@dataclass(frozen=True, slots=True)
class CancellationDecided(AboutAgreement):
    """What a customer has asked for was approved, refused or withdrawn."""

    TYPE = "customer.cancellation_decided"
    IS_EXTENSION = True

    cancellation: EventCancellation | None
