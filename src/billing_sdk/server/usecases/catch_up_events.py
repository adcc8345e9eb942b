"""Catch up with events of processors: those that could not be handled when they came, and those that never did."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from stripe import StripeClient

from billing_sdk.errors import BillingError
from billing_sdk.server.domain.workspace import PaymentApp
from billing_sdk.server.gateways.stripe.client import stripe_client
from billing_sdk.server.gateways.stripe.objects import list_events, retrieve_event
from billing_sdk.server.storage.gateway_events import GatewayEvent
from billing_sdk.server.usecases.app_keys import key_of_app
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.take_gateway_event import HANDLERS, take
from billing_sdk.server.usecases.take_outside_dispute import GONE

logger = logging.getLogger(__name__)

# Whoever is busy with what an event is about has ended by then.
SHORTEST_REST: Final = timedelta(minutes=1)
LONGEST_REST: Final = timedelta(hours=6)
# Stripe itself tries for as long.
GIVEN_UP_AFTER: Final = timedelta(days=3)
GIVEN_UP: Final = "given_up"
MOST_AT_ONCE: Final = 100
# How often is asked for what never came, and how far back beyond the last time.
LISTED_EVERY: Final = timedelta(hours=1)
OVERLAP: Final = timedelta(minutes=15)


def take_up_events(engine: Engine) -> None:
    """Handle events that are on record and not handled yet, each after a rest that grows, for three days."""
    at = engine.now()
    with engine.read() as tx:
        waiting = tx.gateway_events.unhandled(before=at - SHORTEST_REST, limit=MOST_AT_ONCE)
        apps = {event.app_id: tx.payment_apps.get(event.app_id) for event in waiting}
    for event in waiting:
        if event.received_at + rest_after(event.attempts) > at:
            continue
        try:
            _take_up(engine, apps[event.app_id], event, at)
        except BillingError as error:
            logger.info("the event %s still waits (%s)", event.event_id, error.code)


def rest_after(attempts: int) -> timedelta:
    """Return how long after its arrival an event is begun with again."""
    doubled: int = 1 << max(0, min(attempts, 16) - 1)
    return min(SHORTEST_REST * doubled, LONGEST_REST)


def list_missed_events(engine: Engine) -> None:
    """Ask once an hour what has happened in the account of the present gateway, and handle what never came here."""
    at = engine.now()
    with engine.read() as tx:
        kind = tx.workspace.get().gateway
        app = None if kind is None else tx.payment_apps.of_gateway(kind)
        since = None if app is None else tx.payment_apps.events_listed_at(app.id)
    if app is None or app.webhook_endpoint_id is None or app.account_id is None or app.status == "unauthorized":
        return
    if since is not None and since + LISTED_EVERY > at:
        return
    try:
        # Before an endpoint was there, nothing of ours was.
        for about in () if since is None else list_events(_client(engine, app), since=since - OVERLAP):
            if about.event_type in HANDLERS:
                take(engine, app, about)
    except BillingError as error:
        logger.info("the events of %s are asked for again later (%s)", app.id, error.code)
        return
    with engine.begin() as tx:
        tx.payment_apps.note_events_listed(app.id, at)


def _take_up(engine: Engine, app: PaymentApp, event: GatewayEvent, at: datetime) -> None:
    if event.received_at + GIVEN_UP_AFTER < at:
        logger.error("the event %s (%s) is given up after %s attempts", event.event_id, event.type, event.attempts)
        outcome = GIVEN_UP
    else:
        about = None if app.deleted_at is not None else retrieve_event(_client(engine, app), event.event_id)
        if about is not None:
            take(engine, app, about)
            return
        outcome = GONE
    with engine.begin() as tx:
        tx.gateway_events.done(event, outcome, at)


def _client(engine: Engine, app: PaymentApp) -> StripeClient:
    with engine.read() as tx:
        key = key_of_app(tx, engine.settings, app)
    return stripe_client(app, key, engine.settings)
