"""The tax rates of the demo, some of every kind: to be looked at, and charged by nobody without a tax adviser."""

from __future__ import annotations

from decimal import Decimal

from billing_sdk.server.domain.tax import TaxRate
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork


def seed_taxes(tx: UnitOfWork) -> None:
    """Enter a few rates where there are none."""
    if tx.tax_rates.list().items:
        return
    for rate in (
        *(_rate(country, percent) for country, percent in (("AT", "20"), ("DE", "19"), ("FR", "20"), ("GB", "20"))),
        _rate("DE", "7", tax_code="e_book"),
        _rate("DE", "0", tax_code="exempt"),
        # A country's rate and that of a region, and a region whose rate takes the place of the country's.
        _rate("CA", "5", "GST"),
        _rate("CA", "7", "PST", region="BC"),
        _rate("CA", "13", "HST", region="ON", replaces_country=True),
    ):
        tx.tax_rates.add(rate)


def _rate(
    country: str,
    percent: str,
    name: str = "VAT",
    *,
    region: str | None = None,
    tax_code: str | None = None,
    replaces_country: bool = False,
) -> TaxRate:
    return TaxRate(
        new_id("taxrate"),
        country,
        Decimal(percent),
        name,
        region=region,
        tax_code=tax_code,
        replaces_country=replaces_country,
    )
