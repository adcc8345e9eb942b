"""The section about where the account is: the address on its invoices, and its tax ids."""

from __future__ import annotations

from starlette.responses import Response

from billing_sdk.errors import InvalidAddress, InvalidTaxId
from billing_sdk.server.domain.customers import Address, Customer
from billing_sdk.server.pages.forms import Form, require
from billing_sdk.server.pages.portal.desk import Desk
from billing_sdk.server.usecases.update_customer import update_customer

LINES = ("line_1", "line_2")
# What an address is refused for, and the field of this form that it is about.
FIELDS = {"lines": "line_1"}


def show_address(desk: Desk, form: Form) -> Response:
    """Show the address that invoices carry, and the tax ids."""
    if not form.values and desk.customer is not None:
        form = Form(_shown(desk.customer))
    return desk.show("billing_address", form)


def save_address(desk: Desk, form: Form) -> Response:
    """Change the address and the tax ids; it counts for invoices that are made from now on."""
    form = require(form, {"country": "the country's code of two letters"})
    if form.errors:
        return show_address(desk, form)
    try:
        customer = desk.ensure_customer()
        tax_ids = tuple(filter(None, (part.strip() for part in form.text("tax_ids").split(","))))
        update_customer(desk.engine, customer.id, actor=desk.user.id, address=_typed(form), tax_ids=tax_ids)
    except InvalidAddress as error:
        named = str(error.facts.get("parameter", ""))
        return show_address(desk, form.wrong({FIELDS.get(named, named): f"{error.remedy}"}))
    except InvalidTaxId as error:
        return show_address(desk, form.wrong({"tax_ids": error.remedy}))
    return desk.go_to("billing_address", "saved")


def _typed(form: Form) -> Address:
    return Address(
        country=form.text("country").upper(),
        region=form.text("region") or None,
        city=form.text("city") or None,
        postal_code=form.text("postal_code") or None,
        lines=tuple(filter(None, (form.text(name) for name in LINES))),
    )


def _shown(customer: Customer) -> dict[str, str]:
    shown = {"tax_ids": ", ".join(customer.tax_ids)}
    address = customer.address
    if address is None:
        return shown
    # More lines than the form has fields for come from elsewhere, and are not to be lost here.
    first, rest = address.lines[:1], address.lines[1:]
    return {
        **shown,
        "line_1": "".join(first),
        "line_2": ", ".join(rest),
        "postal_code": address.postal_code or "",
        "city": address.city or "",
        "region": address.region or "",
        "country": address.country,
    }
