"""Redeliver dead letters."""

from __future__ import annotations

from billing_sdk.server.usecases.engine import Engine


def redeliver_dead(engine: Engine, *, endpoint_id: str, actor: str = "operator") -> int:
    """Put an endpoint's dead letters back in its queue, with a whole new schedule, and return how many there were.

    Raises:
        NotFound: there is no such endpoint.
    """
    with engine.begin() as tx:
        endpoint = tx.endpoints.get(endpoint_id)
        count = tx.deliveries.restart(endpoint.id, "dead", at=engine.now())
        tx.audit.record(actor, "endpoint.redeliver", endpoint.id, engine.now(), after={"count": count})
    engine.ring()
    return count
