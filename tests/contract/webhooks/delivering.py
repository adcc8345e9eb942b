"""What the tests of webhook deliveries do again and again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from billing_sdk.server.clock import TestClock
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import Delivery, Endpoint
from billing_sdk.server.usecases.deliver_due import deliver_due
from billing_sdk.server.usecases.engine import Engine
from tests.receiver import Received

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


def fail_for(engine: Engine, clock: TestClock, duration: timedelta) -> None:
    """Let time pass, and make every attempt that becomes due in it."""
    end = clock.now() + duration
    while clock.now() < end:
        deliver_due(engine)
        clock.advance(minutes=10)
