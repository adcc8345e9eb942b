"""The hosted portal, where customers manage what they pay for."""

from __future__ import annotations

from typing import Any, Final, Literal, get_args
from urllib.parse import urlsplit

from billing_sdk._operation import C, Call, operation
from billing_sdk.errors import InvalidRequest
from billing_sdk.models import PortalLink
from billing_sdk.resources._base import ACCOUNT, MANAGEMENT, ProviderResource, given

SubNav = Literal[
    "profile",
    "payment_details",
    "plan_details",
    "plan_selection",
    "organization_details",
    "organization_members",
    "organization_billing",
    "organization_payment_details",
    "organization_plan_details",
    "organization_plan_selection",
]
SUB_NAVS: Final = frozenset(get_args(SubNav))


class Portal(ProviderResource[C]):
    """Opens the hosted portal for a customer."""

    @operation
    def create_link(
        self,
        *,
        token: str | None = None,
        user_id: str | None = None,
        organization_code: str | None = None,
        sub_nav: SubNav | None = None,
        return_url: str | None = None,
    ) -> Call[PortalLink]:
        """Return a link that opens the portal once; send the browser there at once and don't store it.

        Args:
            token: access token of the customer who will open it.
            user_id: the customer, when there is no token; this takes the machine credentials.
            organization_code: the organization to manage; goes with `user_id`.
            sub_nav: the part of the portal to open.
            return_url: absolute http(s) address of your application that the portal leads back to.

        Raises:
            InvalidRequest: there is neither a token nor a user, or both; or an argument is not acceptable.
            ReturnUrlNotAllowed: the address is not registered with the provider.
            UnsafeAnswer: the link leads away from the issuer.
        """
        if (token is None) == (user_id is None) or (organization_code is not None and user_id is None):
            raise InvalidRequest("give either a token, or a user_id with or without an organization_code")
        if sub_nav is not None and sub_nav not in SUB_NAVS:
            raise InvalidRequest("sub_nav is not a part of the portal", remedy=f"Use one of {sorted(SUB_NAVS)}.")
        members = given(sub_nav=sub_nav, return_url=None if return_url is None else _absolute(return_url))

        def read(data: Any) -> PortalLink:
            return PortalLink.read(data, origin=self._provider.config.origin)

        if token is not None:
            return Call("GET", f"{ACCOUNT}/portal_link", read, params=members, token=token)
        body = {"user_id": user_id, **given(organization_code=organization_code), **members}
        return Call("POST", f"{MANAGEMENT}/portal/generate_url", read, json=body, credential="machine")


def _absolute(address: str) -> str:
    try:
        parts = urlsplit(address)
        is_absolute = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
    except ValueError:
        is_absolute = False
    if not is_absolute or not address.isprintable() or "\\" in address or " " in address or len(address) > 2_048:
        raise InvalidRequest("return_url has to be an absolute http or https address")
    return address
