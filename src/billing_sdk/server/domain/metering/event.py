"""Usage events: what applications report, in the terms of CloudEvents 1.0."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple

from billing_sdk.server.domain.metering.meter import Measured
from billing_sdk.server.domain.metering.usage import ReadingKind

Outcome = Literal["accepted", "duplicate", "conflict"]


class UsageEvent(NamedTuple):
    """Something that was used; a tuple, because there are very many of them.

    Attributes:
        source: which system reports it; with `id` it tells the event from every other, for ever.
        id: unique within its source.
        type: what kind of use it is; meters ask for it.
        subject: who used it: the id of an agreement or a customer, or a key that a customer goes by.
        time: when it was used.
        counted_at: the instant that decides the window it counts in; its time, unless a policy has moved it.
        recorded_at: when it arrived.
        data: what is known of the use, as a JSON object.
        kind: an amount that was used (`delta`), or what the total now is (`absolute`).
        is_timed: whether its time was reported; else it is when it arrived.
        fingerprint: 16 bytes that tell what it said when it arrived from whatever else it might have said; None before
            it is stored, where they follow from the event itself.
    """

    source: str
    id: str
    type: str
    subject: str
    time: datetime
    counted_at: datetime
    recorded_at: datetime
    data: Mapping[str, Any]
    kind: ReadingKind
    is_timed: bool = True
    fingerprint: bytes | None = None


class MeasuredEvent(NamedTuple):
    """An event, and what each meter of its type reads in it."""

    event: UsageEvent
    measured: tuple[Measured, ...]


class Recorded(NamedTuple):
    """What became of an event that was to be recorded.

    Attributes:
        outcome: `duplicate` is the same event again; `conflict` is another one with its source and id, which is not
            recorded.
        recorded_at: when the first one arrived.
    """

    outcome: Outcome
    recorded_at: datetime


class Correction(NamedTuple):
    """What was wrong with an event; the event stays, and what it says is replaced.

    Attributes:
        data: what it should have said; None where it should not have been.
        reason: for those who read the trail.
        actor: who says so.
    """

    source: str
    id: str
    data: Mapping[str, Any] | None
    reason: str
    actor: str
    at: datetime


class StoredEvent(NamedTuple):
    """An event as it stands now, and its place in the order of arrival.

    Attributes:
        event: with the data of its newest correction.
        is_cancelled: it counts no more.
        corrections: oldest first.
        first_data: what it said when it arrived, where an amendment has taken its place.
    """

    number: int
    event: UsageEvent
    is_cancelled: bool = False
    corrections: tuple[Correction, ...] = ()
    first_data: Mapping[str, Any] | None = None
