"""Recorded usage events with their trail (extensions of the Management API)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from billing_sdk.models._read import Document


@dataclass(frozen=True, slots=True)
class EventCorrection:
    """What was wrong with an event.

    Attributes:
        data: what it has said from then on; None where it was cancelled.
        actor: who has said so.
    """

    reason: str
    actor: str
    corrected_at: datetime
    data: Mapping[str, Any] | None = None

    @classmethod
    def read(cls, data: Any) -> EventCorrection:
        """Read one correction."""
        document = Document(data, "correction")
        found = document.object_or_none("data")
        return cls(
            reason=document.text("reason"),
            actor=document.text("actor"),
            corrected_at=document.instant("corrected_on"),
            data=None if found is None else found.members,
        )


@dataclass(frozen=True, slots=True)
class StoredUsageEvent:
    """An event as it stands.

    Attributes:
        time: when it was used.
        counted_at: the instant that decides where it counts; its time, unless a policy has moved it.
        recorded_at: when it arrived.
        kind: an amount that was used (`delta`), or what the total was then (`absolute`).
        data: what it says now; numbers with a fraction are text.
        first_data: what it said before it was amended; None where it was not.
        is_cancelled: it counts no more.
        corrections: oldest first.
    """

    source: str
    id: str
    type: str
    subject: str
    time: datetime
    counted_at: datetime
    recorded_at: datetime
    kind: str = "delta"
    data: Mapping[str, Any] = field(default_factory=dict)
    first_data: Mapping[str, Any] | None = None
    is_cancelled: bool = False
    corrections: tuple[EventCorrection, ...] = ()

    @classmethod
    def read(cls, data: Any) -> StoredUsageEvent:
        """Read one event."""
        document = Document(data, "usage event")
        first = document.object_or_none("first_data")
        return cls(
            source=document.text("source"),
            id=document.text("id"),
            type=document.text("type"),
            subject=document.text("subject"),
            time=document.instant("time"),
            counted_at=document.instant("counted_on"),
            recorded_at=document.instant("recorded_on"),
            kind=document.text("kind"),
            data=document.object("data").members,
            first_data=None if first is None else first.members,
            is_cancelled=document.flag("is_cancelled"),
            corrections=document.objects("corrections", EventCorrection.read),
        )
