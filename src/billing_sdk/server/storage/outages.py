"""An outage of the database: what tells it from a mistake in a statement."""

from __future__ import annotations

from sqlalchemy.exc import InterfaceError, OperationalError, TimeoutError as PoolTimeout


class UsageStoreAway(Exception):
    """Raised when a usage store that is no database of SQLAlchemy can't be reached, or can't do more for now."""


# It can't be reached, has gone away in the middle, is locked for too long, or has no connection left for a request.
# SQLite's word for a statement that is wrong is among them: `is_outage` tells.
DATABASE_AWAY = (OperationalError, InterfaceError, PoolTimeout, UsageStoreAway)


def is_outage(error: Exception) -> bool:
    """Tell whether an error may be gone in a while, and is no mistake in a statement."""
    cause = getattr(error, "orig", None)
    return isinstance(error, DATABASE_AWAY) and getattr(cause, "sqlite_errorname", "") != "SQLITE_ERROR"
