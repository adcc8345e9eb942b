"""What an operator can do about a subscription; what costs or gives back something is shown before it is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from starlette.responses import Response
from starlette.routing import BaseRoute

from billing_sdk.errors import APIError, AuthenticationRequired, PaymentPending
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.pages.dashboard.listing import asked
from billing_sdk.server.pages.dashboard.places import SUBSCRIPTIONS
from billing_sdk.server.pages.dashboard.plan_choice import PlanChoice, asked_plan, plan_choice, sent_plan
from billing_sdk.server.pages.dashboard.seat import Seat, billing_route
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.pages.line_words import line_name
from billing_sdk.server.usecases.apply_coupon import apply_coupon
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.change_options import ChangeOptions
from billing_sdk.server.usecases.change_plan import change_plan
from billing_sdk.server.usecases.pause_agreement import pause_agreement, resume_agreement
from billing_sdk.server.usecases.plan_ahead import undo_plans
from billing_sdk.server.usecases.preview_agreement import preview_cancellation
from billing_sdk.server.usecases.preview_change import Preview, preview_change
from billing_sdk.server.words import phrase

WHENS = (
    ("period_end", phrase("When what was paid is over")),
    ("now", phrase("At once")),
)


def show_cancel(seat: Seat) -> Response:
    """Show what it would come to if a subscription ended, now or later."""
    return _cancelling(seat, Form({"when": asked(seat.request, "when") or "period_end"}))


def cancel(seat: Seat, form: Form) -> Response:
    """End a subscription, on the terms that were shown."""
    agreement = _agreement(seat)
    is_later = form.text("when") != "now"
    try:
        cancel_agreement(
            seat.engine,
            agreement_id=agreement.id,
            timing="period_end" if is_later else "now",
            source="admin",
            actor=seat.operator.id,
            terms=form.text("terms") or None,
        )
    except APIError as error:
        return _cancelling(seat, form.refused(error))
    return seat.go_to(_url(agreement), "ending" if is_later else "cancelled")


def _cancelling(seat: Seat, form: Form) -> Response:
    agreement = _agreement(seat)
    shown = None
    try:
        shown = preview_cancellation(
            seat.engine,
            agreement_id=agreement.id,
            timing="now" if form.text("when") == "now" else "period_end",
        )
    except APIError as error:
        form = form if form.errors else form.refused(error)
    return _show(seat, "cancel", form, agreement, shown)


def show_change(seat: Seat) -> Response:
    """Show what another plan would cost, today and next."""
    values = {"when": asked(seat.request, "when") or "now", "plan": asked_plan(seat.request)}
    return _changing(seat, Form(values))


def change(seat: Seat, form: Form) -> Response:
    """Change to another plan, on the terms that were shown."""
    agreement = _agreement(seat)
    if form.text("when") not in dict(WHENS):
        return _changing(seat, form.wrong({"when": phrase("Choose when it changes.")}))
    try:
        change_plan(
            seat.engine,
            customer_id=agreement.customer_id,
            plan_key=form.text("plan"),
            options=_options(form),
            source="admin",
            actor=seat.operator.id,
            terms=form.text("terms") or None,
        )
    except (AuthenticationRequired, PaymentPending):
        return seat.go_to(_url(agreement), "payment_waits")
    except APIError as error:
        return _changing(seat, form.refused(error))
    with seat.engine.read() as tx:
        live = tx.agreements.find_live(agreement.customer_id, agreement.group_id) or agreement
    return seat.go_to(_url(live), "changed")


def _changing(seat: Seat, form: Form) -> Response:
    agreement = _agreement(seat)
    with seat.engine.read() as tx:
        plans = plan_choice(
            tx,
            sent_plan(form),
            group_id=agreement.group_id,
            kind="plan",
            status="published",
            apart_from=(agreement.plan_key,),
        )
    form = replace(form, values={**form.values, "plan": plans.wanted})
    shown = None
    if plans.is_known:
        try:
            shown = preview_change(
                seat.engine,
                customer_id=agreement.customer_id,
                plan_key=plans.wanted,
                options=_options(form),
            )
        except APIError as error:
            form = form if form.errors else form.refused(error)
    return _show(seat, "change", form, agreement, shown, plans=plans)


def _options(form: Form) -> ChangeOptions:
    return ChangeOptions(timing="period_end" if form.text("when") == "period_end" else "now")


def show_own(seat: Seat) -> Response:
    """Show the subscription to somebody who opens the address of one of its buttons."""
    return seat.go_to(_url(_agreement(seat)))


def undo(seat: Seat, _form: Form) -> Response:
    """Take back what is planned."""
    return _done(
        seat, "undone", lambda id_: undo_plans(seat.engine, agreement_id=id_, source="admin", actor=seat.operator.id)
    )


def pause(seat: Seat, _form: Form) -> Response:
    """Pause a subscription."""
    return _done(
        seat,
        "paused",
        lambda id_: pause_agreement(seat.engine, agreement_id=id_, source="admin", actor=seat.operator.id),
    )


def resume(seat: Seat, _form: Form) -> Response:
    """Go on with a paused subscription."""
    return _done(
        seat,
        "resumed",
        lambda id_: resume_agreement(seat.engine, agreement_id=id_, source="admin", actor=seat.operator.id),
    )


def use_coupon(seat: Seat, form: Form) -> Response:
    """Redeem a coupon for a subscription."""
    key = form.text("coupon")
    return _done(
        seat,
        "coupon",
        lambda id_: apply_coupon(seat.engine, agreement_id=id_, coupon_key=key, source="admin", actor=seat.operator.id),
        form,
    )


def _done(seat: Seat, note: str, act: Callable[[str], object], form: Form | None = None) -> Response:
    agreement = _agreement(seat)
    try:
        act(agreement.id)
    except APIError as error:
        return _show(seat, "refused", (form or Form()).refused(error, "coupon"), agreement, None)
    return seat.go_to(_url(agreement), note)


def _show(
    seat: Seat,
    template: str,
    form: Form,
    agreement: Agreement,
    shown: Preview | None,
    plans: PlanChoice | None = None,
) -> Response:
    with seat.engine.read() as tx:
        plan = tx.catalog.get_plan(agreement.plan_key).name
    return seat.show(
        f"subscriptions/{template}",
        form,
        agreement=agreement,
        plan=plan,
        url=_url(agreement),
        shown=shown,
        line_name=line_name,
        plans=plans,
        whens=WHENS,
    )


def _agreement(seat: Seat) -> Agreement:
    with seat.engine.read() as tx:
        return tx.agreements.get(seat.request.path_params["agreement_id"])


def _url(agreement: Agreement) -> str:
    return f"{SUBSCRIPTIONS}/{agreement.id}"


ONE = f"{SUBSCRIPTIONS}/{{agreement_id}}"
ROUTES: tuple[BaseRoute, ...] = (
    billing_route(f"{ONE}/cancel", show_cancel, cancel),
    billing_route(f"{ONE}/change", show_change, change),
    billing_route(f"{ONE}/undo", show_own, undo),
    billing_route(f"{ONE}/pause", show_own, pause),
    billing_route(f"{ONE}/resume", show_own, resume),
    billing_route(f"{ONE}/coupon", show_own, use_coupon),
)
