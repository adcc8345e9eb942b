"""Organizations, as far as billing needs them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.api.kinde.customers import plan_key_or_default
from billing_sdk.server.api.kinde.envelope import Answer, Body, StrictRoute
from billing_sdk.server.api.kinde.etags import GUARDED, TAGGED, KnownVersions, put_etag
from billing_sdk.server.api.kinde.idempotency import OnlyOnce
from billing_sdk.server.api.kinde.paging import NextToken, PageSize, item_of, next_token_after
from billing_sdk.server.api.kinde.security import EngineOf, MachineOf, scoped
from billing_sdk.server.domain.identity import Organization
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.paging import PageRequest
from billing_sdk.server.usecases.create_billed_organization import create_billed_organization
from billing_sdk.server.usecases.create_organization import create_organization
from billing_sdk.server.usecases.delete_organization import delete_organization
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.people import MAX_NAME_LENGTH
from billing_sdk.server.usecases.update_organization import update_organization
from billing_sdk.server.usecases.workspace import require_billing
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Organizations"], route_class=StrictRoute)

Code = Annotated[str, Query(min_length=1, max_length=64)]


class OrganizationItem(BaseModel):
    """An organization in a list."""

    code: str
    name: str
    handle: str | None
    is_default: bool
    external_id: str | None

    @classmethod
    def of(cls, organization: Organization) -> OrganizationItem:
        """Show an organization in the Management API's words."""
        return cls(
            code=organization.code,
            name=organization.name,
            handle=organization.handle,
            is_default=organization.is_default,
            external_id=organization.external_id,
        )


class AgreementReference(BaseModel):
    """An agreement of an organization."""

    plan_code: str
    agreement_id: str


class BillingView(BaseModel):
    """How an organization is billed."""

    billing_customer_id: str
    agreements: list[AgreementReference]


class OrganizationView(OrganizationItem):
    """An organization; `billing` is there where it was asked for and there is something to tell."""

    created_on: datetime
    billing: BillingView | None = None


class OrganizationList(Answer):
    """Organizations in the order of their creation."""

    organizations: list[OrganizationItem]
    next_token: str | None


class CreatedView(BaseModel):
    """What was made."""

    code: str
    billing_customer_id: str | None


class CreatedAnswer(Answer):
    """A new organization."""

    organization: CreatedView


class NewOrganization(Body):
    """An organization and, where it is asked for, its billing customer.

    Extension: `test_clock_id` lets the customer live by a test clock.
    """

    name: str = Field(min_length=1, max_length=MAX_NAME_LENGTH)
    handle: str | None = Field(default=None, max_length=64)
    external_id: str | None = Field(default=None, max_length=255)
    is_create_billing_customer: bool = False
    billing_email: str | None = Field(default=None, max_length=254)
    billing_plan_code: str | None = Field(default=None, max_length=64)
    test_clock_id: str | None = Field(default=None, max_length=64)


class OrganizationChange(Body):
    """What to change; what is not named stays, whatever the default here."""

    name: str = Field(default="", min_length=1, max_length=MAX_NAME_LENGTH)
    handle: str | None = Field(default=None, max_length=64)
    external_id: str | None = Field(default=None, max_length=255)


@router.get("/organizations", **scoped("read:organizations"))
def list_organizations(engine: EngineOf, page_size: PageSize = 10, next_token: NextToken = None) -> OrganizationList:
    """Return organizations in the order of their codes."""
    with engine.read() as tx:
        page = tx.organizations.list(
            PageRequest(page_size, starting_after=item_of(next_token, engine.sealer, of="organizations"))
        )
    return OrganizationList(
        organizations=[OrganizationItem.of(organization) for organization in page.items],
        next_token=next_token_after(
            page, engine.sealer, of="organizations", id_of=lambda organization: organization.code
        ),
    )


@router.get("/organization", **TAGGED, **scoped("read:organizations"))
def get_organization(
    engine: EngineOf, code: Code, response: Response, expand: Literal["billing"] | None = None
) -> OrganizationView:
    """Return one organization, and how it is billed where `expand=billing` asks for it."""
    with engine.read() as tx:
        organization = tx.organizations.get(code)
        put_etag(response, organization)
        billing = _billing(tx, code) if expand == "billing" else None
    item = OrganizationItem.of(organization)
    return OrganizationView(**item.model_dump(), created_on=organization.created_at, billing=billing)


@router.post("/organization", response_model=CreatedAnswer, **scoped("create:organizations"))
def add_organization(caller: MachineOf, body: NewOrganization, once: OnlyOnce) -> Response:
    """Make an organization and, where it is asked for, a billing customer of it."""
    return once(lambda engine: _create(engine, body, actor=caller.client_id), body)


@router.patch("/organization/{org_code}", response_model=Answer, **GUARDED, **scoped("update:organizations"))
def change_organization(org_code: str, body: OrganizationChange, once: OnlyOnce, versions: KnownVersions) -> Response:
    """Change what is given and leave the rest."""

    def serve(engine: Engine) -> Answer:
        update_organization(engine, code=org_code, versions=versions, **body.model_dump(exclude_unset=True))
        return Answer()

    return once(serve, body)


@router.delete("/organization/{org_code}", response_model=Answer, **scoped("delete:organizations"))
def remove_organization(org_code: str, once: OnlyOnce) -> Response:
    """Forget an organization; its agreements end."""

    def serve(engine: Engine) -> Answer:
        delete_organization(engine, code=org_code)
        return Answer()

    return once(serve)


def _create(engine: Engine, body: NewOrganization, *, actor: str) -> CreatedAnswer:
    if not body.is_create_billing_customer:
        made = create_organization(engine, name=body.name, handle=body.handle, external_id=body.external_id)
        return CreatedAnswer(organization=CreatedView(code=made.code, billing_customer_id=None))
    if body.billing_email is None:
        raise InvalidRequest("billing_email is needed for a billing customer", parameter="billing_email")
    require_billing(engine)
    made, customer = create_billed_organization(
        engine,
        name=body.name,
        handle=body.handle,
        external_id=body.external_id,
        billing_email=body.billing_email,
        plan_key=plan_key_or_default(engine, body.billing_plan_code, "organization"),
        clock_id=body.test_clock_id,
        actor=actor,
    )
    return CreatedAnswer(organization=CreatedView(code=made.code, billing_customer_id=customer.id))


def _billing(tx: UnitOfWork, code: str) -> BillingView | None:
    customer = tx.customers.find_by_organization(code)
    if customer is None:
        return None
    agreements = [
        AgreementReference(plan_code=agreement.plan_key, agreement_id=agreement.id)
        for agreement in tx.agreements.live_of(customer.id)
    ]
    return BillingView(billing_customer_id=customer.id, agreements=agreements)
