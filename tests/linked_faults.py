"""Runs of a linked gateway in which something goes wrong at one call to Stripe, and whoever is left asks again."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

from stripe import RequestsClient, StripeClient

from billing_sdk.errors import BillingError, GatewayUnauthorized, GatewayUnreachable
from billing_sdk.money import Money
from billing_sdk.server.gateways import Bill, Charge
from billing_sdk.server.gateways.stripe import StripeGateway
from billing_sdk.testing.stripe import Fault, StripeSimulator, stripe_simulator
from tests.engines import NOON
from tests.linked import Crash, MemoryMirror, bill, gateway_at, method_of, payer

# What can happen at one call; `dies_…` is the process that asks.
TROUBLES = (
    "dies_before",
    "dies_after",
    "error_500",
    "error_500_after",
    "error_503",
    "rate_limit",
    "reset",
    "unauthorized",
)
MOST_PROCESSES = 6


class DyingClient(RequestsClient):
    """Sends requests until the process dies, before one of them or right after its answer."""

    def __init__(self, *, nth: int, is_answered: bool) -> None:
        super().__init__(timeout=2)
        self.left = nth
        self.is_answered = is_answered

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        self.left -= 1
        if self.left == 0 and not self.is_answered:
            raise Crash
        answer = super().request(method, url, headers, post_data)
        if self.left == 0:
            raise Crash
        return answer


class Run:
    """One world in which a bill is paid and partly paid back, and another one is sent and then void."""

    def __init__(self, simulator: StripeSimulator, *, card: str = "pm_card_visa") -> None:
        self.simulator = simulator
        self.mirror = MemoryMirror()
        who = payer()
        gateway = gateway_at(simulator, self.mirror)
        token = method_of(gateway, who, card)
        self.paid: Bill = bill(who, *[100] * 101, -50, token=token, number="INV-1")
        self.sent: Bill = bill(who, 700, due_at=NOON + timedelta(days=30), number="INV-2")
        simulator.log.clear()

    def once(self, gateway: StripeGateway) -> None:
        """Do it all, as a process does that knows nothing but what was written down."""
        charge = gateway.collect(self.paid, idempotency_key="charge_1")
        assert isinstance(charge, Charge)
        gateway.refund(reference=charge.reference, amount=Money(1_000, "EUR"), idempotency_key="refund_1")
        gateway.send(self.sent)
        gateway.follow(self.sent, "void")

    def until_done(self, trouble: str = "", *, nth: int = 0, forgets: bool = False) -> None:
        """Do it in as many processes as it takes, the first of which meets the trouble."""
        gateway = gateway_at(self.simulator, self.mirror)
        if trouble.startswith("dies"):
            http = DyingClient(nth=nth, is_answered=trouble == "dies_after")
            gateway = replace(gateway, client=_client(self.simulator, http))
        elif trouble:
            self.simulator.faults.script([Fault(trouble, nth=nth)])
        for _ in range(MOST_PROCESSES):
            with suppress(Crash, GatewayUnreachable, GatewayUnauthorized):
                self.once(gateway)
                return
            if forgets:
                self.simulator.clock.advance(hours=25)
            gateway = gateway_at(self.simulator, self.mirror)
        raise AssertionError(f"{trouble} at call {nth} is never recovered from")

    def outcome(self) -> dict[str, Any]:
        """Return what there is at Stripe in the end, without ids."""
        invoices = [
            (one["metadata"]["billing_id"] == self.paid.id, one["status"], one["total"])
            for one in self.simulator.all("invoice")
        ]
        payments = [
            (one["status"], one["amount_received"])
            for one in self.simulator.all("payment_intent")
            if one["status"] == "succeeded"
        ]
        refunds = [(one["status"], one["amount"]) for one in self.simulator.all("refund")]
        customers = len(self.simulator.all("customer"))
        return {"customers": customers, "invoices": sorted(invoices), "payments": payments, "refunds": refunds}


EXPECTED = {
    "customers": 1,
    "invoices": [(False, "void", 700), (True, "paid", 10_050)],
    "payments": [("succeeded", 10_050)],
    "refunds": [("succeeded", 1_000)],
}


def outcome_of(trouble: str, nth: int, *, forgets: bool = False) -> dict[str, Any]:
    """Return how a run ends in which one call meets a trouble."""
    with stripe_simulator(at=NOON) as simulator:
        run = Run(simulator)
        run.until_done(trouble, nth=nth, forgets=forgets)
        return run.outcome()


def calls_of_a_run() -> int:
    """Return how many calls a run makes in which nothing goes wrong."""
    with stripe_simulator(at=NOON) as simulator:
        run = Run(simulator)
        run.until_done()
        return len(simulator.log)


def refusal_of(run: Run, key: str) -> str:
    """Return why a bill is not paid."""
    try:
        gateway_at(run.simulator, run.mirror).collect(run.paid, idempotency_key=key)
    except BillingError as error:
        return error.code
    return ""


def _client(simulator: StripeSimulator, http: RequestsClient) -> StripeClient:
    base = simulator.base_url
    return StripeClient(
        simulator.secret_key,
        base_addresses={"api": base, "connect": base, "files": base, "meter_events": base},
        max_network_retries=0,
        http_client=http,
    )
