"""Update a person's account."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.identity import User
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases import event_data
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.parties import keep_customer
from billing_sdk.server.usecases.people import (
    normal_email,
    normal_language,
    normal_name,
    normal_picture,
    normal_provided_id,
)
from billing_sdk.server.usecases.versions import check_version

CHANGEABLE = frozenset({"email", "given_name", "family_name", "picture", "provided_id", "is_suspended", "language"})


def update_user(
    engine: Engine,
    *,
    user_id: str,
    source: EventSource = "api",
    versions: Collection[str] | None = None,
    **changes: Any,
) -> User:
    """Change what is named of a person and leave the rest; who is suspended is signed out everywhere.

    Args:
        engine: the engine.
        user_id: whose account it is.
        source: who caused it, as events name them.
        versions: those of the account that the change may be made to (`version_of`); any by default.
        **changes: new values of fields of `User`; `language` is the claim `locale`, None for no preference.

    Raises:
        NotFound: there is no such person.
        PreconditionFailed: the account is in none of the versions any more.
        EmailTaken: somebody else has the e-mail address.
        InvalidRequest: a value can't be taken, or there is no such field.
    """
    if unknown := changes.keys() - CHANGEABLE:
        raise InvalidRequest(f"{min(unknown)} can't be changed", parameter=min(unknown))
    if "email" in changes:
        changes["email"] = normal_email(changes["email"])
    for name in changes.keys() & {"given_name", "family_name"}:
        changes[name] = normal_name(changes[name] or "", name)
    if "picture" in changes:
        changes["picture"] = normal_picture(changes["picture"])
    if "provided_id" in changes:
        changes["provided_id"] = normal_provided_id(changes["provided_id"])
    preference = {"locale": normal_language(changes.pop("language"))} if "language" in changes else {}
    at = engine.now()
    with engine.begin() as tx:
        before = tx.users.lock(user_id)
        check_version(before, versions)
        claims = {name: claim for name, claim in {**before.standard_claims, **preference}.items() if claim is not None}
        user = replace(before, **changes, standard_claims=claims, updated_at=at)
        save_user(tx, engine, before, user, source=source, at=at)
    return user


def save_user(tx: UnitOfWork, engine: Engine, before: User, user: User, *, source: EventSource, at: datetime) -> None:
    """Store a person who has changed, with all that follows from it, in somebody's transaction.

    Args:
        tx: the transaction, which has locked the person.
        engine: the engine.
        before: as they are stored.
        user: as they are to be.
        source: who caused it, as events name them.
        at: real time.

    Raises:
        EmailTaken: somebody else has the e-mail address.
    """
    if user.name != before.name:
        keep_customer(tx, engine, tx.customers.find_by_user(user.id))
    tx.users.save(user)
    if user.is_suspended:
        tx.sessions.end_all_of(user.id)
        tx.tokens.revoke_user(user.id, at=at)
        tx.portal_links.end_visits_of(user.id)
    org_codes = tuple(organization.code for organization in tx.organizations.of_user(user.id))
    tx.audit.record(source, "user.update", user.id, at, before=before, after=user)
    data = event_data.of_user(user, org_codes)
    tx.outbox.announce(type="user.updated", data=data, source=source, at=at)
