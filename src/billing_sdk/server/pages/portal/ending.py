"""The end of a plan: when it comes, what it comes to, and why somebody leaves; where an operator decides, the wish."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from starlette.responses import Response

from billing_sdk.errors import AgreementNotLive, BillingError, CancellationDenied, Conflict, InvalidRequest
from billing_sdk.money import Money
from billing_sdk.server.domain.agreements import LONGEST_COMMENT, Agreement
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.pages.leaving_words import REASONS
from billing_sdk.server.pages.portal.changing import paid_until_of
from billing_sdk.server.pages.portal.charge_words import Told, told_lines
from billing_sdk.server.pages.portal.desk import Desk, own_agreement
from billing_sdk.server.pages.pricing import card_of_agreement
from billing_sdk.server.usecases.billing_settings import billing_settings
from billing_sdk.server.usecases.decide_end_request import withdraw_end
from billing_sdk.server.usecases.preview_agreement import preview_cancellation
from billing_sdk.server.usecases.request_end import request_end
from billing_sdk.server.words import phrase

UNKNOWN_REASON = phrase("Choose one of the reasons, or none.")
TOO_LONG = phrase("Use at most %(number)s characters.", number=LONGEST_COMMENT)


@dataclass(frozen=True, slots=True)
class LastInvoice:
    """What the end of a plan comes to.

    Attributes:
        amount: what is charged with it.
        credit: what is given back of what was paid, as credit.
    """

    lines: tuple[Told, ...]
    amount: Money
    credit: Money


def show_cancel(desk: Desk, form: Form) -> Response:
    """Ask whether the agreement of the address is really to end, when, and why."""
    with desk.engine.read() as tx:
        agreement = own_agreement(tx, desk)
        if not agreement.is_live:
            return desk.go_to("plan_details")
        card = card_of_agreement(tx, agreement)
        paid_until = paid_until_of(tx, desk.engine, agreement)
        policies = billing_settings(tx, desk.engine).policies
        waiting = tx.end_requests.find_waiting(agreement.id)
    return desk.show(
        "cancel",
        form,
        plan=card,
        agreement=agreement,
        paid_until=paid_until,
        policies=policies,
        at_once=_last_invoice(desk, agreement),
        reasons=tuple(REASONS.items()),
        longest_comment=LONGEST_COMMENT,
        waiting=waiting,
    )


def cancel(desk: Desk, form: Form) -> Response:
    """End the agreement of the address, with what was paid or at once, or ask for that; twice is as good as once."""
    with desk.engine.read() as tx:
        agreement = own_agreement(tx, desk)
        paid_until = paid_until_of(tx, desk.engine, agreement)
    if not agreement.is_live:
        return desk.go_to("plan_details", "cancelled")
    is_later = paid_until is not None and form.text("when") != "now"
    try:
        request = request_end(
            desk.engine,
            agreement_id=agreement.id,
            timing="period_end" if is_later else "now",
            actor=desk.user.id,
            reason=form.text("reason") or None,
            comment=form.text("comment"),
        )
    except AgreementNotLive:
        return desk.go_to("plan_details", "cancelled")
    except InvalidRequest as error:
        name = "comment" if error.facts.get("parameter") == "comment" else "reason"
        return show_cancel(desk, form.wrong({name: TOO_LONG if name == "comment" else UNKNOWN_REASON}))
    except (CancellationDenied, Conflict) as error:
        return show_cancel(desk, form.refused(error))
    if request.status == "waiting":
        return desk.go_to("plan_details", "asked")
    return desk.go_to("plan_details", "ending" if is_later else "cancelled")


def withdraw(desk: Desk, _form: Form) -> Response:
    """Take back the wish that the agreement of the address ends; what somebody has decided meanwhile is shown."""
    with desk.engine.read() as tx:
        waiting = tx.end_requests.find_waiting(own_agreement(tx, desk).id)
    if waiting is None:
        return desk.go_to("plan_details")
    with suppress(Conflict):
        withdraw_end(desk.engine, request_id=waiting.id, actor=desk.user.id)
        return desk.go_to("plan_details", "withdrawn")
    return desk.go_to("plan_details")


def _last_invoice(desk: Desk, agreement: Agreement) -> LastInvoice | None:
    """Return what the agreement comes to if it ends now; None where that can't be said at present."""
    try:
        shown = preview_cancellation(desk.engine, agreement_id=agreement.id)
    except BillingError:  # it can be asked for all the same, and says then what stands in its way
        return None
    return LastInvoice(told_lines(shown.lines), shown.amount, shown.credit)
