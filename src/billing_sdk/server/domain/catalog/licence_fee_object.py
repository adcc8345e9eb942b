"""Licence fees as objects of their own: one price for a licensed item, which plans refer to by version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from billing_sdk.server.domain.catalog.component import LicenceFee, TaxBehavior, check_tax
from billing_sdk.server.domain.catalog.labels import checked_lookup_key, checked_metadata, checked_name
from billing_sdk.server.domain.catalog.licensed_item import LicensedItem
from billing_sdk.server.domain.catalog.version_rules import makes_version
from billing_sdk.server.domain.catalog.versioned import Version, Versions
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.rating import Terms


@dataclass(frozen=True, slots=True)
class LicenceFeeVersion(Version):
    """A price of a licence fee that never changes."""

    terms: Terms


@dataclass(frozen=True, slots=True)
class LicenceFeeObject:
    """A fixed, recurring charge with all prices that it has had.

    Attributes:
        id: starts with `fee_`.
        currency: never changes, nor does the item or the service interval.
        service: the interval that is paid for in advance, one charge for each.
        tax_behavior: whether its prices include tax, which never changes; as the billing profile says if None.
    """

    id: str
    name: str
    item: LicensedItem
    currency: str
    service: Cadence
    versions: Versions[LicenceFeeVersion]
    created_at: datetime
    lookup_key: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    tax_behavior: TaxBehavior | None = None

    def __post_init__(self) -> None:
        checked_name(self.name)
        checked_lookup_key(self.lookup_key)
        checked_metadata(self.metadata)
        check_tax(None, self.tax_behavior)

    def priced(self, terms: Terms, *, version_id: str, at: datetime) -> LicenceFeeObject:
        """Return the fee with another price; the same price again makes no version.

        Args:
            terms: the price.
            version_id: what the new version is called.
            at: the present.
        """
        if terms == self.versions.latest.terms or not makes_version("licence_fee", "change price"):
            return self
        version = LicenceFeeVersion(version_id, self.versions.next_number, at, terms)
        return replace(self, versions=self.versions.followed_by(version))

    def component(self, version_id: str, *, component_id: str, key: str) -> LicenceFee:
        """Return one version as what a plan version is made of.

        Args:
            version_id: the version of the fee.
            component_id: of the plan's component that refers to it.
            key: by which an agreement keeps the quantity.

        Raises:
            VersionNotFound: there is no such version.
        """
        return LicenceFee(
            id=component_id,
            key=key,
            name=self.name,
            currency=self.currency,
            terms=self.versions.find(version_id).terms,
            line_description=self.name,
            service=self.service,
            tax_code=self.item.tax_code,
            tax_behavior=self.tax_behavior,
        )
