"""Rate cards: the prices of up to 500 metered items together, with all versions that the card has had.

A rate belongs to all versions from the one that it was added to until, and not including, the one that replaced or
deleted it. So the history is kept once, whatever number of versions there are, and a rate that is added later counts
for everybody on the version that it was added to.
Source: Stripe documentation, "How advanced usage-based billing works", Rate card concepts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from billing_sdk.errors import InvalidPrice, NotFound, RateExists, TooManyRates, UsagePricedTwice
from billing_sdk.server.domain.catalog.component import Rate, TaxBehavior, check_tax
from billing_sdk.server.domain.catalog.custom_unit import CustomUnit
from billing_sdk.server.domain.catalog.labels import checked_lookup_key, checked_metadata, checked_name
from billing_sdk.server.domain.catalog.metered_item import MeteredItem
from billing_sdk.server.domain.catalog.overage_rate import OverageRate
from billing_sdk.server.domain.catalog.version_rules import VersionedChange, makes_version
from billing_sdk.server.domain.catalog.versioned import Version, Versions
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.rating import ByDimension, Terms

MOST_RATES = 500
MOST_CHANGES = 100


@dataclass(frozen=True, slots=True)
class CardRate:
    """The price of one metered item; it never changes, another one takes its place.

    Attributes:
        id: starts with `rate_`.
        unit: the custom unit that the item is priced in; the terms are in millionths of it then.
        since: the number of the first version that it belongs to.
        until: the number of the first version that it does not belong to any more; None where there is none yet.
    """

    id: str
    item: MeteredItem
    terms: Terms
    created_at: datetime
    since: int = 1
    until: int | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    unit: CustomUnit | None = None

    def __post_init__(self) -> None:
        checked_metadata(self.metadata)
        _where_it_applies(self)  # refuses terms that can't be of a part of the usage

    def is_in(self, number: int) -> bool:
        """Tell whether it belongs to a version."""
        return self.since <= number and (self.until is None or number < self.until)


@dataclass(frozen=True, slots=True)
class RateCard:
    """A collection of usage-based prices in one currency.

    Attributes:
        id: starts with `card_`.
        service: the interval over which usage is counted and tiers begin anew; it never changes.
        rates: those of all versions.
        tax_behavior: whether its prices include tax, which never changes; as the billing profile says if None.
        overage_rates: what custom units cost that no grant covers, in all versions.
    """

    id: str
    name: str
    currency: str
    service: Cadence
    versions: Versions[Version]
    created_at: datetime
    rates: tuple[CardRate, ...] = ()
    lookup_key: str | None = None
    is_active: bool = True
    metadata: Mapping[str, str] = field(default_factory=dict)
    tax_behavior: TaxBehavior | None = None
    overage_rates: tuple[OverageRate, ...] = ()

    def __post_init__(self) -> None:
        checked_name(self.name)
        checked_lookup_key(self.lookup_key)
        checked_metadata(self.metadata)
        check_tax(None, self.tax_behavior)

    def rates_of(self, wanted: str) -> tuple[CardRate, ...]:
        """Return the rates of a version: an id, `latest` or `live`.

        Raises:
            VersionNotFound: there is no such version.
        """
        number = self.versions.find(wanted).number
        return tuple(rate for rate in self.rates if rate.is_in(number))

    def overage_rates_of(self, wanted: str) -> tuple[OverageRate, ...]:
        """Return the overage rates of a version: an id, `latest` or `live`.

        Raises:
            VersionNotFound: there is no such version.
        """
        number = self.versions.find(wanted).number
        return tuple(rate for rate in self.overage_rates if rate.is_in(number))

    def with_overage_rate(self, rate: OverageRate, *, version_id: str, at: datetime) -> RateCard:
        """Return the card with a price for units that no grant covers, in place of the one that the unit has.

        As with items, a first price counts for the latest version, and another one makes a new version.
        """
        present = [one.id for one in self.overage_rates_of("latest") if one.unit.id == rate.unit.id]
        card = self.without_overage_rate(present[0], version_id=version_id, at=at) if present else self
        begun = replace(rate, since=card.versions.latest.number)
        return replace(card, overage_rates=(*card.overage_rates, begun))

    def without_overage_rate(self, rate_id: str, *, version_id: str, at: datetime) -> RateCard:
        """Return the card with a new version that leaves an overage rate out.

        Raises:
            NotFound: the latest version has no such overage rate.
        """
        if all(one.id != rate_id for one in self.overage_rates_of("latest")):
            raise NotFound(f"the latest version of the rate card has no overage rate {rate_id[:64]!r}")
        versions = self.versions.followed_by(Version(version_id, self.versions.next_number, at))
        number = versions.latest.number
        rates = tuple(replace(one, until=number) if one.id == rate_id else one for one in self.overage_rates)
        return replace(self, versions=versions, overage_rates=rates)

    def modified(
        self, *, create: Sequence[CardRate], delete: Collection[str], version_id: str, at: datetime
    ) -> RateCard:
        """Return the card with rates created and deleted together, in one new version at most.

        A rate for an item that has one takes its place where the present one is deleted in the same call.

        Args:
            create: new rates; `since` is set here.
            delete: the ids of rates of the latest version.
            version_id: what the new version is called, where the changes make one.
            at: the present.

        Raises:
            NotFound: a rate to delete is not in the latest version.
            RateExists: an item would have two rates.
        UsagePricedTwice: two items of one feature with the same conditions would have one each.
            TooManyRates: there would be more than 500, or the call changes more than 100.
        """
        if len(create) + len(delete) > MOST_CHANGES:
            raise TooManyRates(f"a call changes {MOST_CHANGES} rates at most")
        present = self.rates_of(self.versions.latest.id)
        gone = {rate.id: rate.item.id for rate in present if rate.id in delete}
        for missing in sorted(set(delete) - gone.keys()):
            raise NotFound(f"the latest version of the rate card has no rate {missing[:64]!r}", rate=missing[:64])
        _check_rates([*(rate.item for rate in present if rate.id not in gone), *(rate.item for rate in create)])
        changes = [_change_for(rate, set(gone.values())) for rate in create]
        replaced = {rate.item.id for rate in create}
        changes += ["delete rate" for item_id in gone.values() if item_id not in replaced]
        versions = self.versions
        if makes_version("rate_card", *changes):
            versions = versions.followed_by(Version(version_id, versions.next_number, at))
        number = versions.latest.number
        ended = (replace(rate, until=number) if rate.id in gone else rate for rate in self.rates)
        begun = (replace(rate, since=number) for rate in create)
        return replace(self, versions=versions, rates=(*ended, *begun))

    def priced(self, rate: CardRate, *, version_id: str, at: datetime) -> RateCard:
        """Return the card with a rate, in place of the one that its item has, if it has one.

        Raises:
            TooManyRates: there would be more than 500.
            UsagePricedTwice: another item of its feature with the same conditions has a rate.
        """
        present = [old.id for old in self.rates_of(self.versions.latest.id) if old.item.id == rate.item.id]
        return self.modified(create=[rate], delete=present, version_id=version_id, at=at)


def components_of(card: RateCard, wanted: str) -> tuple[Rate, ...]:
    """Return the rates of a version of a card as what a plan version is made of."""
    overage = {one.unit.id: one.terms for one in card.overage_rates_of(wanted)}
    return tuple(
        Rate(
            id=rate.id,
            feature_key=rate.item.feature_key,
            name=rate.item.name,
            currency=card.currency,
            terms=_where_it_applies(rate),
            line_description=rate.item.name,
            service=card.service,
            tax_code=rate.item.tax_code,
            tax_behavior=card.tax_behavior,
            item_id=rate.item.id,
            card_id=card.id,
            priced_in=None if rate.unit is None else replace(rate.unit.priced_in, overage=overage.get(rate.unit.id)),
        )
        for rate in card.rates_of(wanted)
    )


def _where_it_applies(rate: CardRate) -> Terms:
    """Return the terms for all usage, of which only that counts which meets the conditions of the item."""
    if not rate.item.conditions:
        return rate.terms
    if isinstance(rate.terms.price, ByDimension):
        raise InvalidPrice("price is by dimension, and so are the conditions of the item", member="price")
    dimensions = tuple(dimension for dimension, _ in rate.item.conditions)
    values = tuple(value for _, value in rate.item.conditions)
    return replace(rate.terms, price=ByDimension(dimensions, rates=((values, rate.terms.price),), otherwise=None))


def _check_rates(items: Sequence[MeteredItem]) -> None:
    if len(items) > MOST_RATES:
        raise TooManyRates(f"a version of a rate card holds {MOST_RATES} rates at most")
    for item_id, count in Counter(item.id for item in items).items():
        if count > 1:
            raise RateExists(f"the item {item_id!r} has a rate already", item=item_id)
    for (feature_key, _), count in Counter((item.feature_key, item.conditions) for item in items).items():
        if count > 1:
            raise UsagePricedTwice(f"the same usage of {feature_key!r} has a rate already", feature=feature_key)


def _change_for(rate: CardRate, priced_before: Collection[str]) -> VersionedChange:
    return "change rate" if rate.item.id in priced_before else "add rate for an item without one"
