"""Prove that an e-mail address is one's own: by a link that is mailed to it, to sign in with it or to set a password.

A link is used by a form and never by looking at it, since programs that scan mail follow links.
"""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

from billing_sdk.errors import EmailTaken, Forbidden, LinkUsed
from billing_sdk.server.domain.identity import AccountLink, AccountLinkKind, User
from billing_sdk.server.domain.identity.account_link import LASTS
from billing_sdk.server.ids import digest_of, new_id, new_secret
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.check_password import check_password
from billing_sdk.server.usecases.customer_language import language_of_person
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.limit_attempts import (
    account_mail_attempts,
    count_attempt,
    forgive_attempt,
    sign_in_attempts,
)
from billing_sdk.server.usecases.people import normal_email
from billing_sdk.server.usecases.queue_mail import queue_mail
from billing_sdk.server.usecases.secure_account import end_everything
from billing_sdk.server.usecases.update_user import save_user
from billing_sdk.server.words import Value

PATH = "/account_link"
OVER = "the link was used, another one was sent since, or its time is over"
ASK = "Ask for a new one where you have asked for this one."


def ask_for_email(
    engine: Engine, *, user_id: str, email: str, password: str, language: str | None = None, address: str | None = None
) -> AccountLink:
    """Send a link to another e-mail address that somebody wants to have; it becomes theirs once that is used.

    Args:
        engine: the engine.
        user_id: who.
        email: the new one.
        password: of the account.
        language: of the mail.
        address: where on the network it comes from, where that is known.

    Raises:
        NotFound: there is no such person.
        WrongCredentials, Forbidden: as `check_password`.
        RateLimited: too many passwords were wrong, or too many links were asked for.
        EmailTaken: somebody has the address.
        InvalidRequest: it is none.
    """
    email = normal_email(email)
    with engine.read() as tx:
        known = tx.users.get(user_id)
    check_password(engine, email=known.email, password=password, address=address)
    with engine.read() as tx:
        if tx.users.find_by_email(email) is not None:
            raise EmailTaken(f"an account with {email} exists")
    count_attempt(engine, account_mail_attempts(user_id, address))
    with engine.begin() as tx:
        user = tx.users.lock(user_id)
        link = _send(tx, engine, user, "confirm_email", email, language)
        tx.audit.record(user.id, "email.ask", user.id, engine.now(), after=link)
    return link


def withdraw_email(engine: Engine, *, user_id: str) -> None:
    """Let the link to another e-mail address be of no use any more; without one nothing happens.

    Args:
        engine: the engine.
        user_id: whose link it is.

    Raises:
        NotFound: there is no such person.
    """
    with engine.begin() as tx:
        user = tx.users.lock(user_id)
        link = tx.account_links.find_of(user.id, "confirm_email")
        if link is not None:
            tx.account_links.take(link.key_hash)
            tx.audit.record(user.id, "email.withdraw", user.id, engine.now(), before=link)


def ask_for_password(engine: Engine, *, email: str, language: str | None = None, address: str | None = None) -> None:
    """Send a link to set a password to whoever has an account with an e-mail address.

    That there is none, or that it is suspended, is answered the same, after nearly the same work.

    Args:
        engine: the engine.
        email: as it was typed.
        language: of the mail.
        address: where on the network it comes from, where that is known.

    Raises:
        RateLimited: too many links were asked for, for this address or from this place on the network.
    """
    email = email.strip().lower()
    count_attempt(engine, account_mail_attempts(email, address))
    with engine.begin() as tx:
        tx.audit.record("user", "password.ask", tx.audit.pseudonym(email), engine.now())
        found = tx.users.find_by_email(email)
        user = None if found is None else tx.users.lock(found.id)
        if user is not None and user.email == email and not user.is_suspended:
            _send(tx, engine, user, "set_password", email, language)


def look_at_link(engine: Engine, *, key: str) -> AccountLink:
    """Return what a link is for, which stays as it is.

    Raises:
        LinkUsed: it was used, has expired, was replaced by another one, or never existed.
    """
    with engine.read() as tx:
        link = tx.account_links.find_by_key(digest_of(key))
        if link is None or not link.is_open(engine.now()):
            raise _over()
        return link


def confirm_email(engine: Engine, *, key: str, language: str | None = None) -> User:
    """Give somebody the e-mail address that a link was sent to, and tell the address before.

    Args:
        engine: the engine.
        key: of the link.
        language: of the mail to the address before; what the person prefers by default.

    Raises:
        LinkUsed: as `look_at_link`.
        EmailTaken: somebody else has the address by now.
        Forbidden: the account is suspended.
    """
    at = engine.now()
    with engine.begin() as tx:
        link, before = _take(tx, engine, key, "confirm_email")
        user = replace(before, email=link.email, updated_at=at)
        save_user(tx, engine, before, user, source="user", at=at)
        # What was sent to the address before proves nothing about the account any more.
        tx.account_links.end_all_of(user.id)
        values = _about(user, email=user.email, changed_at=at)
        language = language or language_of_person(user)
        queue_mail(engine, tx, kind="email_changed", to=before.email, values=values, language=language, at=at)
    return user


def set_password(engine: Engine, *, key: str, password_hash: str) -> User:
    """Give an account the password that whoever has a link wants, and end every session of it.

    Args:
        engine: the engine.
        key: what the link holds.
        password_hash: of `hash_password`, which is costly by design, so it is made before any transaction.

    Raises:
        LinkUsed: as `look_at_link`, or the account has another e-mail address by now.
        Forbidden: the account is suspended.
    """
    with engine.begin() as tx:
        link, user = _take(tx, engine, key, "set_password")
        if user.email != link.email:
            raise _over()
        tx.users.set_password(user.id, password_hash)
        tx.audit.record(user.id, "password.set", user.id, engine.now())
        end_everything(tx, engine, user.id)
        forgive_attempt(tx, engine, sign_in_attempts(user.email, None))
    return user


def _send(
    tx: UnitOfWork, engine: Engine, user: User, kind: AccountLinkKind, email: str, language: str | None
) -> AccountLink:
    at, key = engine.now(), new_secret()
    link = AccountLink(new_id("accountlink"), user.id, kind, email, digest_of(key), at, at + LASTS[kind])
    tx.account_links.put(link)
    language = language or language_of_person(user)
    query = urlencode({"lang": language, "key": key} if language else {"key": key})
    url = f"{engine.settings.base_url}{PATH}?{query}"
    values = _about(user, email=email, url=url, expires_at=link.expires_at)
    queue_mail(engine, tx, kind=kind, to=email, values=values, language=language, at=at)
    return link


def _take(tx: UnitOfWork, engine: Engine, key: str, kind: AccountLinkKind) -> tuple[AccountLink, User]:
    """Use a link up, and return it with the person whose it is, whom nobody else changes meanwhile."""
    found = tx.account_links.find_by_key(digest_of(key))
    if found is None:
        raise _over()
    user = tx.users.lock(found.user_id)
    link = tx.account_links.take(digest_of(key))
    if link is None or link.kind != kind or not link.is_open(engine.now()):
        raise _over()
    if user.is_suspended:
        raise Forbidden("the account is suspended", remedy="Contact whoever runs this application.")
    return link, user


def _about(user: User, **values: Value) -> dict[str, Value]:
    return {**({"customer": user.name} if user.name else {}), **values}


def _over() -> LinkUsed:
    return LinkUsed(OVER, remedy=ASK)
