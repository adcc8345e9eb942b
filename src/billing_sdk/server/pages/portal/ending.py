"""The end of a plan: when it comes and what it comes to, and why somebody leaves."""

from __future__ import annotations

from starlette.responses import Response

from billing_sdk.errors import CancellationDenied, Conflict
from billing_sdk.server.domain.catalog import BillingSettings
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.pages.portal.changing import paid_until_of
from billing_sdk.server.pages.portal.desk import Desk, own_agreement
from billing_sdk.server.pages.pricing import card_of_agreement
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement


def show_cancel(desk: Desk, form: Form) -> Response:
    """Ask whether the agreement of the address is really to end, and when."""
    with desk.engine.read() as tx:
        agreement = own_agreement(tx, desk)
        if not agreement.is_live:
            return desk.go_to("plan_details")
        settings = tx.billing_settings.find() or BillingSettings()
        return desk.show(
            "cancel",
            form,
            plan=card_of_agreement(tx, agreement),
            agreement=agreement,
            paid_until=paid_until_of(tx, desk.engine, agreement),
            policies=settings.policies,
        )


def cancel(desk: Desk, form: Form) -> Response:
    """End the agreement of the address, with what was paid or at once; to end it twice is to end it."""
    with desk.engine.read() as tx:
        agreement = own_agreement(tx, desk)
        paid_until = paid_until_of(tx, desk.engine, agreement)
    if not agreement.is_live:
        return desk.go_to("plan_details", "cancelled")
    is_later = paid_until is not None and form.text("when") != "now"
    try:
        cancel_agreement(
            desk.engine,
            agreement_id=agreement.id,
            timing="period_end" if is_later else "now",
            source="user",
            actor=desk.user.id,
        )
    except (CancellationDenied, Conflict) as error:
        return show_cancel(desk, form.refused(error))
    return desk.go_to("plan_details", "ending" if is_later else "cancelled")
