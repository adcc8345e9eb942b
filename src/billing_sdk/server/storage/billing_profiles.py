"""Billing profiles; what is built in counts while none has been made the default one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, delete, select, update

from billing_sdk.errors import SecondDefaultProfile, UnknownProfile
from billing_sdk.server.domain.collection import (
    BUILT_IN,
    BUILT_IN_ID,
    BillingProfile,
    BillTerms,
    CollectionTerms,
    DunningPolicy,
    Numbering,
    Supplier,
    TaxSettings,
    as_cadence_bills,
)
from billing_sdk.server.domain.customers import Address, Customer
from billing_sdk.server.domain.periods import Duration
from billing_sdk.server.storage.billing_cadences import BillingCadenceRepository
from billing_sdk.server.storage.cadence_settings import CadenceSettingRepository
from billing_sdk.server.storage.paging import FIRST_PAGE, Page, PageRequest, read_page
from billing_sdk.server.storage.rows import row_of
from billing_sdk.server.storage.tables.collection import billing_profiles
from billing_sdk.server.storage.upsert import insert_new

BY_ID = select(billing_profiles).where(billing_profiles.c.id == bindparam("wanted"))
DEFAULT = select(billing_profiles).where(billing_profiles.c.is_default)
DURATIONS = ("due_after", "wait_for_late_usage", "wait_before_sending")


class BillingProfileRepository:
    """Keeps billing profiles, in the transaction of its connection, which reads each of them once."""

    def __init__(
        self,
        connection: Connection,
        cadences: BillingCadenceRepository,
        bill_settings: CadenceSettingRepository[BillTerms],
        collection_settings: CadenceSettingRepository[CollectionTerms],
    ) -> None:
        self._connection = connection
        self._cadences = cadences
        self._bill_settings = bill_settings
        self._collection_settings = collection_settings
        self._known: dict[str, BillingProfile] = {}
        self._default: BillingProfile | None = None

    def default(self) -> BillingProfile:
        """Return the default profile: the one that was made so, or the one that is built in."""
        if self._default is None:
            row = self._connection.execute(DEFAULT).mappings().first()
            self._default = BUILT_IN if row is None else _from_row(row)
        return self._default

    def of(self, customer: Customer, billing_cadence_id: str | None = None) -> BillingProfile:
        """Return the profile that a customer is billed by; for what a cadence bills, with its settings in it.

        Args:
            customer: whose profile it is.
            billing_cadence_id: the cadence that an agreement or an invoice is of; None for none.
        """
        profile = self.default() if customer.profile_id is None else self.get(customer.profile_id)
        if billing_cadence_id is None:
            return profile
        cadence = self._cadences.get(billing_cadence_id)
        bill = self._bill_settings.terms_of(cadence.bill)
        return as_cadence_bills(profile, bill, self._collection_settings.terms_of(cadence.collection))

    def has_default(self) -> bool:
        """Tell whether a profile was made the default one."""
        return self._connection.execute(DEFAULT).first() is not None

    def get(self, profile_id: str) -> BillingProfile:
        """Return a profile.

        Raises:
            UnknownProfile: there is none with this id.
        """
        found = self._known.get(profile_id) or self._read(profile_id)
        self._known[profile_id] = found
        return found

    def list(self, wanted: PageRequest = FIRST_PAGE) -> Page[BillingProfile]:
        """Return a page of the profiles that were made, in the order of their ids."""
        return read_page(self._connection, select(billing_profiles), billing_profiles.c.id, wanted, _from_row)

    def lock(self) -> None:
        """Let nobody else make or change profiles before the transaction ends; which is the default is one decision."""
        self._connection.execute(select(billing_profiles.c.id).with_for_update()).all()
        self._forget()

    def add(self, profile: BillingProfile) -> None:
        """Store a new profile.

        Raises:
            SecondDefaultProfile: it is the default one, and somebody else was faster with another.
        """
        if not insert_new(self._connection, billing_profiles, _to_row(profile)):
            raise SecondDefaultProfile("another billing profile has just become the default one")
        self._forget()

    def save(self, profile: BillingProfile) -> None:
        """Store a profile that has changed."""
        mine = billing_profiles.c.id == profile.id
        self._connection.execute(update(billing_profiles).where(mine).values(_to_row(profile)))
        self._forget()

    def make_default(self, profile_id: str) -> None:
        """Store which profile is the default one, in place of the one before."""
        others = billing_profiles.c.id != profile_id
        self._connection.execute(update(billing_profiles).where(others).values(is_default=False))
        mine = billing_profiles.c.id == profile_id
        self._connection.execute(update(billing_profiles).where(mine).values(is_default=True))
        self._forget()

    def delete(self, profile_id: str) -> None:
        """Remove a profile."""
        self._connection.execute(delete(billing_profiles).where(billing_profiles.c.id == profile_id))
        self._forget()

    def _read(self, profile_id: str) -> BillingProfile:
        row = self._connection.execute(BY_ID, {"wanted": profile_id}).mappings().first()
        if row is not None:
            return _from_row(row)
        if profile_id == BUILT_IN_ID:
            return BUILT_IN
        raise UnknownProfile(f"there is no billing profile {profile_id[:64]!r}", profile=profile_id[:64])

    def _forget(self) -> None:
        self._known.clear()
        self._default = None


def _to_row(profile: BillingProfile) -> dict[str, Any]:
    supplier = profile.supplier
    address = None if supplier.address is None else row_of(supplier.address)
    return {
        **row_of(profile),
        **{name: str(getattr(profile, name)) for name in DURATIONS},
        "supplier": {**row_of(supplier), "address": address},
        "numbering": row_of(profile.numbering),
        "tax": row_of(profile.tax),
        "dunning": policy_to_json(profile.dunning),
        "progressive_threshold_minor": dict(profile.progressive_threshold_minor),
    }


def _from_row(row: RowMapping) -> BillingProfile:
    return BillingProfile(
        **{
            **row,
            **{name: Duration.parse(row[name]) for name in DURATIONS},
            "supplier": Supplier(**{**row["supplier"], "address": _address(row["supplier"]["address"])}),
            "numbering": Numbering(**row["numbering"]),
            "tax": TaxSettings(**row["tax"]),
            "dunning": policy_from_json(row["dunning"]),
        }
    )


def _address(stored: Mapping[str, Any] | None) -> Address | None:
    return None if stored is None else Address(**{**stored, "lines": tuple(stored["lines"])})


def policy_to_json(policy: DunningPolicy) -> dict[str, Any]:
    """Return what is decided about payments that fail, in JSON values."""
    return {
        "retry_after": [str(wait) for wait in policy.retry_after],
        "grace": str(policy.grace),
        "at_end": policy.at_end,
    }


def policy_from_json(stored: Mapping[str, Any]) -> DunningPolicy:
    """Return what was stored as JSON."""
    waits = tuple(Duration.parse(wait) for wait in stored["retry_after"])
    return DunningPolicy(waits, Duration.parse(stored["grace"]), stored["at_end"])
