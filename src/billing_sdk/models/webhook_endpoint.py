"""Webhook endpoints and event types, as the Management API tells them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from billing_sdk.models._read import Document


@dataclass(frozen=True, slots=True)
class WebhookEndpoint:
    """An address that receives events; answers to changes carry its id alone."""

    id: str
    endpoint: str = ""
    name: str = ""
    description: str | None = None
    event_types: tuple[str, ...] = ()

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
