"""Which agreement the use of a feature falls under, and its limit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf

from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.catalog import PlanVersion
from billing_sdk.server.domain.entitlements.granted import entitlements_of


@dataclass(frozen=True, slots=True)
class Allowance:
    """An agreement that includes a feature.

    Attributes:
        limit: how many units of it a period includes; None is without limit.
    """

    agreement: Agreement
    limit: int | None


def allowance_of(found: Iterable[tuple[Agreement, PlanVersion]], feature_key: str) -> Allowance | None:
    """Return the most generous allowance of a feature that some agreements give, the first of those that give alike.

    It is the one that a customer is shown: who reads a limit of 5,000 among their entitlements can use 5,000.
    """
    given = [
        Allowance(agreement, granted.limit_max)
        for agreement, version in found
        for granted in entitlements_of(agreement, version)
        if granted.feature_key == feature_key
    ]
    return max(given, key=lambda one: inf if one.limit is None else one.limit, default=None)
