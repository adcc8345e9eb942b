"""Postal addresses of v1; one whose country is none of ISO 3166 is kept, and counts neither for tax nor on invoices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from billing_sdk.server.api.stripe.bodies import FormBody, View
from billing_sdk.server.domain.customers import Address
from billing_sdk.server.domain.customers.countries import COUNTRIES

Line = Annotated[str, Field(max_length=200)]
Country = Annotated[str, Field(pattern=r"^[A-Za-z]{2}$"), AfterValidator(str.upper)]


class AddressBody(FormBody):
    """A postal address."""

    city: Line | None = None
    country: Country | None = None
    line1: Line | None = None
    line2: Line | None = None
    postal_code: Annotated[str, Field(max_length=20)] | None = None
    state: Line | None = None


class AddressView(View):
    """A postal address."""

    city: str | None = None
    country: str | None = None
    line1: str | None = None
    line2: str | None = None
    postal_code: str | None = None
    state: str | None = None


def engine_address(sent: Mapping[str, Any] | None) -> Address | None:
    """Return an address as invoices have it; None where there is none that counts.

    Raises:
        InvalidAddress: a part of it can't be.
    """
    if sent is None or sent.get("country") not in COUNTRIES:
        return None
    lines = tuple(line for line in (sent.get("line1"), sent.get("line2")) if line)
    return Address(sent["country"], sent.get("state"), sent.get("city"), sent.get("postal_code"), lines)
