"""What a billing server refuses for reasons of time."""

from __future__ import annotations

from billing_sdk.errors._answers import APIError, Conflict, Forbidden, InvalidRequest


class InvalidCadence(InvalidRequest):
    """Something can't come back as often, or on such a day, as was asked for."""

    code = "invalid_cadence"
    title = "Not a cadence"
    default_remedy = "Use a count of days, weeks, months or years that comes to ten years at most."


class InvalidDuration(InvalidRequest):
    """A time to wait is not written as a duration of ISO 8601, or comes to more than ten years."""

    code = "invalid_duration"
    title = "Not a duration"
    default_remedy = "Write it as in ISO 8601, such as P14D, PT12H or P1M."


class InvalidZone(InvalidRequest):
    """No time zone has this name."""

    code = "invalid_zone"
    title = "Unknown time zone"
    default_remedy = "Use a name of the IANA database, such as Europe/Berlin."


class ClockMovedBack(APIError):
    """A test clock was told to go to an instant that it has passed; nothing has changed."""

    code = "clock_moved_back"
    status = 400
    title = "Clocks move forward only"
    default_remedy = "Name a later instant, or start again with a new clock and new customers."


class ClockTooFar(APIError):
    """A test clock was told to go more than a hundred years ahead in one go; nothing has changed."""

    code = "clock_too_far"
    status = 400
    title = "Too far ahead"
    default_remedy = "Name an instant within a hundred years of where the clock stands."


class ClockOutOfRange(APIError):
    """A test clock was put, or told to go, to an instant that no agreement can live by; nothing has changed."""

    code = "clock_out_of_range"
    status = 400
    title = "No time for a clock"
    default_remedy = "Name an instant from 1970 up to 2200."


class ClockStopped(Conflict):
    """Something that was due could not be done, so the clock stands at that instant; what came before is done."""

    code = "clock_stopped"
    title = "The clock has stopped on its way"
    default_remedy = "Put right what the log names, then advance the clock again: it goes on from there."


class ClockNotAllowed(Forbidden):
    """Test clocks are for test environments; in a live one the time is the time."""

    code = "clock_not_allowed"
    title = "No test clocks here"
    default_remedy = "Use a server whose environment is test."
