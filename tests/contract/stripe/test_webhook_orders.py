"""Events of Stripe in any order, twice, a day late, or not at all: the same state in the end."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from billing_sdk.errors import GatewayUnreachable
from billing_sdk.money import Money
from billing_sdk.server.domain.periods import Duration
from billing_sdk.server.domain.workspace import GatewayKind, PaymentApp, RemoteObject
from billing_sdk.server.gateways import BillState, Payer, PaymentRefund, SetupSession, StoredCard
from billing_sdk.server.gateways.stripe.objects import GatewayObject
from billing_sdk.server.usecases.add_charge import add_charge
from billing_sdk.server.usecases.billing_profiles import create_profile
from billing_sdk.server.usecases.catch_up_events import list_missed_events, take_up_events
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.one_off_charges import OneOff
from billing_sdk.server.usecases.take_gateway_event import take
from billing_sdk.server.usecases.update_customer import update_customer
from tests.engines import IN_MEMORY, NOON, engine_on, payer, sqlite_of
from tests.stripe_hooks import PLATFORM, Hooked, hooked, pay_on_page

pytestmark = pytest.mark.attack(176)

State = dict[str, Any]
# What this server has asked for itself.
SAYS_NOTHING = frozenset({"invoice.created", "invoice.finalized", "invoice.sent", "checkout.session.expired"})


def state_of(engine: Engine, customer_id: str, invoice_id: str) -> State:
    """Return what somebody can see of a customer, without ids and times."""
    with engine.read() as tx:
        invoice, method = tx.invoices.get(invoice_id), tx.customers.find_payment_method(customer_id)
        sums: Counter[str] = Counter()
        for entry in tx.ledger.of_customer(customer_id):
            sums.update({posting.account: posting.amount_minor for posting in entry.postings})
        return {
            "invoice": invoice.status,
            "notes": sorted(note.amount.minor for note in tx.credit_notes.of_invoice(invoice_id)),
            "accounts": {name: amount for name, amount in sums.items() if amount},
            "card": None if method is None else method.last4,
            "cards": len(tx.customers.methods_of(customer_id)),
        }


@dataclass
class Told:
    """A processor at which everything has happened already: whatever is asked, it tells how it stands."""

    kind: GatewayKind = PLATFORM
    takes_cards: bool = False
    bill_id: str = ""
    preferred: str = "pm_old"

    def named(self, _kind: GatewayKind) -> Told:
        return self

    def look_up(self, _bill_id: str) -> BillState:
        fifty = Money(5_000, "USD")
        return BillState("paid", fifty, fifty, "in_1", "pi_1")

    def bill_paid_by(self, _reference: str) -> str:
        return self.bill_id

    def find_refund(self, reference: str) -> PaymentRefund:
        return PaymentRefund(reference, "pi_1", Money(900, "USD"), "succeeded")

    def refunds_of(self, _reference: str) -> tuple[PaymentRefund, ...]:
        return (self.find_refund("re_1"),)

    def look_up_setup(self, session_id: str) -> SetupSession:
        return SetupSession(
            session_id,
            "hosted",
            "complete",
            "cus_1",
            NOON,
            NOON,
            method=card_of("pm_new" if "2" in session_id else "pm_old"),
        )

    def find_method(self, _payer: Payer, token: str | None) -> StoredCard | None:
        return card_of(token or self.preferred)

    def prefer_method(self, _payer: Payer, token: str) -> None:
        self.preferred = token


def card_of(token: str) -> StoredCard:
    is_new = token == "pm_new"
    return StoredCard(token, "Visa", "2222" if is_new else "1111", 12, 2034, left_at=NOON + timedelta(hours=is_new))


EVENTS = {
    "invoice.paid": "in_1",
    "invoice.payment_succeeded": "in_1",
    "charge.refunded": "ch_1",
    "customer.updated": "cus_1",
    "checkout.session.completed": "cs_1",
    "setup_intent.succeeded": "seti_2",
}
EARLY = "refund waits"


@dataclass
class Orders:
    """A server before anything is told, and what it is after each of the events, from each state that it can be in."""

    engine: Engine
    gateway: Told
    app: PaymentApp
    customer_id: str
    invoice_id: str
    nodes: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    steps: dict[tuple[str, str], str] = field(default_factory=dict)

    def about(self, name: str) -> GatewayObject:
        is_invoice = name.startswith("invoice.")
        return GatewayObject(
            f"evt_{name}",
            name,
            EVENTS[name],
            NOON,
            is_live=False,
            payment="pi_1",
            invoice="in_1" if is_invoice else None,
            payer="cus_1",
        )

    def node(self) -> str:
        """Return the name of the state that the server is in, which is kept."""
        with self.engine.read() as tx:
            events = sorted((one.type, one.outcome or "") for one in tx.gateway_events.list(self.app.id))
        seen = state_of(self.engine, self.customer_id, self.invoice_id)
        done = [event for event, outcome in events if outcome]
        name = f"{seen} {done} {EARLY if len(done) < len(events) else ''}"
        self.nodes.setdefault(name, (sqlite_of(self.engine.database).serialize(), self.gateway.preferred))
        return name

    def back_to(self, node: str) -> None:
        content, self.gateway.preferred = self.nodes[node]
        sqlite_of(self.engine.database).deserialize(content)

    def after(self, node: str, name: str) -> str:
        """Return the state after an event that comes twice."""
        if (node, name) not in self.steps:
            self.back_to(node)
            for _ in range(2):
                with suppress(GatewayUnreachable):
                    take(self.engine, self.app, self.about(name))
            self.steps[node, name] = self.node()
        return self.steps[node, name]


@pytest.fixture(scope="module")
def orders() -> Iterator[Orders]:
    gateway = Told()
    with engine_on(IN_MEMORY, gateway=gateway) as engine:  # type: ignore[arg-type]  # what else a gateway does is not asked for
        profile = create_profile(engine, name="Sent", collection_method="send_invoice", due_after=Duration(days=9))
        customer = payer(engine, number=None)
        update_customer(engine, customer.id, profile_id=profile.id)
        charge = OneOff("Workshop", Money(5_000, "USD"))
        invoice = add_charge(engine, customer_id=customer.id, charge=charge, bill_now=True)
        gateway.bill_id = invoice.id
        app = PaymentApp("app_1", PLATFORM, "stripe", "Stripe", NOON, NOON, account_id="acct_1")
        with engine.begin() as tx:
            tx.payment_apps.add(app)
            tx.workspace.save(replace(tx.workspace.get(), gateway=PLATFORM))
            tx.remote_objects.save(RemoteObject(app.id, "invoice", invoice.id, "in_1"))
            tx.remote_objects.save(RemoteObject(app.id, "customer", customer.id, "cus_1"))
        engine.known_workspace.forget()
        yield Orders(engine, gateway, app, customer.id, invoice.id)


def test_all_720_orders_of_six_events_that_come_twice_end_in_the_same_state(orders):
    first, ends = orders.node(), set()
    for order in itertools.permutations(EVENTS):
        node = first
        for name in order:
            node = orders.after(node, name)
        # What came before the payment that it is about is taken up again once all is there.
        if EARLY in node:
            node = orders.after(node, "charge.refunded")
        ends.add(node)
    assert len(ends) == 1
    orders.back_to(ends.pop())
    assert state_of(orders.engine, orders.customer_id, orders.invoice_id) == {
        "invoice": "paid",
        "notes": [900],
        "accounts": {"revenue": -4_100, "cash": 4_100},
        "card": "2222",
        "cards": 2,
    }


@dataclass
class History:
    """What has happened at the simulator while nothing of it was delivered."""

    world: Hooked
    customer_id: str
    invoice_id: str
    events: list[dict[str, Any]]
    before: bytes

    def tell(self, seed: str) -> State:
        """Tell all of it again to a server that knows nothing yet: doubled, in another order, a day late, with gaps."""
        world, hooks = self.world, self.world.stripe.webhooks
        sqlite_of(world.engine.database).deserialize(self.before)
        hooks.behave()
        hooks.duplicate()
        hooks.reorder(seed)
        has_gaps = seed.endswith(("1", "4", "7"))
        hooks.drop(0.4 if has_gaps else 0)
        for event in self.events:
            hooks.queue(world.stripe.state, world.stripe.space(), event)
        world.deliver()
        world.forget()
        world.pass_time(minutes=2)
        take_up_events(world.engine)
        if has_gaps:
            list_missed_events(world.engine)
        hooks.behave()
        return state_of(world.engine, self.customer_id, self.invoice_id)


@pytest.fixture(scope="module")
def history() -> Iterator[History]:
    with hooked() as world:
        list_missed_events(world.engine)
        invoice, remote = world.sent_invoice()
        world.checkout(invoice.customer_id, "5555555555554444")
        world.pass_time(minutes=5)
        world.checkout(invoice.customer_id)
        pay_on_page(remote)
        before = sqlite_of(world.engine.database).serialize()
        [payment] = [one["id"] for one in world.stripe.all("payment_intent") if one["status"] == "succeeded"]
        world.client.v1.refunds.create({"payment_intent": payment, "amount": 900})
        world.forget()
        world.pass_time(days=1)
        events = [event for event in world.stripe.all("event") if event["type"] not in SAYS_NOTHING]
        yield History(world, invoice.customer_id, invoice.id, events, before)


def test_twenty_orders_of_what_the_simulator_delivers_twice_and_a_day_late_end_in_the_same_state(history):
    ends = [history.tell(f"order {number}") for number in range(20)]
    assert [end for end in ends if end != ends[0]] == []
    assert ends[0] == {
        "invoice": "paid",
        "notes": [900],
        "accounts": {"revenue": -4_100, "cash": 4_100},
        "card": "4242",
        "cards": 2,
    }
