"""What can be done with one agreement (extension), beyond what is published."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query
from starlette.responses import Response

from billing_sdk.server.api.kinde.agreement_body import TIMING, AddOnQuantity, Discount, Quantity, read_timing
from billing_sdk.server.api.kinde.agreement_view import WholeAgreementAnswer
from billing_sdk.server.api.kinde.envelope import StrictRoute
from billing_sdk.server.api.kinde.idempotency import OnlyOnce
from billing_sdk.server.api.kinde.security import EngineOf, MachineOf, scoped
from billing_sdk.server.usecases.apply_coupon import apply_coupon, remove_discount
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.pause_agreement import pause_agreement, resume_agreement
from billing_sdk.server.usecases.plan_ahead import undo_plans
from billing_sdk.server.usecases.set_add_on import remove_add_on, set_add_on
from billing_sdk.server.usecases.set_quantity import set_quantity
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Billing agreements"], route_class=StrictRoute)

AgreementId = Annotated[str, Path(min_length=1, max_length=64)]
WhenQuery = Annotated[str, Query(max_length=40, description=TIMING)]
ONE = "/billing/agreements/{agreement_id}"
CHANGES: dict[str, Any] = {
    "response_model": WholeAgreementAnswer,
    **scoped("update:billing_agreements", extension=True),
}


@router.get(ONE, **scoped("read:billing_agreements", extension=True))
def get_agreement(engine: EngineOf, agreement_id: AgreementId) -> WholeAgreementAnswer:
    """Return one agreement, an ended one as well (extension)."""
    return WholeAgreementAnswer.of(engine, agreement_id)


@router.post(f"{ONE}/undo", **CHANGES)
def undo(caller: MachineOf, agreement_id: AgreementId, once: OnlyOnce) -> Response:
    """Take back what is planned for later, a change of plan or a cancellation (extension)."""

    def serve(engine: Engine) -> WholeAgreementAnswer:
        undo_plans(engine, agreement_id=agreement_id, source="api", actor=caller.client_id)
        return WholeAgreementAnswer.of(engine, agreement_id)

    return once(serve)


@router.post(f"{ONE}/pause", **CHANGES)
def pause(caller: MachineOf, agreement_id: AgreementId, once: OnlyOnce) -> Response:
    """Grant nothing and charge nothing until the agreement is resumed; what was paid is not given back (extension)."""

    def serve(engine: Engine) -> WholeAgreementAnswer:
        pause_agreement(engine, agreement_id=agreement_id, source="api", actor=caller.client_id)
        return WholeAgreementAnswer.of(engine, agreement_id)

    return once(serve)


@router.post(f"{ONE}/resume", **CHANGES)
def resume(caller: MachineOf, agreement_id: AgreementId, once: OnlyOnce) -> Response:
    """Go on with a paused agreement (extension).

    After the end of the period that was paid before the pause, the rest of the present one is charged.
    """

    def serve(engine: Engine) -> WholeAgreementAnswer:
        resume_agreement(engine, agreement_id=agreement_id, source="api", actor=caller.client_id)
        return WholeAgreementAnswer.of(engine, agreement_id)

    return once(serve)


@router.post(f"{ONE}/quantity", **CHANGES)
def change_quantity(caller: MachineOf, agreement_id: AgreementId, body: Quantity, once: OnlyOnce) -> Response:
    """Agree on another number of licences of a fee, such as seats (extension).

    More of them are charged at once for the rest of the period. For fewer, the policy `unused_days`, or `is_prorate`,
    says whether what was paid is given back.
    """
    timing = read_timing(body.timing)

    def serve(engine: Engine) -> WholeAgreementAnswer:
        set_quantity(
            engine,
            agreement_id=agreement_id,
            fee_key=body.fee_code,
            quantity=body.quantity,
            timing=timing,
            is_prorate=body.is_prorate,
            source="api",
            actor=caller.client_id,
        )
        return WholeAgreementAnswer.of(engine, agreement_id)

    return once(serve, body)


@router.post(f"{ONE}/add_ons", **CHANGES)
def change_add_on(caller: MachineOf, agreement_id: AgreementId, body: AddOnQuantity, once: OnlyOnce) -> Response:
    """Agree on a number of an add-on; what is charged and given back is as with quantities (extension)."""
    timing = read_timing(body.timing)

    def serve(engine: Engine) -> WholeAgreementAnswer:
        set_add_on(
            engine,
            agreement_id=agreement_id,
            plan_key=body.plan_code,
            quantity=body.quantity,
            timing=timing,
            is_prorate=body.is_prorate,
            source="api",
            actor=caller.client_id,
        )
        return WholeAgreementAnswer.of(engine, agreement_id)

    return once(serve, body)


@router.delete(f"{ONE}/add_ons/{{plan_code}}", **CHANGES)
def drop_add_on(
    caller: MachineOf,
    agreement_id: AgreementId,
    plan_code: str,
    once: OnlyOnce,
    timing: WhenQuery = "now",
    is_prorate: bool | None = None,
) -> Response:
    """Take an add-on off an agreement (extension)."""
    ends = read_timing(timing)

    def serve(engine: Engine) -> WholeAgreementAnswer:
        remove_add_on(
            engine,
            agreement_id=agreement_id,
            plan_key=plan_code,
            timing=ends,
            is_prorate=is_prorate,
            source="api",
            actor=caller.client_id,
        )
        return WholeAgreementAnswer.of(engine, agreement_id)

    return once(serve)


@router.post(f"{ONE}/discounts", **CHANGES)
def redeem(caller: MachineOf, agreement_id: AgreementId, body: Discount, once: OnlyOnce) -> Response:
    """Redeem a coupon; it counts from the next invoice on, and nothing is charged now (extension)."""

    def serve(engine: Engine) -> WholeAgreementAnswer:
        apply_coupon(
            engine,
            agreement_id=agreement_id,
            coupon_key=body.coupon_code,
            source="api",
            actor=caller.client_id,
        )
        return WholeAgreementAnswer.of(engine, agreement_id)

    return once(serve, body)


@router.delete(f"{ONE}/discounts/{{coupon_code}}", **CHANGES)
def drop_discount(caller: MachineOf, agreement_id: AgreementId, coupon_code: str, once: OnlyOnce) -> Response:
    """Let a discount count no more, from the next invoice on; its redemption stays counted (extension)."""

    def serve(engine: Engine) -> WholeAgreementAnswer:
        remove_discount(engine, agreement_id=agreement_id, coupon_key=coupon_code, source="api", actor=caller.client_id)
        return WholeAgreementAnswer.of(engine, agreement_id)

    return once(serve)
