"""Ensure that an address hears of everything."""

from __future__ import annotations

from billing_sdk.server.domain.events import Endpoint
from billing_sdk.server.outbox.catalogue import BY_CODE
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.register_endpoint import register_endpoint
from billing_sdk.server.usecases.update_endpoint import update_endpoint


def ensure_endpoint(engine: Engine, *, url: str, name: str) -> Endpoint:
    """Return the enabled endpoint with this address, registered for all types; safe to repeat.

    Raises:
        InvalidRequest: the address may not be called.
        Conflict: there are as many endpoints as there may be.
    """
    with engine.read() as tx:
        found = tx.endpoints.find_by_url(url)
    if found is None:
        return register_endpoint(engine, url=url, name=name, event_types=tuple(BY_CODE))
    return update_endpoint(engine, endpoint_id=found.id, event_types=tuple(BY_CODE), is_enabled=True)
