"""Agreements: which plan a customer is on."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel
from starlette.responses import Response

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.api.kinde.agreement_body import TIMING, EndedAgreement, NewAgreement, read_timing
from billing_sdk.server.api.kinde.agreement_view import AgreementView, agreements_of
from billing_sdk.server.api.kinde.envelope import Answer, StrictRoute
from billing_sdk.server.api.kinde.idempotency import OnlyOnce
from billing_sdk.server.api.kinde.paging import EndingBefore, PageSize, StartingAfter, cut
from billing_sdk.server.api.kinde.security import EngineOf, MachineOf, scoped
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.storage.paging import PageRequest
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.change_plan import change_plan
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Billing agreements"], route_class=StrictRoute)

CustomerId = Annotated[str, Query(min_length=1, max_length=64)]
FeatureCode = Annotated[str | None, Query(max_length=64)]


class AgreementList(Answer):
    """The agreements that a customer is bound by."""

    has_more: bool
    agreements: list[AgreementView]


class AgreementReference(BaseModel):
    """Which agreement was made or ended, and where it stands."""

    id: str
    plan_code: str
    status: str

    @classmethod
    def of(cls, agreement: Agreement) -> AgreementReference:
        """Name an agreement."""
        return cls(id=agreement.id, plan_code=agreement.plan_key, status=agreement.status)


class AgreementAnswer(Answer):
    """Success; `agreement` is an extension."""

    agreement: AgreementReference


@router.get("/billing/agreements", **scoped("read:billing_agreements"))
def list_agreements(
    engine: EngineOf,
    customer_id: CustomerId,
    feature_code: FeatureCode = None,
    page_size: PageSize = 10,
    starting_after: StartingAfter = None,
    ending_before: EndingBefore = None,
) -> AgreementList:
    """Return the agreements of a customer that are in force, or those of them that include a feature."""
    wanted = PageRequest(page_size, starting_after, ending_before)
    with engine.read() as tx:
        at = engine.now_for(tx, tx.customers.get(customer_id))
        found = [
            agreed
            for agreed in agreements_of(tx, customer_id)
            if feature_code is None or feature_code in {granted.feature_key for granted in agreed[2]}
        ]
        page = cut(found, wanted, id_of=lambda agreed: agreed[0].id)
        views = [
            AgreementView.of(agreed, at=at, next_version=tx.agreements.coming_version(agreed[0]))
            for agreed in page.items
        ]
    return AgreementList(has_more=page.has_more, agreements=views)


@router.post("/billing/agreements", response_model=AgreementAnswer, **scoped("create:billing_agreements"))
def create_agreement(caller: MachineOf, body: NewAgreement, once: OnlyOnce) -> Response:
    """Put a customer on a plan, which ends an earlier agreement in the plan's group.

    Extension: the answer names the new agreement, or the present one where the change is planned for later. A customer
    without a payment method is asked for one at the next sign-in; a trial that requires one is refused without.
    """
    options = body.options

    def serve(engine: Engine) -> AgreementAnswer:
        agreement = change_plan(
            engine,
            customer_id=body.customer_id,
            plan_key=body.plan_code,
            options=options,
            source="api",
            actor=caller.client_id,
            terms=body.terms,
        )
        return AgreementAnswer(agreement=AgreementReference.of(agreement))

    return once(serve, body)


@router.delete("/billing/agreements", response_model=AgreementAnswer, **scoped("delete:billing_agreements"))
def end_agreement(
    caller: MachineOf,
    once: OnlyOnce,
    agreement_id: Annotated[str | None, Query(max_length=64)] = None,
    timing: Annotated[str | None, Query(max_length=40, description=TIMING)] = None,
    is_invoice_now: bool | None = None,
    is_prorate: bool | None = None,
    body: EndedAgreement | None = None,
) -> Response:
    """End an agreement; its id may be in the address or in the body.

    The published API documents neither the place of the id nor the answer; both are extensions. So are the others, in
    the same place as the id: when it ends (at once by default), and how what was not billed or not used is settled.
    """
    wanted = EndedAgreement(
        agreement_id=agreement_id, timing=timing, is_invoice_now=is_invoice_now, is_prorate=is_prorate
    )
    if body is not None:
        if wanted.model_dump(exclude_none=True).keys() - {"agreement_id"}:
            raise InvalidRequest("what is asked for stands in the address or in the body, not in both")
        if agreement_id is not None and body.agreement_id not in (None, agreement_id):
            raise InvalidRequest("agreement_id is needed, once", parameter="agreement_id")
        wanted = body.model_copy(update={"agreement_id": body.agreement_id or agreement_id})
    ended_id = wanted.agreement_id
    if not ended_id:
        raise InvalidRequest("agreement_id is needed, once", parameter="agreement_id")
    ends = read_timing(wanted.timing or "now")

    def serve(engine: Engine) -> AgreementAnswer:
        ended = cancel_agreement(
            engine,
            agreement_id=ended_id,
            timing=ends,
            is_invoice_now=wanted.is_invoice_now,
            is_prorate=wanted.is_prorate,
            source="api",
            actor=caller.client_id,
        )
        return AgreementAnswer(agreement=AgreementReference.of(ended))

    return once(serve, body)
