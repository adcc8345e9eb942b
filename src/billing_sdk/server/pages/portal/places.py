"""The section about where the account is: the address on its invoices, and its tax ids."""

from __future__ import annotations

from starlette.responses import Response

from billing_sdk.errors import InvalidAddress, InvalidTaxId
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.pages.addresses import address_refused, require_country, typed_address, typed_tax_ids
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.pages.portal.desk import Desk
from billing_sdk.server.usecases.update_customer import update_customer


def show_address(desk: Desk, form: Form) -> Response:
    """Show the address that invoices carry, and the tax ids."""
    if not form.values and desk.customer is not None:
        form = Form(_shown(desk.customer))
    return desk.show("billing_address", form)


def save_address(desk: Desk, form: Form) -> Response:
    """Change the address and the tax ids; it counts for invoices that are made from now on."""
    form = require_country(form)
    if form.errors:
        return show_address(desk, form)
    try:
        customer = desk.ensure_customer()
        update_customer(
            desk.engine,
            customer.id,
            actor=desk.user.id,
            address=typed_address(form),
            tax_ids=typed_tax_ids(form),
        )
    except (InvalidAddress, InvalidTaxId) as error:
        return show_address(desk, address_refused(form, error))
    return desk.go_to("billing_address", "saved")


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
