"""The whole life of a customer who pays through a simulated Stripe, in steps that can be taken again after a crash."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any

import stripe

from billing_sdk._secret import Secret
from billing_sdk.errors import BillingError
from billing_sdk.server.domain.invoicing import Invoice
from billing_sdk.server.gateways import ManagedGateway, SetupWanted, SwitchingGateway
from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.begin_checkout import begin_checkout
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.change_plan import change_plan
from billing_sdk.server.usecases.credit_invoice import credit_invoice
from billing_sdk.server.usecases.enable_billing import enable_billing
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.finish_checkout import finish_checkout
from billing_sdk.server.usecases.linked_gateways import LinkedGateways
from billing_sdk.server.usecases.pay_back import settle_left_over_refunds
from billing_sdk.server.usecases.register_webhooks import ensure_webhooks
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.settle_left_over_charges import settle_left_over_charges
from billing_sdk.testing.stripe import Fault, StripeSimulator, stripe_simulator
from tests.engines import IN_MEMORY, NOON, advance, engine_on, person

GOOD, FAILING = "4242424242424242", "4000000000000341"
MOST_ATTEMPTS = 12


class Died(BaseException):
    """The process died; nothing that expects an `Exception` notices."""


@contextmanager
def engine_at(simulator: StripeSimulator, **settings: Any) -> Iterator[Engine]:
    """Yield an engine in memory whose linked accounts are at a simulator, while billing goes by the test processor."""
    chosen = {
        "stripe_secret_key": Secret(simulator.secret_key),
        "stripe_connect_client_id": simulator.client_id,
        "stripe_api_base": simulator.base_url,
        "stripe_timeout_seconds": 2,
        "stripe_retries": 0,
        **settings,
    }
    with engine_on(IN_MEMORY, **chosen) as engine:
        linked = LinkedGateways(engine.database, engine.settings, engine.clock)
        managed = ManagedGateway(engine.settings.base_url, engine.clock)
        yield replace(engine, gateway=SwitchingGateway(managed, linked, clock=engine.clock))


def clear_up(engine: Engine) -> None:
    """Do what `recover` does about money; the catalogue is synced beside it, and has tests of its own."""
    settle_left_over_charges(engine)
    settle_left_over_refunds(engine)
    if engine.workspace.is_billing_enabled:
        ensure_webhooks(engine)


@dataclass
class Loop:
    """One life, and what has come of it so far."""

    engine: Engine
    stripe: StripeSimulator
    customer_id: str = ""
    user_id: str = ""
    survived: list[str] = field(default_factory=list)

    def run(self) -> None:
        """Take every step, again and again where it fails or the process dies."""
        for step in STEPS:
            self.take(step)

    def take(self, step: Callable[[Loop], None]) -> None:
        """Take one step until it is done."""
        for _ in range(MOST_ATTEMPTS):
            try:
                step(self)
            except (BillingError, Died) as failure:
                self.survived.append(f"{step.__name__}: {type(failure).__name__}")
                self.rest()
            else:
                return
        raise AssertionError(f"{step.__name__} never came to an end: {self.survived}")

    def rest(self) -> None:
        """Let a few minutes pass, in which a server does what was left over."""
        self.pass_time(minutes=3)
        with suppress(Died):
            clear_up(self.engine)

    def pass_time(self, **units: float) -> None:
        """Move both clocks."""
        advance(self.engine, **units)
        self.stripe.clock.advance(**units)

    def invoices(self) -> tuple[Invoice, ...]:
        """Return our invoices, the oldest first."""
        with self.engine.read() as tx:
            return tx.invoices.newest_of(self.customer_id, limit=100)[::-1]

    def add_method(self, nonce: str, number: str) -> None:
        """Leave a payment method on the checkout page, and come back."""
        wanted = SetupWanted(
            nonce=nonce, mode="hosted", success_url=f"{self.engine.settings.base_url}/back", currency="usd"
        )
        session = begin_checkout(self.engine, customer_id=self.customer_id, wanted=wanted)
        if session.status == "open" and any(
            each["id"] == session.id and each["status"] == "open" for each in self.stripe.all("checkout_session")
        ):
            self.stripe.complete_checkout(session.id, number)
        finish_checkout(self.engine, session_id=session.id, customer_id=self.customer_id)


def enable(loop: Loop) -> None:
    enable_billing(loop.engine, gateway="stripe_platform", actor="operator")


def sign_up(loop: Loop) -> None:
    loop.user_id = loop.user_id or person(loop.engine)
    if not loop.customer_id:
        made = become_customer(loop.engine, user_id=loop.user_id, billing_email="ada@example.com")
        loop.customer_id = made.id


def check_out(loop: Loop) -> None:
    loop.add_method("first", GOOD)


def subscribe(loop: Loop) -> None:
    with loop.engine.read() as tx:
        if any(each.plan_key == "pro_monthly" for each in tx.agreements.of_customer(loop.customer_id)):
            return
    change_plan(loop.engine, customer_id=loop.customer_id, plan_key="pro_monthly")


def renew(loop: Loop) -> None:
    _until(loop, lambda: len([each for each in loop.invoices() if each.status == "paid"]) >= 2)


def lose_the_card(loop: Loop) -> None:
    loop.add_method("failing", FAILING)


def fail(loop: Loop) -> None:
    _until(loop, lambda: len(loop.invoices()) >= 3 and loop.invoices()[-1].status != "draft")


def find_a_card(loop: Loop) -> None:
    loop.add_method("good", GOOD)


def be_paid_after_all(loop: Loop) -> None:
    _until(loop, lambda: loop.invoices()[2].status == "paid", days=1)


def give_back(loop: Loop) -> None:
    first = loop.invoices()[0]
    with loop.engine.read() as tx:
        notes = tx.credit_notes.of_invoice(first.id)
    if not notes:
        credit_invoice(loop.engine, invoice_id=first.id, reason="A gift", destination="refund")
    clear_up(loop.engine)
    assert loop.stripe.all("refund"), "not asked for yet"


def cancel(loop: Loop) -> None:
    with loop.engine.read() as tx:
        [agreement] = tx.agreements.of_customer(loop.customer_id)
    cancel_agreement(loop.engine, agreement_id=agreement.id)


STEPS = (
    enable,
    sign_up,
    check_out,
    subscribe,
    renew,
    lose_the_card,
    fail,
    find_a_card,
    be_paid_after_all,
    give_back,
    cancel,
)


def _until(loop: Loop, is_done: Callable[[], bool], *, days: float = 31) -> None:
    for _ in range(MOST_ATTEMPTS):
        if is_done():
            return
        loop.pass_time(days=days)
        run_due(loop.engine)
        loop.rest()
    raise AssertionError("it never happened")


def faults_of(loop: Loop) -> list[str]:
    """Return what is wrong at the simulator, which is asked, and not us."""
    found = []
    customers = loop.stripe.all("customer")
    if len(customers) != 1:
        found.append(f"{len(customers)} customers")
    by_bill = Counter(
        each["metadata"].get("billing_id") for each in loop.stripe.all("invoice") if each["status"] != "void"
    )
    found += [f"{count} invoices for {bill}" for bill, count in by_bill.items() if count > 1]
    for invoice in loop.stripe.all("invoice"):
        paid = [each for each in invoice["payments"]["data"] if each["status"] == "paid"]
        if invoice["status"] == "paid" and invoice["total"] > 0 and len(paid) != 1:
            found.append(f"{len(paid)} payments of {invoice['metadata']}")
    taken = sum(each["amount_received"] for each in loop.stripe.all("payment_intent"))
    ours = sum(each.amount.minor for each in loop.invoices() if each.status == "paid")
    if taken != ours:
        found.append(f"taken {taken}, and invoiced {ours}")
    if len(loop.stripe.all("refund")) != 1:
        found.append(f"{len(loop.stripe.all('refund'))} refunds")
    return found


def digest_of(loop: Loop) -> tuple[object, ...]:
    """Return what has come of it with us, without ids and instants."""
    invoices = loop.invoices()
    with loop.engine.read() as tx:
        payments = tx.invoices.list_payments(customer_id=loop.customer_id).items
        [agreement] = tx.agreements.of_customer(loop.customer_id)
        refunds = [each.status for invoice in invoices for each in tx.refunds.of_invoice(invoice.id)]
    return (
        tuple((each.status, each.amount.minor) for each in invoices),
        tuple(sorted((each.status, each.amount.minor) for each in payments if each.status != "failed")),
        agreement.status,
        tuple(refunds),
    )


@contextmanager
def dying_at(number: int, *, is_answered: bool) -> Iterator[None]:
    """Have the process die at its n-th call of Stripe: before it is sent, or when the answer has come."""
    original = stripe.RequestsClient.request
    counted = 0

    def request(self: Any, *args: Any, **options: Any) -> Any:
        nonlocal counted
        counted += 1
        if counted == number and not is_answered:
            raise Died
        answer = original(self, *args, **options)
        if counted == number:
            raise Died
        return answer

    stripe.RequestsClient.request = request  # type: ignore[method-assign]
    try:
        yield
    finally:
        stripe.RequestsClient.request = original  # type: ignore[method-assign]


@dataclass(frozen=True, slots=True)
class Life:
    """What has come of one life."""

    digest: tuple[object, ...]
    faults: tuple[str, ...]
    survived: tuple[str, ...]
    calls: int


def lived(
    *, faults: Iterable[Fault] = (), dies_at: int = 0, is_answered: bool = True, forgets_keys: bool = False
) -> Life:
    """Live one life, in which something goes wrong.

    Args:
        faults: the script of the simulator.
        dies_at: the call at which the process dies.
        is_answered: whether it dies when the answer has come, and not before it asks.
        forgets_keys: the processor remembers no idempotency key from one call to the next.
    """
    with new_loop() as loop, dying_at(dies_at, is_answered=is_answered):
        loop.stripe.faults.script(faults)
        if forgets_keys:
            loop.stripe.on_call(lambda _: loop.stripe.space().answers.forget())
        loop.run()
        return Life(digest_of(loop), tuple(faults_of(loop)), tuple(loop.survived), len(loop.stripe.log))


@contextmanager
def new_loop() -> Iterator[Loop]:
    """Yield a life that has not begun, at a simulator of its own."""
    with stripe_simulator(at=NOON, delivers=False) as simulator, engine_at(simulator) as engine:
        yield Loop(engine, simulator)
