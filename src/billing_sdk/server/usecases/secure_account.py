"""What somebody does about their own account who proves once more who they are."""

from __future__ import annotations

from billing_sdk.server.ids import digest_of
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.check_password import check_password
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.passwords import hash_password, require_length


def change_password(
    engine: Engine,
    *,
    user_id: str,
    password: str,
    new_password: str,
    visit_key: str | None = None,
    address: str | None = None,
) -> None:
    """Give somebody another password, and sign them out everywhere else.

    Args:
        engine: the engine.
        user_id: who.
        password: the one that they have.
        new_password: the one that they want.
        visit_key: of the portal visit that goes on.
        address: where on the network it comes from, where that is known.

    Raises:
        NotFound: there is no such person.
        WrongCredentials, RateLimited, Forbidden: as `check_password`.
        InvalidRequest: the new one is too short or too long.
    """
    require_length(new_password)
    with engine.read() as tx:
        email = tx.users.get(user_id).email
    check_password(engine, email=email, password=password, address=address)
    password_hash = hash_password(new_password)  # costly by design, so before the transaction
    with engine.begin() as tx:
        user = tx.users.lock(user_id)
        tx.users.set_password(user.id, password_hash)
        tx.audit.record(user.id, "password.change", user.id, engine.now())
    sign_out_everywhere(engine, user_id=user_id, visit_key=visit_key)


def sign_out_everywhere(engine: Engine, *, user_id: str, visit_key: str | None = None) -> None:
    """End every session, token and portal visit of somebody.

    Args:
        engine: the engine.
        user_id: who.
        visit_key: of a portal visit that goes on.

    Raises:
        NotFound: there is no such person.
    """
    with engine.begin() as tx:
        tx.users.lock(user_id)
        end_everything(tx, engine, user_id, spares=None if visit_key is None else digest_of(visit_key))


def end_everything(tx: UnitOfWork, engine: Engine, user_id: str, *, spares: str | None = None) -> None:
    """End every session, token, portal visit and mailed link of somebody, in somebody's transaction.

    Args:
        tx: the transaction, which has locked the person.
        engine: the engine.
        user_id: who.
        spares: the digest of the key of a portal visit that goes on.
    """
    tx.sessions.end_all_of(user_id)
    tx.tokens.revoke_user(user_id, at=engine.now())
    tx.portal_links.end_visits_of(user_id, spares=spares)
    tx.account_links.end_all_of(user_id)
    tx.audit.record(user_id, "session.end_all", user_id, engine.now())
