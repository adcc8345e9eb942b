"""Meter usage: how much of a feature was used."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from billing_sdk.server.api.kinde.envelope import Answer, Body, StrictRoute
from billing_sdk.server.api.kinde.instants import read_instant
from billing_sdk.server.api.kinde.security import EngineOf, scoped
from billing_sdk.server.usecases.record_usage import record_usage

router = APIRouter(tags=["Billing meter usage"], route_class=StrictRoute)


class NewUsage(Body):
    """A reading: what was used (`delta`), or what the period's total now is (`absolute`)."""

    customer_agreement_id: str = Field(max_length=64)
    billing_feature_code: str = Field(max_length=64)
    meter_value: str = Field(max_length=40, description="A decimal number such as `12` or `0.5`, as text.")
    meter_usage_timestamp: str | None = Field(default=None, max_length=40)
    meter_type_code: Literal["absolute", "delta"] = "delta"


class UsageView(BaseModel):
    """What was recorded, and the total of the period that it fell into, as decimal text."""

    id: str
    feature_code: str
    total: str


class UsageAnswer(Answer):
    """Success; `usage` is an extension."""

    usage: UsageView


@router.post("/billing/meter_usage", **scoped("create:meter_usage"))
def create_meter_usage(engine: EngineOf, body: NewUsage) -> UsageAnswer:
    """Record usage against an agreement.

    Extension: the answer gives the total of the period. The published API states no default for
    `meter_type_code`; here it is `delta`.
    """
    used_at = body.meter_usage_timestamp
    recorded = record_usage(
        engine,
        agreement_id=body.customer_agreement_id,
        feature_key=body.billing_feature_code,
        value=body.meter_value,
        kind=body.meter_type_code,
        used_at=read_instant(used_at, parameter="meter_usage_timestamp") if used_at is not None else None,
    )
    return UsageAnswer(usage=UsageView(id=recorded.id, feature_code=recorded.feature_key, total="0"))
