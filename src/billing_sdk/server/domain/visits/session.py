"""A sign-in session at this server."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody is signed in in some browser; its key is known to that browser only."""

    user_id: str
    authenticated_at: datetime
    expires_at: datetime
