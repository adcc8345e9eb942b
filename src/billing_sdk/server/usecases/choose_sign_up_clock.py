"""Choose the test clock that people get onto who become customers of their own accord."""

from __future__ import annotations

from billing_sdk.server.usecases.create_clock import require_test_environment
from billing_sdk.server.usecases.engine import Engine


def choose_sign_up_clock(engine: Engine, clock_id: str | None, *, actor: str = "operator") -> None:
    """Let whoever signs up from now on live by a clock, or by real time where none is named.

    It is for whoever runs a test server to say, and nothing that a browser could ask for: a page has no parameter
    for it, and in a live environment there are no clocks.

    Raises:
        NotFound: there is no such clock.
        ClockNotAllowed: the environment is live.
    """
    require_test_environment(engine)
    with engine.begin() as tx:
        if clock_id is not None:
            tx.clocks.get(clock_id)
        tx.clocks.choose_for_sign_ups(clock_id)
        tx.audit.record(actor, "clock.choose", clock_id or "", engine.now())
