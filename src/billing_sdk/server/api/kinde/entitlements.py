"""Entitlements of any customer, for machines."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel

from billing_sdk.server.api.kinde.agreement_view import agreements_of
from billing_sdk.server.api.kinde.agreements import CustomerId
from billing_sdk.server.api.kinde.envelope import Answer, StrictRoute
from billing_sdk.server.api.kinde.paging import EndingBefore, PageSize, StartingAfter, cut
from billing_sdk.server.api.kinde.security import EngineOf, scoped
from billing_sdk.server.domain.entitlements import GrantedEntitlement
from billing_sdk.server.storage.paging import PageRequest
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Billing entitlements"], route_class=StrictRoute)

MaxValue = Annotated[
    str | None,
    Query(pattern=r"^[0-9]{1,18}$", description="Stands in for a limit that an unlimited entitlement does not have."),
]


class EntitlementView(BaseModel):
    """One thing that a plan includes; what the Account API calls `feature_key` is `feature_code` here.

    Extension: `unit_amount_decimal` is the exact price of a unit in minor units. `unit_amount` is null where that is
    not a whole number, as in a price of 0.02 cents.
    """

    id: str
    fixed_charge: int | None
    price_name: str
    unit_amount: int | None
    unit_amount_decimal: str | None
    feature_code: str
    feature_name: str
    entitlement_limit_max: int | None
    entitlement_limit_min: int | None

    @classmethod
    def of(cls, granted: GrantedEntitlement, *, unlimited: int | None) -> EntitlementView:
        """Show an entitlement, with `unlimited` in place of a limit that is missing."""
        return cls(
            id=granted.id,
            fixed_charge=granted.fixed_charge,
            price_name=granted.price_name,
            unit_amount=granted.unit_amount,
            unit_amount_decimal=granted.unit_amount_decimal,
            feature_code=granted.feature_key,
            feature_name=granted.feature_name,
            entitlement_limit_max=unlimited if granted.limit_max is None else granted.limit_max,
            entitlement_limit_min=granted.limit_min,
        )


class PlanView(BaseModel):
    """A plan that a customer is on."""

    code: str
    subscribed_on: datetime


class EntitlementList(Answer):
    """What a customer may use; `plans` are listed where they were asked for."""

    has_more: bool
    entitlements: list[EntitlementView]
    plans: list[PlanView]


@router.get("/billing/entitlements", **scoped("read:billing_entitlements"))
def list_entitlements(
    engine: EngineOf,
    customer_id: CustomerId,
    page_size: PageSize = 10,
    starting_after: StartingAfter = None,
    ending_before: EndingBefore = None,
    max_value: MaxValue = None,
    expand: Literal["plans"] | None = None,
) -> EntitlementList:
    """Return what the agreements of a customer include."""
    with engine.read() as tx:
        agreements = agreements_of(tx, customer_id)
    page = cut(
        [granted for _, _, entitlements in agreements for granted in entitlements],
        PageRequest(page_size, starting_after, ending_before),
        id_of=lambda granted: granted.id,
    )
    unlimited = int(max_value) if max_value else None
    plans = [
        PlanView(code=agreement.plan_key, subscribed_on=agreement.started_at)
        for agreement, _, _ in agreements
        if agreement.grants
    ]
    return EntitlementList(
        has_more=page.has_more,
        entitlements=[EntitlementView.of(granted, unlimited=unlimited) for granted in page.items],
        plans=plans if expand == "plans" else [],
    )
