"""Delete a test clock, with the customers that live by it."""

from __future__ import annotations

from billing_sdk.errors import Conflict
from billing_sdk.server.usecases.create_clock import require_test_environment
from billing_sdk.server.usecases.engine import Engine


def delete_clock(engine: Engine, clock_id: str, *, actor: str = "operator") -> int:
    """Remove a clock and its customers with all that they agreed to, used and paid; return how many they were.

    The people and organizations behind the customers stay, and can become customers anew.

    Raises:
        NotFound: there is no such clock.
        ClockNotAllowed: the environment is live.
        Conflict: it is being advanced.
    """
    require_test_environment(engine)
    with engine.begin() as tx:
        clock = tx.clocks.lock(clock_id)
        now = engine.now()
        if clock.is_held(now):
            raise Conflict(f"{clock.id} is being advanced", remedy="Wait until it has arrived.")
        count = tx.clocks.delete(clock.id)
        tx.audit.record(actor, "clock.delete", clock.id, now, before=clock, after={"customers": count})
    return count
