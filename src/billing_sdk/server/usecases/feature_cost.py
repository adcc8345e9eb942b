"""Query what the usage of a feature costs the business itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import Any

from billing_sdk.errors import InvalidRequest, QueryTooLarge
from billing_sdk.server.domain.costs import (
    CostRow,
    ManualCost,
    ModelCost,
    PriceBook,
    Pricing,
    costs_of,
    models_in,
    unit_cost_from,
)
from billing_sdk.server.domain.metering import UsageQuery, UsageRow
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.konnect_features import KnownFeature
from billing_sdk.server.usecases.llm_prices import price_book
from billing_sdk.server.usecases.query_usage import query_usage

# What is used in parts of a time adds up only with these; with all others one price holds for a whole window.
ADDS_UP = ("sum", "count")
MOST_CHANGES = 50


def cost_of_usage(
    engine: Engine,
    feature: KnownFeature,
    query: UsageQuery,
    *,
    subjects: Collection[str] = (),
    customer_ids: Collection[str] = (),
) -> list[CostRow]:
    """Return what the usage of a feature costs: by window, and then by group.

    Args:
        engine: the engine.
        feature: one that is counted.
        query: what is asked of its meter.
        subjects: whose usage; everybody's where neither subjects nor customers are given.
        customer_ids: whose usage, whatever they go by.

    Raises:
        InvalidRequest: the feature is not counted, or nobody has said what a unit of it costs.
        QueryTooLarge: there are too many rows or events, or prices have changed too often in that time.
    """
    if feature.measured_by is None:
        raise InvalidRequest("the use of the feature is not counted", parameter="featureId", source="path")
    document = feature.extras.more.get("unit_cost")
    if document is None:
        raise InvalidRequest(
            "nobody has said what a unit of the feature costs",
            parameter="featureId",
            source="path",
            remedy="Give the feature a unit_cost first.",
        )
    meter_key, cost = feature.measured_by, unit_cost_from(document)

    def ask(asked: UsageQuery) -> list[UsageRow]:
        return query_usage(engine, meter_key=meter_key, query=asked, subjects=subjects, customer_ids=customer_ids)

    with engine.read() as tx:
        book = price_book(tx)
        aggregation = tx.meters.get(meter_key).aggregation
    usage = ask(query)
    if isinstance(cost, ManualCost):
        return costs_of(usage, usage, query, query.group_by, cost, book)
    finer = _by_model(query, cost)
    parts = usage if finer == query else ask(finer)
    if aggregation in ADDS_UP:
        changes = book.changes(models_in(parts, finer.group_by, cost), query.window)
        if len(changes) > MOST_CHANGES:
            raise QueryTooLarge(f"prices have changed {len(changes)} times in that time")
        if changes:
            bounds = [query.window.start, *changes, query.window.end]
            stretches = [Period(start, end) for start, end in pairwise(bounds)]
            parts = [row for stretch in stretches for row in ask(replace(finer, window=stretch))]
    return costs_of(usage, parts, query, finer.group_by, cost, book)


def pricing_of(feature: KnownFeature, book: PriceBook, *, at: datetime) -> Pricing | None:
    """Return what tokens cost that a feature counts; None where they are not all of one model, or it has no price."""
    document = feature.extras.more.get("unit_cost")
    cost = None if document is None else unit_cost_from(document)
    if not isinstance(cost, ModelCost):
        return None
    filters: Mapping[str, Any] = feature.extras.more.get("filters", {})
    model = cost.model_of({name: one["eq"] for name, one in filters.items() if "eq" in one})
    price = None if model is None else book.find(*model, at)
    return None if price is None else price.pricing


def _by_model(query: UsageQuery, cost: ModelCost) -> UsageQuery:
    """Return a query whose rows tell models apart."""
    names = query.group_by
    return replace(query, group_by=(*names, *(name for name in cost.dimensions if name not in names)))
