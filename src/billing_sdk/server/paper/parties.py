"""The two whom a document is between."""

from __future__ import annotations

from dataclasses import dataclass

from billing_sdk.server.domain.customers import Address
from billing_sdk.server.paper.figures import Figures
from billing_sdk.server.paper.model import Party
from billing_sdk.server.paper.text import plain
from billing_sdk.server.paper.words import Words

# There the postal code comes last (Universal Postal Union, "Addressing the world").
CITY_FIRST = frozenset({"AU", "BR", "CA", "GB", "IE", "IN", "NZ", "US"})


@dataclass(frozen=True, slots=True)
class Addressed:
    """One of the two whom an invoice is between, as it is known.

    Attributes:
        email: where the invoice goes.
    """

    name: str
    address: Address | None = None
    tax_ids: tuple[str, ...] = ()
    email: str = ""


def party_of(title: str, known: Addressed, words: Words, figures: Figures) -> Party:
    """Return one of the two as the document names it."""
    address = _address(known.address, figures) if known.address else ()
    ids = (f"{words.tax_id}: {tax_id}" for tax_id in known.tax_ids)
    lines = (plain(line) for line in (*address, *ids, known.email))
    return Party(title, plain(known.name), tuple(line for line in lines if line))


def _address(address: Address, figures: Figures) -> tuple[str, ...]:
    """Write an address as its own country does, and the country as the reader calls it."""
    if address.country in CITY_FIRST:
        place = ", ".join(filter(None, (address.city, " ".join(filter(None, (address.region, address.postal_code))))))
        return (*address.lines, place, figures.country(address.country))
    city = " ".join(filter(None, (address.postal_code, address.city)))
    return (*address.lines, city, address.region or "", figures.country(address.country))
