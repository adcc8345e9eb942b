"""Licence fees that are objects of their own, with their versions."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, or_, select, update

from billing_sdk.errors import NotFound
from billing_sdk.server.domain.catalog import LicenceFeeObject, LicenceFeeVersion, Versions
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.rating import document_of, terms_from_document
from billing_sdk.server.storage.items import licensed_item_from_row
from billing_sdk.server.storage.lookup_keys import LookupKeys, among, giving_lookup_key_once
from billing_sdk.server.storage.paging import FIRST_PAGE, Page, PageRequest, read_page
from billing_sdk.server.storage.tables.objects import licence_fee_versions, licence_fees, licensed_items


class LicenceFeeRepository:
    """Keeps licence fees and their versions, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, fee: LicenceFeeObject) -> None:
        """Store a new fee with its versions.

        Raises:
            LookupKeyTaken: another fee has its lookup key.
        """
        with giving_lookup_key_once(self._connection, fee.lookup_key):
            self._connection.execute(insert(licence_fees).values(_to_row(fee)))
        self._add_versions(fee, fee.versions.all)

    def save(self, before: LicenceFeeObject, after: LicenceFeeObject) -> None:
        """Store a fee that has changed, with the versions that are new.

        Raises:
            LookupKeyTaken: another fee has its lookup key.
        """
        with giving_lookup_key_once(self._connection, after.lookup_key):
            changed = update(licence_fees).where(licence_fees.c.id == after.id).values(_to_row(after))
            self._connection.execute(changed)
        self._add_versions(after, after.versions.all[len(before.versions.all) :])

    def get(self, wanted: str) -> LicenceFeeObject:
        """Return a fee by its id or lookup key.

        Raises:
            NotFound: there is no such fee.
        """
        query = select(licence_fees).where(or_(licence_fees.c.id == wanted, licence_fees.c.lookup_key == wanted))
        return self._one(self._connection.execute(query).mappings().first(), wanted)

    def lock(self, wanted: str) -> LicenceFeeObject:
        """Return a fee that nobody else changes until this transaction ends.

        Raises:
            NotFound: there is no such fee.
        """
        query = select(licence_fees).where(or_(licence_fees.c.id == wanted, licence_fees.c.lookup_key == wanted))
        return self._one(self._connection.execute(query.with_for_update()).mappings().first(), wanted)

    def find(self, fee_ids: Collection[str]) -> dict[str, LicenceFeeObject]:
        """Return fees by id; those that do not exist are left out."""
        if not fee_ids:
            return {}
        rows = self._connection.execute(select(licence_fees).where(licence_fees.c.id.in_(fee_ids))).mappings().all()
        return {fee.id: fee for fee in self._complete(rows)}

    def list(
        self, wanted: PageRequest = FIRST_PAGE, *, lookup_keys: LookupKeys = None, item_id: str | None = None
    ) -> Page[LicenceFeeObject]:
        """Return a page of fees, in the order of their ids: all, those with some lookup keys, or those of an item."""
        query = among(select(licence_fees), licence_fees, lookup_keys)
        if item_id is not None:
            query = query.where(licence_fees.c.item_id == item_id)
        page = read_page(self._connection, query, licence_fees.c.id, wanted, lambda row: row)
        return Page(tuple(self._complete(page.items)), page.has_more)

    def _one(self, row: RowMapping | None, wanted: str) -> LicenceFeeObject:
        if row is None:
            raise NotFound(f"there is no licence fee {wanted[:64]!r}")
        (fee,) = self._complete([row])
        return fee

    def _complete(self, rows: Collection[RowMapping]) -> Iterable[LicenceFeeObject]:
        """Return fees with their items and versions: two queries, however many there are."""
        items = select(licensed_items).where(licensed_items.c.id.in_([row["item_id"] for row in rows]))
        by_id = {row["id"]: licensed_item_from_row(row) for row in self._connection.execute(items).mappings()}
        query = (
            select(licence_fee_versions)
            .where(licence_fee_versions.c.fee_id.in_([row["id"] for row in rows]))
            .order_by(licence_fee_versions.c.number)
        )
        versions: dict[str, list[LicenceFeeVersion]] = {row["id"]: [] for row in rows}
        for row in self._connection.execute(query).mappings():
            terms = terms_from_document(row["terms"])
            versions[row["fee_id"]].append(LicenceFeeVersion(row["id"], row["number"], row["created_at"], terms))
        for row in rows:
            yield LicenceFeeObject(
                id=row["id"],
                name=row["name"],
                item=by_id[row["item_id"]],
                currency=row["currency"],
                service=Cadence.from_text(row["service"]),
                versions=Versions(tuple(versions[row["id"]]), row["live_version_id"]),
                created_at=row["created_at"],
                lookup_key=row["lookup_key"],
                metadata=row["metadata"],
                tax_behavior=row["tax_behavior"],
            )

    def _add_versions(self, fee: LicenceFeeObject, versions: tuple[LicenceFeeVersion, ...]) -> None:
        rows = [
            {
                "id": version.id,
                "fee_id": fee.id,
                "number": version.number,
                "terms": document_of(version.terms),
                "created_at": version.created_at,
            }
            for version in versions
        ]
        if rows:
            self._connection.execute(insert(licence_fee_versions), rows)


def _to_row(fee: LicenceFeeObject) -> dict[str, Any]:
    return {
        "id": fee.id,
        "name": fee.name,
        "item_id": fee.item.id,
        "currency": fee.currency,
        "service": str(fee.service),
        "live_version_id": fee.versions.live_id,
        "lookup_key": fee.lookup_key,
        "metadata": dict(fee.metadata),
        "tax_behavior": fee.tax_behavior,
        "created_at": fee.created_at,
    }
