"""Check a password: the first half of signing in."""

from __future__ import annotations

from datetime import timedelta

from billing_sdk.errors import Forbidden, RateLimited, WrongCredentials
from billing_sdk.server.domain.identity import User
from billing_sdk.server.ids import digest_of
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.passwords import matches

MAX_ATTEMPTS = 5
WINDOW_SECONDS = 60


def check_password(engine: Engine, *, email: str, password: str) -> User:
    """Return the person whose address and password these are.

    An unknown address gets the same answer as a wrong password, after the same work.

    Raises:
        WrongCredentials: they are nobody's.
        RateLimited: five attempts within a minute have failed for this address.
        Forbidden: the account is suspended.
    """
    email = email.strip().lower()
    stored = _count_attempt(engine, email)
    is_right = matches(password, stored)
    with engine.begin() as tx:
        user = tx.users.find_by_email(email)
        if not is_right or user is None:
            tx.audit.record("user", "sign_in.denied", digest_of(email), engine.now())
        else:
            tx.users.forget_attempts(digest_of(email))
            if not user.is_suspended:
                data = {"user": {"id": user.id}}
                tx.outbox.announce(type="user.authenticated", data=data, at=engine.now())
    if not is_right or user is None:
        raise WrongCredentials
    if user.is_suspended:
        raise Forbidden("the account is suspended", remedy="Contact whoever runs this application.")
    return user


def _count_attempt(engine: Engine, email: str) -> str | None:
    """Count before the password is looked at, so that guesses made at once are counted one by one."""
    at = engine.now()
    with engine.begin() as tx:
        attempts = tx.users.count_attempt(digest_of(email), at=at, window_start=at - timedelta(seconds=WINDOW_SECONDS))
        user = tx.users.find_by_email(email)
        stored = tx.users.find_password_hash(user.id) if user else None
    if attempts > MAX_ATTEMPTS:
        raise RateLimited("too many attempts to sign in with this address", retry_after_seconds=WINDOW_SECONDS)
    return stored
