"""One-time links to the portal, and the visits that they open."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


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
    """

    session_key: str = field(repr=False)
    user_id: str
    org_code: str | None
    sub_nav: str
    return_url: str | None
    expires_at: datetime
