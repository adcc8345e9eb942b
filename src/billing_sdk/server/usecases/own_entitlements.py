"""Entitlements of a customer's own: given, found, reset and taken away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from billing_sdk.errors import Conflict, DuplicateKey, InvalidRequest, NotFound, UnknownFeature
from billing_sdk.server.domain.entitlements import EntitlementType, OwnEntitlement, OwnReset
from billing_sdk.server.domain.periods import Cadence, Schedule
from billing_sdk.server.ids import ULID, id_from_ulid, new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.konnect import Extras
from billing_sdk.server.usecases.engine import Engine


@dataclass(frozen=True, slots=True)
class WantedEntitlement:
    """An entitlement as it is asked for; see `OwnEntitlement`.

    Attributes:
        from_period_start: whether use is measured from the start of the usage period that lasts now.
        metadata: marks of whoever makes it.
    """

    feature_key: str
    type: EntitlementType
    config: str | None = None
    cadence: Cadence | None = None
    anchor: datetime | None = None
    measured_from: datetime | None = None
    from_period_start: bool = False
    issue: Decimal = Decimal(0)
    is_unlimited: bool = False
    is_soft: bool = False
    keeps_overage: bool = False
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KnownEntitlement:
    """An entitlement with what is kept of it beside."""

    own: OwnEntitlement
    extras: Extras


def give_entitlement(engine: Engine, wanted: WantedEntitlement, *, customer_id: str, actor: str) -> KnownEntitlement:
    """Entitle a customer to a feature, whatever it agrees to.

    Args:
        engine: the engine.
        wanted: what is asked for.
        customer_id: who is entitled.
        actor: who does it, as the audit names them.

    Raises:
        NotFound: there is no such customer.
        UnknownFeature: there is no such feature.
        InvalidRequest: a metered one is asked for of a feature that nothing counts, or would begin in the future.
        Conflict: the customer has one for the feature.
    """
    with engine.begin() as tx:
        customer = tx.customers.lock(customer_id)
        at = engine.now_for(tx, customer)
        feature = tx.features.find(wanted.feature_key)
        if feature is None:
            raise UnknownFeature(f"there is no feature {wanted.feature_key[:64]!r}", feature=wanted.feature_key[:64])
        if wanted.type == "metered" and not feature.is_metered:
            raise InvalidRequest("nothing counts the feature", parameter="featureKey")
        if wanted.measured_from is not None and wanted.measured_from > at:
            raise InvalidRequest("use is measured from now on, or from before", parameter="measureUsageFrom")
        own = OwnEntitlement(
            id=new_id("entitlement"),
            customer_id=customer.id,
            feature_key=feature.key,
            type=wanted.type,
            created_at=at,
            config=wanted.config,
            cadence=wanted.cadence,
            anchor=wanted.anchor or at,
            measured_from=_measured_from(wanted, at),
            issue=wanted.issue,
            is_unlimited=wanted.is_unlimited,
            is_soft=wanted.is_soft,
            keeps_overage=wanted.keeps_overage,
        )
        extras = Extras(
            "entitlement",
            own.id,
            created_at=at,
            updated_at=at,
            key=f"{customer.id}/{feature.key}",
            parent_id=customer.id,
            labels=wanted.metadata,
            more=_kept(own),
        )
        try:
            tx.konnect.save(extras)
        except DuplicateKey:
            raise Conflict(
                f"the customer has an entitlement for {feature.key}", remedy="Override it, or delete it first."
            ) from None
        tx.audit.record(actor, "entitlement.give", own.id, at, after=own)
    return KnownEntitlement(own, extras)


def entitlements_of_customer(tx: UnitOfWork, customer_id: str) -> list[KnownEntitlement]:
    """Return a customer's own entitlements, the oldest first."""
    return [_known(one) for one in tx.konnect.list("entitlement", parent_id=customer_id)]


def find_entitlement(tx: UnitOfWork, customer_id: str, name: str) -> KnownEntitlement:
    """Return the entitlement that an id or the key of its feature names.

    Raises:
        NotFound: the customer has none.
    """
    extras = tx.konnect.by_key("entitlement", f"{customer_id}/{name[:64]}")
    if extras is None and ULID.fullmatch(name):
        extras = tx.konnect.find("entitlement", id_from_ulid("entitlement", name))
    if extras is None or extras.parent_id != customer_id or extras.deleted_at is not None:
        raise NotFound("the customer has no such entitlement", entity="entitlement")
    return _known(extras)


