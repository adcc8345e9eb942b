"""What a customer may use."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Literal, NamedTuple

from billing_sdk.server.api.konnect.bodies import KonnectRoute, View
from billing_sdk.server.api.konnect.security import EngineOf, scoped
from billing_sdk.server.api.konnect.values import CustomerId
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.entitlements import Room
from billing_sdk.server.usecases.accounts import account_of
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.load_entitlements import EntitlementView, load_entitlements
from billing_sdk.server.usecases.own_entitlements import entitlements_of_customer
from billing_sdk.server.usecases.own_standing import own_standing
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Entitlements"], route_class=KonnectRoute)


class Access(NamedTuple):
    """What a customer has of a feature; `room` where it is metered."""

    type: Literal["metered", "static", "boolean"]
    feature_key: str
    has_access: bool
    config: str | None = None
    room: Room | None = None


class AccessView(View):
    """What a customer has of a feature."""

    type: Literal["metered", "static", "boolean"]
    feature_key: str
    has_access: bool
    config: str | None = None


class AccessesView(View):
    """What a customer has of all features."""

    data: list[AccessView]


@router.get(
    "/customers/{customer_id}/entitlement-access",
    name="list-customer-entitlement-access",
    **scoped("read:billing_entitlements"),
)
def list_access(engine: EngineOf, customer_id: CustomerId) -> AccessesView:
    """List what a customer may use."""
    with engine.read() as tx:
        customer = account_of(tx, customer_id).customer
    found = accesses_of(engine, customer)
    return AccessesView(
        data=[
            AccessView(type=one.type, feature_key=one.feature_key, has_access=one.has_access, config=one.config)
            for one in found.values()
        ]
    )


def accesses_of(engine: Engine, customer: Customer) -> Mapping[str, Access]:
    """Return what a customer has of each feature, by agreements or of its own, in the order of the features' keys."""
    loaded = load_entitlements(engine, user_id=customer.user_id, org_code=customer.org_code)
    with engine.read() as tx:
        metered = {feature.key for feature in tx.features.list() if feature.is_metered}
    found: dict[str, Access] = {}
    for key in sorted({granted.feature_key for granted in loaded.entitlements}):
        found[key] = _access(loaded, key, is_metered=key in metered)
    return dict(sorted((_own_accesses(engine, customer) | found).items()))


def _own_accesses(engine: Engine, customer: Customer) -> dict[str, Access]:
    """Return what a customer was given beside its plans, which come first where they include the same."""
    with engine.read() as tx:
        own = [one.own for one in entitlements_of_customer(tx, customer.id)]
        at = engine.now_for(tx, customer)
    found: dict[str, Access] = {}
    for one in own:
        room = own_standing(engine, one, at=at).room if one.type == "metered" else None
        found[one.feature_key] = Access(one.type, one.feature_key, room is None or room.has_access, one.config, room)
    return found


def _access(loaded: EntitlementView, key: str, *, is_metered: bool) -> Access:
    mine = [granted for granted in loaded.entitlements if granted.feature_key == key]
    if is_metered:
        rooms = [loaded.rooms[one.id] for one in mine if one.id in loaded.rooms]
        open_ones = [room for room in rooms if room.has_access]
        room = next(iter(open_ones or rooms), None)
        return Access("metered", key, bool(open_ones) or not rooms, room=room)
    values = [one.value for one in mine if one.value is not None]
    if values:
        return Access("static", key, True, _config(values[0]))
    return Access("boolean", key, True)


def _config(value: str) -> str:
    """Return a value as JSON text."""
    try:
        json.loads(value)
    except ValueError:
        return json.dumps(value)
    return value
