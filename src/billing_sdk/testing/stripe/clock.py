"""The simulator's own time. It goes with real time, or stands; either way it can be put forward, never back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class SimulatorClock:
    """Tells the time of the simulated world.

    Args:
        at: an instant at which it stands until it is moved; without one it goes with real time.
    """

    def __init__(self, at: datetime | None = None) -> None:
        self._stands_at = at
        self._ahead = timedelta()

    def now(self) -> datetime:
        """Return the present instant of the simulated world."""
        return (self._stands_at or datetime.now(UTC)) + self._ahead

    def seconds(self) -> int:
        """Return it as Stripe writes instants."""
        return int(self.now().timestamp())

    def put_forward(self, by: timedelta) -> None:
        """Let time pass.

        Raises:
            ValueError: time does not go back.
        """
        if by < timedelta():
            raise ValueError("the clock of the simulator goes forward only")
        self._ahead += by
