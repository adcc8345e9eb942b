"""Filters: `filter[name]=acme`, `filter[name][contains]=ac`, `filter[time][gte]=2026-01-01T00:00:00Z`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pydantic import TypeAdapter, ValidationError

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.api.konnect.values import Instant
from billing_sdk.server.ids import ULID, id_from_ulid
from billing_sdk.server.storage.conditions import Condition, Operand, Operator

FilterType: TypeAlias = Literal["string", "text", "exact", "ulid", "instant"]

OPERATORS: dict[FilterType, tuple[Operator, ...]] = {
    "string": ("eq", "neq", "contains", "ocontains", "oeq", "gt", "gte", "lt", "lte", "exists"),
    "text": ("eq", "oeq", "neq", "contains", "ocontains"),
    "exact": ("eq", "oeq", "neq"),
    "ulid": ("eq", "oeq", "neq"),
    "instant": ("eq", "lt", "lte", "gt", "gte"),
}
LISTS = ("oeq", "ocontains")
MOST_VALUES = 100
INSTANTS: TypeAdapter[Instant] = TypeAdapter(Instant)


@dataclass(frozen=True, slots=True)
class FilterKind:
    """What a field can be asked.

    Attributes:
        prefix: of the ids that ULIDs stand for.
        choices: the only values that there are, if they are few.
    """

    type: FilterType
    prefix: str = ""
    choices: tuple[str, ...] = ()


STRING = FilterKind("string")
TEXT = FilterKind("text")
EXACT = FilterKind("exact")
INSTANT = FilterKind("instant")


def ulid_of(prefix: str) -> FilterKind:
    """Return a filter by the id of a thing, whose ids have a prefix."""
    return FilterKind("ulid", prefix)


def one_of(*choices: str) -> FilterKind:
    """Return a filter by one of few values."""
    return FilterKind("exact", choices=choices)


def read_filter(given: Mapping[str, str], allowed: Mapping[str, FilterKind]) -> tuple[Condition, ...]:
    """Read a filter.

    Args:
        given: by `name` or `name][operator`, as the brackets of the query have it, what is asked.
        allowed: what can be asked of which field.

    Raises:
        InvalidRequest: there is no such field, no such operator for it, or the value is none.
    """
    return tuple(_condition(name, value, allowed) for name, value in given.items())


def _condition(name: str, value: str, allowed: Mapping[str, FilterKind]) -> Condition:
    field, _, operator = name.partition("][")
    shown = f"filter[{field[:64]}]"
    kind = allowed.get(field)
    if kind is None:
        raise InvalidRequest(
            f'property "{shown}" is unsupported', parameter=shown, source="query", rule="unknown_property"
        )
    if operator and operator not in OPERATORS[kind.type]:
        raise InvalidRequest(
            f"{shown} can't be asked for {operator[:32]!r}",
            parameter=shown,
            source="query",
            rule="enum",
            choices=OPERATORS[kind.type],
        )
    asked = operator or "eq"
    return Condition(field, asked, _operand(value, asked, kind, shown))


def _operand(value: str, operator: Operator, kind: FilterKind, shown: str) -> Operand:
    if operator == "exists":
        if value not in ("true", "false"):
            raise InvalidRequest("exists is true or false", parameter=shown, source="query", rule="is_boolean")
        return value == "true"
    if operator in LISTS:
        values = value.split(",")
        if len(values) > MOST_VALUES:
            raise InvalidRequest(f"there are at most {MOST_VALUES} values", parameter=shown, source="query")
        return tuple(str(_value(one, kind, shown)) for one in values)
    return _value(value, kind, shown)


def _value(value: str, kind: FilterKind, shown: str) -> Operand:
    if kind.type == "ulid":
        if not ULID.fullmatch(value):
            raise InvalidRequest(f"{shown} is no ULID", parameter=shown, source="query", rule="matches_regex")
        return id_from_ulid(kind.prefix, value)
    if kind.type == "instant":
        try:
            return INSTANTS.validate_python(value)
        except ValidationError:
            raise InvalidRequest(
                f"{shown} is not a date and time of RFC 3339 with an offset",
                parameter=shown,
                source="query",
                rule="is_date_time",
            ) from None
    if kind.choices and value not in kind.choices:
        raise InvalidRequest(
            f"{shown} is none of its values", parameter=shown, source="query", rule="enum", choices=kind.choices
        )
    return value
