"""Replay events."""

from __future__ import annotations

from datetime import datetime

from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.replay_event import queue_again, targets_of

PAGE = 100


def replay_events(
    engine: Engine,
    *,
    endpoint_id: str,
    after: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    actor: str = "operator",
) -> int:
    """Send an endpoint everything that it wants since an event, or of a time; return how many events.

    It is for an endpoint that was away for longer than the schedule of attempts. The order of each customer's
    events is kept.

    Args:
        engine: where to look.
        endpoint_id: who gets them.
        after: the last event that the endpoint has seen; from the beginning where neither it nor `since` is given.
        since: leave out what happened before this instant.
        until: leave out what happened at this instant and later.
        actor: who does it, as the audit names them.

    Raises:
        NotFound: there is no such event or endpoint.
    """
    count = 0
    with engine.begin() as tx:
        targets_of(tx, endpoint_id)
        cursor = after if since is None or after is not None else tx.outbox.last_before(since)
        told = {"after": after, "since": since, "until": until}
        tx.audit.record(actor, "endpoint.replay", endpoint_id, engine.now(), after=told)
    while True:
        with engine.begin() as tx:
            targets = targets_of(tx, endpoint_id)
            page = tx.outbox.list(after=cursor, limit=PAGE)
            wanted = [event for event in page if until is None or event.occurred_at < until]
            count += sum(len(queue_again(engine, tx, event, targets)) for event in wanted)
        engine.ring()
        if len(page) < PAGE or len(wanted) < len(page):
            return count
        cursor = page[-1].id
