"""Load what a person may use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.catalog import PlanVersion
from billing_sdk.server.domain.entitlements import GrantedEntitlement, Room, allowance_under, entitlements_of
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.room_of import room_of

Found = Sequence[tuple[Agreement, PlanVersion, str]]


@dataclass(frozen=True, slots=True)
class EntitlementView:
    """What the agreements of a person, and of the organization that they act for, include together.

    Attributes:
        plans: key, name and start of each plan, in the order of the agreements; those that are paused are left out,
            since a view that asks for a plan must not open for them.
        rooms: how much of what is metered was used and may still be used, by the entitlement's id.
    """

    org_code: str | None
    plans: tuple[tuple[str, str, datetime], ...]
    entitlements: tuple[GrantedEntitlement, ...]
    rooms: Mapping[str, Room]


def load_entitlements(engine: Engine, *, user_id: str | None, org_code: str | None) -> EntitlementView:
    """Return what a person's own agreements include, then what those of the token's organization do.

    One query, however many agreements there are, and some for each metered feature.
    """
    with engine.read() as tx:
        found = tx.agreements.live_with_plans(user_id=user_id, org_codes=(org_code,) if org_code else ())
        rooms = _rooms(engine, tx, found)
    return EntitlementView(
        org_code=org_code,
        plans=tuple(
            (agreement.plan_key, name, agreement.started_at) for agreement, _, name in found if agreement.grants
        ),
        entitlements=tuple(
            granted for agreement, version, _ in found for granted in entitlements_of(agreement, version)
        ),
        rooms=rooms,
    )


def _rooms(engine: Engine, tx: UnitOfWork, found: Found) -> dict[str, Room]:
    metered = {feature.key for feature in tx.features.list() if feature.is_metered} if found else set()
    rooms: dict[str, Room] = {}
    for agreement, version, _ in found:
        counted = [granted for granted in entitlements_of(agreement, version) if granted.feature_key in metered]
        at = engine.now_for(tx, tx.customers.get(agreement.customer_id)) if counted else None
        for granted in counted:
            allowance = allowance_under(agreement, version, granted.feature_key)
            if allowance is not None and at is not None:
                rooms[granted.id] = room_of(tx, allowance, granted.feature_key, at)
    return rooms
