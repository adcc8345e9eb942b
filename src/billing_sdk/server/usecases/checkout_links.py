"""Addresses of checkout pages: signed, so that nobody can guess one; nothing is stored for them."""

from __future__ import annotations

from typing import Final

from billing_sdk.errors import NotFound
from billing_sdk.server.usecases.checkout_sessions import find_session
from billing_sdk.server.usecases.engine import Engine

PLACE: Final = "/checkout/session"
PURPOSE: Final = "checkout_session"
LONGEST_KEY: Final = 128


def checkout_path(engine: Engine, session_id: str) -> str:
    """Return the path of the page of a session."""
    return f"{PLACE}/{session_id}/{engine.sealer.sign(session_id, purpose=PURPOSE)}"


def checkout_url(engine: Engine, session_id: str) -> str:
    """Return the address of the page of a session."""
    return engine.settings.base_url + checkout_path(engine, session_id)


def check_checkout_link(engine: Engine, session_id: str, key: str) -> None:
    """Let whoever has the address of a page go on.

    Raises:
        NotFound: it is none.
    """
    if not engine.sealer.has_signed(session_id, key[:LONGEST_KEY], purpose=PURPOSE):
        raise NotFound("there is no checkout page here", remedy="Go back to the application, and begin again.")


def way_out(engine: Engine, session_id: str, key: str) -> str:
    """Return where a session leads to in the end, for a page that leads back to it.

    Raises:
        NotFound: there is no such page.
    """
    check_checkout_link(engine, session_id, key)
    with engine.read() as tx:
        return find_session(tx, session_id).success_url
