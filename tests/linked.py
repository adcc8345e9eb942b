"""The gateway of a linked account by itself: over a simulated Stripe, with a memory that outlives a crash."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from billing_sdk._secret import Secret
from billing_sdk.errors import BillingError
from billing_sdk.money import Money
from billing_sdk.server.domain.customers import Address
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.domain.workspace import PaymentApp, RemoteKind, RemoteObject
from billing_sdk.server.gateways import Bill, BillLine, Payer, TaxByGateway
from billing_sdk.server.gateways.stripe import StripeGateway, stripe_client
from billing_sdk.server.ids import new_id
from billing_sdk.server.settings import Settings
from billing_sdk.testing.stripe import StripeSimulator
from tests.engines import NOON

MONTH = Period(NOON, NOON + timedelta(days=30))
BERLIN = Address(country="DE", city="Berlin", postal_code="10115", lines=("Invalidenstrasse 1",))


class Crash(BaseException):
    """The process dies; nothing that expects an `Exception` notices."""


@dataclass
class MemoryMirror:
    """What an adapter remembers, kept in a dictionary; it can die just before it remembers something."""

    known: dict[tuple[str, str], RemoteObject] = field(default_factory=dict)
    dies_before_save: int = 0

    def find(self, kind: RemoteKind, our_id: str) -> RemoteObject | None:
        return self.known.get((kind, our_id))

    def our_id(self, kind: RemoteKind, remote_id: str) -> str | None:
        return next((one.our_id for one in self.known.values() if (one.kind, one.remote_id) == (kind, remote_id)), None)

    def save(
        self,
        kind: RemoteKind,
        our_id: str,
        remote_id: str,
        *,
        fingerprint: str = "",
        detail: Mapping[str, Any] | None = None,
    ) -> RemoteObject:
        if self.dies_before_save:
            self.dies_before_save -= 1
            if not self.dies_before_save:
                raise Crash
        before = self.find(kind, our_id)
        kept = {} if before is None else before.detail
        one = RemoteObject(
            "app_1", kind, our_id, remote_id, fingerprint, detail=dict(kept if detail is None else detail)
        )
        self.known[kind, our_id] = one
        return one

    def fail(self, kind: RemoteKind, our_id: str, error: BillingError) -> None:
        self.known.setdefault((kind, our_id), RemoteObject("app_1", kind, our_id, None, status="failed"))


def gateway_at(
    simulator: StripeSimulator, mirror: MemoryMirror | None = None, *, retries: int = 0, **app: Any
) -> StripeGateway:
    """Return the gateway of the simulator's own account."""
    settings = Settings(
        base_url="http://127.0.0.1:3000",
        database_url="sqlite:///:memory:",
        stripe_api_base=simulator.base_url,
        stripe_retries=retries,
        stripe_timeout_seconds=2,
    )
    linked = PaymentApp(
        **{
            "id": "app_1",
            "gateway": "stripe_platform",
            "type": "stripe",
            "name": "Stripe",
            "created_at": NOON,
            "updated_at": NOON,
            "account_id": simulator.state.platform_id,
            **app,
        }
    )
    client = stripe_client(linked, Secret(simulator.secret_key), settings)
    return StripeGateway(linked, client, mirror or MemoryMirror(), settings, simulator.clock.now)


def payer(customer_id: str = "", *, address: Address | None = None) -> Payer:
    """Return somebody who pays."""
    return Payer(customer_id or new_id("customer"), "ada@example.com", "Ada", address)


def method_of(gateway: StripeGateway, who: Payer, card: str = "pm_card_visa") -> str:
    """Let a payer have a payment method, and return its token."""
    remote = gateway.client.v1.customers.create(
        {"email": who.email, "metadata": gateway.metadata(who.customer_id, who.customer_id)}
    )
    gateway.mirror.save("customer", who.customer_id, remote.id, detail={"is_linked": True})
    if who.address is not None:
        address: Any = {"country": who.address.country, "postal_code": who.address.postal_code or ""}
        gateway.client.v1.customers.update(remote.id, {"address": address})
    if card.startswith("DE"):
        account: Any = {"type": "sepa_debit", "sepa_debit": {"iban": card}, "billing_details": {"name": "Ada"}}
        card = gateway.client.v1.payment_methods.create(account).id
    return gateway.client.v1.payment_methods.attach(card, {"customer": remote.id}).id


def line(position: int, minor: int, currency: str = "EUR", **more: Any) -> BillLine:
    """Return a line of a bill."""
    kind = "charge" if minor >= 0 else "discount"
    return BillLine(position, f"Item {position}", Money(minor, currency), kind, MONTH, **more)


def bill(
    who: Payer,
    *minor: int,
    token: str | None = None,
    currency: str = "EUR",
    tax: TaxByGateway = "none",
    due_at: datetime | None = None,
    **more: Any,
) -> Bill:
    """Return a bill with a line for each amount."""
    lines = tuple(line(position, one, currency) for position, one in enumerate(minor))
    return Bill(new_id("invoice"), who, lines, currency, token=token, tax=tax, due_at=due_at, **more)
