"""What may happen to usage, in any order, and whether roll-ups say then what the events say."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import get_args

from hypothesis import strategies as st

from billing_sdk.server.domain.metering import Aggregation, Correction, HourOfUsage, Meter, Series, UsageEvent, value_of
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.storage.usage_stores import UsageStore
from tests.metering import DAY, event, measured, meter, recount

METERS = tuple(meter(aggregation) for aggregation in get_args(Aggregation))
FALLING = meter("sum", id="meter_falling", key="tokens_falling", value_path="$.change", may_fall=True)
EVERY = (*METERS, FALLING)
ALWAYS = Period(DAY, DAY + timedelta(days=2))
# Few of each, so that much of it meets.
instants = st.builds(
    lambda hours, minutes: DAY + timedelta(hours=hours, minutes=minutes), st.integers(0, 2), st.sampled_from([0, 1, 59])
)
events = st.builds(
    lambda id_, value, change, at, subject, kind, model: event(
        id_, value, at=at, subject=subject, kind=kind, change=change, **({"model": model} if model else {})
    ),
    st.sampled_from("abcdef"),
    st.sampled_from([0, 1, "2.5", "0.000000000001", 10**19]),
    st.sampled_from([1, -1, "-2.5", -(10**19)]),
    instants,
    st.sampled_from(["customer_1", "agreement_1"]),
    st.sampled_from(["delta", "delta", "absolute"]),
    st.sampled_from([None, "large", "small"]),
)
corrections = st.tuples(
    st.sampled_from("abcdef"),
    st.sampled_from([None, {"value": 7, "change": -7}, {"value": 3, "change": 2, "model": "large"}]),
)
batches = st.lists(events, min_size=1, max_size=5)


@dataclass(frozen=True)
class Undone:
    """A batch whose transaction does not commit."""

    events: list[UsageEvent]


deeds = st.lists(st.one_of(batches, corrections, st.builds(Undone, batches)), min_size=1, max_size=8)
Deed = list[UsageEvent] | tuple[str, dict[str, object] | None] | Undone


def do(store: UsageStore, what: Sequence[Deed]) -> None:
    """Do what is to be done, each in a transaction of its own; what is not there can't be corrected."""
    for place, deed in enumerate(what):
        at = DAY + timedelta(days=1, seconds=place)
        with suppress(InterruptedError), store.begin() as log:
            if isinstance(deed, tuple):
                if log.find("app", deed[0]) is not None:
                    log.correct(Correction("app", deed[0], deed[1], "a mistake", "test", at), EVERY)
                continue
            sent = deed.events if isinstance(deed, Undone) else deed
            log.append(measured([one._replace(recorded_at=at) for one in sent], EVERY), EVERY)
            if isinstance(deed, Undone):
                raise InterruptedError


def differences(store: UsageStore, meters: Sequence[Meter]) -> list[tuple[str, datetime]]:
    """Return the meters and hours of which roll-ups say other than their events."""
    found: list[tuple[str, datetime]] = []
    with store.begin(read_only=True) as log:
        stored = list(log.events())
        for one in meters:
            rolled_up = dict(shown(one, hour) for hour in log.hours(one, ALWAYS))
            counted = dict(shown(one, hour) for hour in recount(stored, one))
            found += [
                (one.aggregation, key[1])
                for key in rolled_up.keys() | counted.keys()
                if rolled_up.get(key) != counted.get(key)
            ]
    return found


def shown(of: Meter, hour: HourOfUsage) -> tuple[tuple[Series, datetime], tuple[object, ...]]:
    """Return whose hour it is, and all that anybody can ask of it."""
    bucket = hour.bucket
    value = value_of(bucket, of.aggregation, Period(hour.hour, hour.hour + timedelta(hours=1)))
    return (hour.series, hour.hour), (value, bucket.count, bucket.first_at, bucket.last_at, bucket.is_reset)
