"""Test clocks: time that tests move."""

from __future__ import annotations

from datetime import datetime
from itertools import count
from time import monotonic

from billing_sdk._operation import C, Call, Flow, Resource, operation
from billing_sdk.errors import DeadlineExceeded
from billing_sdk.models import TestClock
from billing_sdk.resources._base import MANAGEMENT, done, every, given, one, segment, wire_time

PATH = f"{MANAGEMENT}/billing/test_clocks"
CLOCK = one("test_clock", TestClock.read)


class TestClocks(Resource[C]):
    """Test clocks; an extension that only our own server has, in test environments. Takes the machine credentials.

    Customers that are made with `test_clock_id` live by the clock: nothing of theirs happens until it is advanced.
    """

    __test__ = False  # pytest, this is not a test class

    @operation
    def list(self) -> Flow[tuple[TestClock, ...]]:
        """Return every test clock (extension)."""
        return every(PATH, "test_clocks", TestClock.read)

    @operation
    def get(self, clock_id: str) -> Call[TestClock]:
        """Return one test clock (extension).

        Raises:
            NotFound: there is no such clock.
        """
        return Call("GET", f"{PATH}/{segment('clock_id', clock_id)}", CLOCK, credential="machine")

    @operation
    def create(
        self, *, frozen_on: datetime | None = None, name: str | None = None, idempotency_key: str | None = None
    ) -> Call[TestClock]:
        """Make a clock that stands still at an instant, by default the present one (extension).

        Raises:
            ClockNotAllowed: the environment is live.
            ClockOutOfRange: the instant lies before 1970, or after 2200 has begun.
        """
        body = given(name=name, frozen_on=wire_time(frozen_on, "frozen_on") if frozen_on is not None else None)
        return Call("POST", PATH, CLOCK, json=body, credential="machine", idempotency_key=idempotency_key)

    @operation
    def advance(
        self,
        clock_id: str,
        *,
        to: datetime,
        timeout_seconds: float = 300.0,
        idempotency_key: str | None = None,
    ) -> Flow[TestClock]:
        """Move a clock forward; all that is due for its customers until then happens first, in order (extension).

        The server does it in pieces of a few seconds, which are asked for one after the other until the clock is there.

        Args:
            clock_id: which clock.
            to: where to, at most a hundred years ahead.
            timeout_seconds: when to give up; the clock stays where it has come to, and the same call goes on.
            idempotency_key: makes the call safe to repeat; the pieces after the first add their number to it.

        Raises:
            ClockMovedBack: the clock has passed that instant.
            ClockTooFar: the instant lies more than a hundred years ahead.
            ClockOutOfRange: the instant lies after 2200 has begun.
            ClockStopped: something that was due failed; the clock stands there, and can be advanced again.
            Conflict: somebody else is moving it.
            DeadlineExceeded: it was not there in time.
            NotFound: there is no such clock.
        """
        path = f"{PATH}/{segment('clock_id', clock_id)}/advance"
        body = {"to": wire_time(to, "to")}
        ends_at = monotonic() + timeout_seconds
        for piece in count(1):
            key = idempotency_key if idempotency_key is None or piece == 1 else f"{idempotency_key}-{piece}"
            clock = yield from Call("POST", path, CLOCK, json=body, credential="machine", idempotency_key=key)
            if clock.status != "advancing":
                break
            if monotonic() >= ends_at:
                raise DeadlineExceeded(
                    f"{clock_id} has come to {clock.frozen_on} on its way to {to}", remedy="Ask again to go on."
                )
        return clock

    @operation
    def delete(self, clock_id: str, *, idempotency_key: str | None = None) -> Call[None]:
        """Delete a clock and its customers with all that they agreed to, used and paid (extension).

        Raises:
            NotFound: there is no such clock.
            Conflict: it is being advanced.
        """
        path = f"{PATH}/{segment('clock_id', clock_id)}"
        return Call("DELETE", path, done, credential="machine", idempotency_key=idempotency_key)
