"""Replay an event."""

from __future__ import annotations

from billing_sdk.server.domain.events import Delivery, Endpoint, Event
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine


def replay_event(
    engine: Engine, *, event_id: str, endpoint_id: str | None = None, actor: str = "api"
) -> tuple[Delivery, ...]:
    """Send an event again, with its old `event_id` and `webhook-id`, to one endpoint or to all that want its type.

    Raises:
        NotFound: there is no such event or endpoint.
    """
    with engine.begin() as tx:
        event = tx.outbox.get(event_id)
        deliveries = queue_again(engine, tx, event, targets_of(tx, endpoint_id))
        tx.audit.record(actor, "event.replay", event.id, engine.now(), after={"deliveries": len(deliveries)})
    engine.ring()
    return deliveries


def targets_of(tx: UnitOfWork, endpoint_id: str | None) -> tuple[Endpoint, ...]:
    """Return one endpoint, or all."""
    return tx.endpoints.list() if endpoint_id is None else (tx.endpoints.get(endpoint_id),)


def queue_again(engine: Engine, tx: UnitOfWork, event: Event, targets: tuple[Endpoint, ...]) -> tuple[Delivery, ...]:
    """Put an event in the queues of those that are enabled and want its type."""
    wanting = [endpoint.id for endpoint in targets if endpoint.is_enabled and endpoint.wants(event.form, event.type)]
    return tuple(tx.deliveries.queue(event, endpoint_id, at=engine.now()) for endpoint_id in wanting)
