"""Rate cards, with their versions and rates."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, exists, false, insert, or_, select, update

from billing_sdk.errors import NotFound
from billing_sdk.server.domain.catalog import CardRate, CustomUnit, RateCard, Version, Versions
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.rating import document_of, terms_from_document
from billing_sdk.server.storage.custom_units import overage_rates_of, save_overage_rates, units_by_id
from billing_sdk.server.storage.items import metered_item_from_row
from billing_sdk.server.storage.lookup_keys import LookupKeys, among, giving_lookup_key_once
from billing_sdk.server.storage.paging import FIRST_PAGE, Page, PageRequest, read_page
from billing_sdk.server.storage.tables.objects import card_rates, metered_items, rate_card_versions, rate_cards

ITEM_COLUMNS = [column.label(f"item_{column.name}") for column in metered_items.c if column.name != "id"]
RATES = select(card_rates, *ITEM_COLUMNS).join(metered_items, metered_items.c.id == card_rates.c.item_id)


class RateCardRepository:
    """Keeps rate cards, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, card: RateCard) -> None:
        """Store a new card with its version and rates.

        Raises:
            LookupKeyTaken: another card has its lookup key.
        """
        with giving_lookup_key_once(self._connection, card.lookup_key):
            self._connection.execute(insert(rate_cards).values(_to_row(card)))
        self._add_versions(card, card.versions.all)
        self._add_rates(card, card.rates)

    def save(self, before: RateCard, after: RateCard) -> None:
        """Store a card that has changed: its labels, and what is new of its versions and rates.

        Raises:
            LookupKeyTaken: another card has its lookup key.
        """
        with giving_lookup_key_once(self._connection, after.lookup_key):
            self._connection.execute(update(rate_cards).where(rate_cards.c.id == after.id).values(_to_row(after)))
        self._add_versions(after, after.versions.all[len(before.versions.all) :])
        known = {rate.id: rate for rate in before.rates}
        for rate in after.rates:
            if rate.id in known and rate.until != known[rate.id].until:
                ended = update(card_rates).where(card_rates.c.id == rate.id).values(until=rate.until)
                self._connection.execute(ended)
        self._add_rates(after, tuple(rate for rate in after.rates if rate.id not in known))
        save_overage_rates(self._connection, after.id, before.overage_rates, after.overage_rates)

    def get(self, wanted: str) -> RateCard:
        """Return a card by its id or lookup key, with the rates of all its versions.

        Raises:
            NotFound: there is no such card.
        """
        return self._one(wanted)

    def lock(self, wanted: str) -> RateCard:
        """Return a card that nobody else changes until this transaction ends.

        Raises:
            NotFound: there is no such card.
        """
        return self._one(wanted, is_locked=True)

    def find_at(self, version_ids: Collection[str]) -> dict[str, RateCard]:
        """Return by id the cards of some versions, with the rates of those versions alone: a history may be long."""
        if not version_ids:
            return {}
        wanted = select(rate_card_versions.c.card_id).where(rate_card_versions.c.id.in_(version_ids))
        rows = self._connection.execute(select(rate_cards).where(rate_cards.c.id.in_(wanted))).mappings().all()
        in_one_of_them = exists().where(
            rate_card_versions.c.id.in_(version_ids),
            rate_card_versions.c.card_id == card_rates.c.card_id,
            rate_card_versions.c.number >= card_rates.c.since,
            or_(card_rates.c.until.is_(None), rate_card_versions.c.number < card_rates.c.until),
        )
        return {card.id: card for card in self._complete(rows, RATES.where(in_one_of_them))}

    def list(
        self,
        wanted: PageRequest = FIRST_PAGE,
        *,
        lookup_keys: LookupKeys = None,
        is_active: bool | None = None,
        with_rates: bool = True,
    ) -> Page[RateCard]:
        """Return a page of cards, in the order of their ids: all, or those with some lookup keys or of one kind.

        Args:
            wanted: which page.
            lookup_keys: those that are wanted; None for all.
            is_active: whether those that are active are wanted, or the others; None for all.
            with_rates: whether they are to come with all their rates, of which each may have many hundreds.
        """
        query = among(select(rate_cards), rate_cards, lookup_keys)
        if is_active is not None:
            query = query.where(rate_cards.c.is_active == is_active)
        page = read_page(self._connection, query, rate_cards.c.id, wanted, lambda row: row)
        rates = RATES if with_rates else RATES.where(false())
        return Page(tuple(self._complete(page.items, rates)), page.has_more)

    def _one(self, wanted: str, *, is_locked: bool = False) -> RateCard:
        query = select(rate_cards).where(or_(rate_cards.c.id == wanted, rate_cards.c.lookup_key == wanted))
        row = self._connection.execute(query.with_for_update() if is_locked else query).mappings().first()
        if row is None:
            raise NotFound(f"there is no rate card {wanted[:64]!r}")
        (card,) = self._complete([row])
        return card

    def _complete(self, rows: Collection[RowMapping], of_rates: Select[Any] = RATES) -> Iterable[RateCard]:
        """Return cards with their versions and rates: two queries, however many there are."""
        ids = [row["id"] for row in rows]
        versions: dict[str, list[Version]] = {card_id: [] for card_id in ids}
        rates: dict[str, list[CardRate]] = {card_id: [] for card_id in ids}
        query = select(rate_card_versions).where(rate_card_versions.c.card_id.in_(ids))
        for row in self._connection.execute(query.order_by(rate_card_versions.c.number)).mappings():
            versions[row["card_id"]].append(Version(row["id"], row["number"], row["created_at"]))
        in_order = of_rates.where(card_rates.c.card_id.in_(ids)).order_by(card_rates.c.since, card_rates.c.id)
        found = self._connection.execute(in_order).mappings().all()
        units = units_by_id(self._connection, {row["unit_id"] for row in found if row["unit_id"] is not None})
        for row in found:
            rates[row["card_id"]].append(_rate_from_row(row, units))
        # What units cost is asked for where there are any, and where a card is looked at as a whole.
        has_overage = bool(units) or of_rates is RATES
        overage = overage_rates_of(self._connection, ids) if has_overage else {}
        for row in rows:
            yield RateCard(
                id=row["id"],
                name=row["name"],
                currency=row["currency"],
                service=Cadence.from_text(row["service"]),
                versions=Versions(tuple(versions[row["id"]]), row["live_version_id"]),
                created_at=row["created_at"],
                rates=tuple(rates[row["id"]]),
                lookup_key=row["lookup_key"],
                is_active=row["is_active"],
                metadata=row["metadata"],
                tax_behavior=row["tax_behavior"],
                overage_rates=tuple(overage.get(row["id"], ())),
            )

    def _add_versions(self, card: RateCard, versions: tuple[Version, ...]) -> None:
        for version in versions:
            row = {
                "id": version.id,
                "card_id": card.id,
                "number": version.number,
                "created_at": version.created_at,
            }
            self._connection.execute(insert(rate_card_versions), row)

    def _add_rates(self, card: RateCard, rates: tuple[CardRate, ...]) -> None:
        rows = [
            {
                "id": rate.id,
                "card_id": card.id,
                "item_id": rate.item.id,
                "terms": document_of(rate.terms),
                "unit_id": None if rate.unit is None else rate.unit.id,
                "since": rate.since,
                "until": rate.until,
                "metadata": dict(rate.metadata),
                "created_at": rate.created_at,
            }
            for rate in rates
        ]
        if rows:
            self._connection.execute(insert(card_rates), rows)


def _rate_from_row(row: RowMapping, units: Mapping[str, CustomUnit]) -> CardRate:
    item = {column.name: row[f"item_{column.name}"] for column in metered_items.c}
    return CardRate(
        id=row["id"],
        item=metered_item_from_row(item),
        terms=terms_from_document(row["terms"]),
        created_at=row["created_at"],
        since=row["since"],
        until=row["until"],
        metadata=row["metadata"],
        unit=None if row["unit_id"] is None else units[row["unit_id"]],
    )


def _to_row(card: RateCard) -> dict[str, Any]:
    return {
        "id": card.id,
        "name": card.name,
        "currency": card.currency,
        "service": str(card.service),
        "live_version_id": card.versions.live_id,
        "lookup_key": card.lookup_key,
        "is_active": card.is_active,
        "metadata": dict(card.metadata),
        "tax_behavior": card.tax_behavior,
        "created_at": card.created_at,
    }
