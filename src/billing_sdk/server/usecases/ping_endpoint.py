"""Ping an endpoint."""

from __future__ import annotations

from billing_sdk.server.domain.events import Event, Told
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.signed_endpoints import SIGNED

PING = "v2.core.event_destination.ping"


def ping_endpoint(engine: Engine, *, endpoint_id: str, actor: str = "api") -> Event:
    """Send an endpoint an event that nothing but the asking has caused, whatever types it wants to hear of.

    Raises:
        NotFound: there is no such endpoint with a secret.
    """
    with engine.begin() as tx:
        endpoint = tx.endpoints.get(endpoint_id, *SIGNED)
        at = engine.now()
        told = Told(PING, "thin", f"event_destination/{endpoint.id}")
        (event_id,) = tx.outbox.tell((told,), at=at, is_for_all=False)
        event = tx.outbox.get(event_id)
        tx.deliveries.queue(event, endpoint.id, at=at)
        tx.audit.record(actor, "endpoint.ping", endpoint.id, at)
    engine.ring()
    return event
