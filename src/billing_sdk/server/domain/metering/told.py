"""What is told of an agreement's usage, as the event that it becomes: readings, and reservations that are committed."""

from __future__ import annotations

from typing import Any

from billing_sdk.errors import UnsupportedByMeter
from billing_sdk.money import digits_of
from billing_sdk.server.domain.metering.event import UsageEvent
from billing_sdk.server.domain.metering.json_path import steps_of
from billing_sdk.server.domain.metering.meter import ALL_MEMBERS, Meter
from billing_sdk.server.domain.metering.usage import Dimensions, Reading

TOLD = "agreement/"
MARKS = "$.dimensions"


def source_of(agreement_id: str) -> str:
    """Return the source of events that are told of an agreement; events of others have other sources."""
    return TOLD + agreement_id


def is_told(source: str) -> bool:
    """Tell whether events of a source are told of an agreement, and so were attended to when they were recorded."""
    return source.startswith(TOLD)


def told(reading: Reading, meter: Meter, *, has_time: bool = True) -> UsageEvent:
    """Return the event that a reading is.

    Args:
        reading: what was used of a feature.
        meter: the one that counts the feature's usage.
        has_time: whether the time of the use was reported; else it was the present one.

    Raises:
        UnsupportedByMeter: the meter does not read a quantity, or can't be told what its total is.
    """
    if reading.kind == "absolute" and meter.aggregation != "sum":
        raise UnsupportedByMeter("only a meter that adds up can be told what its total is")
    data = _data_of(reading, meter)
    return UsageEvent(
        source=source_of(reading.agreement_id),
        id=reading.id,
        type=meter.event_type,
        subject=reading.agreement_id,
        time=reading.used_at,
        counted_at=reading.counted_at,
        recorded_at=reading.recorded_at,
        data=data,
        kind=reading.kind,
        is_timed=has_time,
    )


def _data_of(reading: Reading, meter: Meter) -> dict[str, Any]:
    data: dict[str, Any] = {}
    if meter.aggregation == "unique_count" or (meter.value_path is None and reading.value != 1):
        raise UnsupportedByMeter(
            f"the meter {meter.key!r} counts events, and does not read quantities",
            remedy="Report each use as an event of its own.",
        )
    if meter.value_path is not None:
        _put(data, meter.value_path, digits_of(reading.value))
    _put_dimensions(data, meter, reading.dimensions)
    if meter.measure(data) is None:
        raise UnsupportedByMeter(
            f"the meter {meter.key!r} counts events that say more than a quantity",
            remedy="Report the use as an event.",
        )
    return data


def _put_dimensions(data: dict[str, Any], meter: Meter, dimensions: Dimensions) -> None:
    paths = dict(meter.dimensions)
    for name, value in dimensions:
        path = paths.get(name)
        if path is not None:
            _put(data, path, value)
        else:
            _at(data, steps_of(paths.get(ALL_MEMBERS, MARKS)))[name] = value


def _put(data: dict[str, Any], path: str, value: str) -> None:
    steps = steps_of(path)
    _at(data, steps[:-1])[str(steps[-1])] = value


def _at(data: dict[str, Any], steps: tuple[str | int, ...]) -> dict[str, Any]:
    """Return the object that steps lead to, made where it is not there."""
    for step in steps:
        found = data.setdefault(str(step), {})
        if not isinstance(step, str) or not isinstance(found, dict):
            raise UnsupportedByMeter(
                "the meter reads its value where a quantity alone can't be", remedy="Report the use as an event."
            )
        data = found
    return data
