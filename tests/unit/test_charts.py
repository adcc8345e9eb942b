"""Charts: the shapes that figures become, without a browser."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from billing_sdk.money import Money
from billing_sdk.server.pages.charts import END, HEIGHT, START, TOP, WIDTH, Chart, Series, scale_of
from billing_sdk.server.words import phrase

LABELS = tuple(datetime(2026, month, 1, tzinfo=UTC) for month in (1, 2, 3))
GAINED = Series(phrase("Gained"), (3, 0, 5))
LOST = Series(phrase("Lost"), (1, 2, None))


def chart(*series: Series, **options: object) -> Chart:
    return Chart(phrase("Moves"), LABELS, series, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("numbers", "ticks"),
    [
        ([0, 4], [0, 1, 2, 3, 4]),
        ([0, 7], [0, 2, 4, 6, 8]),
        ([0, 21], [0, 5, 10, 15, 20, 25]),
        ([-3, 9], [-5, 0, 5, 10]),
        ([0, 50_001], [0, 20_000, 40_000, 60_000]),
        ([0], [0, 1]),
    ],
)
def test_a_scale_has_ticks_at_ones_twos_or_fives_and_room_for_all(numbers, ticks):
    scale = scale_of(numbers)
    assert list(scale.ticks) == ticks
    assert scale.low <= min(numbers) <= max(numbers) <= scale.high


def test_ticks_of_amounts_are_whole_units_of_the_currency():
    drawn = chart(Series(phrase("Paid"), (150, 30, 20)), currency="USD").columns()
    assert [tick for _, tick in drawn.ticks] == [0, 100, 200]
    assert chart(GAINED, currency="USD").value(150) == Money(150, "USD")


def test_columns_stand_beside_each_other_within_the_room_of_their_label():
    bars = chart(GAINED, LOST).columns().bars
    assert [(bar.place, bar.series, bar.value) for bar in bars] == [(0, 0, 3), (0, 1, 1), (1, 1, 2), (2, 0, 5)]
    assert all(bar.x >= START and bar.x + bar.width <= WIDTH - END for bar in bars)
    assert all(bar.y >= TOP and bar.y + bar.height <= HEIGHT for bar in bars)
    first, second = bars[:2]
    assert first.x + first.width == pytest.approx(second.x, abs=Decimal("0.2"))


def test_stacked_columns_stand_on_each_other():
    below, above = chart(GAINED, LOST, is_stacked=True).columns().bars[:2]
    assert (below.x, below.width) == (above.x, above.width)
    assert above.y + above.height == pytest.approx(below.y, abs=Decimal("0.2"))


def test_a_line_goes_past_what_is_not_known():
    gained, lost = chart(GAINED, LOST).lines().lines
    assert [dot.place for dot in gained.dots] == [0, 1, 2]
    assert [dot.place for dot in lost.dots] == [0, 1]
    assert lost.points.count(",") == 2


def test_time_runs_from_the_right_where_text_does():
    from_left, from_right = (chart(GAINED).columns(direction) for direction in ("ltr", "rtl"))
    assert [x for x, _ in from_right.labels] == [WIDTH - x for x, _ in from_left.labels]
    assert [bar.x + bar.width for bar in from_right.bars] == [WIDTH - bar.x for bar in from_left.bars]
    assert (from_left.anchor, from_right.anchor) == ("end", "start")


def test_a_long_row_shows_some_of_its_labels_only():
    many = Chart(phrase("Days"), tuple(range(90)), (Series(phrase("Used"), tuple(range(90))),), is_by_month=False)
    places = [place for _, place in many.columns().labels]
    assert places == list(range(0, 90, 7))


def test_a_chart_of_zeros_is_known_as_empty():
    assert chart(Series(phrase("None"), (0, None, 0))).is_empty
    assert not chart(GAINED).is_empty
