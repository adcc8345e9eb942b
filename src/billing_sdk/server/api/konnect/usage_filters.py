"""Filters of dimensions, as queries of meters and features have them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from billing_sdk.server.api.konnect.bodies import Body
from billing_sdk.server.domain.metering import DimensionFilter

Text = Annotated[str, Field(max_length=1024)]
Texts = Annotated[list[Text], Field(min_length=1, max_length=100)]


class DimensionAsked(Body):
    """What a dimension has to be: all of what is given has to hold."""

    exists: bool | None = None
    eq: Text | None = None
    neq: Text | None = None
    in_: Texts | None = Field(default=None, alias="in")
    nin: Texts | None = None
    contains: Text | None = None
    ncontains: Text | None = None
    and_: Annotated[list[DimensionAsked], Field(min_length=1, max_length=10)] | None = Field(default=None, alias="and")
    or_: Annotated[list[DimensionAsked], Field(min_length=1, max_length=10)] | None = Field(default=None, alias="or")

    def filters(self, name: str) -> list[DimensionFilter]:
        """Return it as the meters know it.

        Raises:
            InvalidRequest: filters are nested too deep.
        """
        found: list[DimensionFilter] = []
        if self.exists is not None:
            found.append(DimensionFilter(name, "exists" if self.exists else "absent"))
        if self.eq is not None:
            found.append(DimensionFilter(name, "eq", (self.eq,)))
        if self.neq is not None:
            found.append(DimensionFilter(name, "ne", (self.neq,)))
        if self.in_ is not None:
            found.append(DimensionFilter(name, "in", tuple(self.in_)))
        if self.nin is not None:
            found.append(DimensionFilter(name, "not_in", tuple(self.nin)))
        if self.contains is not None:
            found.append(DimensionFilter(name, "contains", (self.contains,)))
        if self.ncontains is not None:
            found.append(DimensionFilter(name, "not_contains", (self.ncontains,)))
        if self.and_ is not None:
            found += [one for part in self.and_ for one in part.filters(name)]
        if self.or_ is not None:
            found.append(
                DimensionFilter(name, "or", parts=tuple(_together(part.filters(name), name) for part in self.or_))
            )
        return found


def _together(parts: list[DimensionFilter], name: str) -> DimensionFilter:
    return parts[0] if len(parts) == 1 else DimensionFilter(name, "and", parts=tuple(parts))


def filters_of(asked: Mapping[str, DimensionAsked]) -> tuple[DimensionFilter, ...]:
    """Return the filters of all dimensions, one for each."""
    found = {name: one.filters(name) for name, one in asked.items()}
    return tuple(_together(parts, name) for name, parts in found.items() if parts)


def as_sent(asked: Mapping[str, DimensionAsked]) -> dict[str, Any]:
    """Return filters as they were sent."""
    return {name: one.model_dump(by_alias=True, exclude_none=True) for name, one in asked.items()}
