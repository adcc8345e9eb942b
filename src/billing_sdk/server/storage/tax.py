"""Tax codes and tax rates."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, insert, select, text, update

from billing_sdk.errors import DuplicateKey, UnknownTaxCode, UnknownTaxRate
from billing_sdk.server.domain.tax import TaxCode, TaxRate
from billing_sdk.server.storage.paging import FIRST_PAGE, Page, PageRequest, read_page
from billing_sdk.server.storage.rows import row_of
from billing_sdk.server.storage.tables.tax import tax_codes, tax_rates
from billing_sdk.server.storage.upsert import insert_new

OF_COUNTRY = select(tax_rates).where(tax_rates.c.country == bindparam("country")).order_by(tax_rates.c.id)
CODE = select(tax_codes).where(tax_codes.c.key == bindparam("key"))


class TaxCodeRepository:
    """Keeps tax codes, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, code: TaxCode) -> None:
        """Store a new tax code.

        Raises:
            DuplicateKey: there is one with this key.
        """
        if not insert_new(self._connection, tax_codes, row_of(code)):
            raise DuplicateKey(f"there is a tax code {code.key!r} already")

    def get(self, key: str) -> TaxCode:
        """Return a tax code.

        Raises:
            UnknownTaxCode: there is none with this key.
        """
        row = self._connection.execute(CODE, {"key": key}).mappings().first()
        if row is None:
            raise UnknownTaxCode(f"there is no tax code {key[:64]!r}", tax_code=key[:64])
        return TaxCode(**row)

    def rename(self, code: TaxCode) -> None:
        """Store what a tax code is called now."""
        self._connection.execute(update(tax_codes).where(tax_codes.c.key == code.key).values(name=code.name))

    def all(self) -> tuple[TaxCode, ...]:
        """Return all tax codes, in the order of their keys."""
        rows = self._connection.execute(select(tax_codes).order_by(tax_codes.c.key)).mappings()
        return tuple(TaxCode(**row) for row in rows)

    def list(self, wanted: PageRequest = FIRST_PAGE) -> Page[TaxCode]:
        """Return a page of tax codes, in the order of their keys."""
        return read_page(self._connection, select(tax_codes), tax_codes.c.key, wanted, lambda row: TaxCode(**row))

    def require(self, keys: frozenset[str]) -> None:
        """Let tax codes pass that there are; without any it asks nobody.

        Raises:
            UnknownTaxCode: one of them there is not; the fact `tax_code` names it.
        """
        if not keys:
            return
        known = self._connection.execute(select(tax_codes.c.key).where(tax_codes.c.key.in_(sorted(keys)))).scalars()
        for missing in sorted(keys - {*known}):
            raise UnknownTaxCode(f"there is no tax code {missing[:64]!r}", tax_code=missing[:64])


class TaxRateRepository:
    """Keeps tax rates, in the transaction of its connection, which reads those of a country once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[str, tuple[TaxRate, ...]] = {}

    def lock(self) -> None:
        """Let nobody else add a rate before the transaction ends; SQLite has one writer at a time anyway."""
        if self._connection.dialect.name == "postgresql":
            self._connection.execute(text("LOCK TABLE tax_rates IN SHARE ROW EXCLUSIVE MODE"))

    def add(self, rate: TaxRate) -> None:
        """Store a new rate."""
        self._connection.execute(insert(tax_rates), row_of(rate))
        self._known.clear()

    def save_end(self, rate: TaxRate) -> None:
        """Store until when a rate holds."""
        ended = update(tax_rates).where(tax_rates.c.id == rate.id).values(valid_until=rate.valid_until)
        self._connection.execute(ended)
        self._known.clear()

    def get(self, rate_id: str) -> TaxRate:
        """Return a rate.

        Raises:
            UnknownTaxRate: there is none with this id.
        """
        row = self._connection.execute(select(tax_rates).where(tax_rates.c.id == rate_id)).mappings().first()
        if row is None:
            raise UnknownTaxRate(f"there is no tax rate {rate_id[:64]!r}")
        return TaxRate(**row)

    def of_country(self, country: str) -> tuple[TaxRate, ...]:
        """Return the rates of a country and its regions, whenever they hold, the oldest first."""
        if country not in self._known:
            rows = self._connection.execute(OF_COUNTRY, {"country": country}).mappings()
            self._known[country] = tuple(TaxRate(**row) for row in rows)
        return self._known[country]

    def list(self, wanted: PageRequest = FIRST_PAGE, *, country: str | None = None) -> Page[TaxRate]:
        """Return a page of rates, the oldest first; of one country, if it is given."""
        query = select(tax_rates) if country is None else select(tax_rates).where(tax_rates.c.country == country)
        return read_page(self._connection, query, tax_rates.c.id, wanted, lambda row: TaxRate(**row))
