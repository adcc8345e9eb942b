"""Events that nobody could be told about at once: how many a meter could not take, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

MOST_SAMPLES = 5
LONGEST_MESSAGE = 300


@dataclass(frozen=True, slots=True)
class FaultSample:
    """One of them.

    Attributes:
        message: what is wrong with it.
        identifier: of the event, or of the request that brought it.
    """

    message: str
    identifier: str


@dataclass(frozen=True, slots=True)
class MeterFaults:
    """Events that count for nothing for one reason.

    Attributes:
        meter_id: the meter that could not take them; empty where there is none for their name.
        code: the reason.
        count: how many.
        first_at: when the first of them arrived.
        last_at: when the last one did.
        samples: a few of them.
    """

    meter_id: str
    code: str
    count: int
    first_at: datetime
    last_at: datetime
    samples: tuple[FaultSample, ...]


def together(faults: Iterable[MeterFaults]) -> tuple[MeterFaults, ...]:
    """Return faults with those of one meter and one reason put together, in the order of meters and reasons."""
    found: dict[tuple[str, str], MeterFaults] = {}
    for one in faults:
        key = one.meter_id, one.code
        before = found.get(key)
        found[key] = one if before is None else _both(before, one)
    return tuple(found[key] for key in sorted(found))


def _both(one: MeterFaults, other: MeterFaults) -> MeterFaults:
    return replace(
        one,
        count=one.count + other.count,
        first_at=min(one.first_at, other.first_at),
        last_at=max(one.last_at, other.last_at),
        samples=(*one.samples, *other.samples)[:MOST_SAMPLES],
    )
