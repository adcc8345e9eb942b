"""Grant units with an entitlement: of a customer's own, or of a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from billing_sdk.errors import NotFound
from billing_sdk.server.domain.entitlements import AllowanceGrant
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.konnect import Extras
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.grant_allowance import grant_allowance, void_allowance


@dataclass(frozen=True, slots=True)
class WantedGrant:
    """A grant as it is asked for; numbers, durations and recurrences are texts as `grant_allowance` takes them.

    Attributes:
        more: what is kept to be shown, in JSON's own types.
    """

    amount: str
    priority: int
    effective_at: datetime
    expires_after: str | None = None
    recurrence: str | None = None
    recurrence_anchor: datetime | None = None
    min_rollover: str = "0"
    max_rollover: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)


def grant_entitlement(
    engine: Engine, wanted: WantedGrant, *, customer_id: str, feature_key: str, actor: str
) -> AllowanceGrant:
    """Grant units; what was to begin before now begins now, since clients say when they sent it.

    Raises:
        NotFound, UnknownFeature, InvalidAllowance, InvalidQuantity, InvalidCadence, InvalidDuration,
        TooManyAllowances: as `grant_allowance`.
    """
    with engine.read() as tx:
        now = engine.now_for(tx, tx.customers.get(customer_id))
    made = grant_allowance(
        engine,
        customer_id=customer_id,
        feature_key=feature_key,
        amount=wanted.amount,
        priority=wanted.priority,
        effective_at=wanted.effective_at if wanted.effective_at > now else None,
        expires_after=wanted.expires_after,
        recurrence=wanted.recurrence,
        recurrence_anchor=wanted.recurrence_anchor,
        min_rollover=wanted.min_rollover,
        max_rollover=wanted.max_rollover,
        actor=actor,
    )
    with engine.begin() as tx:
        tx.konnect.save(
            Extras(
                "entitlement_grant",
                made.id,
                created_at=now,
                updated_at=now,
                parent_id=customer_id,
                labels=wanted.metadata,
                more=wanted.more,
            )
        )
    return made


def void_grant(engine: Engine, grant_id: str, *, actor: str) -> None:
    """Take back what is left of a grant that was made at this door.

    Raises:
        NotFound: there is no such grant.
        AllowanceEnded: it has expired or was taken back before.
    """
    with engine.read() as tx:
        extras = tx.konnect.find("entitlement_grant", grant_id)
    if extras is None or extras.parent_id is None:
        raise NotFound("there is no such grant", entity="grant")
    voided = void_allowance(engine, customer_id=extras.parent_id, allowance_id=grant_id, actor=actor)
    with engine.begin() as tx:
        tx.konnect.save(replace(extras, updated_at=voided.voided_at or extras.updated_at))


def grants_of(
    tx: UnitOfWork, customer_id: str, feature_key: str, *, at: datetime, with_voided: bool
) -> list[tuple[AllowanceGrant, Extras | None]]:
    """Return the grants of a customer for a feature, the oldest first, each with what is kept of it beside."""
    found = tx.allowances.of_feature(customer_id, feature_key)
    kept = [one for one in found if with_voided or one.status(at) != "voided"]
    extras = tx.konnect.find_many("entitlement_grant", [one.id for one in kept])
    return [(one, extras.get(one.id)) for one in sorted(kept, key=lambda one: (one.created_at, one.id))]
