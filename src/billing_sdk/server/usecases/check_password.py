"""Check a password: the first half of signing in."""

from __future__ import annotations

from billing_sdk.errors import Forbidden, WrongCredentials
from billing_sdk.server.domain.identity import User
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.limit_attempts import count_attempt, forgive_attempt, sign_in_attempts
from billing_sdk.server.usecases.passwords import matches


def check_password(engine: Engine, *, email: str, password: str, address: str | None = None) -> User:
    """Return the person whose address and password these are.

    An e-mail address that nobody has gets the same answer as a wrong password, after the same work.

    Args:
        engine: the engine.
        email: whose password it is said to be.
        password: as it was typed.
        address: where on the network it comes from, where that is known.

    Raises:
        WrongCredentials: they are nobody's.
        RateLimited: too many have failed for this account, or from this address on the network.
        Forbidden: the account is suspended.
    """
    email = email.strip().lower()
    attempted = sign_in_attempts(email, address)
    count_attempt(engine, attempted)
    is_right = matches(password, _stored_hash(engine, email))
    with engine.begin() as tx:
        user = tx.users.find_by_email(email)
        if not is_right or user is None:
            tx.audit.record("user", "sign_in.denied", tx.audit.pseudonym(email), engine.now())
        else:
            forgive_attempt(tx, engine, attempted)
            if not user.is_suspended:
                data = {"user": {"id": user.id}}
                tx.outbox.announce(type="user.authenticated", data=data, at=engine.now())
    if not is_right or user is None:
        raise WrongCredentials
    if user.is_suspended:
        raise Forbidden("the account is suspended", remedy="Contact whoever runs this application.")
    return user


def _stored_hash(engine: Engine, email: str) -> str | None:
    with engine.read() as tx:
        user = tx.users.find_by_email(email)
        return tx.users.find_password_hash(user.id) if user else None
