"""Windows of usage: hours that a boundary cuts, whose turn it is, and what a window comes to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from billing_sdk.server.domain.metering import (
    HourOfUsage,
    Measured,
    Meter,
    Place,
    StoredEvent,
    Stretch,
    Tenure,
    UsageEvent,
    cut,
    hours_of,
    level_of,
    recount,
    turns_of,
    valued,
)
from billing_sdk.server.domain.periods import Period

TEN = datetime(2026, 3, 1, 10, tzinfo=UTC)
LARGE, SMALL = (("model", "large"),), (("model", "small"),)


def at(minutes: int) -> datetime:
    return TEN + timedelta(minutes=minutes)


def window(start: int, end: int) -> Period:
    return Period(at(start), at(end))


def hours(*told: tuple[int, int | str, tuple[tuple[str, str], ...]], subject: str = "a") -> tuple[HourOfUsage, ...]:
    """Return the hours of readings; a value in a text is a total."""
    return hours_of(
        (
            subject,
            Place(at(minutes), at(minutes), "s", str(number)),
            Measured("meter_1", Decimal(value), None, dims),
            isinstance(value, str),
        )
        for number, (minutes, value, dims) in enumerate(told)
    )


@pytest.mark.parametrize(
    ("told", "span", "total", "unsure"),
    [
        ([(5, 1, ()), (65, 2, ())], (0, 120), 3, 0),
        # Both hours are cut, and all of their events lie on one side.
        ([(5, 1, ()), (65, 2, ())], (30, 90), 2, 0),
        ([(5, 1, ()), (40, 4, ())], (30, 90), 0, 1),
        # The end is not in the window, and the start is.
        ([(0, 1, ()), (30, 2, ())], (0, 30), 0, 1),
        ([(30, 2, ())], (0, 30), 0, 0),
        ([(30, 2, ())], (30, 60), 2, 0),
        # A total in the hour: what was before it is in no bucket, and the first event still tells where it began.
        ([(5, 1, LARGE), (20, "9", ()), (25, 2, SMALL)], (10, 60), 0, 1),
        ([(5, 1, LARGE), (20, "9", ()), (25, 2, SMALL)], (0, 60), 11, 0),
    ],
)
def test_an_hour_that_is_cut_is_read_where_its_events_lie_across_the_boundary(told, span, total, unsure):
    found = cut(hours(*told), window(*span))

    assert sum(one.bucket.total for one in found.whole) == total
    assert len(found.unsure) == unsure


def test_a_recount_takes_events_of_the_window_as_they_stand_and_those_that_the_meter_counts():
    meter = Meter("meter_1", "m", "M", "calls", "sum", TEN, value_path="$.value")

    def stored(minutes: int, value: int, kind: str = "calls", *, is_cancelled: bool = False) -> StoredEvent:
        event = UsageEvent("s", str(minutes), kind, "a", at(minutes), at(minutes), TEN, {"value": value}, "delta")
        return StoredEvent(minutes, event, is_cancelled)

    events = [stored(5, 1), stored(6, 2, is_cancelled=True), stored(7, 4, "other"), stored(59, 8), stored(70, 16)]

    assert valued(recount(meter, events), "sum", window(0, 120)).total == 25
    assert valued(recount(meter, events, window(5, 60)), "sum", window(5, 60)).total == 9


@pytest.mark.parametrize(
    ("tenures", "turns"),
    [
        ({"me": (0, None)}, [(0, 100)]),
        ({"me": (20, 60)}, [(20, 60)]),
        ({"me": (200, None)}, []),
        ({"me": (0, 0)}, []),
        # The one that began first has its turn, however it is called.
        ({"me": (20, None), "zz": (0, 50)}, [(50, 100)]),
        ({"me": (0, 50), "aa": (20, None)}, [(0, 50)]),
        ({"me": (0, None), "zz": (0, None)}, [(0, 100)]),
        ({"me": (0, None), "aa": (0, None)}, []),
        ({"me": (10, 90), "aa": (0, 20), "ab": (5, 40), "zz": (30, 95)}, [(40, 90)]),
        ({"me": (10, 90), "aa": (-50, 0), "ab": (100, None)}, [(10, 90)]),
        ({"other": (0, None)}, []),
    ],
)
def test_what_a_customer_uses_counts_under_the_agreement_that_was_live_and_began_first(tenures, turns):
    found = [
        Tenure(at(start), key, at(start), None if end is None else at(end)) for key, (start, end) in tenures.items()
    ]

    assert turns_of("me", found, window(0, 100)) == tuple(window(*turn) for turn in turns)
    assert sum(
        (turn.end - turn.start for key in tenures for turn in turns_of(key, found, window(0, 100))), timedelta()
    ) <= timedelta(minutes=100)


def test_an_agreement_has_no_turn_while_it_does_not_include_the_feature():
    older, younger = Tenure(at(0), "older", at(40), at(60)), Tenure(at(10), "younger", at(10), None)

    assert turns_of("older", [older, younger], window(0, 100)) == (window(40, 60),)
    assert turns_of("younger", [older, younger], window(0, 100)) == (window(10, 40), window(60, 100))


def test_stretches_of_one_agreement_that_overlap_are_counted_once():
    both = [Tenure(at(0), "me", at(0), at(50)), Tenure(at(0), "me", at(20), None)]

    assert turns_of("me", both, window(0, 100)) == (window(0, 50), window(50, 100))


TOLD = [(5, 3, LARGE), (10, 5, SMALL), (15, 7, ()), (20, 3, LARGE)]


@pytest.mark.parametrize(
    ("aggregation", "total", "by_dimension"),
    [
        # Of what adds up, the rest has no dimensions.
        ("sum", 18, {LARGE: 6, SMALL: 5}),
        ("count", 4, {LARGE: 2, SMALL: 1}),
        # Of the others each set of dimensions has a value of its own.
        ("maximum", 7, {(): 7, LARGE: 3, SMALL: 5}),
        ("minimum", 3, {(): 7, LARGE: 3, SMALL: 5}),
        ("latest", 3, {(): 7, LARGE: 3, SMALL: 5}),
        ("average", Decimal("4.5"), {(): 7, LARGE: 3, SMALL: 5}),
    ],
)
def test_each_set_of_dimensions_has_its_value(aggregation, total, by_dimension):
    found = valued(hours(*TOLD), aggregation, window(0, 60))

    assert found.total == total
    assert dict(found.by_dimension) == by_dimension


def test_what_has_no_dimensions_is_told_apart_by_none():
    assert valued(hours((5, 3, ())), "maximum", window(0, 60)) == (3, ())
    assert valued((), "sum", window(0, 60)) == (0, ())


def test_a_level_lasts_from_its_event_to_the_end_and_what_was_before_lasts_all_the_time():
    month, stored = window(0, 100), hours((50, 10, ()), (75, 4, LARGE))
    before = hours((-70, 2, ()))

    found = level_of([Stretch(month, stored, before)], month)

    assert found == (2 + 5 + 1, ((LARGE, 1),))


def test_a_level_is_zero_outside_of_its_stretches():
    month = window(0, 100)
    stretches = [Stretch(window(20, 40), hours((30, 10, ())), ()), Stretch(window(60, 100), (), hours((30, 10, ())))]

    assert level_of(stretches, month).total == 1 + 4
