"""A clock that stands still until somebody moves it, for the customers that were made on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import ClassVar, Literal

from billing_sdk.errors import ClockMovedBack, ClockOutOfRange, ClockTooFar, Conflict

ClockStatus = Literal["ready", "advancing"]
ClockEvent = Literal["set_out", "arrive"]

# A hundred years: who goes further has mistyped a year, and would wait for as long.
FURTHEST = timedelta(days=36_525)

# The calendar ends on both sides, and periods of ten years, trials and time zones reach beyond where a clock stands.
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)

# Setting out while advancing is going on where somebody else has stopped, or died.
TRANSITIONS: Mapping[tuple[ClockStatus, ClockEvent], ClockStatus] = MappingProxyType(
    {
        ("ready", "set_out"): "advancing",
        ("advancing", "set_out"): "advancing",
        ("advancing", "arrive"): "ready",
    }
)


def check_instant(at: datetime) -> None:
    """Refuse an instant at which no clock may stand.

    Raises:
        ClockOutOfRange: it lies before 1970, or after 2200 has begun.
    """
    if not EARLIEST <= at <= LATEST:
        raise ClockOutOfRange(f"{at.isoformat()} lies outside of {EARLIEST:%Y} to {LATEST:%Y}")


@dataclass(frozen=True, slots=True)
class TestClock:
    """A test clock.

    Attributes:
        id: starts with `clock_`.
        frozen_at: the time that it tells.
        target_at: where it is going, while it is advancing.
        takes_sign_ups: whether people who become customers of their own accord get onto it.
        turn: how often somebody has set out to move it; only the last one can go on.
        leased_until: until then, in real time, whoever moves it is taken to be alive.
    """

    __test__: ClassVar[bool] = False  # pytest, this is not a test class

    id: str
    name: str
    frozen_at: datetime
    created_at: datetime
    status: ClockStatus = "ready"
    target_at: datetime | None = None
    takes_sign_ups: bool = False
    turn: int = 0
    leased_until: datetime | None = None

    @property
    def heading_for(self) -> datetime:
        """Where it is going, or where it stands."""
        return self.frozen_at if self.target_at is None else self.target_at

    def is_held(self, now: datetime) -> bool:
        """Tell whether somebody is moving it, at an instant of real time."""
        return self.status == "advancing" and self.leased_until is not None and self.leased_until > now

    def set_out(self, to: datetime, *, now: datetime, leased_until: datetime) -> TestClock:
        """Return the clock on its way.

        Args:
            to: where it is to go.
            now: the real time.
            leased_until: until then, in real time, nobody else moves it.

        Raises:
            ClockMovedBack: it has passed that instant.
            ClockTooFar: the instant lies more than a hundred years ahead.
            ClockOutOfRange: the instant lies after 2200 has begun.
            Conflict: somebody else is moving it.
        """
        if to < self.frozen_at:
            raise ClockMovedBack(f"{self.id} stands at {self.frozen_at.isoformat()}, after {to.isoformat()}")
        if to - self.frozen_at > FURTHEST:
            raise ClockTooFar(f"{self.id} stands at {self.frozen_at.isoformat()}, and {to.isoformat()} is too far away")
        check_instant(to)
        if self.is_held(now):
            raise Conflict(f"{self.id} is being advanced already", remedy="Wait until it has arrived.")
        return replace(self._after("set_out"), target_at=to, turn=self.turn + 1, leased_until=leased_until)

    def moved(self, to: datetime, *, leased_until: datetime) -> TestClock:
        """Return the clock at an instant on its way, or where it stands, if that is later."""
        return replace(self, frozen_at=max(self.frozen_at, to), leased_until=leased_until)

    def arrived(self) -> TestClock:
        """Return the clock at its target."""
        return replace(self._after("arrive"), frozen_at=self.heading_for, target_at=None, leased_until=None)

    def _after(self, event: ClockEvent) -> TestClock:
        status = TRANSITIONS.get((self.status, event))
        if status is None:
            raise Conflict(f"{self.id} is {self.status}")
        return replace(self, status=status)
