"""Meter usage: how much of a feature was used."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field
from starlette.responses import Response

from billing_sdk.money import digits_of
from billing_sdk.server.api.kinde.envelope import Answer, Body, StrictRoute
from billing_sdk.server.api.kinde.idempotency import OnlyOnce
from billing_sdk.server.api.kinde.instants import read_instant
from billing_sdk.server.api.kinde.security import scoped
from billing_sdk.server.domain.metering import MOST_DIMENSIONS
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.record_usage import RecordedReading, record_usage
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Billing meter usage"], route_class=StrictRoute)


class NewUsage(Body):
    """A reading: what was used (`delta`), or what the period's total now is (`absolute`)."""

    customer_agreement_id: str = Field(max_length=64)
    billing_feature_code: str = Field(max_length=64)
    meter_value: str = Field(max_length=40, description="A decimal number such as `12` or `0.5`, as text.")
    meter_usage_timestamp: str | None = Field(default=None, max_length=40)
    meter_type_code: Literal["absolute", "delta"] = "delta"
    dimensions: dict[str, str] | None = Field(
        default=None,
        max_length=MOST_DIMENSIONS,
        description="Extension: what the usage is marked with, such as `model`; prices can depend on it.",
    )


class UsageView(BaseModel):
    """What was recorded, and the total of the period that it fell into, as decimal text."""

    id: str
    feature_code: str
    total: str

    @classmethod
    def of(cls, recorded: RecordedReading) -> UsageView:
        """Show a reading."""
        return cls(id=recorded.id, feature_code=recorded.feature_key, total=digits_of(recorded.total))


class UsageAnswer(Answer):
    """Success; `usage` is an extension."""

    usage: UsageView


@router.post("/billing/meter_usage", response_model=UsageAnswer, **scoped("create:meter_usage"))
def create_meter_usage(body: NewUsage, once: OnlyOnce) -> Response:
    """Record usage against an agreement.

    Extension: the answer gives the total of the period. The published API states no default for `meter_type_code`;
    here it is `delta`.

    Usage counts at its timestamp. Where that was billed already, what was billed is adjusted a day later; the policy
    `late_usage` can have it count in the present period instead.
    """

    def serve(engine: Engine) -> UsageAnswer:
        text = body.meter_usage_timestamp
        recorded = record_usage(
            engine,
            agreement_id=body.customer_agreement_id,
            feature_key=body.billing_feature_code,
            value=body.meter_value,
            kind=body.meter_type_code,
            used_at=read_instant(text, parameter="meter_usage_timestamp") if text is not None else None,
            dimensions=body.dimensions,
            idempotency_key=once.key,
        )
        return UsageAnswer(usage=UsageView.of(recorded))

    return once(serve, body)
