"""Billing cadences, and who pays them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, RowMapping, Select, bindparam, insert, select, update

from billing_sdk.errors import UnknownCadence, UnknownPayerProfile
from billing_sdk.server.domain.agreements import BillingCadence, SettingRef
from billing_sdk.server.domain.collection import PayerProfile
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.storage.lookup_keys import giving_lookup_key_once
from billing_sdk.server.storage.paging import FIRST_PAGE, Page, PageRequest, read_page
from billing_sdk.server.storage.rows import row_of
from billing_sdk.server.storage.tables.billing import customers
from billing_sdk.server.storage.tables.cadences import billing_cadences, payer_profiles

BY_ID = select(billing_cadences).where(billing_cadences.c.id == bindparam("wanted"))
PROFILE_BY_ID = select(payer_profiles).where(payer_profiles.c.id == bindparam("wanted"))


class BillingCadenceRepository:
    """Keeps billing cadences, in the transaction of its connection, which reads each of them once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[str, BillingCadence] = {}

    def add(self, cadence: BillingCadence) -> None:
        """Store a new cadence.

        Raises:
            LookupKeyTaken: another cadence has its lookup key.
        """
        with giving_lookup_key_once(self._connection, cadence.lookup_key):
            self._connection.execute(insert(billing_cadences).values(_to_row(cadence)))

    def save(self, cadence: BillingCadence) -> None:
        """Store a cadence that has changed.

        Raises:
            LookupKeyTaken: another cadence has its lookup key.
        """
        mine = billing_cadences.c.id == cadence.id
        with giving_lookup_key_once(self._connection, cadence.lookup_key):
            self._connection.execute(update(billing_cadences).where(mine).values(_to_row(cadence)))
        self._known.pop(cadence.id, None)

    def get(self, cadence_id: str) -> BillingCadence:
        """Return a cadence.

        Raises:
            UnknownCadence: there is none with this id.
        """
        if cadence_id not in self._known:
            row = self._connection.execute(BY_ID, {"wanted": cadence_id}).mappings().first()
            if row is None:
                raise UnknownCadence(f"there is no billing cadence {cadence_id[:64]!r}", cadence=cadence_id[:64])
            self._known[cadence_id] = _from_row(row)
        return self._known[cadence_id]

    def active_of(self, customer_id: str) -> tuple[BillingCadence, ...]:
        """Return the cadences by which something of a customer can be billed, the oldest first."""
        mine = (billing_cadences.c.customer_id == customer_id) & (billing_cadences.c.status == "active")
        query = select(billing_cadences).where(mine).order_by(billing_cadences.c.id)
        return tuple(_from_row(row) for row in self._connection.execute(query).mappings())

    def list(
        self,
        wanted: PageRequest = FIRST_PAGE,
        *,
        customer_id: str | None = None,
        clock_id: str | None = None,
        lookup_keys: tuple[str, ...] = (),
    ) -> Page[BillingCadence]:
        """Return a page of cadences, in the order of their ids: all, or those that fit what is given."""
        query: Select[Any] = select(billing_cadences)
        if customer_id is not None:
            query = query.where(billing_cadences.c.customer_id == customer_id)
        if clock_id is not None:
            on_clock = select(customers.c.id).where(customers.c.clock_id == clock_id)
            query = query.where(billing_cadences.c.customer_id.in_(on_clock))
        if lookup_keys:
            query = query.where(billing_cadences.c.lookup_key.in_(lookup_keys))
        return read_page(self._connection, query, billing_cadences.c.id, wanted, _from_row)


class PayerProfileRepository:
    """Keeps the profiles of those who pay cadences, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, profile: PayerProfile) -> None:
        """Store a new profile.

        Raises:
            LookupKeyTaken: another profile of the customer has its lookup key.
        """
        with giving_lookup_key_once(self._connection, profile.lookup_key):
            self._connection.execute(insert(payer_profiles).values(row_of(profile)))

    def save(self, profile: PayerProfile) -> None:
        """Store a profile that has changed.

        Raises:
            LookupKeyTaken: another profile of the customer has its lookup key.
        """
        mine = payer_profiles.c.id == profile.id
        with giving_lookup_key_once(self._connection, profile.lookup_key):
            self._connection.execute(update(payer_profiles).where(mine).values(row_of(profile)))

    def get(self, profile_id: str) -> PayerProfile:
        """Return a profile.

        Raises:
            UnknownPayerProfile: there is none with this id.
        """
        row = self._connection.execute(PROFILE_BY_ID, {"wanted": profile_id}).mappings().first()
        if row is None:
            raise UnknownPayerProfile(f"there is no payer profile {profile_id[:64]!r}", profile=profile_id[:64])
        return PayerProfile(**row)

    def first_of(self, customer_id: str) -> PayerProfile | None:
        """Return the active profile of a customer that was made first, if there is one."""
        mine = (payer_profiles.c.customer_id == customer_id) & (payer_profiles.c.status == "active")
        query = select(payer_profiles).where(mine).order_by(payer_profiles.c.id).limit(1)
        row = self._connection.execute(query).mappings().first()
        return None if row is None else PayerProfile(**row)

    def list(
        self,
        wanted: PageRequest = FIRST_PAGE,
        *,
        customer_id: str | None = None,
        status: str | None = None,
        lookup_keys: tuple[str, ...] = (),
        payment_method_id: str | None = None,
    ) -> Page[PayerProfile]:
        """Return a page of profiles, in the order of their ids: all, or those that fit what is given."""
        query: Select[Any] = select(payer_profiles)
        given = {"customer_id": customer_id, "status": status, "payment_method_id": payment_method_id}
        for name, value in given.items():
            query = query if value is None else query.where(payer_profiles.c[name] == value)
        if lookup_keys:
            query = query.where(payer_profiles.c.lookup_key.in_(lookup_keys))
        return read_page(self._connection, query, payer_profiles.c.id, wanted, lambda row: PayerProfile(**row))


def _to_row(cadence: BillingCadence) -> dict[str, Any]:
    row = {**row_of(cadence), "cadence": str(cadence.cadence), "metadata": dict(cadence.metadata)}
    for name in ("bill", "collection"):
        ref: SettingRef | None = row.pop(name)
        row[f"{name}_setting_id"] = None if ref is None else ref.setting_id
        row[f"{name}_version_id"] = None if ref is None else ref.version_id
    return row


def _from_row(row: RowMapping) -> BillingCadence:
    values = dict(row)
    for name in ("bill", "collection"):
        setting_id, version_id = values.pop(f"{name}_setting_id"), values.pop(f"{name}_version_id")
        values[name] = None if setting_id is None else SettingRef(setting_id, version_id)
    return BillingCadence(**{**values, "cadence": Cadence.from_text(row["cadence"])})
