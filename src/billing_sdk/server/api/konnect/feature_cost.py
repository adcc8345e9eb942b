"""What the usage of a feature costs the business itself."""

from __future__ import annotations

from pydantic import Field

from billing_sdk.errors import Gone
from billing_sdk.server.api.konnect.bodies import KonnectRoute, View
from billing_sdk.server.api.konnect.features import FeatureId
from billing_sdk.server.api.konnect.meter_query import Asked, MeterQuery, dimensions_of
from billing_sdk.server.api.konnect.security import EngineOf, scoped
from billing_sdk.server.api.konnect.values import Instant, Numeric
from billing_sdk.server.domain.costs import CURRENCY
from billing_sdk.server.usecases.feature_cost import cost_of_usage
from billing_sdk.server.usecases.konnect_features import feature_known_as
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Features"], route_class=KonnectRoute)


class CostRowView(View):
    """What usage of a window and a group costs; `cost` is null, and `detail` says why, where a price is missing."""

    usage: Numeric
    cost: Numeric | None
    currency: str
    from_: Instant = Field(serialization_alias="from")
    to: Instant
    dimensions: dict[str, str]
    detail: str | None = None


class CostView(View):
    """What usage costs."""

    from_: Instant | None = Field(default=None, serialization_alias="from")
    to: Instant | None = None
    data: list[CostRowView]


@router.post("/features/{feature_id}/cost/query", name="query-feature-cost", **scoped("read:meter_usage"))
def query_cost(engine: EngineOf, feature_id: FeatureId, body: MeterQuery | None = None) -> CostView:
    """Show what was used of a feature and what that costs, by windows and dimensions."""
    sent = body or MeterQuery()
    with engine.read() as tx:
        feature = feature_known_as(tx, feature_id)
        extras = None if feature.meter_id is None else tx.konnect.find("meter", feature.meter_id)
    if feature.extras.deleted_at is not None:
        raise Gone("the feature was deleted")
    asked = Asked(sent, extras=extras, at=engine.now())
    rows = cost_of_usage(engine, feature, asked.query, subjects=asked.subjects, customer_ids=asked.customers)
    return CostView(
        from_=sent.from_,
        to=sent.to,
        data=[
            CostRowView(
                usage=row.usage,
                cost=row.cost,
                currency=CURRENCY,
                from_=row.window.start,
                to=row.window.end,
                dimensions=dimensions_of(asked.names, row.group),
                detail=row.detail,
            )
            for row in rows
        ],
    )
