"""What meters need of an event's data; the rest of it may go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from billing_sdk.server.domain.metering.json_path import NOTHING, steps_of, value_at
from billing_sdk.server.domain.metering.meter import Meter


def essential(data: Mapping[str, Any], meters: Iterable[Meter]) -> dict[str, Any]:
    """Return the part of an event's data that meters read; each of them reads the same in it."""
    kept: dict[str, Any] = {}
    for path in sorted({path for meter in meters for path in _paths(meter)}):
        value, steps = value_at(data, path), steps_of(path)
        if value is NOTHING:
            continue
        if not steps:
            return dict(data)
        _put(kept, steps, value)
    return kept


def _paths(meter: Meter) -> Iterable[str]:
    if meter.value_path is not None:
        yield meter.value_path
    yield from (path for _, path in meter.dimensions)
    yield from (condition.path for condition in meter.conditions)


def _put(into: Any, steps: tuple[str | int, ...], value: Any) -> None:
    for step, following in zip(steps, (*steps[1:], None), strict=True):
        if isinstance(step, int):
            into.extend([None] * (step + 1 - len(into)))
            there = into[step]
        else:
            there = into.get(step)
        if following is None:
            into[step] = value
        elif there is None:
            into[step] = [] if isinstance(following, int) else {}
        into = into[step]
