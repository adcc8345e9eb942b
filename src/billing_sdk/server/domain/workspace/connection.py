"""How far a linked account has come: its states, and what moves it from one to the next."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final, Literal

from billing_sdk.errors import Conflict
from billing_sdk.server.domain.workspace.payment_app import ConnectionState, PaymentApp

ConnectionEvent = Literal["begin", "give_up", "lack", "complete", "leave"]

# Nothing else may change the state of a connection.
TRANSITIONS: Final[dict[tuple[ConnectionState, ConnectionEvent], ConnectionState]] = {
    ("not_connected", "begin"): "connecting",
    ("not_connected", "leave"): "not_connected",
    ("connecting", "begin"): "connecting",
    ("connecting", "give_up"): "not_connected",
    ("connecting", "lack"): "in_progress",
    ("connecting", "complete"): "connected",
    ("connecting", "leave"): "disconnected",
    ("in_progress", "lack"): "in_progress",
    ("in_progress", "complete"): "connected",
    ("in_progress", "leave"): "disconnected",
    ("connected", "lack"): "in_progress",
    ("connected", "complete"): "connected",
    ("connected", "leave"): "disconnected",
    ("disconnected", "begin"): "connecting",
    ("disconnected", "give_up"): "disconnected",
    ("disconnected", "leave"): "disconnected",
}


def moved(app: PaymentApp, event: ConnectionEvent, *, at: datetime, missing: tuple[str, ...] = ()) -> PaymentApp:
    """Return an app after something has happened to its connection.

    Args:
        app: as it was.
        event: what has happened.
        at: when.
        missing: what the processor asks for still.

    Raises:
        Conflict: it can't happen in the state that the connection is in.
    """
    state = TRANSITIONS.get((app.connection, event))
    if state is None:
        raise Conflict(f"the account is {app.connection.replace('_', ' ')}", state=app.connection)
    return replace(app, connection=state, missing=missing, updated_at=at)


def found(app: PaymentApp, *, at: datetime, missing: tuple[str, ...]) -> PaymentApp:
    """Return an app after its processor has told what it still asks for, if for anything."""
    return moved(app, "lack" if missing else "complete", at=at, missing=missing)
