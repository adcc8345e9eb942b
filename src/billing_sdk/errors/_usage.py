"""What a billing server refuses about usage events."""

from __future__ import annotations

from billing_sdk.errors._answers import APIError, Conflict, NotFound


class UnknownMeter(NotFound):
    """No meter counts events of this type."""

    code = "unknown_meter"
    title = "Unknown meter"
    default_remedy = "Create a meter or a metered feature for events of this type, then send the event again."


class UnknownSubject(NotFound):
    """Nobody goes by the subject of an event, and no meter of its type keeps events for who comes later."""

    code = "unknown_subject"
    title = "Unknown subject"
    default_remedy = (
        "Name an agreement, a customer or a subject key, or create the customer, then send the event again."
    )


class EventTooEarly(APIError):
    """The time of an event lies further ahead than its meters allow."""

    code = "event_too_early"
    status = 400
    title = "Event ahead of time"
    default_remedy = "Set the sender's clock, and send the event with the time at which it happened."


class EventTooLate(APIError):
    """An event is older than its meters allow."""

    code = "event_too_late"
    status = 400
    title = "Event too old"
    default_remedy = "Report usage sooner, or let the meter take older events; what is owed for this can be charged."


class EventConflict(Conflict):
    """An event has the source and id of another one that says something else; the first one counts."""

    code = "event_conflict"
    title = "Another event has this source and id"
    default_remedy = "Give each event an id of its own; correct the first one if that is wrong."


class UnsupportedByMeter(APIError):
    """A meter that puts values together in this way can't do what was asked."""

    code = "unsupported_by_meter"
    status = 400
    title = "Not with this meter"
    default_remedy = "Use a meter whose aggregation is sum."
