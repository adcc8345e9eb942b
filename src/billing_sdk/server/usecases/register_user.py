"""Register: a person makes an account."""

from __future__ import annotations

from datetime import datetime

from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.identity import User
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases import event_data
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.passwords import hash_password
from billing_sdk.server.usecases.people import (
    normal_email,
    normal_language,
    normal_name,
    normal_picture,
    normal_provided_id,
)


def register_user(engine: Engine, *, email: str, password: str, given_name: str = "", family_name: str = "") -> User:
    """Make an account with a password; its owner belongs to the default organization.

    Raises:
        EmailTaken: an account with the e-mail address exists.
        InvalidRequest: the address, the password or a name can't be taken.
    """
    user = new_user(email=email, given_name=given_name, family_name=family_name, at=engine.now())
    password_hash = hash_password(password)  # costly by design, so before the transaction
    with engine.begin() as tx:
        add_user(tx, user, password_hash=password_hash)
    return user


def new_user(
    *,
    email: str,
    given_name: str = "",
    family_name: str = "",
    picture: str | None = None,
    provided_id: str | None = None,
    language: str | None = None,
    at: datetime,
) -> User:
    """Return a person who is not stored yet.

    Args:
        email: the address.
        given_name: the first of the two names.
        family_name: the other one.
        picture: the address of one.
        provided_id: what another system calls the person.
        language: the tag of the language that the account is made in, where that is known.
        at: when it is made.

    Raises:
        InvalidRequest: the address, a name, the picture, the language or the other system's id can't be taken.
    """
    spoken = normal_language(language)
    return User(
        id=new_id("kp"),
        email=normal_email(email),
        given_name=normal_name(given_name, "given_name"),
        family_name=normal_name(family_name, "family_name"),
        created_at=at,
        updated_at=at,
        picture=normal_picture(picture),
        provided_id=normal_provided_id(provided_id),
        standard_claims={} if spoken is None else {"locale": spoken},
    )


def add_user(
    tx: UnitOfWork,
    user: User,
    *,
    password_hash: str | None = None,
    org_code: str | None = None,
    source: EventSource = "user",
) -> None:
    """Store a person as a member of one organization, by default the default one, and announce it.

    Raises:
        EmailTaken: an account with the e-mail address exists.
        NotFound: there is no such organization.
    """
    tx.users.add(user, password_hash=password_hash)
    home = tx.organizations.get(org_code) if org_code else tx.organizations.get_default()
    tx.organizations.add_member(home.code, user.id, at=user.created_at)
    tx.audit.record(source, "user.create", user.id, user.created_at, after=user)
    data = event_data.of_user(user, (home.code,))
    tx.outbox.announce(type="user.created", data=data, source=source, at=user.created_at)
