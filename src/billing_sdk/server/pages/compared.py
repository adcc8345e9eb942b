"""Plans beside each other: what each of them includes of every feature that one of them has."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final, TypeAlias

from billing_sdk.server.domain.catalog import Entitlement, Feature, PlanVersion
from billing_sdk.server.pages.price_words import words_of_cadence
from billing_sdk.server.words import Phrase, phrase

INCLUDED: Final = phrase("Included")
NOT_INCLUDED: Final = phrase("Not included")


@dataclass(frozen=True, slots=True)
class Included:
    """What a plan includes of a feature.

    Attributes:
        words: how much, or what it is set to; that it is included, where nothing more can be said.
        is_mark: there is nothing more to say than yes or no.
        places: at which choices of the switch of cadences it is so; empty for all of them.
    """

    feature_key: str
    name: str
    words: Phrase | str
    is_mark: bool = False
    places: tuple[int, ...] = ()

    @property
    def is_missing(self) -> bool:
        """Whether the plan does not have the feature."""
        return self.words == NOT_INCLUDED


@dataclass(frozen=True, slots=True)
class ComparedFeature:
    """A feature, and what is included of it with each card; several where that depends on the cadence."""

    name: str
    cells: tuple[tuple[Included, ...], ...]


Offered: TypeAlias = tuple[Sequence[Included], tuple[int, ...]]


def included_features(version: PlanVersion, features: Mapping[str, Feature]) -> tuple[Included, ...]:
    """Return what a version of a plan includes, in its order.

    Args:
        version: of the plan.
        features: those of the catalogue by their keys, which say what is counted.
    """
    return tuple(_included(one, features.get(one.feature_key)) for one in version.of_kind(Entitlement))


def compared(cards: Sequence[Sequence[Offered]]) -> tuple[ComparedFeature, ...]:
    """Return a row for each feature that a plan has, in the order in which the cards come to them.

    Args:
        cards: for each of them its offers: what the plan includes, and at which choices of the switch it is shown.
    """
    names = {one.feature_key: one.name for offers in reversed(cards) for included, _ in offers for one in included}
    order = dict.fromkeys(one.feature_key for offers in cards for included, _ in offers for one in included)
    return tuple(
        ComparedFeature(names[key], tuple(_cell(key, names[key], offers) for offers in cards)) for key in order
    )


def _cell(key: str, name: str, offers: Sequence[Offered]) -> tuple[Included, ...]:
    missing = Included(key, name, NOT_INCLUDED, is_mark=True)
    found = [
        replace(next((one for one in included if one.feature_key == key), missing), places=places)
        for included, places in offers
    ]
    first = replace(found[0], places=())
    return (first,) if all(replace(one, places=()) == first for one in found) else tuple(found)


def _included(one: Entitlement, feature: Feature | None) -> Included:
    if feature is not None and feature.is_metered:
        return Included(one.feature_key, one.feature_name, _amount(one))
    setting = None if one.value is None else json.loads(one.value)
    if setting is None or isinstance(setting, bool):
        words = NOT_INCLUDED if setting is False else INCLUDED
        return Included(one.feature_key, one.feature_name, words, is_mark=True)
    return Included(one.feature_key, one.feature_name, setting if isinstance(setting, str) else json.dumps(setting))


def _amount(one: Entitlement) -> Phrase:
    if one.limit_max is None:
        return phrase("Without limit")
    limit = Decimal(one.limit_max)
    if one.usage_cadence is None:
        return phrase("%(limit)s, then by use", limit=limit) if one.is_soft else phrase("up to %(limit)s", limit=limit)
    often = words_of_cadence(one.usage_cadence)
    if one.is_soft:
        return phrase("%(limit)s %(often)s, then by use", limit=limit, often=often)
    return phrase("up to %(limit)s %(often)s", limit=limit, often=often)
