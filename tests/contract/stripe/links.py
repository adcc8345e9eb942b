"""An engine whose gateway is an account at the simulator, and what reaches that account directly."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from billing_sdk._secret import Secret
from billing_sdk.server.gateways import ManagedGateway, Payer, SwitchingGateway
from billing_sdk.server.gateways.stripe import StripeLink, stripe_client
from billing_sdk.server.usecases.enable_billing import enable_billing
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.install_app import ensure_app
from billing_sdk.server.usecases.linked_gateways import LinkedGateways
from billing_sdk.server.usecases.mirror import DatabaseMirror
from billing_sdk.testing.stripe import StripeSimulator
from tests.engines import IN_MEMORY, engine_on


@contextmanager
def linked(simulator: StripeSimulator) -> Iterator[tuple[Engine, StripeLink]]:
    """Yield an engine and its link with the platform's account."""
    key = Secret(simulator.secret_key)
    with engine_on(IN_MEMORY, stripe_api_base=simulator.base_url, stripe_secret_key=key, stripe_retries=0) as engine:
        app = ensure_app(engine, "stripe_platform")
        mirror = DatabaseMirror(engine.database, engine.clock, app.id)
        yield engine, StripeLink(app, stripe_client(app, key, engine.settings), mirror, engine.settings, engine.now)


@contextmanager
def paying_by_stripe(simulator: StripeSimulator) -> Iterator[tuple[Engine, StripeLink]]:
    """Yield an engine whose workspace is paid through the platform's account, and its link with it."""
    with linked(simulator) as (plain, link):
        gateways = LinkedGateways(plain.database, plain.settings, plain.clock)
        engine = replace(plain, gateway=SwitchingGateway(ManagedGateway(), gateways, clock=plain.clock))
        enable_billing(engine, gateway="stripe_platform", actor="operator")
        yield engine, link


def payer_at(simulator: StripeSimulator, link: StripeLink, *, card: str | None = "pm_card_visa", **fields: str) -> str:
    """Make a customer of the account by hand, as its owner would, and return its id."""
    made = link.client.v1.customers.create({"email": "grace@example.com", **fields})
    if card is not None:
        method = link.client.v1.payment_methods.attach(card, {"customer": made.id})
        link.client.v1.customers.update(made.id, {"invoice_settings": {"default_payment_method": method.id}})
    return made.id


ADA = Payer("customer_ada", "ada@example.com", "Ada")
