"""What a meter shows as a chart: a column for each window, in which the largest groups stand on each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from billing_sdk.server.domain.metering import UsageRow
from billing_sdk.server.domain.metering.windows import Granularity, windows_of
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.pages.charts import Chart, Series
from billing_sdk.server.words import Phrase, Value, phrase

# As many colours as a chart tells apart; what is smaller stands together.
MOST_GROUPS = 5


def usage_chart(
    title: str, period: Period, window: Granularity, rows: Sequence[UsageRow], names: Mapping[str, str]
) -> Chart:
    """Return what a meter has measured in each window of a time.

    Args:
        title: what the meter is called.
        period: the time.
        window: what it is split by.
        rows: what was measured; of a window without usage there is none.
        names: what groups are called, where their values don't say.
    """
    places = {part.start: place for place, part in enumerate(windows_of(period, window, "UTC"))}
    sums: defaultdict[str | None, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * len(places))
    for row in rows:
        sums[row.group[0] if row.group else None][places[row.window.start]] += row.value
    largest = sorted(sums, key=lambda group: -sum(sums[group]))
    shown = [Series(_label(group, title, rows, names), tuple(sums[group])) for group in largest[:MOST_GROUPS]]
    if len(largest) > MOST_GROUPS:
        rest = [sums[group] for group in largest[MOST_GROUPS:]]
        together = tuple(sum(values, Decimal(0)) for values in zip(*rest, strict=True))
        shown.append(Series(phrase("All others"), together))
    return Chart(
        phrase("%(name)s", name=title),
        tuple(_place(start, window) for start in places),
        tuple(shown),
        is_by_month=window == "month",
        is_stacked=True,
    )


def _label(group: str | None, title: str, rows: Sequence[UsageRow], names: Mapping[str, str]) -> Phrase:
    if group is None:
        is_grouped = any(row.group for row in rows)
        return phrase("Not said") if is_grouped else phrase("%(name)s", name=title)
    return phrase("%(name)s", name=names.get(group, group))


def _place(start: datetime, window: Granularity) -> Value:
    """Return what stands below a column: a time of day, or the day that it begins on."""
    at = start.astimezone(UTC)
    return f"{at:%H:%M}" if window in ("minute", "hour") else at
