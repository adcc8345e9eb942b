"""Add-ons of subscriptions, with the course of their numbers."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import Depends
from pydantic import AfterValidator

from billing_sdk.errors import NotFound
from billing_sdk.server.api.konnect.bodies import KonnectRoute
from billing_sdk.server.api.konnect.listing import Listing, Wanted
from billing_sdk.server.api.konnect.paging import Paged, paged
from billing_sdk.server.api.konnect.security import EngineOf, scoped
from billing_sdk.server.api.konnect.sorting import in_order
from billing_sdk.server.api.konnect.subscription_view import SubscriptionAddonView, addon_id_of
from billing_sdk.server.api.konnect.subscriptions import SubscriptionId
from billing_sdk.server.api.konnect.values import ULID_IN_PATH
from billing_sdk.server.ids import id_from_ulid
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.konnect_subscriptions import get_subscription
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Subscriptions"], route_class=KonnectRoute)

LISTED = Listing(sorts=("id", "created_at", "updated_at"))
SubscriptionAddonId = Annotated[str, ULID_IN_PATH, AfterValidator(partial(id_from_ulid, "subscription_addon"))]


@router.get(
    "/subscriptions/{subscription_id}/addons",
    name="list-subscription-addons",
    **scoped("read:billing_agreements", lists=LISTED),
)
def list_subscription_addons(
    engine: EngineOf, subscription_id: SubscriptionId, wanted: Annotated[Wanted, Depends(LISTED)]
) -> Paged[SubscriptionAddonView]:
    """List the add-ons of a subscription."""
    with engine.read() as tx:
        found = in_order(_views(engine, tx, subscription_id).values(), wanted.order, _value_of)
    return paged(wanted.page.cut(found), wanted.page, len(found))


@router.get(
    "/subscriptions/{subscription_id}/addons/{subscription_addon_id}",
    name="get-subscription-addon",
    **scoped("read:billing_agreements"),
)
def get_subscription_addon(
    engine: EngineOf, subscription_id: SubscriptionId, subscription_addon_id: SubscriptionAddonId
) -> SubscriptionAddonView:
    """Get an add-on of a subscription."""
    with engine.read() as tx:
        found = _views(engine, tx, subscription_id).get(subscription_addon_id)
    if found is None:
        raise NotFound("the subscription has no such add-on", entity="subscription add-on")
    return found


def _views(engine: Engine, tx: UnitOfWork, subscription_id: str) -> dict[str, SubscriptionAddonView]:
    one = get_subscription(tx, subscription_id)
    if one.status == "scheduled":
        return {}
    at = engine.now_for(tx, tx.customers.get(one.customer_id))
    return {addon_id_of(one, add_on): SubscriptionAddonView.of(tx, one, add_on, at) for add_on in one.agreement.add_ons}


def _value_of(view: SubscriptionAddonView, field: str) -> Any:
    return getattr(view, field)
