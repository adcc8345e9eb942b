"""Which agreement the use of a feature falls under, and its limit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from math import inf

from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.catalog import Entitlement, PlanVersion, UsageThreshold
from billing_sdk.server.domain.entitlements.granted import entitlements_of
from billing_sdk.server.domain.periods import Alignment, Cadence, Period, Schedule, calendar_anchor


@dataclass(frozen=True, slots=True)
class Allowance:
    """An agreement that includes a feature.

    Attributes:
        limit: how many units of it a usage period includes; None is without limit.
        is_soft: use goes on beyond the limit.
        usage_cadence: how often use is counted anew; None is with each billing period.
        usage_alignment: where usage periods of their own begin.
        keeps_overage: what was used beyond a limit is taken off what the next usage period includes.
        thresholds: at how much use the customer is told.
        has_fee: whether the plan costs something each period, so that a customer can't take it again for nothing.
    """

    agreement: Agreement
    limit: int | None
    is_soft: bool = False
    usage_cadence: Cadence | None = None
    usage_alignment: Alignment = "anniversary"
    keeps_overage: bool = False
    thresholds: tuple[UsageThreshold, ...] = ()
    has_fee: bool = False

    def period_at(self, at: datetime) -> Period:
        """Return the usage period that contains an instant; one from before the agreement counts as its start."""
        agreement = self.agreement
        if self.usage_cadence is None:
            return agreement.period_at(at)
        whole = self._schedule(self.usage_cadence).period_at(max(at, agreement.started_at))
        return Period(max(whole.start, agreement.started_at), whole.end)

    def _schedule(self, cadence: Cadence) -> Schedule:
        agreement = self.agreement
        if self.usage_alignment == "anniversary":
            return Schedule(agreement.started_at, cadence, agreement.zone)
        return Schedule(calendar_anchor(agreement.started_at, cadence, agreement.zone), cadence, agreement.zone)


def allowance_under(agreement: Agreement, version: PlanVersion, feature_key: str) -> Allowance | None:
    """Return what an agreement allows of a feature while it is in force; None where its plan does not include it."""
    for entitlement in version.of_kind(Entitlement):
        if entitlement.feature_key == feature_key:
            return Allowance(
                agreement,
                entitlement.limit_max,
                is_soft=entitlement.is_soft,
                usage_cadence=entitlement.usage_cadence,
                usage_alignment=entitlement.usage_alignment,
                keeps_overage=entitlement.keeps_overage,
                thresholds=entitlement.thresholds,
                has_fee=bool(version.price),
            )
    return None


def allowances_of(found: Iterable[tuple[Agreement, PlanVersion]], feature_key: str) -> tuple[Allowance, ...]:
    """Return what some agreements that are in force allow of a feature, in their order."""
    return tuple(
        Allowance(
            agreement,
            granted.limit_max,
            is_soft=granted.is_soft,
            usage_cadence=granted.usage_cadence,
            usage_alignment=granted.usage_alignment,
            keeps_overage=granted.keeps_overage,
            thresholds=granted.thresholds,
            has_fee=bool(version.price),
        )
        for agreement, version in found
        for granted in entitlements_of(agreement, version)
        if granted.feature_key == feature_key
    )


def allowance_of(found: Iterable[tuple[Agreement, PlanVersion]], feature_key: str) -> Allowance | None:
    """Return the most generous allowance of a feature that some agreements give, the first of those that give alike.

    It is the one that a customer is shown: who reads a limit of 5,000 among their entitlements can use 5,000. A limit
    that use goes on beyond is as good as none.
    """
    given = allowances_of(found, feature_key)
    return max(given, key=lambda one: inf if one.limit is None or one.is_soft else one.limit, default=None)
