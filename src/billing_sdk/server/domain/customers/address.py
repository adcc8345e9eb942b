"""Where a customer is, for invoices and for tax."""

from __future__ import annotations

import re
from dataclasses import dataclass

from billing_sdk.errors import InvalidAddress, InvalidTaxId
from billing_sdk.server.domain.customers.countries import COUNTRIES

LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}", re.ASCII)
TAX_ID = re.compile(r"[A-Z0-9][A-Z0-9./-]{1,38}[A-Z0-9]", re.ASCII)

MOST_LINES = 4
MOST_TAX_IDS = 5
LONGEST_LINE = 200
LONGEST_POSTAL_CODE = 20


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address.

    Attributes:
        country: two capitals, such as `DE`.
        region: state or province, as tax rates name it, such as `CA`.
        lines: street and number, and what else stands above the city.

    Raises:
        InvalidAddress: the country is none, or a part is too long or more than a line.

    Source: ISO 3166-1 for countries.
    """

    country: str
    region: str | None = None
    city: str | None = None
    postal_code: str | None = None
    lines: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.country not in COUNTRIES:
            raise InvalidAddress(f"{self.country[:40]!r} is no code of a country", parameter="country")
        if len(self.lines) > MOST_LINES:
            raise InvalidAddress(f"an address has at most {MOST_LINES} lines", parameter="lines")
        parts = {"region": self.region, "city": self.city, "postal_code": self.postal_code}
        for name, part in (*parts.items(), *(("lines", line) for line in self.lines)):
            longest = LONGEST_POSTAL_CODE if name == "postal_code" else LONGEST_LINE
            if part is not None and (not part.strip() or len(part) > longest or not part.isprintable()):
                raise InvalidAddress(f"the {name} is not one line of up to {longest} characters", parameter=name)


def checked_tax_ids(tax_ids: tuple[str, ...]) -> tuple[str, ...]:
    """Return tax ids as they are kept: in capitals, without spaces, each once.

    Raises:
        InvalidTaxId: one can't be a tax id, or there are more than five.
    """
    found = tuple(dict.fromkeys("".join(tax_id.split()).upper() for tax_id in tax_ids))
    if len(found) > MOST_TAX_IDS:
        raise InvalidTaxId(f"there are at most {MOST_TAX_IDS} tax ids")
    for tax_id in found:
        if not TAX_ID.fullmatch(tax_id):
            raise InvalidTaxId(f"{tax_id[:40]!r} can't be a tax id", parameter="tax_ids")
    return found
