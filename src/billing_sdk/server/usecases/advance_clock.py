"""Advance a test clock: everything that falls due on the way happens, in order, at its own instant."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Event

from billing_sdk.errors import ClockMovedBack, ClockStopped, Conflict, InvalidRequest
from billing_sdk.server.domain.events import Told
from billing_sdk.server.domain.periods import Cadence, Schedule
from billing_sdk.server.domain.timers import TestClock, Timer
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.create_clock import require_test_environment
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.follow_usage import follow_usage
from billing_sdk.server.usecases.run_timer import reason_of, run_timer

# Longer than a charge takes that an application has begun on its own, at the instant that the clock has come to.
PAUSES_SECONDS = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)


def advance_clock(
    engine: Engine,
    clock_id: str,
    *,
    to: datetime | None = None,
    by: timedelta | Cadence | None = None,
    actor: str = "operator",
    on_ran: Callable[[Timer], None] = lambda _timer: None,
    is_enough: Callable[[], bool] = lambda: False,
) -> TestClock:
    """Move a clock forward, stopping at each timer of its customers that is due on the way to run it.

    A clock whose mover has died on the way is taken up by the next call, once the lease of the dead one has run out;
    with neither `to` nor `by` it goes where it was going.

    Args:
        engine: where the clock is.
        clock_id: which clock.
        to: where to.
        by: how far, in place of `to`; a cadence counts days and months as a calendar does.
        actor: who moves it, for the audit.
        on_ran: told of each timer that has run.
        is_enough: asked after each timer; where it says so the clock is left on its way, for the next call to go on.

    Raises:
        NotFound: there is no such clock.
        InvalidRequest: the instant has no zone or is none, or not exactly one of `to` and `by` is given.
        ClockNotAllowed: the environment is live.
        ClockMovedBack: the clock has passed that instant; nothing has changed.
        ClockTooFar: the instant lies more than a hundred years ahead; nothing has changed.
        ClockOutOfRange: the instant lies after 2200 has begun; nothing has changed.
        Conflict: somebody else is moving it.
        ClockStopped: a timer has failed; the clock stands at its instant, and goes on from there when asked again.
    """
    require_test_environment(engine)
    follow_usage(engine)  # what was used by now happens before what is due later
    clock = _set_out(engine, clock_id, to, by, actor)
    try:
        while (taken := _step(engine, clock)) is not None:
            clock, timer = taken
            _run(engine, clock, timer)
            on_ran(timer)
            if is_enough():
                _leave(engine, clock)
                break
    except BaseException:
        _leave(engine, clock)
        raise
    with engine.read() as tx:
        return tx.clocks.get(clock_id)


def _set_out(
    engine: Engine, clock_id: str, to: datetime | None, by: timedelta | Cadence | None, actor: str
) -> TestClock:
    with engine.begin() as tx:
        before = tx.clocks.lock(clock_id)
        now = engine.now()
        clock = before.set_out(_target(before, to, by), now=now, leased_until=_lease_end(engine))
        tx.clocks.set_out(clock)
        tx.audit.record(actor, "clock.advance", clock.id, now, before=before, after=clock)
    return clock


def _target(clock: TestClock, to: datetime | None, by: timedelta | Cadence | None) -> datetime:
    if to is not None and by is None:
        if to.tzinfo is None:
            raise InvalidRequest("the instant has no time zone", parameter="to")
        return to
    if by is not None and to is None:
        return _later(clock, by)
    if to is None and clock.target_at is not None:
        return clock.target_at
    raise InvalidRequest("exactly one of an instant and a duration is needed", parameter="to")


def _later(clock: TestClock, by: timedelta | Cadence) -> datetime:
    if isinstance(by, timedelta) and by < timedelta():
        raise ClockMovedBack(f"{clock.id} was told to go back by {-by}")
    try:
        return clock.frozen_at + by if isinstance(by, timedelta) else Schedule(clock.frozen_at, by).boundary(1)
    except (OverflowError, ValueError):
        raise InvalidRequest("the calendar ends before that", parameter="by") from None


def _step(engine: Engine, clock: TestClock) -> tuple[TestClock, Timer] | None:
    """Move the clock to what is due next and take it; let the clock arrive where nothing is due any more."""
    leased_until = _lease_end(engine)
    with engine.begin() as tx:
        timer = tx.timers.take_on_clock(clock.id, until=clock.heading_for, leased_until=leased_until)
        if timer is None:
            tx.clocks.save(clock.arrived())
            _tell_ready(tx, clock, engine.now())
            return None
        moved = clock.moved(timer.due_at, leased_until=leased_until)
        tx.clocks.save(moved)
    return moved, timer


def _tell_ready(tx: UnitOfWork, clock: TestClock, at: datetime) -> None:
    if tx.outbox.is_pointed_to:
        told = Told("test_helpers.test_clock.ready", "snapshot", f"test_helpers.test_clock/{clock.id}")
        tx.outbox.tell((told,), at=at)


def _leave(engine: Engine, clock: TestClock) -> None:
    """Let anybody go on with a clock that is on its way."""
    with engine.begin() as tx:
        tx.clocks.give_up(clock)


def _run(engine: Engine, clock: TestClock, timer: Timer) -> None:
    try:
        _run_patiently(engine, timer)
    except Exception as error:
        raise ClockStopped(
            f"{timer.kind} of {timer.subject_id} failed ({reason_of(error)}); {clock.id} stands at "
            f"{clock.frozen_at.isoformat()}",
            clock=clock.id,
            kind=timer.kind,
            subject=timer.subject_id,
        ) from error


def _run_patiently(engine: Engine, timer: Timer) -> None:
    """Run a timer; where the customer's plan is being changed at this very moment, wait until that is over."""
    for pause_seconds in PAUSES_SECONDS:
        try:
            return run_timer(engine, timer)
        except Conflict:
            Event().wait(pause_seconds)
    return run_timer(engine, timer)


def _lease_end(engine: Engine) -> datetime:
    return engine.now() + timedelta(seconds=engine.settings.timer_lease_seconds)
