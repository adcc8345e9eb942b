"""Tax codes: kinds of goods and services that are taxed alike."""

from __future__ import annotations

from dataclasses import dataclass

from billing_sdk.server.domain.catalog.keys import checked_key
from billing_sdk.server.domain.catalog.labels import checked_name


@dataclass(frozen=True, slots=True)
class TaxCode:
    """A kind of what is sold, such as `saas` or `e_book`, which some places tax at a rate of its own.

    Attributes:
        key: what components and rates call it; it never changes.
        name: for people.

    Raises:
        InvalidRequest: the key holds other characters than letters, digits, `_`, `.` and `-`, or the name is empty.
    """

    key: str
    name: str

    def __post_init__(self) -> None:
        checked_key(self.key)
        checked_name(self.name)
