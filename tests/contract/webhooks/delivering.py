"""What the tests of webhook deliveries do again and again."""

from __future__ import annotations

from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from typing import Any

import jwt

from billing_sdk.server.clock import TestClock
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import Delivery, Endpoint
from billing_sdk.server.usecases.deliver_due import deliver_due
from billing_sdk.server.usecases.engine import Engine
from tests.receiver import Received, Receiver

AT = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
ISSUER = "http://127.0.0.1:9000"
ADA = Customer("customer_ada", "user", "ada@example.com", AT, user_id="kp_ada")
ACME = Customer("customer_acme", "organization", "acme@example.com", AT, org_code="org_acme")
TYPE = "customer.plan_changed"


def announce(engine: Engine, customer: Customer | None = ADA, **data: Any) -> str:
    with engine.begin() as tx:
        return tx.outbox.announce(type=TYPE, data=data, customer=customer, at=engine.now())


class Changed(Exception):
    """Somebody's mind."""


def announce_and_change_mind(engine: Engine) -> None:
    with engine.begin() as tx:
        tx.outbox.announce(type=TYPE, data={}, customer=ADA, at=AT)
        raise Changed


def deliveries_of(engine: Engine, **wanted: Any) -> tuple[Delivery, ...]:
    with engine.read() as tx:
        return tx.deliveries.list(**wanted)


def endpoint_now(engine: Engine, endpoint: Endpoint) -> Endpoint:
    with engine.read() as tx:
        return tx.endpoints.get(endpoint.id)


def claims_of(request: Received) -> dict[str, Any]:
    return jwt.decode(request.body, options={"verify_signature": False})


def poison(engine: Engine, endpoint: Endpoint, receiver: Receiver, clock: TestClock) -> str:
    """Announce an event that the receiver never takes, while it takes others, and attempt it until it is dead."""
    event_id = announce(engine)
    receiver.behave = lambda handler: (
        handler.send_error(500, "poison") if event_id in last(receiver) else _accept(handler)
    )
    while deliver_due(engine):
        [delivery] = deliveries_of(engine, event_id=event_id)
        if delivery.status == "waiting":
            clock.advance(seconds=(delivery.due_at - clock.now()).total_seconds())
            announce(engine, ACME)
    return event_id


def last(receiver: Receiver) -> str:
    """Return the claims that came last, as text."""
    return str(claims_of(receiver.received[-1]))


def _accept(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(204)
    handler.end_headers()


def fail_until_disabled(engine: Engine, endpoint: Endpoint, clock: TestClock) -> None:
    """Make every attempt when it is due, until the endpoint is left alone."""
    while deliver_due(engine) and endpoint_now(engine, endpoint).is_enabled:
        due_at = min(delivery.due_at for delivery in deliveries_of(engine, status="waiting") if delivery.attempts)
        clock.advance(seconds=(due_at - clock.now()).total_seconds())
