"""Lists: which pages, sorts and filters an operation has; read from the query, and told in the OpenAPI document."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from starlette.requests import Request

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.api.konnect.filters import OPERATORS, FilterKind, read_filter
from billing_sdk.server.api.konnect.paging import CursorPage, NumberedPage, read_cursor, read_numbered
from billing_sdk.server.api.konnect.sorting import read_sort
from billing_sdk.server.storage.conditions import Condition
from billing_sdk.server.storage.konnect_customers import Order

DEEP = re.compile(r"(page|filter)\[(.{1,200})\]", re.DOTALL)
LONGEST_VALUE = 4096


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is wanted of a list; `cursor` where its pages are cut at cursors."""

    page: NumberedPage
    cursor: CursorPage
    order: Order
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, eq=False)
class Listing:
    """What an operation that lists something can be asked; `Depends` of it gives what it was asked.

    Attributes:
        filters: what can be asked of which field.
        sorts: what it can be sorted by.
        order: how it is sorted where nothing is said.
        pages: how it is cut; not at all where it is None.
    """

    filters: Mapping[str, FilterKind] = field(default_factory=dict)
    sorts: tuple[str, ...] = ()
    order: Order = Order("created_at")  # noqa: RUF009 - a named tuple never changes
    pages: Literal["number", "cursor"] | None = "number"

    async def __call__(self, request: Request) -> Wanted:
        """Read what was asked.

        Raises:
            InvalidRequest: the operation can't be asked that.
        """
        page, asked, sort = self._taken_apart(request)
        return Wanted(
            page=read_numbered(page) if self.pages == "number" else NumberedPage(),
            cursor=read_cursor(page) if self.pages == "cursor" else CursorPage(),
            order=read_sort(sort, self.sorts, self.order),
            conditions=read_filter(asked, self.filters),
        )

    def knows(self, name: str) -> bool:
        """Tell whether a query parameter is read here."""
        deep = DEEP.fullmatch(name)
        if deep is None:
            return name == "sort" and bool(self.sorts)
        return self.pages is not None if deep[1] == "page" else bool(self.filters)

    @property
    def documented(self) -> list[dict[str, Any]]:
        """The query parameters, for the OpenAPI document."""
        found: list[dict[str, Any]] = []
        if self.pages is not None:
            names = ("number",) if self.pages == "number" else ("after", "before")
            size = {"type": "integer", "minimum": 1, "maximum": 1000}
            rest = {name: size | {"maximum": 1_000_000} if name == "number" else {"type": "string"} for name in names}
            found.append(_deep("page", {"size": size, **rest}))
        if self.sorts:
            pattern = f"^({'|'.join(self.sorts)})( (asc|desc))?$"
            found.append({"name": "sort", "in": "query", "schema": {"type": "string", "pattern": pattern}})
        if self.filters:
            found.append(_deep("filter", {name: _documented(kind) for name, kind in self.filters.items()}))
        return found

    def _taken_apart(self, request: Request) -> tuple[dict[str, str], dict[str, str], str | None]:
        page: dict[str, str] = {}
        asked: dict[str, str] = {}
        sort: str | None = None
        for name, value in request.query_params.multi_items():
            if len(value) > LONGEST_VALUE:
                raise InvalidRequest("the value is too long", parameter=name[:64], source="query")
            deep = DEEP.fullmatch(name)
            given = page if deep and deep[1] == "page" else asked
            is_twice = (deep is not None and deep[2] in given) or (name == "sort" and sort is not None)
            if is_twice:
                raise InvalidRequest("the parameter is given twice", parameter=name[:64], source="query")
            if deep is not None:
                given[deep[2]] = value
            elif name == "sort":
                sort = value
        return page, asked, sort


def _deep(name: str, properties: dict[str, Any]) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {"name": name, "in": "query", "style": "deepObject", "explode": True, "schema": schema}


def _documented(kind: FilterKind) -> dict[str, Any]:
    value: dict[str, Any] = {"type": "string"}
    if kind.choices:
        value["enum"] = list(kind.choices)
    if kind.type == "instant":
        value["format"] = "date-time"
    operators = {operator: {"type": "string"} for operator in OPERATORS[kind.type]}
    return {"anyOf": [value, {"type": "object", "properties": operators, "additionalProperties": False}]}
