"""Users, as far as billing needs them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from billing_sdk.server.api.kinde.envelope import Answer, Body, StrictRoute
from billing_sdk.server.api.kinde.etags import GUARDED, TAGGED, KnownVersions, put_etag
from billing_sdk.server.api.kinde.idempotency import OnlyOnce
from billing_sdk.server.api.kinde.paging import NextToken, PageSize, item_of, next_token_after
from billing_sdk.server.api.kinde.security import EngineOf, scoped
from billing_sdk.server.domain.identity import User
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.paging import PageRequest
from billing_sdk.server.usecases.create_user import create_user
from billing_sdk.server.usecases.delete_user import delete_user
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.people import (
    MAX_EMAIL_LENGTH,
    MAX_NAME_LENGTH,
    MAX_PICTURE_LENGTH,
    MAX_PROVIDED_ID_LENGTH,
)
from billing_sdk.server.usecases.update_user import update_user
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Users"], route_class=StrictRoute)

UserId = Annotated[str, Query(alias="id", min_length=1, max_length=64)]
Expand = Annotated[
    str | None,
    Query(
        pattern=r"^(organizations|identities|billing)(,(organizations|identities|billing))*$",
        description="What to show besides: organizations, identities, billing; several with commas.",
    ),
]


class IdentityView(BaseModel):
    """What somebody signs in with."""

    type: str
    identity: str


class BillingView(BaseModel):
    """Which billing customer a user is."""

    customer_id: str


class UserView(BaseModel):
    """A user; `organizations`, `identities` and `billing` are there where they were asked for."""

    id: str
    provided_id: str | None
    email: str
    preferred_email: str
    first_name: str
    last_name: str
    picture: str | None
    is_suspended: bool
    created_on: datetime
    organizations: list[str] | None = None
    identities: list[IdentityView] | None = None
    billing: BillingView | None = None

    @classmethod
    def of(cls, tx: UnitOfWork, user: User, expand: str | None) -> UserView:
        """Show a user in the Management API's words."""
        parts = set(expand.split(",")) if expand else set()
        customer = tx.customers.find_by_user(user.id) if "billing" in parts else None
        organizations = tx.organizations.of_user(user.id) if "organizations" in parts else ()
        return cls(
            id=user.id,
            provided_id=user.provided_id,
            email=user.email,
            preferred_email=user.email,
            first_name=user.given_name,
            last_name=user.family_name,
            picture=user.picture,
            is_suspended=user.is_suspended,
            created_on=user.created_at,
            organizations=[one.code for one in organizations] if "organizations" in parts else None,
            identities=[IdentityView(type="email", identity=user.email)] if "identities" in parts else None,
            billing=BillingView(customer_id=customer.id) if customer is not None else None,
        )


class UserList(Answer):
    """Users in the order of their ids."""

    users: list[UserView]
    next_token: str | None


class CreatedUser(BaseModel):
    """A new user; `created` is always true, as an address that is in use is refused."""

    id: str
    created: bool
    identities: list[IdentityView]


class ChangedUser(BaseModel):
    """A user after a change."""

    id: str
    given_name: str
    family_name: str
    email: str
    is_suspended: bool
    picture: str | None


class Profile(Body):
    """What a user is called."""

    given_name: str = Field(default="", max_length=MAX_NAME_LENGTH)
    family_name: str = Field(default="", max_length=MAX_NAME_LENGTH)
    picture: str | None = Field(default=None, max_length=MAX_PICTURE_LENGTH)


class EmailDetails(Body):
    """An e-mail address."""

    email: str = Field(max_length=MAX_EMAIL_LENGTH)


class Identity(Body):
    """What a user will sign in with: one e-mail address."""

    type: Literal["email"]
    is_verified: bool = False
    details: EmailDetails


class NewUser(Body):
    """A user without a password."""

    profile: Profile = Profile()
    organization_code: str | None = Field(default=None, max_length=64)
    provided_id: str | None = Field(default=None, max_length=MAX_PROVIDED_ID_LENGTH)
    identities: list[Identity] = Field(min_length=1, max_length=1)


class UserChange(Body):
    """What to change; what is not named stays, whatever the default here."""

    given_name: str = Field(default="", max_length=MAX_NAME_LENGTH)
    family_name: str = Field(default="", max_length=MAX_NAME_LENGTH)
    picture: str | None = Field(default=None, max_length=MAX_PICTURE_LENGTH)
    provided_id: str | None = Field(default=None, max_length=MAX_PROVIDED_ID_LENGTH)
    is_suspended: bool = False


@router.get("/users", **scoped("read:users"))
def list_users(
    engine: EngineOf,
    page_size: PageSize = 10,
    next_token: NextToken = None,
    email: Annotated[str | None, Query(max_length=254)] = None,
    expand: Expand = None,
) -> UserList:
    """Return users in the order of their ids, or whoever has an e-mail address."""
    with engine.read() as tx:
        page = tx.users.list(
            PageRequest(page_size, starting_after=item_of(next_token, engine.sealer, of="users")), email=email
        )
        users = [UserView.of(tx, user, expand) for user in page.items]
    return UserList(
        users=users, next_token=next_token_after(page, engine.sealer, of="users", id_of=lambda user: user.id)
    )


@router.get("/user", **TAGGED, **scoped("read:users"))
def get_user(engine: EngineOf, user_id: UserId, response: Response, expand: Expand = None) -> UserView:
    """Return one user."""
    with engine.read() as tx:
        user = tx.users.get(user_id)
        put_etag(response, user)
        return UserView.of(tx, user, expand)


@router.post("/user", response_model=CreatedUser, **scoped("create:users"))
def add_user(body: NewUser, once: OnlyOnce) -> Response:
    """Make a user without a password, in one organization or in the default one."""

    def serve(engine: Engine) -> CreatedUser:
        user = create_user(
            engine,
            email=body.identities[0].details.email,
            given_name=body.profile.given_name,
            family_name=body.profile.family_name,
            picture=body.profile.picture,
            provided_id=body.provided_id,
            org_code=body.organization_code,
        )
        return CreatedUser(id=user.id, created=True, identities=[IdentityView(type="email", identity=user.email)])

    return once(serve, body)


@router.patch("/user", response_model=ChangedUser, **GUARDED, **scoped("update:users"))
def change_user(user_id: UserId, body: UserChange, once: OnlyOnce, versions: KnownVersions) -> Response:
    """Change what is given and leave the rest."""

    def serve(engine: Engine) -> ChangedUser:
        user = update_user(engine, user_id=user_id, versions=versions, **body.model_dump(exclude_unset=True))
        return ChangedUser(
            id=user.id,
            given_name=user.given_name,
            family_name=user.family_name,
            email=user.email,
            is_suspended=user.is_suspended,
            picture=user.picture,
        )

    return once(serve, body)


@router.delete("/user", response_model=Answer, **scoped("delete:users"))
def remove_user(user_id: UserId, once: OnlyOnce) -> Response:
    """Forget a user; their own agreements end, and what was paid stays on record."""

    def serve(engine: Engine) -> Answer:
        delete_user(engine, user_id=user_id)
        return Answer()

    return once(serve)
