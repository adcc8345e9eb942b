"""Portal links: one-time addresses under which a customer manages a subscription."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from billing_sdk.errors import Forbidden
from billing_sdk.server.api.kinde.envelope import Answer, Body, StrictRoute
from billing_sdk.server.api.kinde.idempotency import OnlyOnce
from billing_sdk.server.api.kinde.security import EngineOf, Person, PersonOf, scoped
from billing_sdk.server.domain.identity import WRITE_BILLING
from billing_sdk.server.usecases.auditing import recording_denials
from billing_sdk.server.usecases.create_portal_link import SUB_NAVS, create_portal_link
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.permissions import permissions_of
from billing_sdk.server.web.operations import Operations

account_router = Operations(tags=["Portal"], route_class=StrictRoute)
router = Operations(tags=["Portal"], route_class=StrictRoute)

# What a member may open on behalf of an organization only with the permission to manage its billing.
NEED_WRITE_BILLING = frozenset(
    {
        "organization_billing",
        "organization_plan_details",
        "organization_plan_selection",
        "organization_payment_details",
    }
)

Section = Annotated[str | None, Query(max_length=64, json_schema_extra={"enum": list(SUB_NAVS)})]
ReturnUrl = Annotated[str | None, Query(max_length=2_048, description="Where the portal leads back to.")]


class PortalLink(BaseModel):
    """An address that opens the portal once."""

    url: str


class PortalLinkAnswer(Answer, PortalLink):
    """The same, in the envelope of the Management API."""


class PortalLinkBody(Body):
    """Whose portal to open."""

    user_id: str = Field(max_length=64)
    organization_code: str | None = Field(default=None, max_length=64)
    return_url: str | None = Field(default=None, max_length=2_048)
    sub_nav: str | None = Field(default=None, max_length=64, json_schema_extra={"enum": list(SUB_NAVS)})


@account_router.get("/portal_link")
def get_portal_link(
    engine: EngineOf,
    person: PersonOf,
    sub_nav: Section = None,
    subnav: Section = None,
    return_url: ReturnUrl = None,
) -> PortalLink:
    """Return a link for the caller; `sub_nav` and `subnav` mean the same, and the former wins."""
    section = sub_nav or subnav
    if section in NEED_WRITE_BILLING:
        _check_write_billing(engine, person, section)
    with engine.read() as tx:
        application = tx.applications.get(person.client_id)
    url = create_portal_link(
        engine,
        user_id=person.user_id,
        org_code=person.org_code,
        application=application,
        sub_nav=section,
        return_url=return_url,
    )
    return PortalLink(url=url)


@router.post("/portal/generate_url", response_model=PortalLinkAnswer, **scoped("create:portal_links"))
def generate_portal_url(body: PortalLinkBody, once: OnlyOnce) -> Response:
    """Return a link for any user; the caller answers for what the user may do."""

    def serve(engine: Engine) -> PortalLinkAnswer:
        url = create_portal_link(
            engine,
            user_id=body.user_id,
            org_code=body.organization_code,
            application=None,
            sub_nav=body.sub_nav,
            return_url=body.return_url,
        )
        return PortalLinkAnswer(url=url)

    return once(serve, body)


def _check_write_billing(engine: Engine, person: Person, section: str) -> None:
    with recording_denials(engine, actor=person.user_id, action="portal_link.create", subject=person.user_id):
        held = permissions_of(engine, user_id=person.user_id, org_code=person.org_code)
        if WRITE_BILLING not in {permission.key for permission in held}:
            raise Forbidden(f"the section {section} needs the permission {WRITE_BILLING}", permission=WRITE_BILLING)
