"""Charts: figures in a row become shapes of an SVG image, without a word of any language.

A chart knows what each of its values is; a template writes them as the reader's language does (`parts/charts.html`),
and puts a table beside, which says the same. Where text runs from the right, so does time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Literal

from billing_sdk.money import Money, exponent
from billing_sdk.server.words import Phrase, Value

Direction = Literal["ltr", "rtl"]
Number = int | Decimal

WIDTH, HEIGHT = 500, 220
START, END, TOP, BOTTOM = 104, 8, 12, 28
MOST_TICKS = 5
MOST_LABELS = 13
GAP = Decimal("0.3")  # of the room of each place


@dataclass(frozen=True, slots=True)
class Series:
    """Figures of one kind, in the order of the labels of their chart; None where one is not known."""

    label: Phrase
    values: tuple[Number | None, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """Series over one row of labels.

    Attributes:
        title: what it shows.
        labels: what stands below each place, such as days; of months the first instant.
        currency: the values are amounts in its minor units.
        is_percent: the values are shares of a hundred.
        is_by_month: the labels are months.
        is_stacked: columns of the same place stand on each other; beside each other otherwise.
    """

    title: Phrase
    labels: tuple[Value, ...]
    series: tuple[Series, ...]
    currency: str = ""
    is_percent: bool = False
    is_by_month: bool = True
    is_stacked: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing in it but zeros."""
        return not any(value for one in self.series for value in one.values)

    def value(self, number: Number) -> Money | Decimal:
        """Return a figure as what it is."""
        return Money(int(number), self.currency) if self.currency else Decimal(number)

    def columns(self, direction: Direction = "ltr") -> Drawing:
        """Return it as columns."""
        return _drawing(self, direction, tuple(_bars(self, _scale(self), direction)), ())

    def lines(self, direction: Direction = "ltr") -> Drawing:
        """Return it as lines."""
        return _drawing(self, direction, (), tuple(_lines(self, _scale(self), direction)))


@dataclass(frozen=True, slots=True)
class Bar:
    """One column, or a part of it.

    Attributes:
        series: the place of its series, which its colour goes by.
        place: that of its label.
    """

    x: Decimal
    y: Decimal
    width: Decimal
    height: Decimal
    series: int
    place: int
    value: Number


@dataclass(frozen=True, slots=True)
class Dot:
    """One figure of a line."""

    x: Decimal
    y: Decimal
    place: int
    value: Number


@dataclass(frozen=True, slots=True)
class Line:
    """A series as a line; where a figure is not known it goes on from the next one."""

    series: int
    dots: tuple[Dot, ...]

    @property
    def points(self) -> str:
        """What an SVG polyline is made of."""
        return " ".join(f"{dot.x},{dot.y}" for dot in self.dots)


@dataclass(frozen=True, slots=True)
class Drawing:
    """Shapes and places, in units of a box of `width` by `height`.

    Attributes:
        ticks: where each line of the scale is, and the figure that it stands for.
        labels: where the middle of each label is, and which one it is.
        axis: where the scale is written.
        anchor: which end of it is there.
    """

    ticks: tuple[tuple[Decimal, Number], ...]
    labels: tuple[tuple[Decimal, int], ...]
    bars: tuple[Bar, ...]
    lines: tuple[Line, ...]
    axis: int
    anchor: Literal["start", "end"]
    start: int
    end: int
    width: int = WIDTH
    height: int = HEIGHT
    baseline: int = HEIGHT - 8


@dataclass(frozen=True, slots=True)
class Scale:
    """How figures become heights, from the lowest tick to the highest."""

    low: Decimal
    high: Decimal
    step: Decimal

    def y(self, number: Number) -> Decimal:
        """Return where a figure is drawn."""
        room = HEIGHT - TOP - BOTTOM
        return _rounded(TOP + room * (self.high - Decimal(number)) / (self.high - self.low))

    @property
    def ticks(self) -> tuple[Decimal, ...]:
        """The figures that lines are drawn at."""
        count = int((self.high - self.low) / self.step)
        return tuple(self.low + self.step * place for place in range(count + 1))


def scale_of(numbers: Sequence[Number], least_step: Number = 1) -> Scale:
    """Return a scale with ticks at ones, twos or fives, zero among them, that has room for all figures.

    Args:
        numbers: what is to be drawn.
        least_step: from one tick to the next at least.
    """
    low, high = Decimal(min(0, *numbers)), Decimal(max(0, *numbers))
    step, factors = Decimal(least_step), 0
    while (high - low) / step > MOST_TICKS:
        step = step * 5 / 2 if factors % 3 == 1 else step * 2
        factors += 1
    above, below = (high / step).to_integral_value(ROUND_CEILING), (low / step).to_integral_value(ROUND_FLOOR)
    return Scale(below * step, (above * step) or step, step)


def _scale(chart: Chart) -> Scale:
    if chart.is_stacked:
        numbers: list[Number] = [sum(_at(chart, place), Decimal(0)) for place in range(len(chart.labels))]
    else:
        numbers = [value for one in chart.series for value in one.values if value is not None]
    return scale_of([0, *numbers], 10 ** exponent(chart.currency) if chart.currency else 1)


def _at(chart: Chart, place: int) -> tuple[Number, ...]:
    return tuple(one.values[place] or 0 for one in chart.series)


def _room(chart: Chart) -> Decimal:
    return Decimal(WIDTH - START - END) / max(1, len(chart.labels))


def _mirrored(x: Decimal, direction: Direction, width: Decimal | int = 0) -> Decimal:
    return _rounded(x if direction == "ltr" else WIDTH - x - width)


def _bars(chart: Chart, scale: Scale, direction: Direction) -> Iterator[Bar]:
    room = _room(chart)
    beside = 1 if chart.is_stacked else len(chart.series)
    width = room * (1 - GAP) / beside
    for place in range(len(chart.labels)):
        reached: Number = 0
        for index, value in enumerate(_at(chart, place)):
            if not value:
                continue
            x = START + room * place + room * GAP / 2 + (0 if chart.is_stacked else width * index)
            base = reached if chart.is_stacked else 0
            reached = base + value
            top, bottom = sorted((scale.y(base + value), scale.y(base)))
            height = max(bottom - top, Decimal(1))
            yield Bar(_mirrored(x, direction, width), top, _rounded(width), height, index, place, value)


def _lines(chart: Chart, scale: Scale, direction: Direction) -> Iterator[Line]:
    room = _room(chart)
    for index, one in enumerate(chart.series):
        dots = tuple(
            Dot(_mirrored(START + room * place + room / 2, direction), scale.y(value), place, value)
            for place, value in enumerate(one.values)
            if value is not None
        )
        yield Line(index, dots)


def _drawing(chart: Chart, direction: Direction, bars: tuple[Bar, ...], lines: tuple[Line, ...]) -> Drawing:
    scale, room = _scale(chart), _room(chart)
    every = -(-len(chart.labels) // MOST_LABELS)
    return Drawing(
        ticks=tuple((scale.y(tick), tick) for tick in scale.ticks),
        labels=tuple(
            (_mirrored(START + room * place + room / 2, direction), place)
            for place in range(0, len(chart.labels), every or 1)
        ),
        bars=bars,
        lines=lines,
        axis=START - 8 if direction == "ltr" else WIDTH - START + 8,
        anchor="end" if direction == "ltr" else "start",
        start=START if direction == "ltr" else END,
        end=WIDTH - END if direction == "ltr" else WIDTH - START,
    )


def _rounded(number: Decimal) -> Decimal:
    return round(number, 1)
