"""Events as they arrive: what has to hold of one.

It is written for speed, as it is done for every event: checks that most events pass come first and cost little.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Protocol

from billing_sdk.errors import EventTooEarly, EventTooLate, InvalidRequest, UnsupportedByMeter
from billing_sdk.server.domain.metering.event import MeasuredEvent, UsageEvent
from billing_sdk.server.domain.metering.meter import EARLY_SECONDS, Meter
from billing_sdk.server.domain.metering.quick_reading import Reader, reader_of_all
from billing_sdk.server.domain.metering.usage import ReadingKind

# No usage is older, whatever a meter allows: a store that keeps months apart has no month before.
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


class Reported(Protocol):
    """An event as it is reported; see `UsageEvent` for what its attributes mean.

    Attributes:
        time: when it was used; None is now.
        data: what is known of the use; None is an empty object.
    """

    source: str
    id: str
    type: str
    subject: str
    time: datetime | None
    data: dict[str, Any] | None


# A named tuple is made by a function in Python, which takes three times as long as what it calls.
_new = tuple.__new__


class Span(NamedTuple):
    """From when until when events are taken."""

    earliest: datetime
    latest: datetime


@dataclass(frozen=True, slots=True)
class Intake:
    """What the meters of one type of events ask of them.

    Attributes:
        meters: all that count events of the type.
        measure: reads what each of them reads in an event's data, and raises what `Meter.measure` raises.
        early_seconds: how far ahead an event's time may lie: as far as the strictest of the meters allows.
        late_seconds: how old an event may be, by the strictest as well; None is without limit.
        keeps_unknown: whether one of the meters keeps events of subjects that nobody goes by.
    """

    meters: tuple[Meter, ...]
    measure: Reader
    early_seconds: int
    late_seconds: int | None
    keeps_unknown: bool

    @classmethod
    def of(cls, meters: Sequence[Meter]) -> Intake:
        """Return what some meters ask together."""
        return cls(
            meters=tuple(meters),
            measure=reader_of_all(meters),
            early_seconds=min((meter.early_seconds for meter in meters), default=EARLY_SECONDS),
            late_seconds=min((meter.late_seconds for meter in meters if meter.late_seconds is not None), default=None),
            keeps_unknown=any(meter.unknown_subjects == "keep" for meter in meters),
        )

    def span(self, at: datetime) -> Span:
        """Return when the events may have happened that arrive at an instant."""
        latest = at + timedelta(seconds=self.early_seconds)
        if self.late_seconds is None or self.late_seconds > (at - BEGINNING).total_seconds():
            return Span(BEGINNING, latest)
        return Span(at - timedelta(seconds=self.late_seconds), latest)

    def require_kind(self, kind: ReadingKind) -> None:
        """Check that the meters can be told what a total is.

        Raises:
            UnsupportedByMeter: one of them does not add up.
        """
        if kind == "absolute" and any(meter.aggregation != "sum" for meter in self.meters):
            raise UnsupportedByMeter("only a meter that adds up can be told what its total is")


# What nothing is asked of.
UNREAD = Intake.of(())


def received(event: Reported, intake: Intake, span: Span, at: datetime) -> MeasuredEvent:
    """Return an event that has arrived, with what its meters read in it.

    Args:
        event: as it was reported.
        intake: what the meters of its type ask.
        span: when it may have happened.
        at: the present instant, in its customer's time.

    Raises:
        EventTooEarly: its time lies too far ahead.
        EventTooLate: it is too old.
        InvalidQuantity: a meter finds no value that it takes.
        InvalidRequest: its source, id or subject is not printable, its time does not exist in UTC, or a dimension is
            out of its bounds.
    """
    source, id_, subject, time, data = event.source, event.id, event.subject, event.time, event.data
    if not (source + id_ + subject).isprintable():
        raise InvalidRequest("source, id and subject are of printable characters", parameter=_unprintable(event))
    used_at = at if time is None else time if time.tzinfo is UTC else in_utc(time)
    if not span.earliest <= used_at <= span.latest:
        raise out_of_time(used_at, span)
    if data is None:
        data = {}
    said = (source, id_, event.type, subject, used_at, used_at, at, data, "delta", time is not None, None)
    return _new(MeasuredEvent, (_new(UsageEvent, said), intake.measure(data)))


def kept(event: Reported, intake: Intake, at: datetime) -> MeasuredEvent:
    """Return an event that is kept although something is wrong with it; meters that can't read it don't count it.

    Args:
        event: as it was reported.
        intake: what the meters of its type ask.
        at: the present instant, in its customer's time.

    Raises:
        EventTooEarly: its time is one that no store keeps.
        EventTooLate: it is older than anything that is kept.
        InvalidRequest: its source, id or subject is not printable, or its time does not exist in UTC.
    """
    found, _ = received(event, UNREAD, Span(BEGINNING, at + timedelta(seconds=EARLY_SECONDS)), at)
    readings = (meter.remeasure(found.data) for meter in intake.meters)
    return MeasuredEvent(found, tuple(one for one in readings if one is not None))


def in_utc(time: datetime) -> datetime:
    """Return an instant in UTC.

    Raises:
        InvalidRequest: there it would lie outside of the years 1 to 9999.
    """
    try:
        return time.astimezone(UTC)
    except OverflowError:
        raise InvalidRequest("time names an instant that does not exist in UTC", parameter="time") from None


def out_of_time(used_at: datetime, span: Span) -> EventTooEarly | EventTooLate:
    """Return what is wrong with a time that is not within a span."""
    if used_at > span.latest:
        return EventTooEarly("its time lies ahead", latest=span.latest.isoformat())
    return EventTooLate("it is too old to be counted", earliest=span.earliest.isoformat())


def _unprintable(event: Reported) -> str:
    return next(name for name in ("source", "id", "subject") if not getattr(event, name).isprintable())
