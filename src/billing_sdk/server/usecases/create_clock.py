"""Create a test clock."""

from __future__ import annotations

from datetime import datetime

from billing_sdk.errors import ClockNotAllowed, InvalidRequest
from billing_sdk.server.domain.catalog.labels import checked_name
from billing_sdk.server.domain.timers import TestClock, check_instant
from billing_sdk.server.ids import new_id
from billing_sdk.server.usecases.engine import Engine


def create_clock(engine: Engine, *, at: datetime | None = None, name: str = "", actor: str = "operator") -> TestClock:
    """Make a clock that stands still at an instant, now by default; customers can then be made on it.

    Raises:
        ClockNotAllowed: the environment is live.
        ClockOutOfRange: the instant lies before 1970, or after 2200 has begun.
        InvalidRequest: the instant has no zone, or the name can not be shown.
    """
    require_test_environment(engine)
    if at is not None and at.tzinfo is None:
        raise InvalidRequest("the instant has no time zone", parameter="at")
    name = checked_name(name) if name else ""
    now = engine.now()
    check_instant(at or now)
    clock = TestClock(id=new_id("clock"), name=name, frozen_at=at or now, created_at=now)
    with engine.begin() as tx:
        tx.clocks.add(clock)
        tx.audit.record(actor, "clock.create", clock.id, now, after=clock)
    return clock


def require_test_environment(engine: Engine) -> None:
    """Refuse to deal with test clocks where time is the time.

    Raises:
        ClockNotAllowed: the environment is live.
    """
    if engine.settings.environment == "live":
        raise ClockNotAllowed("this is a live environment")
