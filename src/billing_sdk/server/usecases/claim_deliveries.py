"""Claim deliveries."""

from __future__ import annotations

from datetime import timedelta

from billing_sdk.server.ids import new_id
from billing_sdk.server.outbox.letter import Letter, write_letter
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.signing_keys import current_key

MOST_UNDER_WAY_EACH = 4
# Beyond the deadline of an attempt, so that a claim never runs out while its answer is being stored.
LEASE_MARGIN_SECONDS = 45


def claim_deliveries(engine: Engine) -> tuple[Letter, ...]:
    """Take what is due and return it signed for this attempt.

    Whoever takes it must settle it. What is not settled, because a process died, is taken again when its lease
    has run out: an event arrives at least once.
    """
    at = engine.now()
    with engine.read() as tx:  # most looks find nothing, and should hold up nobody
        if not tx.deliveries.has_due(at):
            return ()
    key = current_key(engine)
    lease_ends_at = at + timedelta(seconds=engine.settings.webhook_deadline_seconds + LEASE_MARGIN_SECONDS)
    with engine.begin() as tx:
        claimed = tx.deliveries.claim(
            at=at, lease=new_id("lease"), lease_ends_at=lease_ends_at, limit_each=MOST_UNDER_WAY_EACH
        )
        endpoints = {endpoint_id: tx.endpoints.get(endpoint_id) for endpoint_id in {d.endpoint_id for d in claimed}}
        events = {delivery.event_id: tx.outbox.get(delivery.event_id) for delivery in claimed}
    return tuple(
        write_letter(
            delivery,
            events[delivery.event_id],
            endpoints[delivery.endpoint_id],
            key=key,
            issuer=engine.settings.base_url,
            at=at,
            lifetime_seconds=engine.settings.webhook_token_seconds,
        )
        for delivery in claimed
    )
