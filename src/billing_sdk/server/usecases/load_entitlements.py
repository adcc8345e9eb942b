"""Load what a person may use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.catalog import PlanVersion
from billing_sdk.server.domain.entitlements import Allowance, GrantedEntitlement, Room, allowance_under, entitlements_of
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.room_of import look_ahead, room_of

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

    As many queries, however many agreements and metered features there are.
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
    counted: dict[str, list[tuple[str, str, Allowance]]] = {}
    for agreement, version, _ in found:
        for granted in entitlements_of(agreement, version):
            key = granted.feature_key
            allowance = allowance_under(agreement, version, key) if key in metered else None
            if allowance is not None:
                counted.setdefault(agreement.customer_id, []).append((granted.id, key, allowance))
    rooms: dict[str, Room] = {}
    for customer_id, mine in counted.items():
        at = engine.now_for(tx, tx.customers.get(customer_id))
        look_ahead(tx, customer_id, [(key, allowance) for _, key, allowance in mine], at)
        rooms |= {granted_id: room_of(tx, allowance, key, at) for granted_id, key, allowance in mine}
    return rooms
