"""Users, as far as billing needs them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from billing_sdk._operation import C, Call, Flow, Resource, operation
from billing_sdk.models import CreatedUser, Document, User
from billing_sdk.resources._base import MANAGEMENT, PAGE_SIZE, done, given, pages, raw, token_cursor

PATH = f"{MANAGEMENT}/user"


class Users(Resource[C]):
    """People with accounts; takes the machine credentials."""

    @operation
    def create(
        self,
        *,
        email: str,
        given_name: str | None = None,
        family_name: str | None = None,
        organization_code: str | None = None,
        provided_id: str | None = None,
        is_verified: bool = False,
    ) -> Call[CreatedUser]:
        """Create an account that its owner opens with this e-mail address.

        Args:
            email: the address to sign in with.
            given_name: as the person writes it.
            family_name: as the person writes it.
            organization_code: an organization to join.
            provided_id: your own id for the person.
            is_verified: whether you know that the address is theirs.

        Raises:
            EmailTaken: there is an account with this address.
        """
        body = {
            "profile": given(given_name=given_name, family_name=family_name),
            "identities": [{"type": "email", "is_verified": is_verified, "details": {"email": email}}],
            **given(organization_code=organization_code, provided_id=provided_id),
        }
        return Call("POST", PATH, CreatedUser.read, json=body, credential="machine")

    @operation
    def get(self, user_id: str) -> Call[User]:
        """Return a user with the billing customer's id.

        Raises:
            NotFound: there is no such user.
        """
        params = {"id": user_id, "expand": "billing"}
        return Call("GET", PATH, User.read, params=params, credential="machine")

    @operation
    def list(self, *, email: str | None = None) -> Flow[tuple[User, ...]]:
        """Return every user, or those with an e-mail address."""
        fixed = {"page_size": PAGE_SIZE, "expand": "billing", **given(email=email)}

        def fetch(cursor: Mapping[str, str]) -> Call[Any]:
            return Call("GET", f"{MANAGEMENT}/users", raw, params={**fixed, **cursor}, credential="machine")

        found = yield from pages(fetch, token_cursor, parameter="next_token")
        return tuple(item for page in found for item in Document(page, "answer").objects("users", User.read))

    @operation
    def update(
        self,
        user_id: str,
        *,
        given_name: str | None = None,
        family_name: str | None = None,
        is_suspended: bool | None = None,
    ) -> Call[None]:
        """Change what is given and leave the rest.

        Raises:
            NotFound: there is no such user.
        """
        body = given(given_name=given_name, family_name=family_name, is_suspended=is_suspended)
        return Call("PATCH", PATH, done, params={"id": user_id}, json=body, credential="machine")

    @operation
    def delete(self, user_id: str) -> Call[None]:
        """Delete a user.

        Raises:
            NotFound: there is no such user.
        """
        return Call("DELETE", PATH, done, params={"id": user_id}, credential="machine")
