"""Settings that billing cadences share: how their invoices are made, and how they are collected.

A setting has versions, each of which never changes. A cadence follows the live one, or is pinned to one of them.

Source: Stripe API reference, Bill settings and Collection settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.domain.catalog.labels import checked_lookup_key, checked_metadata, checked_name
from billing_sdk.server.domain.collection.profile import BillingProfile, CollectionMethod
from billing_sdk.server.domain.periods import Cadence, Duration

SettingKind = Literal["bill", "collection"]
PayerStatus = Literal["active", "inactive"]


@dataclass(frozen=True, slots=True)
class BillTerms:
    """How invoices are made.

    Attributes:
        is_tax_automatic: by the rates that there are, here or at the payment processor; False for none at all, and None
            leaves it to the customer's billing profile.
        due_after: how long a sent invoice may be paid; None leaves it to the profile.
        rendering_template: kept and shown; invoices here have one design.
    """

    is_tax_automatic: bool | None = None
    due_after: Cadence | None = None
    rendering_template: str | None = None

    def applied_to(self, profile: BillingProfile) -> BillingProfile:
        """Return a profile with these terms in place of its own."""
        if self.is_tax_automatic is not None:
            profile = replace(profile, tax=replace(profile.tax, is_enabled=self.is_tax_automatic))
        if self.due_after is not None:
            profile = replace(profile, due_after=Duration(**{f"{self.due_after.unit}s": self.due_after.count}))
        return profile


@dataclass(frozen=True, slots=True)
class CollectionTerms:
    """How invoices are collected.

    Attributes:
        method: whether a card is charged, or an invoice sent.
        email_payment_due: whether, and how, the customer is told that a payment is due; kept and shown, like all that
            follows.
    """

    method: CollectionMethod = "charge_automatically"
    email_payment_due: Mapping[str, bool] | None = None
    payment_method_configuration: str | None = None
    payment_method_options: Mapping[str, Any] = field(default_factory=dict)

    def applied_to(self, profile: BillingProfile) -> BillingProfile:
        """Return a profile with these terms in place of its own."""
        return replace(profile, collection_method=self.method)


Terms = BillTerms | CollectionTerms
TermsT = TypeVar("TermsT", BillTerms, CollectionTerms)


@dataclass(frozen=True, slots=True)
class SettingVersion(Generic[TermsT]):
    """One state of a setting, which never changes."""

    id: str
    setting_id: str
    terms: TermsT
    created_at: datetime


@dataclass(frozen=True, slots=True)
class CadenceSetting(Generic[TermsT]):
    """A setting that cadences share.

    Attributes:
        id: starts with `billset_` or `collset_`.
        latest: the version that was made last.
        live: the version that counts where none is named.
    """

    id: str
    name: str | None
    latest: SettingVersion[TermsT]
    live: SettingVersion[TermsT]
    created_at: datetime
    lookup_key: str | None = None

    def __post_init__(self) -> None:
        checked_lookup_key(self.lookup_key)
        if self.name is not None:
            checked_name(self.name)


@dataclass(frozen=True, slots=True)
class PayerProfile:
    """Who pays a customer's cadences, and by what.

    Attributes:
        id: starts with `payer_`.
        payment_method_id: None for the customer's default one.
        lookup_key: which no other profile of the customer has.
        status: an inactive one is for no new cadence.
    """

    id: str
    customer_id: str
    created_at: datetime
    name: str | None = None
    payment_method_id: str | None = None
    lookup_key: str | None = None
    status: PayerStatus = "active"
    metadata: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        checked_lookup_key(self.lookup_key)
        checked_metadata(self.metadata)
        if self.name is not None:
            checked_name(self.name)
        if self.status not in ("active", "inactive"):
            raise InvalidRequest("the status is active or inactive", parameter="status")


def as_cadence_bills(
    profile: BillingProfile, bill: BillTerms | None = None, collection: CollectionTerms | None = None
) -> BillingProfile:
    """Return how the invoices of a cadence are made and collected.

    Args:
        profile: the customer's own, which counts where a cadence has no setting.
        bill: what the cadence's bill setting says.
        collection: what its collection setting says.
    """
    for terms in (bill, collection):
        profile = profile if terms is None else terms.applied_to(profile)
    # Whatever is due by a cadence at one instant is one invoice.
    return replace(profile, is_consolidating=True)
