"""Conditions of a filter: asked of a value in memory, or of a column."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

from sqlalchemy import ColumnElement, and_, false, or_

Operator: TypeAlias = Literal["eq", "neq", "oeq", "contains", "ocontains", "gt", "gte", "lt", "lte", "exists"]
Operand: TypeAlias = str | datetime | bool | tuple[str, ...]

HOLDS: dict[Operator, Callable[[Any, Any], bool]] = {
    "eq": lambda value, operand: bool(value == operand),
    "neq": lambda value, operand: bool(value != operand),
    "oeq": lambda value, operand: value in operand,
    "contains": lambda value, operand: value is not None and operand.lower() in value.lower(),
    "ocontains": lambda value, operand: value is not None and any(one.lower() in value.lower() for one in operand),
    "gt": lambda value, operand: value is not None and value > operand,
    "gte": lambda value, operand: value is not None and value >= operand,
    "lt": lambda value, operand: value is not None and value < operand,
    "lte": lambda value, operand: value is not None and value <= operand,
    "exists": lambda value, operand: (value is not None) is operand,
}


@dataclass(frozen=True, slots=True)
class Condition:
    """What is asked of one field; a field that has several values fulfils it with any of them."""

    field: str
    operator: Operator
    operand: Operand

    def holds(self, value: Any) -> bool:
        """Tell whether a value, or one of a tuple of values, is as asked; `contains` takes no notice of case."""
        if isinstance(value, (tuple, frozenset, list)):
            if self.operator in ("neq", "exists"):
                return all(self.holds(one) for one in value) if value else self.holds(None)
            return any(self.holds(one) for one in value)
        return HOLDS[self.operator](value, self.operand)

    def clause(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        """Return the same question to a column."""
        operand: Any = self.operand
        match self.operator:
            case "neq":
                return or_(column != operand, column.is_(None))
            case "oeq":
                return column.in_(operand)
            case "contains":
                return column.icontains(operand, autoescape=True)
            case "ocontains":
                return or_(false(), *(column.icontains(one, autoescape=True) for one in operand))
            case "exists":
                return column.is_not(None) if operand else column.is_(None)
            case "eq" | "gt" | "gte" | "lt" | "lte":
                return _COMPARED[self.operator](column, operand)


_COMPARED: dict[str, Callable[[ColumnElement[Any], Any], ColumnElement[bool]]] = {
    "eq": lambda column, operand: column == operand,
    "gt": lambda column, operand: column > operand,
    "gte": lambda column, operand: column >= operand,
    "lt": lambda column, operand: column < operand,
    "lte": lambda column, operand: column <= operand,
}


def all_hold(conditions: Collection[Condition], value_of: Callable[[str], Any]) -> bool:
    """Tell whether all conditions are fulfilled, given what stands in a field."""
    return all(condition.holds(value_of(condition.field)) for condition in conditions)


def clause_of(conditions: Collection[Condition], columns: dict[str, ColumnElement[Any]]) -> ColumnElement[bool]:
    """Return conditions as one question to columns, by the names of their fields."""
    return and_(True, *(condition.clause(columns[condition.field]) for condition in conditions))
