"""What events say about how much customers may use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from billing_sdk.events.parts import instant, members, text


@dataclass(frozen=True, slots=True)
class EventUsageThreshold:
    """A threshold that a customer's use of a feature has reached; quantities are exact decimal texts.

    Attributes:
        threshold: such as `80%` of the limit, or `5000` units.
        limit: how much may be used in the usage period; None is without limit.
        used: how much was used in it.
        period_start: when the usage period has begun.
        period_end: when it ends, and use is counted anew.
    """

    feature_code: str | None
    threshold: str | None
    limit: str | None
    used: str | None
    period_start: datetime | None
    period_end: datetime | None

    @classmethod
    def read(cls, found: Any) -> EventUsageThreshold | None:
        """Read a threshold."""
        inner = members(found)
        if not inner:
            return None
        return cls(
            feature_code=text(inner, "feature_code"),
            threshold=text(inner, "threshold"),
            limit=text(inner, "limit"),
            used=text(inner, "used"),
            period_start=instant(inner, "period_start"),
            period_end=instant(inner, "period_end"),
        )


@dataclass(frozen=True, slots=True)
class EventAccess:
    """Whether a customer can use a feature that a hard limit holds; quantities are exact decimal texts.

    Attributes:
        has_access: whether anything may be used.
        limit: how much may be used in the usage period.
        used: how much was used in it.
        remaining: how much may still be used.
        resets_on: when use is counted anew.
    """

    feature_code: str | None
    agreement_id: str | None
    has_access: bool | None
    limit: str | None
    used: str | None
    remaining: str | None
    resets_on: datetime | None

    @classmethod
    def read(cls, found: Any) -> EventAccess | None:
        """Read whether a feature can be used."""
        inner = members(found)
        if not inner:
            return None
        return cls(
            feature_code=text(inner, "feature_code"),
            agreement_id=text(inner, "agreement_id"),
            has_access=has_access if isinstance(has_access := inner.get("has_access"), bool) else None,
            limit=text(inner, "limit"),
            used=text(inner, "used"),
            remaining=text(inner, "remaining"),
            resets_on=instant(inner, "resets_on"),
        )
