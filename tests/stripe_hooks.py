"""A server that a simulated Stripe sends its events to, through the door that the real one would take."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx
from stripe import StripeClient

from billing_sdk.money import Money
from billing_sdk.server import web
from billing_sdk.server.api import stripe_calls
from billing_sdk.server.domain.invoicing import Invoice
from billing_sdk.server.domain.periods import Duration
from billing_sdk.server.domain.workspace import GatewayKind
from billing_sdk.server.gateways import SetupWanted, unguarded
from billing_sdk.server.gateways.stripe import StripeGateway
from billing_sdk.server.usecases.add_charge import add_charge
from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.begin_checkout import begin_checkout
from billing_sdk.server.usecases.billing_profiles import create_profile
from billing_sdk.server.usecases.enable_billing import enable_billing
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.finish_checkout import finish_checkout
from billing_sdk.server.usecases.gateway_of import gateway_of
from billing_sdk.server.usecases.one_off_charges import OneOff
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.update_customer import update_customer
from billing_sdk.testing.stripe import StripeSimulator, stripe_simulator
from tests.engines import NOON, advance, person
from tests.stripe_loop import engine_at

PLATFORM: GatewayKind = "stripe_platform"
VISA = "4242424242424242"


@dataclass
class Hooked:
    """One engine, one simulator, and a customer for each test."""

    engine: Engine
    stripe: StripeSimulator
    door: web.Application
    runner: asyncio.Runner
    app_id: str
    sends_by: str = ""
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def client(self) -> StripeClient:
        """What the owner of the account does in Stripe's dashboard."""
        found = unguarded(gateway_of(self.engine, PLATFORM))
        assert isinstance(found, StripeGateway)
        return found.client

    def post(self, path: str, body: bytes, headers: dict[str, str]) -> httpx.Response:
        """Send something to the door."""
        return self.runner.run(self._post(path, body, headers))

    def send(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        """Send an event, as the simulator asks for."""
        return self.post(urlsplit(url).path, body, headers).status_code

    def deliver(self) -> list[tuple[str, int]]:
        """Deliver what is due, and return what was answered."""
        return [(each.type, each.statuses[-1]) for each in self.stripe.deliver(self.send)]

    def forget(self) -> None:
        """Let what has happened until now never be delivered."""
        self.stripe.webhooks.waiting.clear()

    def pass_time(self, **units: float) -> None:
        """Move both clocks."""
        advance(self.engine, **units)
        self.stripe.clock.advance(**units)

    def outcomes(self) -> list[tuple[str, str | None]]:
        """Return what became of the events, in the order in which they came."""
        with self.engine.read() as tx:
            return [(one.type, one.outcome) for one in tx.gateway_events.list(self.app_id)]

    def customer(self, card: str | None = VISA) -> str:
        """Return a new customer, with a card that was left at Stripe's checkout."""
        email = f"payer{next(self.numbers)}@example.com"
        customer = become_customer(self.engine, user_id=person(self.engine, email), billing_email=email)
        if card is not None:
            session = self.checkout(customer.id, card)
            finish_checkout(self.engine, session_id=session, customer_id=customer.id)
        return customer.id

    def checkout(self, customer_id: str, card: str = VISA) -> str:
        """Leave a card at Stripe's checkout without coming back, and return the session."""
        base = self.engine.settings.base_url
        wanted = SetupWanted(f"visit{next(self.numbers)}", "hosted", f"{base}/back", currency="usd")
        session = begin_checkout(self.engine, customer_id=customer_id, wanted=wanted)
        self.stripe.complete_checkout(session.id, card)
        return session.id

    def sent_invoice(self, minor: int = 5_000) -> tuple[Invoice, dict[str, Any]]:
        """Return an invoice that Stripe has sent to somebody, and how it stands there."""
        customer_id = self.customer(card=None)
        update_customer(self.engine, customer_id, profile_id=self.sends_by)
        charge = OneOff("Workshop", Money(minor, "USD"))
        invoice = add_charge(self.engine, customer_id=customer_id, charge=charge, bill_now=True)
        run_due(self.engine)
        [remote] = [each for each in self.stripe.all("invoice") if each["metadata"]["billing_id"] == invoice.id]
        return self.invoice(invoice.id), remote

    def invoice(self, invoice_id: str) -> Invoice:
        with self.engine.read() as tx:
            return tx.invoices.get(invoice_id)

    def newest(self, customer_id: str) -> Invoice:
        with self.engine.read() as tx:
            return tx.invoices.newest_of(customer_id, limit=1)[0]

    def last4(self, customer_id: str) -> str | None:
        """Return the last digits of what a customer is charged by."""
        with self.engine.read() as tx:
            method = tx.customers.find_payment_method(customer_id)
        return None if method is None else method.last4

    async def _post(self, path: str, body: bytes, headers: dict[str, str]) -> httpx.Response:
        transport = httpx.ASGITransport(self.door, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=self.engine.settings.base_url) as client:
            return await client.post(path, content=body, headers=headers)


def pay_on_page(remote: dict[str, Any], number: str = VISA) -> None:
    """Pay an invoice on Stripe's page of it."""
    httpx.post(remote["hosted_invoice_url"], data={"number": number}, follow_redirects=True)


def confirm(url: str) -> None:
    """Confirm a payment on the page that the bank shows."""
    httpx.post(f"{url}/authenticate", data={"outcome": "complete"}, follow_redirects=True)


@contextmanager
def hooked() -> Iterator[Hooked]:
    """Yield a server whose workspace is paid through a simulator that sends its events to it."""
    with (
        stripe_simulator(at=NOON, delivers=False) as simulator,
        engine_at(simulator) as engine,
        asyncio.Runner() as runner,
    ):
        enable_billing(engine, gateway=PLATFORM, actor="operator")
        sends_by = create_profile(engine, name="Sent", collection_method="send_invoice", due_after=Duration(days=10)).id
        door = web.Application(stripe_calls.routes(engine), is_secure=False)
        door.state.engine = engine
        with engine.read() as tx:
            app = tx.payment_apps.of_gateway(PLATFORM)
        assert app is not None
        yield Hooked(engine, simulator, door, runner, app.id, sends_by)
