"""Postal addresses on the wire."""

from __future__ import annotations

from pydantic import Field

from billing_sdk.server.api.kinde.envelope import Body
from billing_sdk.server.domain.customers import Address


class PostalAddress(Body):
    """An address; `country` is a code of two capitals (ISO 3166-1), and all that is required."""

    country: str = Field(max_length=2)
    region: str | None = Field(default=None, max_length=200)
    city: str | None = Field(default=None, max_length=200)
    postal_code: str | None = Field(default=None, max_length=20)
    lines: list[str] = Field(default=[], max_length=4)

    @classmethod
    def of(cls, address: Address | None) -> PostalAddress | None:
        """Show an address, if there is one."""
        if address is None:
            return None
        return cls(
            country=address.country,
            region=address.region,
            city=address.city,
            postal_code=address.postal_code,
            lines=list(address.lines),
        )

    @property
    def address(self) -> Address:
        """The address.

        Raises:
            InvalidAddress: it is none.
        """
        return Address(self.country, self.region, self.city, self.postal_code, tuple(self.lines))
