"""What a meter shows: by windows and groups, from roll-ups where they tell and from events where a boundary cuts."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from billing_sdk.errors import InvalidRequest, InvalidZone, QueryTooLarge
from billing_sdk.server.domain.metering import DimensionFilter, UsageQuery, answer, parted, recount, require_few
from billing_sdk.server.domain.periods import Period
from tests.unit.domain.metering.asking import ask, instant, meter, said, used
from tests.unit.domain.metering.test_windows import ZONES

MARCH = Period(instant("2026-03-01T00:00:00+00:00"), instant("2026-04-01T00:00:00+00:00"))
DAY = Period(instant("2026-03-01T00:00:00+00:00"), instant("2026-03-02T00:00:00+00:00"))


def values(query: UsageQuery, found, **more) -> list[tuple[str, str]]:
    """Return when the windows begin that have usage, without the year, and what the meter shows for each."""
    return [(start[5:16], value) for start, _, _, value in ask(query, found, **more)]


TWO_DAYS = [
    used("2026-03-01T09:10:00+00:00", "4", model="large"),
    used("2026-03-01T09:50:00+00:00", "2.5", model="small"),
    used("2026-03-02T23:59:59+00:00", "10", model="large", subject="bob"),
]


@pytest.mark.parametrize(
    ("granularity", "expected"),
    [
        (None, [("03-01T00:00", "16.5")]),
        ("month", [("03-01T00:00", "16.5")]),
        ("day", [("03-01T00:00", "6.5"), ("03-02T00:00", "10")]),
        ("hour", [("03-01T09:00", "6.5"), ("03-02T23:00", "10")]),
        ("minute", [("03-01T09:10", "4"), ("03-01T09:50", "2.5"), ("03-02T23:59", "10")]),
    ],
)
def test_a_sum_is_shown_for_each_window_that_has_usage(granularity, expected):
    assert values(UsageQuery(MARCH, granularity), TWO_DAYS) == expected


@pytest.mark.parametrize(
    ("aggregation", "expected"),
    [
        ("sum", "16.5"),
        ("count", "3"),
        ("average", "5.5"),
        ("minimum", "2.5"),
        ("maximum", "10"),
        ("latest", "10"),
    ],
)
def test_each_aggregation_is_shown_for_the_whole(aggregation, expected):
    assert values(UsageQuery(MARCH), TWO_DAYS, aggregation=aggregation) == [("03-01T00:00", expected)]


def test_a_unique_count_tells_values_apart_across_hours_and_subjects():
    found = [
        used("2026-03-01T09:00:00+00:00", "ann"),
        used("2026-03-01T10:00:00+00:00", "ann", subject="bob"),
        used("2026-03-02T09:00:00+00:00", "ben"),
    ]

    assert values(UsageQuery(MARCH), found, aggregation="unique_count") == [("03-01T00:00", "2")]
    assert values(UsageQuery(MARCH, "day"), found, aggregation="unique_count") == [
        ("03-01T00:00", "1"),
        ("03-02T00:00", "1"),
    ]


@pytest.mark.parametrize(
    ("group_by", "expected"),
    [
        (("model",), [(("large",), "14"), (("small",), "2.5")]),
        (("subject",), [(("ada",), "6.5"), (("bob",), "10")]),
        (("customer_id",), [((None,), "10"), (("customer_1",), "6.5")]),
        (("region",), [((None,), "16.5")]),
        (("subject", "model"), [(("ada", "large"), "4"), (("ada", "small"), "2.5"), (("bob", "large"), "10")]),
    ],
)
def test_usage_is_grouped_by_what_it_is_marked_with(group_by, expected):
    rows = ask(UsageQuery(MARCH, group_by=group_by), TWO_DAYS, customers={"ada": "customer_1"})

    assert [(group, value) for _, _, group, value in rows] == expected


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (DimensionFilter("model", "eq", ("large",)), "14"),
        (DimensionFilter("model", "ne", ("large",)), "2.5"),
        (DimensionFilter("model", "in", ("small", "tiny")), "2.5"),
        (DimensionFilter("model", "not_in", ("small", "tiny")), "14"),
        (DimensionFilter("model", "exists"), "16.5"),
        (DimensionFilter("region", "ne", ("eu",)), "16.5"),
    ],
)
def test_a_filter_leaves_usage_out(wanted, expected):
    assert values(UsageQuery(MARCH, filters=(wanted,)), TWO_DAYS) == [("03-01T00:00", expected)]
    assert values(UsageQuery(MARCH, filters=(wanted, DimensionFilter("region", "exists"))), TWO_DAYS) == []


def test_a_boundary_cuts_an_hour_at_the_microsecond():
    found = [used("2026-03-01T09:29:59.999999+00:00", "1"), used("2026-03-01T09:30:00+00:00", "2")]
    later = Period(instant("2026-03-01T09:30:00+00:00"), MARCH.end)
    earlier = Period(MARCH.start, later.start)

    assert values(UsageQuery(later), found) == [("03-01T09:30", "2")]
    assert values(UsageQuery(earlier), found) == [("03-01T00:00", "1")]
    assert values(UsageQuery(DAY, "hour", "Asia/Kolkata"), found) == [("03-01T08:30", "1"), ("03-01T09:30", "2")]


def test_events_are_read_only_of_hours_with_usage_on_both_sides_of_a_boundary():
    query = UsageQuery(DAY, "hour", "Asia/Kolkata")
    cut = [used("2026-03-01T09:29:00+00:00"), used("2026-03-01T09:31:00+00:00"), used("2026-03-01T10:29:00+00:00"),
           used("2026-03-01T10:31:00+00:00"), used("2026-03-01T14:29:00+00:00", subject="bob"),
           used("2026-03-01T14:31:00+00:00", subject="bob")]  # fmt: skip
    whole = [used("2026-03-01T12:29:00+00:00"), used("2026-03-01T12:01:00+00:00"), used("2026-03-01T11:31:00+00:00")]

    assert list(parted(query, recount(meter("sum"), whole)).runs()) == []
    assert list(parted(query, recount(meter("sum"), [*cut, *whole])).runs()) == [
        (Period(instant("2026-03-01T09:00:00+00:00"), instant("2026-03-01T11:00:00+00:00")), {"ada"}),
        (Period(instant("2026-03-01T14:00:00+00:00"), instant("2026-03-01T15:00:00+00:00")), {"bob"}),
    ]


def test_a_total_that_is_said_begins_anew_in_its_window():
    found = [
        used("2026-03-01T09:10:00+00:00", "4", model="large"),
        said("2026-03-01T09:40:00+00:00", "7"),
        used("2026-03-01T09:50:00+00:00", "1", model="large"),
        used("2026-03-02T09:50:00+00:00", "2", model="large"),
    ]

    assert values(UsageQuery(MARCH), found) == [("03-01T00:00", "10")]
    assert values(UsageQuery(MARCH, "hour", "Asia/Kolkata"), found) == [
        ("03-01T08:30", "4"),
        ("03-01T09:30", "8"),
        ("03-02T09:30", "2"),
    ]
    by_model = ask(UsageQuery(MARCH, group_by=("model",)), found)
    assert [(group, value) for _, _, group, value in by_model] == [((None,), "7"), (("large",), "3")]


LEVELS = [
    used("2026-02-10T00:00:00+00:00", "100", disk="a"),
    used("2026-03-01T00:00:00+00:00", "50", disk="a"),
    used("2026-03-01T12:00:00+00:00", "-100", disk="a"),
    used("2026-03-02T06:00:00+00:00", "8", disk="b"),
]


def test_a_weighted_sum_is_the_average_of_the_level_over_each_window_from_the_first_on():
    two_days = Period(MARCH.start, instant("2026-03-03T00:00:00+00:00"))
    rows = ask(UsageQuery(two_days, "day", group_by=("disk",)), LEVELS, aggregation="weighted_sum")

    # Disk a: 150 for half a day and 50 for the other, then 50; disk b: nothing, then 8 for three quarters of a day.
    assert [(start[8:10], group, value) for start, _, group, value in rows] == [
        ("01", ("a",), "100"),
        ("02", ("a",), "50"),
        ("02", ("b",), "6"),
    ]
    assert values(UsageQuery(two_days), LEVELS, aggregation="weighted_sum") == [("03-01T00:00", "78")]


def test_a_level_begins_from_what_was_before_in_the_hour_that_the_start_cuts():
    found = [used("2026-03-01T09:10:00+00:00", "4"), used("2026-03-01T09:50:00+00:00", "2")]
    asked = Period(instant("2026-03-01T09:40:00+00:00"), instant("2026-03-01T10:00:00+00:00"))

    assert values(UsageQuery(asked), found, aggregation="weighted_sum") == [("03-01T09:40", "5")]


@pytest.mark.parametrize("granularity", ["minute", "hour"])
def test_an_answer_of_too_many_rows_is_refused(monkeypatch, granularity):
    monkeypatch.setattr(answer, "MOST_ROWS", 2)
    found = [used(f"2026-03-01T{hour:02d}:00:00+00:00") for hour in range(3)]

    with pytest.raises(QueryTooLarge):
        ask(UsageQuery(DAY, granularity), found)
    with pytest.raises(QueryTooLarge):
        ask(UsageQuery(DAY, granularity), found[:1], aggregation="weighted_sum")
    assert len(ask(UsageQuery(DAY, granularity), found[:2])) == 2


def test_a_query_does_not_look_at_hours_and_events_without_end():
    require_few(hours=answer.MOST_HOURS, events=answer.MOST_EVENTS)

    with pytest.raises(QueryTooLarge):
        require_few(hours=answer.MOST_HOURS + 1, events=0)
    with pytest.raises(QueryTooLarge):
        require_few(hours=0, events=answer.MOST_EVENTS + 1)


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"window": Period(MARCH.end, MARCH.start)}, InvalidRequest),
        ({"window": Period(MARCH.start, MARCH.start)}, InvalidRequest),
        ({"window": Period(MARCH.start, MARCH.start + timedelta(days=4_000))}, InvalidRequest),
        ({"window": Period(instant("1900-01-01T00:00Z"), instant("1900-02-01T00:00Z"))}, InvalidRequest),
        ({"granularity": "week"}, InvalidRequest),
        ({"zone": "Mars/Olympus"}, InvalidZone),
        ({"group_by": ("a", "a")}, InvalidRequest),
        ({"group_by": ("",)}, InvalidRequest),
        ({"group_by": tuple(str(number) for number in range(11))}, InvalidRequest),
    ],
)  # fmt: skip
def test_a_query_that_makes_no_sense_is_refused(asked, error):
    with pytest.raises(error):
        UsageQuery(**{"window": MARCH, **asked})


@pytest.mark.parametrize(
    ("operator", "given_values"),
    [("like", ("a",)), ("eq", ()), ("eq", ("a", "b")), ("in", ()), ("exists", ("a",)), ("in", ("a",) * 101)],
)
def test_a_filter_that_makes_no_sense_is_refused(operator, given_values):
    with pytest.raises(InvalidRequest):
        DimensionFilter("model", operator, given_values)


EVENTS = st.lists(
    st.builds(
        lambda seconds, value, subject, model: used(
            MARCH.start + timedelta(seconds=seconds), str(value), subject=subject, model=model
        ),
        # Around Berlin's and Lord Howe's changes of clocks, so that hours are shared.
        seconds=st.integers(27 * 86_400, 36 * 86_400),
        value=st.integers(0, 99),
        subject=st.sampled_from(("ada", "bob")),
        model=st.sampled_from(("large", "small")),
    ),
    max_size=12,
)


@given(
    found=EVENTS,
    zone=st.sampled_from(ZONES),
    granularity=st.sampled_from((None, "minute", "hour", "day", "month")),
    boundaries=st.sets(st.integers(27 * 86_400, 36 * 86_400), max_size=3),
)
def test_windows_add_up_to_the_whole_in_every_zone(found, zone, granularity, boundaries):
    start, end = MARCH.start, MARCH.end + timedelta(days=30)
    edges = [start, *(start + timedelta(seconds=seconds) for seconds in sorted(boundaries)), end]
    parts = [Period(*edge) for edge in pairwise(edges)]

    for aggregation, whole in (
        ("sum", sum((Decimal(one.event.data["value"]) for one in found), Decimal(0))),
        ("count", Decimal(len(found))),
    ):
        rows = [row for part in parts for row in ask(UsageQuery(part, granularity, zone, ("model",)), found,
                                                     aggregation=aggregation)]  # fmt: skip
        assert sum((Decimal(value) for *_, value in rows), Decimal(0)) == whole
        assert all(start <= end for start, end, *_ in rows)
