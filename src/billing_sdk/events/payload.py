"""What every payload of an event about a customer says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from billing_sdk.events.parts import EventPlan
from billing_sdk.models import Agreement


@dataclass(frozen=True, slots=True)
class Payload:
    """What every billing event says: whose it is.

    Attributes:
        TYPE: the type of event.
        IS_EXTENSION: whether hosted providers lack it.
        customer_id: the billing customer.
        user_id: the person that the customer is, if it is one.
        org_code: the organization that the customer is, if it is one.
        sequence: counts the customer's events from 1 without a gap; a lower one that comes later is old news.
    """

    TYPE: ClassVar[str] = ""
    IS_EXTENSION: ClassVar[bool] = False

    customer_id: str | None
    user_id: str | None
    org_code: str | None
    sequence: int | None


@dataclass(frozen=True, slots=True)
class AboutAgreement(Payload):
    """What every event about an agreement says: its plan, and the agreement as it is after the event."""

    agreement_id: str | None
    plan: EventPlan | None
    agreement: Agreement | None
