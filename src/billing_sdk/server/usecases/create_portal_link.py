"""Create a link into the portal."""

from __future__ import annotations

from datetime import timedelta

from billing_sdk.errors import Forbidden, InvalidRequest, ReturnUrlNotAllowed
from billing_sdk.server.domain.identity import Application
from billing_sdk.server.domain.identity.application import origin_of
from billing_sdk.server.domain.visits import PortalLink
from billing_sdk.server.ids import digest_of, new_secret
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine

# Every spelling that the published API, its clients and its documentation use.
SUB_NAVS = (
    "profile",
    "plan_details",
    "plan_selection",
    "payment_details",
    "organization_details",
    "organization_members",
    "organization_billing",
    "organization_plan_details",
    "organization_plan_selection",
    "organization_payment_details",
)
MAX_URL_LENGTH = 2_048


def create_portal_link(
    engine: Engine,
    *,
    user_id: str,
    org_code: str | None = None,
    application: Application | None = None,
    sub_nav: str | None = None,
    return_url: str | None = None,
) -> str:
    """Return an absolute address that lets one person into the portal, once and soon.

    Args:
        engine: the engine.
        user_id: who is let in.
        org_code: the organization that the person acts for.
        application: the one whose registered origins the way back may lead to; None for any of them.
        sub_nav: the page to open, `profile` by default.
        return_url: where the way back leads.

    Raises:
        NotFound: there is no such person.
        Forbidden: the person does not belong to the organization.
        InvalidRequest: there is no such page.
        RateLimited: too many links were made for the person.
        ReturnUrlNotAllowed: no application has registered the origin of the address.
    """
    if sub_nav and sub_nav not in SUB_NAVS:
        raise InvalidRequest(f"there is no portal page {sub_nav[:64]!r}", parameter="sub_nav")
    key = new_secret()
    at = engine.now()
    with engine.begin() as tx:
        tx.users.get(user_id)
        if org_code and tx.organizations.find_membership(org_code, user_id) is None:
            raise Forbidden("the person does not belong to that organization")
        if return_url:
            _check_return_url(tx, return_url, application)
        # Last of all: what is refused makes no link, and uses up nothing that the person would miss.
        engine.admit("portal_link", user_id)
        tx.portal_links.forget_expired(at=at)
        tx.portal_links.add(
            PortalLink(
                key_hash=digest_of(key),
                user_id=user_id,
                org_code=org_code or None,
                sub_nav=sub_nav or SUB_NAVS[0],
                return_url=return_url or None,
                created_at=at,
                expires_at=at + timedelta(seconds=engine.settings.portal_link_seconds),
            )
        )
        tx.audit.record(user_id, "portal_link.create", user_id, at)
    return f"{engine.settings.base_url}/portal_redirect?key={key}"


def _check_return_url(tx: UnitOfWork, url: str, application: Application | None) -> None:
    applications = (application,) if application else tx.applications.list()
    is_address = len(url) <= MAX_URL_LENGTH and origin_of(url) is not None
    if not is_address or not any(known.allows_return_to(url) for known in applications):
        raise ReturnUrlNotAllowed("return_url is not below an origin that the application has registered")
