"""Trigger an event."""

from __future__ import annotations

from billing_sdk.server.domain.events import Event
from billing_sdk.server.outbox.catalogue import event_type_for
from billing_sdk.server.usecases.engine import Engine


def trigger_event(engine: Engine, *, type: str, customer_id: str | None = None) -> Event:  # noqa: A002 - wire name
    """Announce an event with the data of its type's example, so that a receiver can be tried out.

    Nothing has happened: neither the agreement nor the payment in it exists.

    Args:
        engine: where to announce it.
        type: one of the event catalogue.
        customer_id: whose event it is to be; the example's customer, who has no sequence number, by default.

    Raises:
        InvalidRequest: there is no such type.
        NotFound: there is no such customer.
    """
    event_type = event_type_for(type)
    with engine.begin() as tx:
        customer = None if customer_id is None else tx.customers.get(customer_id)
        at = engine.now() if customer is None else engine.now_for(tx, customer)
        event_id = tx.outbox.announce(
            type=event_type.code, data=event_type.example, customer=customer, source="admin", at=at
        )
        tx.audit.record("operator", "event.trigger", event_id, engine.now())
        return tx.outbox.get(event_id)
