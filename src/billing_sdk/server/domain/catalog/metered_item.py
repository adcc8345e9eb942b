"""Metered items: what usage is of, such as tokens of one model; a rate card prices them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.domain.catalog.component import check_tax
from billing_sdk.server.domain.catalog.labels import (
    checked_lookup_key,
    checked_metadata,
    checked_name,
    checked_unit_label,
)

MOST_CONDITIONS = 10
LONGEST_DIMENSION = 100
LONGEST_VALUE = 200
MOST_SHOWN = 10


@dataclass(frozen=True, slots=True)
class MeteredItem:
    """Something that is billed by its usage; what it measures never changes after creation.

    Attributes:
        id: starts with `item_`.
        feature_key: the metered feature whose usage it counts.
        conditions: dimensions and the value that each must have for usage to count; all of them hold together, and
            without conditions all usage counts.
        unit_label: what one unit is called on an invoice.
        shown_dimensions: what invoices tell its usage apart by, with a line for each of their values.
        tax_code: what kind of thing it is, where places tax it at a rate of its own; the billing profile's if None.
    """

    id: str
    name: str
    feature_key: str
    created_at: datetime
    conditions: tuple[tuple[str, str], ...] = ()
    unit_label: str = ""
    lookup_key: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    tax_code: str | None = None
    shown_dimensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        checked_name(self.name)
        checked_lookup_key(self.lookup_key)
        checked_unit_label(self.unit_label)
        checked_metadata(self.metadata)
        check_tax(self.tax_code)
        _check_conditions(self.conditions)
        _check_shown(self.shown_dimensions)

    @property
    def tax_codes(self) -> frozenset[str]:
        """Its tax code, if it has one."""
        return frozenset() if self.tax_code is None else frozenset({self.tax_code})


def conditions_of(given: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return conditions in the order of their dimensions."""
    return tuple(sorted(given.items()))


def _check_conditions(conditions: tuple[tuple[str, str], ...]) -> None:
    dimensions = [dimension for dimension, _ in conditions]
    if len(conditions) > MOST_CONDITIONS or sorted(set(dimensions)) != dimensions:
        raise InvalidRequest(f"conditions name at most {MOST_CONDITIONS} dimensions, each once", parameter="conditions")
    for dimension, value in conditions:
        fits = 1 <= len(dimension) <= LONGEST_DIMENSION and 1 <= len(value) <= LONGEST_VALUE
        if not fits or not (dimension + value).isprintable():
            raise InvalidRequest(
                f"a condition has a dimension of 1 to {LONGEST_DIMENSION} characters and a value of 1 to "
                f"{LONGEST_VALUE}",
                parameter="conditions",
            )


def _check_shown(dimensions: tuple[str, ...]) -> None:
    fits = all(1 <= len(one) <= LONGEST_DIMENSION and one.isprintable() for one in dimensions)
    if not fits or len(dimensions) > MOST_SHOWN or len(set(dimensions)) < len(dimensions):
        raise InvalidRequest(
            f"shown_dimensions names at most {MOST_SHOWN} dimensions of 1 to {LONGEST_DIMENSION} characters, each once",
            parameter="shown_dimensions",
        )
