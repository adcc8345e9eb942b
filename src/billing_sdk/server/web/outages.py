"""An outage of the database: callers hear when to come back, and the log hears of it once."""

from __future__ import annotations

import logging
import time

from starlette.requests import Request

from billing_sdk.errors import ServerBusy
from billing_sdk.server.web.request_id import request_id_of

logger = logging.getLogger("billing_sdk.server")

RETRY_SECONDS = 5
# Failures that are less than this apart are one outage.
QUIET_SECONDS = 60.0


class Outage:
    """Whether the log knows of the present outage; two threads that notice at once may both tell it."""

    def __init__(self) -> None:
        self._noticed_at = float("-inf")

    def is_new(self, at_seconds: float) -> bool:
        """Note a failure, and return whether it is the first of its outage."""
        noticed_at, self._noticed_at = self._noticed_at, at_seconds
        return at_seconds - noticed_at > QUIET_SECONDS


present = Outage()


def database_is_away(request: Request, error: Exception) -> ServerBusy:
    """Return what a caller is told, who does not learn how the database is reached; the log hears the kind of it."""
    if present.is_new(time.monotonic()):
        kind = type(getattr(error, "orig", None) or error).__name__
        logger.error("the database can't be used (%s): request %s noticed first", kind, request_id_of(request))
    return ServerBusy(
        "the database can't be used at present",
        remedy="Wait for retry_after_seconds, then try again; with the same Idempotency-Key nothing happens twice.",
        retry_after_seconds=RETRY_SECONDS,
    )
