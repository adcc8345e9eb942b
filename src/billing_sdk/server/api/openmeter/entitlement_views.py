"""Entitlements, grants and histories as OpenMeter clients read them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from billing_sdk.server.api.konnect.values import instant
from billing_sdk.server.api.openmeter.calling import told
from billing_sdk.server.api.openmeter.entitlement_bodies import iso_of, name_of
from billing_sdk.server.domain.entitlements import AllowanceGrant, Segment
from billing_sdk.server.domain.periods import Cadence, Period
from billing_sdk.server.ids import ulid_of
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.konnect import Extras
from billing_sdk.server.usecases.look_up_allowances import AllowanceHistory
from billing_sdk.server.usecases.own_entitlements import KnownEntitlement


def entitlement(tx: UnitOfWork, known: KnownEntitlement, whose: Mapping[str, Any], *, at: datetime) -> dict[str, Any]:
    """Return an entitlement; `whose` says whom it is of."""
    own, extras = known.own, known.extras
    feature = tx.features.find(own.feature_key)
    common = told(
        id=ulid_of(own.id),
        type=own.type,
        feature_key=own.feature_key,
        feature_id="" if feature is None else ulid_of(feature.id),
        metadata=dict(extras.labels) or None,
        config=own.config,
        active_from=own.created_at,
        created_at=own.created_at,
        updated_at=extras.updated_at,
    )
    if own.type != "metered" or own.cadence is None:
        return {**common, **whose}
    period = own.periods_until(max(at, own.began_at))[-1].period
    anchor = own.resets[-1].anchor if own.resets else own.anchor or own.created_at
    counted = told(
        is_soft_limit=own.is_soft,
        is_unlimited=own.is_unlimited,
        issue_after_reset=float(own.issue) if own.issue else None,
        preserve_overage_at_reset=own.keeps_overage,
        last_reset=period.start,
        measure_usage_from=own.began_at,
        current_usage_period=_period(period),
        usage_period=_recurring(own.cadence, anchor),
    )
    return {**common, **counted, **whose}


def grant(one: AllowanceGrant, extras: Extras | None, *, entitlement_id: str, at: datetime) -> dict[str, Any]:
    """Return a grant."""
    more = {} if extras is None else extras.more
    coming = None if one.recurrence is None else next(one.refills(at, datetime.max.replace(tzinfo=at.tzinfo)), None)
    return told(
        id=ulid_of(one.id),
        entitlement_id=entitlement_id,
        amount=float(one.amount),
        priority=one.priority,
        effective_at=one.effective_at,
        expiration=more.get("expiration"),
        expires_at=one.expires_at,
        voided_at=one.voided_at,
        max_rollover_amount=float(one.max_rollover),
        min_rollover_amount=float(one.min_rollover),
        metadata=None if extras is None else dict(extras.labels) or None,
        recurrence=None
        if one.recurrence is None
        else _recurring(one.recurrence, one.recurrence_anchor or one.effective_at),
        next_recurrence=coming,
        created_at=one.created_at,
        updated_at=one.voided_at or one.created_at,
    )


def history(found: AllowanceHistory) -> dict[str, Any]:
    """Return how a balance came about."""
    windows = [
        told(
            period=_period(one.period),
            usage=float(one.usage),
            balance_at_start=None if one.balance_at_start is None else float(one.balance_at_start),
        )
        for one in found.windows
    ]
    return {"windowedHistory": windows, "burndownHistory": [_segment(one) for one in found.segments]}


def _segment(one: Segment) -> dict[str, Any]:
    return told(
        period=_period(one.period),
        usage=float(one.usage),
        overage=float(one.end.overage),
        balance_at_start=float(one.start.balance),
        balance_at_end=float(one.end.balance),
        grant_balances_at_start=_amounts(one.start.balances),
        grant_balances_at_end=_amounts(one.end.balances),
        grant_usages=[{"grantId": key, "usage": usage} for key, usage in _amounts(one.burnt).items()],
    )


def _amounts(amounts: Mapping[str, Decimal]) -> dict[str, float]:
    """Return amounts by the ids of grants; what is issued with a usage period goes by its entitlement and start."""
    return {ulid_of(key) if "/" not in key else key: float(amount) for key, amount in amounts.items()}


def _period(period: Period) -> dict[str, str]:
    return {"from": instant(period.start), "to": instant(period.end)}


def _recurring(cadence: Cadence, anchor: datetime) -> dict[str, str]:
    return {"interval": name_of(cadence), "intervalISO": iso_of(cadence), "anchor": instant(anchor)}
