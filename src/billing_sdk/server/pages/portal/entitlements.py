"""What a plan includes, as its customer reads it: how much is used, how much may be, what more costs, and when."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal

from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.catalog import Entitlement, Feature, PlanVersion, Rate
from billing_sdk.server.domain.entitlements import Allowance, Room, allowance_under
from billing_sdk.server.pages.price_words import words_of_price
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.room_of import look_ahead, room_of
from billing_sdk.server.words import Phrase, phrase

Level = Literal["plenty", "little", "none"]
# From which share of a limit on somebody is told that little is left.
LITTLE: Final = Decimal("0.8")


@dataclass(frozen=True, slots=True)
class Included:
    """One thing that a plan includes.

    Attributes:
        used: how much of it in the present usage period; None where it isn't counted, or not shown.
        limit: how much may be used, or is included where more can be had; None is without limit.
        granted: how much of the limit comes beside the plan.
        is_open: use goes on beyond the limit.
        resets_at: when use is counted anew.
        more: what use beyond what is included costs, a line for each part of the price.
        setting: what a feature is set to that has more than one value.
    """

    name: str
    unit_name: str = ""
    used: Decimal | None = None
    limit: Decimal | None = None
    granted: Decimal = Decimal(0)
    is_open: bool = False
    resets_at: datetime | None = None
    more: tuple[Phrase, ...] = ()
    setting: str = ""

    @property
    def level(self) -> Level:
        """How much is left, in three steps."""
        if self.used is None or self.limit is None or self.used < LITTLE * self.limit:
            return "plenty"
        return "little" if self.used < self.limit else "none"

    @property
    def shown(self) -> Decimal:
        """How far its bar reaches: to its end, where more is used than the limit."""
        return min(self.used or Decimal(0), self.limit or Decimal(0))

    @property
    def warns_from(self) -> Decimal:
        """From where on its bar warns."""
        return LITTLE * (self.limit or Decimal(0))

    @property
    def warning(self) -> Phrase | None:
        """What is said beside a bar that is nearly full, or full."""
        match self.level:
            case "plenty":
                return None
            case "little":
                return phrase("Little is left.")
            case "none" if self.is_open:
                return phrase("What is included is used up. Use goes on.")
            case "none":
                return phrase("All of it is used.")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be shown of what an agreement includes.

    Attributes:
        agreement: a live one, paused or not.
        version: its plan, with what its add-ons include.
        found: what is wanted of all that the version includes.
    """

    agreement: Agreement
    version: PlanVersion
    found: Sequence[Entitlement]


def included_in(
    tx: UnitOfWork, customer_id: str, several: Sequence[Asked], at: datetime, *, shows_usage: bool
) -> list[tuple[Included, ...]]:
    """Return what some agreements include, each in the order of its plan; all that it comes from is read at once.

    Args:
        tx: the transaction.
        customer_id: whose agreements they are.
        several: what is asked for.
        at: the customer's present.
        shows_usage: whether the operator lets customers see how much they have used.
    """
    features = tx.features.named({one.feature_key for asked in several for one in asked.found})
    metered = {key for key, feature in features.items() if shows_usage and feature.is_metered}
    counted = [
        {
            one.feature_key: allowance
            for one in asked.found
            if one.feature_key in metered
            if (allowance := allowance_under(asked.agreement, asked.version, one.feature_key))
        }
        for asked in several
    ]
    look_ahead(tx, customer_id, [one for allowances in counted for one in allowances.items()], at)
    return [_included(tx, asked, allowances, features, at) for asked, allowances in zip(several, counted, strict=True)]


def _included(
    tx: UnitOfWork,
    asked: Asked,
    allowances: Mapping[str, Allowance],
    features: Mapping[str, Feature],
    at: datetime,
) -> tuple[Included, ...]:
    rates = {rate.feature_key: rate for rate in asked.version.of_kind(Rate)}
    return tuple(
        _counted(tx, one, allowances[one.feature_key], features[one.feature_key], rates.get(one.feature_key), at)
        if one.feature_key in allowances
        else _uncounted(one, features)
        for one in asked.found
    )


def _counted(
    tx: UnitOfWork, one: Entitlement, allowance: Allowance, feature: Feature, rate: Rate | None, at: datetime
) -> Included:
    room = room_of(tx, allowance, one.feature_key, at)
    return Included(
        one.feature_name,
        unit_name=feature.unit_name,
        used=room.used,
        limit=room.limit,
        granted=_beside(room, allowance),
        is_open=room.is_soft,
        resets_at=room.resets_at,
        more=words_of_price(rate.terms.price, rate.currency, feature.unit_name or rate.name) if rate else (),
    )


def _beside(room: Room, allowance: Allowance) -> Decimal:
    if room.limit is None or allowance.limit is None:
        return Decimal(0)
    return max(Decimal(0), room.limit - allowance.limit)


def _uncounted(one: Entitlement, features: Mapping[str, Feature]) -> Included:
    feature = features.get(one.feature_key)
    limit = one.limit_max if feature is not None and feature.is_metered else None
    return Included(
        one.feature_name,
        unit_name=feature.unit_name if feature else "",
        limit=None if limit is None else Decimal(limit),
        setting=_setting(one.value),
    )


def _setting(value: str | None) -> str:
    """Return what a feature is set to; nothing for one that is simply there."""
    found = None if value is None else json.loads(value)
    return "" if found is None or isinstance(found, bool) else found if isinstance(found, str) else json.dumps(found)
