"""Webhook endpoints and event types, as the Management API tells them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from billing_sdk.models._read import Document


@dataclass(frozen=True, slots=True)
class WebhookEndpoint:
    """An address that receives events; answers to changes may carry its id alone.

    Attributes:
        is_enabled: whether events are sent there; hosted providers don't say, which is taken for yes.
        disabled_reason: `asked`, `failing` for too long or `gone` by its own word, where it is not enabled.
    """

    id: str
    endpoint: str = ""
    name: str = ""
    description: str | None = None
    event_types: tuple[str, ...] = ()
    is_enabled: bool = True
    disabled_reason: str | None = None

    @classmethod
    def read(cls, data: Any) -> WebhookEndpoint:
        """Read one endpoint."""
        document = Document(data, "webhook")
        return cls(
            id=document.text("id"),
            endpoint=document.text_or_none("endpoint") or "",
            name=document.text_or_none("name") or "",
            description=document.text_or_none("description"),
            event_types=document.texts("event_types"),
            is_enabled=document.flag("is_enabled") if "is_enabled" in document.members else True,
            disabled_reason=document.text_or_none("disabled_reason"),
        )


@dataclass(frozen=True, slots=True)
class WebhookDelivery:
    """How one event stands with one endpoint.

    Attributes:
        id: the `webhook-id` header that the endpoint sees, the same in every attempt.
        status: `waiting`, `delivered` or `dead`.
        last_status: the HTTP status of the last attempt; None where no answer came.
        last_answer: the start of what the endpoint answered, as text that it wrote: escape it where it is shown.
    """

    id: str
    event_id: str
    status: str
    attempts: int = 0
    last_status: int | None = None
    last_answer: str = ""

    @classmethod
    def read(cls, data: Any) -> WebhookDelivery:
        """Read one delivery."""
        document = Document(data, "delivery")
        return cls(
            id=document.text("id"),
            event_id=document.text("event_id"),
            status=document.text("status"),
            attempts=document.whole_or_none("attempts") or 0,
            last_status=document.whole_or_none("last_status"),
            last_answer=document.text_or_none("last_answer") or "",
        )


@dataclass(frozen=True, slots=True)
class EventType:
    """A kind of event that an endpoint can ask for."""

    id: str
    code: str
    name: str = ""
    origin: str = ""

    @classmethod
    def read(cls, data: Any) -> EventType:
        """Read one event type."""
        document = Document(data, "event type")
        return cls(
            id=document.text("id"),
            code=document.text("code"),
            name=document.text_or_none("name") or "",
            origin=document.text_or_none("origin") or "",
        )
