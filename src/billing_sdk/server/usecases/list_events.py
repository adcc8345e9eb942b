"""List events."""

from __future__ import annotations

from collections.abc import Sequence

from billing_sdk.server.domain.events import Event
from billing_sdk.server.usecases.engine import Engine

PAGE = 100


def list_events(
    engine: Engine,
    *,
    after: str | None = None,
    customer_id: str | None = None,
    types: Sequence[str] = (),
    limit: int = PAGE,
) -> tuple[Event, ...]:
    """Return events in the order in which they were written.

    Args:
        engine: where to look.
        after: the id of an event; only later ones are returned.
        customer_id: only this customer's.
        types: only these types; empty means all.
        limit: how many at most.

    Raises:
        NotFound: there is no event `after`.
    """
    with engine.read() as tx:
        return tx.outbox.list(after=after, customer_id=customer_id, types=types, limit=limit)


def latest_event(engine: Engine) -> Event | None:
    """Return the event that was written last: the cursor of somebody who wants only what is to come."""
    with engine.read() as tx:
        return tx.outbox.latest()
