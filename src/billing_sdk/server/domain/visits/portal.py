"""One-time links to the portal, and the visits that they open."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class PortalLink:
    """An invitation into the portal that works once, until `expires_at`."""

    key_hash: str = field(repr=False)
    user_id: str
    org_code: str | None
    sub_nav: str
    return_url: str | None
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class PortalVisit:
    """A person in the portal.

    Attributes:
        session_key: what the browser proves itself with; never stored, only its digest is.
        org_code: the organization that the person acts for, if any.
        sub_nav: the page that was asked for.
        return_url: where the way back leads; its origin is registered for the application.
        expires_at: when it is over unless it is used before then.
        ends_at: when it is over in any case.
    """

    session_key: str = field(repr=False)
    user_id: str
    org_code: str | None
    sub_nav: str
    return_url: str | None
    expires_at: datetime
    ends_at: datetime

    def used(self, at: datetime, *, idle_seconds: int) -> PortalVisit:
        """Return the visit as it is after it was used: it goes on for a while, but not beyond its end."""
        return replace(self, expires_at=min(at + timedelta(seconds=idle_seconds), self.ends_at))
