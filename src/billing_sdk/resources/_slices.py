"""Slices of a limit that this process holds: whether one more use fits is decided here, in microseconds.

A slice is one lease of the billing server, counted locally. It lets in what it was granted and never more, and nobody
after its time: that ends here before it ends there, by a clock that nobody can set back. What is let in is under way
until it is settled, and what turns out to be used adds up to a running total, which is what the server is told.

Quantities are whole numbers of 10^-12 units here, because those add up exactly and fast.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from billing_sdk._fork import new_lock
from billing_sdk.models import Reservation
from billing_sdk.money import EXACT

DECIMALS: Final = 12
ONE: Final = 10**DECIMALS
# A lease ends here so much earlier than there.
MARGIN_SECONDS: Final = 1.0
IDLE_SECONDS: Final = 10.0
REPORT_SECONDS: Final = 2.0
# From then on nobody waits any longer for a use to be settled, as of a thread that was killed.
ABANDONED_SECONDS: Final = 3_600.0


def _machine_seconds() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


# A machine that sleeps does not stop this clock, where there is such a one: the server's went on as well.
monotonic: Final[Callable[[], float]] = _machine_seconds if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic


def scaled(units: Decimal | int) -> int:
    """Return a quantity of at most 12 decimals as a whole number."""
    return units * ONE if isinstance(units, int) else int(units.scaleb(DECIMALS, EXACT))


def plain(count: int) -> Decimal:
    """Return the quantity that a whole number stands for."""
    return Decimal(count).scaleb(-DECIMALS, EXACT).normalize(EXACT)


@dataclass(slots=True, eq=False)
class Slice:
    """A lease that this process holds.

    Attributes:
        granted: how much it may let in.
        stops_at: nobody is let in from then on.
        touched_at: when somebody was let in last.
        told_at: when the server was told last.
        taken: what was let in, used or still under way.
        used: what is known to be used.
        told: what the server knows of.
        kept: what the journal knows of.
        number: of what the journal keeps of it.
        is_full: the server has given all that was wished for.
        is_closing: its end is being said, so that nobody is let in.
    """

    lease: Reservation
    granted: int
    stops_at: float
    touched_at: float
    told_at: float
    taken: int = 0
    used: int = 0
    told: int = 0
    kept: int = 0
    number: int | None = None
    is_full: bool = False
    is_closing: bool = False

    @classmethod
    def of(cls, lease: Reservation, *, asked_at: float, wished: int) -> Slice:
        """Hold a lease that was asked for at an instant, which is before the server's time for it began."""
        margin = min(MARGIN_SECONDS, lease.lasts_seconds / 10)
        granted = scaled(lease.units)
        stops_at = asked_at + lease.lasts_seconds - margin
        return cls(lease, granted, stops_at, asked_at, asked_at, is_full=granted >= wished)

    def is_over(self, now: float) -> bool:
        """Whether it lets nobody in any more, or has not for so long that others shall have it."""
        return now >= self.stops_at or self.taken >= self.granted or now - self.touched_at >= IDLE_SECONDS

    @property
    def under_way(self) -> int:
        """What was let in and is not settled yet."""
        return self.taken - self.used


class Holder:
    """The slices that this process holds for one customer and feature; any number of threads take from them.

    Attributes:
        is_low: more would better be there before it is needed.
    """

    __slots__ = ("_clock", "_lock", "is_low", "slices")

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._lock = new_lock()
        self.slices: list[Slice] = []
        self.is_low = False

    def take(self, count: int, *, stale_seconds: float = 0.0) -> Slice | None:
        """Let a use in, and return the slice it is let in by; None where none has room.

        Args:
            count: how much it may use.
            stale_seconds: for so long after its end a slice still lets in, because the server can't be asked.
        """
        now = self._clock()
        with self._lock:
            for held in self.slices:
                left = held.granted - held.taken
                # Where the server is away its end can't be said either, and trying to must not shut the gate.
                is_open = stale_seconds or not held.is_closing
                if left >= count and is_open and now < held.stops_at + stale_seconds:
                    held.taken += count
                    held.touched_at = now
                    # Of the newest one only: where there is another one after it, there is enough.
                    if held.is_full and (left - count) * 4 < held.granted and held is self.slices[-1]:
                        self.is_low = True
                    return held
        return None

    def settle(self, held: Slice, taken: int, used: int) -> None:
        """Say what became of a use: what it did not need may be taken by another, and what it used beyond is used."""
        with self._lock:
            held.taken += used - taken
            held.used += used

    def add(self, held: Slice) -> None:
        """Have one more slice to take from."""
        with self._lock:
            self.slices.append(held)
            self.is_low = False

    def retire(self, count: int) -> None:
        """End what has no room for so much: what is left of it is of more use to others."""
        with self._lock:
            for held in self.slices:
                if held.granted - held.taken < count:
                    held.granted = held.taken

    def give_up(self) -> None:
        """End every slice: what it was given for may have changed."""
        with self._lock:
            for held in self.slices:
                held.granted = min(held.granted, held.taken)
                held.is_closing = True
            self.is_low = False

    def begin_telling(self, held: Slice, *, everything: bool = False, at_once: bool = False) -> tuple[int, bool] | None:
        """Return the total that the server is to be told now and whether it is the last one; None for nothing.

        From the last one on nobody is let in, unless telling fails.

        Args:
            held: of which slice.
            everything: it ends now, whatever it still has.
            at_once: what is used is told now, and not only every now and then.
        """
        now = self._clock()
        with self._lock:
            if held not in self.slices:
                return None
            is_over = everything or held.is_over(now)
            if is_over and (everything or not held.under_way or now - held.stops_at > ABANDONED_SECONDS):
                held.is_closing = True
                return held.used, True
            if held.used > held.told and (at_once or now - held.told_at >= REPORT_SECONDS):
                held.told_at = now
                return held.used, False
        return None

    def told(self, held: Slice, total: int) -> None:
        """Note that the server knows of a total."""
        with self._lock:
            held.told = max(held.told, total)

    def not_told(self, held: Slice) -> None:
        """Note that telling has failed, so that it is tried again, and a slice that lives may let in again."""
        with self._lock:
            held.is_closing = False

    def drop(self, held: Slice) -> None:
        """Forget a slice that has ended, unless something came in between that the server has to know of."""
        with self._lock:
            if held in self.slices and held.used <= held.told and not held.under_way:
                self.slices.remove(held)
