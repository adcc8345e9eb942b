"""What a billing server refuses about meters, and about what they have counted."""

from __future__ import annotations

from billing_sdk.errors._answers import APIError, Conflict


class MeterInUse(Conflict):
    """A feature is measured by this meter, so it goes on counting; the facts name the features."""

    code = "meter_in_use"
    title = "The meter is in use"
    default_remedy = "Delete the features that it measures, or leave the meter as it is."


class QueryTooLarge(APIError):
    """An answer would have too many rows, or too many events would have to be read for it."""

    code = "query_too_large"
    status = 400
    title = "Too much to answer at once"
    default_remedy = "Ask for a shorter time, larger windows, or fewer groups or subjects."


class EventCancelled(Conflict):
    """A usage event was cancelled, which is for good."""

    code = "event_cancelled"
    title = "The event is cancelled"
    default_remedy = "Report what was used as a new event, with an id and the time of its own."
