"""How invoices are numbered."""

from __future__ import annotations

import re
from dataclasses import dataclass

from billing_sdk.errors import InvalidRequest

PREFIX = re.compile(r"[A-Z0-9](?:[A-Z0-9-]{0,10}[A-Z0-9])?", re.ASCII)
MOST_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Numbering:
    """A series of numbers without gaps; profiles with one prefix share its series.

    Attributes:
        prefix: the series, 1 to 12 capitals, digits and hyphens.
        digits: how many a number has at least; zeros fill it up.

    Raises:
        InvalidRequest: the prefix is none, or belongs to credit notes, or digits are not 1 to 12.
    """

    prefix: str = "INV"
    digits: int = 6

    def __post_init__(self) -> None:
        if not PREFIX.fullmatch(self.prefix):
            raise InvalidRequest("the prefix is not 1 to 12 capitals, digits and hyphens", parameter="numbering.prefix")
        if self.prefix == "CN" or self.prefix.startswith("CN-"):
            raise InvalidRequest("the prefix CN numbers credit notes", parameter="numbering.prefix")
        if type(self.digits) is not int or not 1 <= self.digits <= MOST_DIGITS:
            raise InvalidRequest(f"a number has 1 to {MOST_DIGITS} digits", parameter="numbering.digits")

    def number(self, count: int) -> str:
        """Return what the number of an invoice looks like, such as `INV-000042`."""
        return f"{self.prefix}-{count:0{self.digits}d}"
