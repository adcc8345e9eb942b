"""Queries: what somebody wants to know of a meter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Literal, NamedTuple, get_args

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.domain.metering.bucket import Series, hour_of
from billing_sdk.server.domain.metering.usage import LONGEST_NAME
from billing_sdk.server.domain.metering.windows import Granularity, window_at
from billing_sdk.server.domain.periods import Period, zone_of

SUBJECT, CUSTOMER = "subject", "customer_id"
EVERYBODY = ""  # stands for all subjects side by side; nobody's own is empty
MOST_VALUES = 100
MOST_NAMES = 10
LONGEST_WINDOW = timedelta(days=3_660)
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)

Group = tuple[str | None, ...]
FilterOperator = Literal["eq", "ne", "in", "not_in", "exists", "absent", "contains", "not_contains", "and", "or"]
VALUES = {"exists": 0, "absent": 0, "and": 0, "or": 0, "eq": 1, "ne": 1, "contains": 1, "not_contains": 1}
MOST_PARTS = 10
DEEPEST = 5


@dataclass(frozen=True, slots=True)
class DimensionFilter:
    """What a dimension has to be for usage to count; usage that lacks it is in none of the values.

    Attributes:
        values: what it is compared with; none for `exists` and `absent`, and for `and` and `or`.
        parts: what `and` and `or` put together, about the same dimension.
    """

    name: str
    operator: FilterOperator = "eq"
    values: tuple[str, ...] = ()
    parts: tuple[DimensionFilter, ...] = ()

    def __post_init__(self) -> None:
        if self.operator not in get_args(FilterOperator):
            raise InvalidRequest(f"a filter is one of {', '.join(get_args(FilterOperator))}", parameter="filter")
        wanted = VALUES.get(self.operator)
        if not (1 <= len(self.values) <= MOST_VALUES if wanted is None else len(self.values) == wanted):
            raise InvalidRequest(f"{self.operator} takes another number of values", parameter="filter")
        is_whole = self.operator in ("and", "or")
        if not (1 <= len(self.parts) <= MOST_PARTS if is_whole else not self.parts):
            raise InvalidRequest(f"{self.operator} takes another number of filters", parameter="filter")
        if self.depth > DEEPEST:
            raise InvalidRequest(f"filters are nested {DEEPEST} deep at most", parameter="filter")

    @property
    def depth(self) -> int:
        """How many filters stand in each other."""
        return 1 + max((one.depth for one in self.parts), default=0)

    def holds(self, dimensions: Mapping[str, str]) -> bool:
        """Tell whether usage with these dimensions counts."""
        found = dimensions.get(self.name)
        match self.operator:
            case "exists" | "absent":
                return (found is not None) is (self.operator == "exists")
            case "and":
                return all(one.holds(dimensions) for one in self.parts)
            case "or":
                return any(one.holds(dimensions) for one in self.parts)
            case "contains" | "not_contains":
                return (found is not None and self.values[0] in found) is (self.operator == "contains")
            case "eq" | "in" | "ne" | "not_in":
                return (found in self.values) is (self.operator in ("eq", "in"))


@dataclass(frozen=True, slots=True)
class UsageQuery:
    """What somebody wants to know of a meter.

    Attributes:
        window: from its start to before its end.
        granularity: what it is split by; None shows it as a whole.
        zone: where days, months and hours begin.
        group_by: dimensions, `subject` or `customer_id`, each combination of which is shown by itself.
        filters: all of them have to hold.
    """

    window: Period
    granularity: Granularity | None = None
    zone: str = "UTC"
    group_by: tuple[str, ...] = ()
    filters: tuple[DimensionFilter, ...] = ()

    def __post_init__(self) -> None:
        start, end = self.window.start, self.window.end
        if not EARLIEST <= start < end <= LATEST or end - start > LONGEST_WINDOW:
            raise InvalidRequest("a query is about ten years at most, and ends after it begins", parameter="from")
        if self.granularity is not None and self.granularity not in get_args(Granularity):
            raise InvalidRequest(f"windows are one of {', '.join(get_args(Granularity))}", parameter="granularity")
        zone_of(self.zone)
        names = self.group_by
        if len(names) > MOST_NAMES or len(set(names)) != len(names) or len(self.filters) > MOST_NAMES:
            raise InvalidRequest(f"at most {MOST_NAMES} dimensions, each once", parameter="group_by")
        if any(not 1 <= len(name) <= LONGEST_NAME for name in (*names, *(one.name for one in self.filters))):
            raise InvalidRequest(f"a dimension's name has 1 to {LONGEST_NAME} characters", parameter="group_by")

    @property
    def hours(self) -> Period:
        """From the first hour (UTC) of which something is asked to the end."""
        return Period(hour_of(self.window.start), self.window.end)

    @property
    def tells_subjects_apart(self) -> bool:
        """Whether the answer says who has used something."""
        return SUBJECT in self.group_by or CUSTOMER in self.group_by

    def window_at(self, at: datetime) -> Period:
        """Return the window that an instant belongs to, cut to what is asked; or all that is before it, or after it."""
        if at < self.window.start:
            return Period(EARLIEST, self.window.start)
        if at >= self.window.end:
            return Period(self.window.end, LATEST)
        if self.granularity is None:
            return self.window
        found = window_at(at, self.granularity, self.zone)
        return Period(max(found.start, self.window.start), min(found.end, self.window.end))

    def group_of(self, series: Series, customers: Mapping[str, str]) -> Group | None:
        """Return what usage of a series is shown under; None where a filter leaves it out."""
        dimensions = dict(series.dimensions)
        if not all(one.holds(dimensions) for one in self.filters):
            return None
        of_subject = {SUBJECT: series.subject, CUSTOMER: customers.get(series.subject)}
        return tuple(of_subject[name] if name in of_subject else dimensions.get(name) for name in self.group_by)


class UsageRow(NamedTuple):
    """What a meter shows for a window and a group; the group's values are those of `group_by`, in its order."""

    window: Period
    group: Group
    value: Decimal
