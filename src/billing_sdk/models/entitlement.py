"""Entitlements: what a customer may use, and the snapshot that decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from math import inf
from typing import Any

from billing_sdk import _strict_json
from billing_sdk.errors import UnsafeAnswer
from billing_sdk.models._read import Document


@dataclass(frozen=True, slots=True)
class Entitlement:
    """One feature that a plan includes, with its limits.

    Attributes:
        fixed_charge: price of a fixed-charge item as the provider states it.
        unit_amount: price of one unit, in minor units of the plan's currency; None where it is not whole.
        unit_amount_decimal: the same, exact; only our own server tells it.
        limit_max: how many units may be used; None is unlimited.
        limit_min: how many units are charged at least.
        value: what a feature that isn't metered is set to; only our own server tells it, and what follows.
        is_soft: use goes on beyond the limit.
        consumed: what was used since use was counted anew; None where nothing is counted.
        remaining: what may still be used, also of what was granted beside the plan; None is without limit.
        overage: what was used and nothing covers.
        resets_on: when use is counted anew.
        agreement_id: the agreement that includes it, a person's own or their organization's.
    """

    id: str
    feature_key: str
    feature_name: str = ""
    price_name: str = ""
    fixed_charge: int | None = None
    unit_amount: int | None = None
    limit_max: int | None = None
    limit_min: int | None = None
    unit_amount_decimal: Decimal | None = None
    value: Any = None
    is_soft: bool = False
    consumed: Decimal | None = None
    remaining: Decimal | None = None
    overage: Decimal | None = None
    resets_on: datetime | None = None
    agreement_id: str | None = None

    @classmethod
    def read(cls, data: Any) -> Entitlement:
        """Read either door's spelling: `feature_key` (Account API) or `feature_code` (Management API)."""
        document = Document(data, "entitlement")
        return cls(
            id=document.text("id"),
            feature_key=document.text("feature_key", "feature_code"),
            feature_name=document.text_or_none("feature_name") or "",
            price_name=document.text_or_none("price_name") or "",
            fixed_charge=document.whole_or_none("fixed_charge"),
            unit_amount=document.whole_or_none("unit_amount"),
            limit_max=document.whole_or_none("entitlement_limit_max"),
            limit_min=document.whole_or_none("entitlement_limit_min"),
            unit_amount_decimal=document.exact_or_none("unit_amount_decimal"),
            value=_value(document.text_or_none("value")),
            is_soft=document.flag("is_soft"),
            consumed=document.exact_or_none("consumed"),
            remaining=document.exact_or_none("remaining"),
            overage=document.exact_or_none("overage"),
            resets_on=document.instant_or_none("resets_on"),
            agreement_id=document.text_or_none("customer_agreement_id"),
        )


@dataclass(frozen=True, slots=True)
class SubscribedPlan:
    """A plan that a customer is on."""

    key: str
    name: str = ""
    subscribed_on: datetime | None = None

    @classmethod
    def read(cls, data: Any) -> SubscribedPlan:
        """Read either door's spelling: `key` (Account API) or `code` (Management API)."""
        document = Document(data, "plan")
        return cls(
            key=document.text("key", "code"),
            name=document.text_or_none("name") or "",
            subscribed_on=document.instant_or_none("subscribed_on"),
        )


@dataclass(frozen=True, slots=True)
class EntitlementSnapshot:
    """Everything that one customer may use, as it was at one moment.

    It decides by itself, without a call. A key that it does not know is a no.
    """

    org_code: str | None
    plans: tuple[SubscribedPlan, ...]
    entitlements: tuple[Entitlement, ...]
    taken_at: datetime
    _limits: Mapping[str, int | None] = field(init=False, repr=False, compare=False)
    _plan_keys: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        limits: dict[str, int | None] = {}
        for entitlement in self.entitlements:
            limits[entitlement.feature_key] = _larger(limits.get(entitlement.feature_key, 0), entitlement.limit_max)
        object.__setattr__(self, "_limits", limits)
        object.__setattr__(self, "_plan_keys", frozenset(plan.key for plan in self.plans))

    def has(self, feature_key: str) -> bool:
        """Return whether the feature is included, with a limit above zero or none at all."""
        limit = self._limits.get(feature_key, 0)
        return limit is None or limit > 0

    def limit(self, feature_key: str) -> int | None:
        """Return how many units may be used: None is unlimited, 0 is none (an unknown feature, too)."""
        return self._limits.get(feature_key, 0)

    def value(self, feature_key: str) -> Any:
        """Return what a feature is set to, such as a region or a list of them; None where it is set to nothing."""
        values = (found.value for found in self.entitlements if found.feature_key == feature_key)
        return next((value for value in values if value is not None), None)

    def on_plan(self, *plan_keys: str) -> bool:
        """Return whether the customer is on at least one of these plans."""
        return not self._plan_keys.isdisjoint(plan_keys)

    def entitlement(self, feature_key: str) -> Entitlement | None:
        """Return the first entitlement to a feature, or None."""
        return next((found for found in self.entitlements if found.feature_key == feature_key), None)

    def agreement_for(self, feature_key: str) -> str | None:
        """Return the agreement that use of a feature counts under: the most generous, the first of those alike."""
        found = [one for one in self.entitlements if one.feature_key == feature_key]
        widest = max(found, key=_generosity, default=None)
        return None if widest is None else widest.agreement_id


def _larger(first: int | None, second: int | None) -> int | None:
    """Two plans that include one feature give the more generous of both limits."""
    return None if first is None or second is None else max(first, second)


def _generosity(one: Entitlement) -> float:
    return inf if one.limit_max is None or one.is_soft else one.limit_max


def _value(text: str | None) -> Any:
    try:
        return None if text is None else _strict_json.parse(text)
    except ValueError:
        raise UnsafeAnswer("value of entitlement is not JSON") from None
