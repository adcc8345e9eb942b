"""Load what a person may use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from billing_sdk.server.domain.entitlements import GrantedEntitlement, entitlements_of
from billing_sdk.server.usecases.engine import Engine


@dataclass(frozen=True, slots=True)
class EntitlementView:
    """What the agreements of a person, and of the organization that they act for, include together.

    Attributes:
        plans: key, name and start of each plan, in the order of the agreements; those that are paused are left out,
            since a view that asks for a plan must not open for them.
    """

    org_code: str | None
    plans: tuple[tuple[str, str, datetime], ...]
    entitlements: tuple[GrantedEntitlement, ...]


def load_entitlements(engine: Engine, *, user_id: str | None, org_code: str | None) -> EntitlementView:
    """Return what a person's own agreements include, then what those of the token's organization do.

    One query, however many agreements there are.
    """
    with engine.read() as tx:
        found = tx.agreements.live_with_plans(user_id=user_id, org_codes=(org_code,) if org_code else ())
    return EntitlementView(
        org_code=org_code,
        plans=tuple(
            (agreement.plan_key, name, agreement.started_at) for agreement, _, name in found if agreement.grants
        ),
        entitlements=tuple(
            granted for agreement, version, _ in found for granted in entitlements_of(agreement, version)
        ),
    )
