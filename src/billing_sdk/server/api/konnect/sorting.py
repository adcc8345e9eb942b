"""Sorting: `sort=created_at desc`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.storage.konnect_customers import Order

T = TypeVar("T")


def read_sort(text: str | None, allowed: tuple[str, ...], default: Order) -> Order:
    """Read what a list is to be sorted by.

    Raises:
        InvalidRequest: there is no such field, or no such direction.
    """
    if text is None:
        return default
    field, _, direction = text.strip().partition(" ")
    if field not in allowed:
        raise InvalidRequest(
            "the list can't be sorted by that", parameter="sort", source="query", rule="enum", choices=allowed
        )
    direction = direction.strip().lower()
    if direction not in ("", "asc", "desc"):
        raise InvalidRequest(
            "the order is asc or desc", parameter="sort", source="query", rule="enum", choices=("asc", "desc")
        )
    return Order(field, direction == "desc")


def in_order(items: Iterable[T], order: Order, value_of: Callable[[T, str], Any]) -> list[T]:
    """Return things at hand in an order; what has no value comes last.

    Args:
        items: in any order.
        order: the one that is wanted.
        value_of: what a thing has in a field.
    """
    found = list(items)
    there = [one for one in found if value_of(one, order.field) is not None]
    missing = [one for one in found if value_of(one, order.field) is None]
    return sorted(there, key=lambda one: value_of(one, order.field), reverse=order.is_descending) + missing
