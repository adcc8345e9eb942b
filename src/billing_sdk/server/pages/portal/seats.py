"""The section about seats: how many licences of a fee an account has, and what another number comes to."""

from __future__ import annotations

from starlette.responses import Response

from billing_sdk.errors import NotFound
from billing_sdk.server.domain.catalog import Entitlement, LicenceFee
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.pages.portal.desk import Desk, own_agreement
from billing_sdk.server.pages.portal.numbers import Kind, save_numbers, show_numbers
from billing_sdk.server.pages.price_words import words_of_price
from billing_sdk.server.usecases.set_quantity import set_quantity


def show_seats(desk: Desk, form: Form) -> Response:
    """Show what another number of the licences of the address comes to."""
    return show_numbers(desk, form, _kind(desk))


def save_seats(desk: Desk, form: Form) -> Response:
    """Agree on another number of the licences of the address."""
    return save_numbers(desk, form, _kind(desk))


def _kind(desk: Desk) -> Kind:
    """Return what the address names.

    Raises:
        NotFound: the plan has no such fee, or none that depends on a number.
    """
    wanted = desk.request.path_params["fee_key"]
    with desk.engine.read() as tx:
        agreement = own_agreement(tx, desk)
        version = tx.catalog.get_version(agreement.plan_version_id).in_currency(agreement.currency)
    fees = [fee for fee in version.of_kind(LicenceFee) if fee.key == wanted and fee.is_licensed]
    if not fees or not agreement.is_live:
        raise NotFound("there are no such seats", remedy="Choose from the page of the plan.")
    bound = next((one for one in version.of_kind(Entitlement) if one.feature_key == wanted), None)
    return Kind(
        key=wanted,
        name=fees[0].name,
        prices=words_of_price(fees[0].terms.price, fees[0].currency, fees[0].name),
        has=agreement.quantity_of(wanted),
        least=max(1, bound.limit_min or 1) if bound else 1,
        most=bound.limit_max if bound else None,
        path=f"seats/{wanted}",
        note="seats",
        is_add_on=False,
        agree=lambda number, when: set_quantity(
            desk.engine, agreement_id=agreement.id, fee_key=wanted, quantity=number, timing=when, actor=desk.user.id
        ),
    )
