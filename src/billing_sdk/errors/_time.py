"""What a billing server refuses for reasons of time."""

from __future__ import annotations

from billing_sdk.errors._answers import InvalidRequest


class InvalidCadence(InvalidRequest):
    """Something can't come back as often, or on such a day, as was asked for."""

    code = "invalid_cadence"
    title = "Not a cadence"
    default_remedy = "Use a count of days, weeks, months or years that comes to ten years at most."


class InvalidZone(InvalidRequest):
    """No time zone has this name."""

    code = "invalid_zone"
    title = "Unknown time zone"
    default_remedy = "Use a name of the IANA database, such as Europe/Berlin."
