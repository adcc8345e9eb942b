"""Floods: an address that keeps sending requests without a usable credential is told to wait."""

from __future__ import annotations

from starlette.requests import HTTPConnection

from billing_sdk.errors import RateLimited
from billing_sdk.server.settings import Settings
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.web.client_address import client_address


def flood_refusal(connection: HTTPConnection) -> RateLimited | None:
    """Count a request that is about to be answered with 401; return the 429 for it where its address sends too many.

    Only what was refused counts and only what would be refused is held off, so whoever has a credential gets
    through, also where many share one address.
    """
    engine: Engine = connection.app.state.engine
    try:
        engine.admit("refused", address_of(connection, engine.settings))
    except RateLimited as error:
        return error
    return None


def address_of(connection: HTTPConnection, settings: Settings) -> str:
    """Return whom to count a request against: who is known to have sent it, or else who is connected."""
    peer = connection.client.host if connection.client is not None else ""
    return client_address(connection, settings) or peer
