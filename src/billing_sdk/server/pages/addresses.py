"""The fields of an address: what is read from them, and which of them a refusal is about."""

from __future__ import annotations

from billing_sdk.errors import InvalidAddress, InvalidTaxId
from billing_sdk.server.domain.customers import Address
from billing_sdk.server.pages.forms import Form, require
from billing_sdk.server.words import phrase, remedy_of

LINES = ("line_1", "line_2")
REQUIRED = {"country": phrase("the country")}
# What an address is refused for, and the field of the form that it is about.
FIELDS = {"lines": "line_1"}


def require_country(form: Form) -> Form:
    """Return the form with a sentence where the country is missing, or a field far too long."""
    return require(form, REQUIRED)


def typed_address(form: Form) -> Address:
    """Return the address that was typed.

    Raises:
        InvalidAddress: it can't be one.
    """
    return Address(
        country=form.text("country").upper(),
        region=form.text("region") or None,
        city=form.text("city") or None,
        postal_code=form.text("postal_code") or None,
        lines=tuple(filter(None, (form.text(name) for name in LINES))),
    )


def typed_tax_ids(form: Form) -> tuple[str, ...]:
    """Return the tax ids that were typed, with commas between them."""
    return tuple(filter(None, (part.strip() for part in form.text("tax_ids").split(","))))


def address_refused(form: Form, error: InvalidAddress | InvalidTaxId) -> Form:
    """Return the form with the reason why an address or a tax id was not taken, beside its field."""
    if isinstance(error, InvalidTaxId):
        return form.wrong({"tax_ids": remedy_of(error)})
    named = str(error.facts.get("parameter", ""))
    return form.wrong({FIELDS.get(named, named): remedy_of(error)})
