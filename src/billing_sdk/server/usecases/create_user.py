"""Create a person on behalf of an application."""

from __future__ import annotations

from billing_sdk.server.domain.identity import User
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.register_user import add_user, new_user


def create_user(
    engine: Engine,
    *,
    email: str,
    given_name: str = "",
    family_name: str = "",
    picture: str | None = None,
    provided_id: str | None = None,
    org_code: str | None = None,
) -> User:
    """Make an account without a password, in one organization or in the default one.

    Raises:
        EmailTaken: an account with the e-mail address exists.
        NotFound: there is no such organization.
        InvalidRequest: the address, a name, the picture or `provided_id` can't be taken.
    """
    user = new_user(
        email=email,
        given_name=given_name,
        family_name=family_name,
        picture=picture,
        provided_id=provided_id,
        at=engine.now(),
    )
    with engine.begin() as tx:
        add_user(tx, user, org_code=org_code, source="api")
    return user