def take_entitlement(engine: Engine, *, customer_id: str, name: str, actor: str) -> None:
    """Take an entitlement away; what was granted with it stays, for a plan that includes the feature.

    Raises:
        NotFound: there is no such customer, or it has no such entitlement.
    """
    with engine.begin() as tx:
        customer = tx.customers.lock(customer_id)
        at = engine.now_for(tx, customer)
        found = find_entitlement(tx, customer.id, name)
        tx.konnect.delete("entitlement", found.own.id, at=at)
        tx.audit.record(actor, "entitlement.take", found.own.id, at, before=found.own)


def reset_entitlement(
    engine: Engine,
    *,
    customer_id: str,
    name: str,
    effective_at: datetime | None = None,
    keeps_anchor: bool = True,
    keeps_overage: bool | None = None,
    actor: str,
) -> None:
    """End the present usage period, and begin the next.

    Args:
        engine: the engine.
        customer_id: whose.
        name: the entitlement's id, or the key of its feature.
        effective_at: when, within the present usage period; now by default.
        keeps_anchor: whether the next ones go on as before; else they are counted from the reset.
        keeps_overage: whether what was used beyond is taken off the next; as the entitlement says by default.
        actor: who does it, as the audit names them.

    Raises:
        NotFound: there is no such customer, or it has no such entitlement.
        InvalidRequest: it is not metered, or the instant is not in the present usage period.
    """
    with engine.begin() as tx:
        customer = tx.customers.lock(customer_id)
        now = engine.now_for(tx, customer)
        before = find_entitlement(tx, customer.id, name)
        own, at = before.own, effective_at or now
        if own.type != "metered":
            raise InvalidRequest("only use that is counted can be reset", parameter="entitlementId")
        if not own.periods_until(now)[-1].period.start < at <= now:
            raise InvalidRequest("a reset is in the present usage period, and not ahead", parameter="effectiveAt")
        last = own.resets[-1].anchor if own.resets else own.anchor or own.created_at
        keeps = own.keeps_overage if keeps_overage is None else keeps_overage
        reset = OwnReset(at, last if keeps_anchor else at, keeps)
        after = replace(own, resets=(*own.resets, reset))
        tx.konnect.save(replace(before.extras, updated_at=now, more=_kept(after)))
        tx.audit.record(actor, "entitlement.reset", own.id, now, before=own, after=after)


def _measured_from(wanted: WantedEntitlement, at: datetime) -> datetime | None:
    if wanted.from_period_start and wanted.cadence is not None:
        return Schedule(wanted.anchor or at, wanted.cadence).period_at(at).start
    return wanted.measured_from


def _kept(own: OwnEntitlement) -> dict[str, Any]:
    return {
        "feature": own.feature_key,
        "type": own.type,
        "config": own.config,
        "cadence": None if own.cadence is None else str(own.cadence),
        "anchor": None if own.anchor is None else own.anchor.isoformat(),
        "measured_from": None if own.measured_from is None else own.measured_from.isoformat(),
        "issue": f"{own.issue:f}",
        "is_unlimited": own.is_unlimited,
        "is_soft": own.is_soft,
        "keeps_overage": own.keeps_overage,
        "resets": [[one.at.isoformat(), one.anchor.isoformat(), one.keeps_overage] for one in own.resets],
    }


def _known(extras: Extras) -> KnownEntitlement:
    kept = extras.more
    own = OwnEntitlement(
        id=extras.our_id,
        customer_id=extras.parent_id or "",
        feature_key=kept["feature"],
        type=kept["type"],
        created_at=extras.created_at,
        config=kept["config"],
        cadence=None if kept["cadence"] is None else Cadence.from_text(kept["cadence"]),
        anchor=_instant(kept["anchor"]),
        measured_from=_instant(kept["measured_from"]),
        issue=Decimal(kept["issue"]),
        is_unlimited=kept["is_unlimited"],
        is_soft=kept["is_soft"],
        keeps_overage=kept["keeps_overage"],
        resets=tuple(
            OwnReset(datetime.fromisoformat(at), datetime.fromisoformat(anchor), keeps)
            for at, anchor, keeps in kept["resets"]
        ),
    )
    return KnownEntitlement(own, extras)


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
