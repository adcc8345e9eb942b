"""Where customers are, and what that takes: some pay tax on top of prices, some within them, and they move about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from billing_sdk.server.domain.collection import Supplier, TaxBehavior, TaxSettings
from billing_sdk.server.domain.customers import Address
from billing_sdk.server.usecases.billing_profiles import create_profile
from billing_sdk.server.usecases.create_tax_rate import create_tax_rate
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.update_customer import update_customer

# How the prices of each customer are taxed; the others pay no tax at all.
TAXED: Final[Mapping[int, TaxBehavior]] = {1: "exclusive", 2: "inclusive"}
DEARER_AFTER = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody is; `rates` are what that takes, name and percentage, before and after a rate was raised."""

    address: Address | None
    tax_ids: tuple[str, ...]
    rates: tuple[tuple[str, str], ...]
    later: tuple[tuple[str, str], ...]


def _place(address: Address | None, *rates: tuple[str, str], later: tuple[tuple[str, str], ...] | None = None) -> Place:
    return Place(address, (), rates, rates if later is None else later)


PLACES: Final[Mapping[str, Place]] = {
    "home": _place(Address("AT"), ("VAT", "20")),
    "abroad": _place(Address("DE"), ("VAT", "19"), later=(("VAT", "21"),)),
    "business": Place(Address("DE"), ("DE123456789",), *((("Reverse charge", "0"),),) * 2),
    "province": _place(Address("CA", "BC"), ("GST", "5"), ("PST", "7.25")),
    "far": _place(Address("JP")),
    "nowhere": _place(None),
}


def tax_customers(engine: Engine, customers: list[str], at: datetime) -> None:
    """Enter rates, and let customers be taxed who are at home in the beginning."""
    raised_at = at + DEARER_AFTER
    create_tax_rate(engine, country="AT", percent=Decimal(20))
    create_tax_rate(engine, country="DE", percent=Decimal(19), valid_until=raised_at)
    create_tax_rate(engine, country="DE", percent=Decimal(21), valid_from=raised_at)
    create_tax_rate(engine, country="CA", percent=Decimal(5), name="GST")
    create_tax_rate(engine, country="CA", percent=Decimal("7.25"), name="PST", region="BC")
    for number, behavior in TAXED.items():
        profile = create_profile(
            engine,
            name=f"Prices {behavior} of tax",
            supplier=Supplier("Alpaca GmbH", Address("AT")),
            tax=TaxSettings(is_enabled=True, behavior=behavior),
        )
        update_customer(engine, customers[number], profile_id=profile.id, address=PLACES["home"].address)


def move(engine: Engine, customer_id: str, place: str) -> None:
    """Let somebody live elsewhere."""
    update_customer(engine, customer_id, address=PLACES[place].address, tax_ids=PLACES[place].tax_ids)
