"""Replay events."""

from __future__ import annotations

from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.replay_event import queue_again, targets_of

PAGE = 100


def replay_events(engine: Engine, *, endpoint_id: str, after: str | None = None, actor: str = "operator") -> int:
    """Send an endpoint everything that it wants since an event, or from the beginning; return how many events.

    It is for an endpoint that was away for longer than the schedule of attempts. The order of each customer's
    events is kept.

    Args:
        engine: where to look.
        endpoint_id: who gets them.
        after: the last event that the endpoint has seen.
        actor: who does it, as the audit names them.

    Raises:
        NotFound: there is no such event or endpoint.
    """
    count = 0
    cursor = after
    while True:
        with engine.begin() as tx:
            if cursor == after:
                tx.audit.record(actor, "endpoint.replay", endpoint_id, engine.now(), after={"after": after})
            targets = targets_of(tx, endpoint_id)
            page = tx.outbox.list(after=cursor, limit=PAGE)
            count += sum(len(queue_again(engine, tx, event, targets)) for event in page)
        engine.ring()
        if len(page) < PAGE:
            return count
        cursor = page[-1].id
