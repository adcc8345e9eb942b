"""Tax codes: kinds of goods and services that are taxed alike."""

from __future__ import annotations

from dataclasses import dataclass

from billing_sdk.server.domain.catalog.keys import checked_tax_code
from billing_sdk.server.domain.catalog.labels import checked_name


@dataclass(frozen=True, slots=True)
class TaxCode:
    """A kind of what is sold, such as `saas` or `e_book`, which some places tax at a rate of its own.

    Attributes:
        key: what components and rates call it; it never changes.
        name: for people.

    Raises:
        InvalidRequest: the key is not 1 to 100 small letters, digits, `_`, `.` and `-`, or the name is empty.
    """

    key: str
    name: str

    def __post_init__(self) -> None:
        checked_tax_code(self.key, "key")
        checked_name(self.name)
