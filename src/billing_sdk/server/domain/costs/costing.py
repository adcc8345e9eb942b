"""From usage to what it costs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from billing_sdk.money import EXACT
from billing_sdk.server.domain.costs.llm_price import FIELDS
from billing_sdk.server.domain.costs.price_book import PriceBook
from billing_sdk.server.domain.costs.unit_cost import ManualCost, ModelCost, UnitCost
from billing_sdk.server.domain.metering import UsageQuery, UsageRow
from billing_sdk.server.domain.periods import Period

ZERO = Decimal(0)
MOST_REASONS = 5
LONGEST_SHOWN = 64


class CostRow(NamedTuple):
    """What usage of a window and a group costs.

    Attributes:
        cost: in US dollars; None where some of the usage has no price that is known.
        detail: why there is no cost.
    """

    window: Period
    group: tuple[str | None, ...]
    usage: Decimal
    cost: Decimal | None
    detail: str | None = None


@dataclass(slots=True)
class _Sum:
    cost: Decimal = ZERO
    unknown: dict[str, None] = field(default_factory=dict)

    @property
    def detail(self) -> str | None:
        named = list(self.unknown)[:MOST_REASONS]
        more = len(self.unknown) - len(named)
        return "; ".join(named) + (f"; and {more} more" if more else "") if named else None


def models_in(rows: Iterable[UsageRow], names: Sequence[str], cost: ModelCost) -> frozenset[tuple[str, str]]:
    """Return the providers and models that usage names, in small letters; `names` are those of the rows' groups."""
    found = (cost.model_of(_known(row, names)) for row in rows)
    return frozenset((provider.lower(), model.lower()) for provider, model in filter(None, found))


def costs_of(
    usage: Sequence[UsageRow],
    parts: Iterable[UsageRow],
    asked: UsageQuery,
    names: Sequence[str],
    cost: UnitCost,
    book: PriceBook,
) -> list[CostRow]:
    """Return what usage costs.

    Args:
        usage: what the meter shows to the query.
        parts: the same usage, split by all that its cost depends on: dimensions, and instants at which prices change.
        asked: the query.
        names: of the groups of the parts; those of the query come first.
        cost: what a unit costs.
        book: the prices of models. The one that is in force when a part begins holds for all of it.
    """
    sums: dict[tuple[Period, tuple[str | None, ...]], _Sum] = {}
    for part in parts:
        place = asked.window_at(part.window.start), part.group[: len(asked.group_by)]
        found = sums.setdefault(place, _Sum())
        price = _price(cost, _known(part, names), book, part.window.start)
        if isinstance(price, str):
            found.unknown[price] = None
        else:
            found.cost = EXACT.add(found.cost, EXACT.multiply(part.value, price))
    rows = []
    for row in usage:
        found = sums.get((row.window, row.group), _Sum())
        rows.append(CostRow(row.window, row.group, row.value, None if found.unknown else found.cost, found.detail))
    return rows


def _price(cost: UnitCost, dimensions: Mapping[str, str], book: PriceBook, at: datetime) -> Decimal | str:
    """Return what a unit costs, or why nobody knows."""
    if isinstance(cost, ManualCost):
        return cost.amount
    for name, part in (("provider", cost.provider), ("model", cost.model), ("token type", cost.token_type)):
        if part.of(dimensions) is None:
            return f"usage without a {name} in {part.dimension!r}"
    provider, model, token_type = (
        str(part.of(dimensions))[:LONGEST_SHOWN] for part in (cost.provider, cost.model, cost.token_type)
    )
    found = book.find(provider, model, at)
    if found is None:
        return f"no price of the model {model!r} of {provider!r} at that time"
    if token_type not in FIELDS:
        return f"{token_type!r} is no type of token"
    price = found.pricing.of(token_type)
    return f"no price of tokens of the type {token_type} of the model {model!r}" if price is None else price


def _known(row: UsageRow, names: Sequence[str]) -> dict[str, str]:
    return {name: value for name, value in zip(names, row.group, strict=True) if value is not None}
