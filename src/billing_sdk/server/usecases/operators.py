"""Operators: who may enable billing and see the dashboard. They are people with an account here, and nobody else is."""

from __future__ import annotations

from billing_sdk.errors import Forbidden, NotFound
from billing_sdk.server.domain.identity import User
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.people import normal_email
from billing_sdk.server.usecases.workspace_caps import require_room

REMEDY = "Ask whoever runs this server: `billing-sdk operators add EMAIL`."


def add_operator(engine: Engine, *, email: str, actor: str) -> User:
    """Let somebody into the dashboard; who is an operator already stays one.

    Raises:
        InvalidRequest: this is no e-mail address.
        NotFound: nobody has an account with it.
        WorkspaceCapReached: the plan of the workspace allows no more operators.
    """
    with engine.begin() as tx:
        user = tx.users.find_by_email(normal_email(email, "email"))
        if user is None:
            raise NotFound("nobody has an account with this e-mail address", remedy="Let them sign up first.")
        if not tx.operators.has(user.id):
            require_room(engine, tx, "seats", used=tx.operators.count())
            tx.operators.add(user.id, at=engine.now())
            tx.audit.record(actor, "operator.add", user.id, engine.now())
    return user


def remove_operator(engine: Engine, *, user_id: str, actor: str) -> None:
    """Let somebody into the dashboard no more; their dashboard tokens end with it.

    Raises:
        NotFound: they are no operator.
    """
    with engine.begin() as tx:
        if not tx.operators.remove(user_id):
            raise NotFound("this is no operator")
        tx.audit.record(actor, "operator.remove", user_id, engine.now())


def require_operator(engine: Engine, *, user_id: str) -> User:
    """Return an operator.

    Raises:
        Forbidden: it is nobody, somebody else, or somebody who is suspended.
    """
    with engine.read() as tx:
        user = tx.users.find(user_id) if tx.operators.has(user_id) else None
    if user is None or user.is_suspended:
        raise Forbidden("only operators use the dashboard", remedy=REMEDY)
    return user
