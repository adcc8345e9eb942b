"""Agreements: which plan a customer is on."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.api.kinde.agreement_view import AgreementView, agreements_of
from billing_sdk.server.api.kinde.envelope import Answer, Body, StrictRoute
from billing_sdk.server.api.kinde.idempotency import OnlyOnce
from billing_sdk.server.api.kinde.paging import EndingBefore, PageSize, StartingAfter, cut
from billing_sdk.server.api.kinde.security import EngineOf, MachineOf, scoped
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.storage.paging import PageRequest
from billing_sdk.server.usecases.assign_plan import assign_plan
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.change_options import ChangeOptions
from billing_sdk.server.usecases.engine import Engine

router = APIRouter(tags=["Billing agreements"], route_class=StrictRoute)

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


class NewAgreement(Body):
    """Which customer goes on which plan."""

    customer_id: str = Field(max_length=64)
    plan_code: str = Field(max_length=64)
    is_invoice_now: bool | None = None
    is_prorate: bool | None = None


class EndedAgreement(Body):
    """Which agreement to end."""

    agreement_id: str = Field(max_length=64)


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
    return AgreementList(has_more=page.has_more, agreements=[AgreementView.of(agreed, at=at) for agreed in page.items])


@router.post("/billing/agreements", response_model=AgreementAnswer, **scoped("create:billing_agreements"))
def create_agreement(caller: MachineOf, body: NewAgreement, once: OnlyOnce) -> Response:
    """Put a customer on a plan, which ends an earlier agreement in the plan's group.

    Extension: the answer names the agreement. A customer without a payment method is asked for one at the next
    sign-in.
    """

    def serve(engine: Engine) -> AgreementAnswer:
        agreement = assign_plan(
            engine,
            customer_id=body.customer_id,
            plan_key=body.plan_code,
            actor=caller.client_id,
            options=ChangeOptions(is_prorate=body.is_prorate, is_invoice_now=body.is_invoice_now),
        )
        return AgreementAnswer(agreement=AgreementReference.of(agreement))

    return once(serve, body)


@router.delete("/billing/agreements", response_model=AgreementAnswer, **scoped("delete:billing_agreements"))
def end_agreement(
    caller: MachineOf,
    once: OnlyOnce,
    agreement_id: Annotated[str | None, Query(max_length=64)] = None,
    body: EndedAgreement | None = None,
) -> Response:
    """End an agreement at once; its id may be in the address or in the body.

    The published API documents neither the place of the id nor the answer; both are extensions.
    """
    named = {found for found in (agreement_id, body.agreement_id if body else None) if found}
    if len(named) != 1:
        raise InvalidRequest("agreement_id is needed, once", parameter="agreement_id")
    ended_id = named.pop()

    def serve(engine: Engine) -> AgreementAnswer:
        ended = cancel_agreement(engine, agreement_id=ended_id, source="api", actor=caller.client_id)
        return AgreementAnswer(agreement=AgreementReference.of(ended))

    return once(serve, body)
