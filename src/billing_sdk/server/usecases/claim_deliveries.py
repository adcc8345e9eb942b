"""Claim deliveries."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from billing_sdk.server.domain.events import Delivery, Endpoint, Event, EventForm
from billing_sdk.server.ids import new_id
from billing_sdk.server.outbox.letter import Letter, write_letter, write_signed_letter
from billing_sdk.server.signing import SigningKey
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.signing_keys import current_key

logger = logging.getLogger(__name__)

MOST_UNDER_WAY_EACH = 4
# Beyond the deadline of an attempt, so that a claim never runs out while its answer is being stored.
LEASE_MARGIN_SECONDS = 45
TOKENS: tuple[EventForm, ...] = ("jwt",)
ALL: tuple[EventForm, ...] = ("jwt", "thin", "snapshot")


def claim_deliveries(engine: Engine) -> tuple[Letter, ...]:
    """Take what is due and return it signed for this attempt.

    Whoever takes it must settle it. What is not settled, because a process died, is taken again when its lease
    has run out: an event arrives at least once.
    """
    at, formats = engine.now(), TOKENS if engine.shows is None else ALL
    with engine.read() as tx:  # most looks find nothing, and should hold up nobody
        if not tx.deliveries.has_due(at, formats=formats):
            return ()
    key = current_key(engine)
    lease_ends_at = at + timedelta(seconds=engine.settings.webhook_deadline_seconds + LEASE_MARGIN_SECONDS)
    with engine.begin() as tx:
        claimed = tx.deliveries.claim(
            at=at, lease=new_id("lease"), lease_ends_at=lease_ends_at, limit_each=MOST_UNDER_WAY_EACH, formats=formats
        )
        return tuple(_written(engine, tx, claimed, key, at))


def _written(
    engine: Engine, tx: UnitOfWork, claimed: Sequence[Delivery], key: SigningKey, at: datetime
) -> Iterator[Letter]:
    endpoints = {endpoint_id: tx.endpoints.get(endpoint_id) for endpoint_id in {d.endpoint_id for d in claimed}}
    for delivery in claimed:
        endpoint, event = endpoints[delivery.endpoint_id], tx.outbox.get(delivery.event_id)
        if endpoint.format != "jwt":
            yield from _signed(engine, tx, delivery, event, endpoint, at)
            continue
        yield write_letter(
            delivery,
            event,
            endpoint,
            key=key,
            issuer=engine.settings.base_url,
            at=at,
            lifetime_seconds=engine.settings.webhook_token_seconds,
        )


def _signed(
    engine: Engine, tx: UnitOfWork, delivery: Delivery, event: Event, endpoint: Endpoint, at: datetime
) -> Iterator[Letter]:
    """Yield the letter of an event that points to a thing; one that can't be written holds up no other."""
    if engine.shows is None:
        return
    try:
        body = engine.shows.body(tx, event, endpoint)
    except Exception as error:  # noqa: BLE001 - its lease runs out, and it is tried again; the others must go
        logger.error("event %s can't be written (%s)", event.id, type(error).__name__)  # noqa: TRY400 - a traceback would show what the event is about
        return
    yield write_signed_letter(delivery, endpoint, body, secrets=tx.endpoints.secrets_of(endpoint.id, at=at), at=at)
