"""The simulator as a test holds it in its hands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from billing_sdk.testing.stripe.call import Call
from billing_sdk.testing.stripe.clock import SimulatorClock
from billing_sdk.testing.stripe.deliveries import deliver, delivering
from billing_sdk.testing.stripe.errors import Json
from billing_sdk.testing.stripe.faults import Faults
from billing_sdk.testing.stripe.ids import Ids
from billing_sdk.testing.stripe.log import Entry
from billing_sdk.testing.stripe.objects import checkout, disputes
from billing_sdk.testing.stripe.objects.accounts import complete, new_account
from billing_sdk.testing.stripe.objects.oauth import shut_out
from billing_sdk.testing.stripe.objects.payment_methods import make_account, make_card
from billing_sdk.testing.stripe.server import serving
from billing_sdk.testing.stripe.state import Key, Space, State
from billing_sdk.testing.stripe.webhooks import Delivery, Send, Webhooks, post
from billing_sdk.testing.stripe.world import World


@dataclass(slots=True)
class Clock:
    """The time of the simulated world."""

    world: World = field(repr=False)

    def now(self) -> datetime:
        """Return the present instant."""
        return self.world.state.clock.now()

    def advance(self, **units: float) -> datetime:
        """Put it forward, `days=1`, do what falls due in that time, and return the new instant."""
        self.world.put_forward(timedelta(**units))
        return self.now()


@dataclass(frozen=True, slots=True)
class StripeSimulator:
    """A Stripe that listens on this machine.

    Attributes:
        base_url: what `stripe.StripeClient(base_addresses=...)` is given for `api`, `connect`, `files` and
            `meter_events`.
        secret_key: of the platform's account, test mode; `live_key` opens its live mode.
        client_id: of the platform, for Connect.
        clock: its time; `clock.advance(days=1)`.
    """

    base_url: str
    secret_key: str = field(repr=False)
    live_key: str = field(repr=False)
    client_id: str
    world: World = field(repr=False)

    @property
    def clock(self) -> Clock:
        """Return its clock."""
        return Clock(self.world)

    @property
    def log(self) -> list[Entry]:
        """Return every request to its API, in their order; the pages that people see are not in it."""
        return self.world.log

    @property
    def faults(self) -> Faults:
        """Return the script of what goes wrong."""
        return self.world.faults

    @property
    def state(self) -> State:
        """Return the simulated world."""
        return self.world.state

    @property
    def webhooks(self) -> Webhooks:
        """Return the deliveries, and what goes wrong with them."""
        return self.world.webhooks

    def deliver(self, send: Send = post) -> list[Delivery]:
        """Deliver what is due, and what that brings about, and return the attempts.

        Args:
            send: takes the address, the body and the headers, and returns the status; over a socket by default.
        """
        return deliver(self.world, send)

    def pause_webhooks(self) -> None:
        """Deliver nothing by itself any more, only when told to by `deliver`."""
        self.world.webhooks.on_queued = None

    def complete_checkout(self, session_id: str, card: str = "4242424242424242", **given: str) -> str:
        """Do what a customer does on the hosted page, and return where the browser is sent.

        Args:
            session_id: of an open session.
            card: a test number, or the number of a test account; who is asked by the bank answers it.
            **given: `name`, `email` and the fields of an address.

        Raises:
            Refusal: the bank says no.
        """
        with self.world.lock:
            spaces = [each for each in self.state.spaces.values() if each.find("checkout_session", session_id)]
            call = Call(self.world, spaces[0] if spaces else self.space(), {})
            session = checkout.find_open(call, session_id)
            method = make_account(call, card) if card[:2].isalpha() else make_card(call, card)
            return checkout.complete(call, session, method, given, is_authenticated=True) or ""

    def complete_account(self, account_id: str) -> None:
        """Have the owner of an account hand in what is missing, and tell the platform."""
        with self.world.lock:
            complete(self.state.accounts[account_id])
            self.world.emit(self.space(account_id), "account.updated", self.state.accounts[account_id], before={})

    def shut_out(self, account_id: str) -> None:
        """Have the owner of an account end its link with the platform."""
        with self.world.lock:
            shut_out(Call(self.world, self.space(account_id), {}), self.state.accounts[account_id])

    def dispute(
        self, payment_intent: str, *, amount: int | None = None, reason: str = "fraudulent", is_inquiry: bool = False
    ) -> str:
        """Have the holder of a card dispute a payment, all of it by default, and return the id of the dispute."""
        with self.world.lock:
            space = self.space()
            charge = space.get("charge", space.get("payment_intent", payment_intent)["latest_charge"])
            call = Call(self.world, space, {})
            return str(disputes.dispute(call, charge, reason, amount=amount, is_inquiry=is_inquiry)["id"])

    def decide_dispute(self, dispute_id: str, status: str) -> None:
        """Have the bank go on with a dispute: `under_review`, `won`, `lost`, `needs_response`, `warning_closed`."""
        with self.world.lock:
            call = Call(self.world, self.space(), {})
            ends = status in ("won", "lost", "warning_closed")
            (disputes.close if ends else disputes.move)(call, self.space().get("dispute", dispute_id), status)

    def on_call(self, hook: Callable[[Entry], None]) -> None:
        """Have something called before each request is done, in the thread that answers it."""
        self.world.hooks.append(hook)

    def all(self, kind: str, *, account: str | None = None, is_live: bool = False) -> list[Json]:
        """Return all objects of a kind, oldest first: `invoice`, `payment_intent`, `customer` and so on.

        Args:
            kind: as the field `object` of such an object says.
            account: whose; the platform's by default.
            is_live: in which mode.
        """
        with self.world.lock:
            return [item for item in self.space(account, is_live=is_live).all(kind) if not item.get("_is_deleted")]

    def space(self, account: str | None = None, *, is_live: bool = False) -> Space:
        """Return all that an account has in one mode."""
        return self.state.space(account or self.state.platform_id, is_live=is_live)

    def revoke_key(self, key: str | None = None) -> None:
        """Have a key open nothing any more; the platform's test key by default."""
        self.state.keys[key or self.secret_key].is_revoked = True

    def restore_key(self, key: str | None = None) -> None:
        """Have a revoked key open its account again."""
        self.state.keys[key or self.secret_key].is_revoked = False

    def new_key(self, *, account: str | None = None, is_live: bool = False) -> str:
        """Return another secret key of an account."""
        with self.world.lock:
            return _key(self.state, account or self.state.platform_id, is_live=is_live)

    def account(
        self, *, country: str = "US", currency: str = "usd", name: str = "Another", is_ready: bool = True
    ) -> str:
        """Make another account, which nobody has linked yet, and return its id."""
        with self.world.lock:
            account_id = self.state.ids.new("acct", 16)
            new_account(self.state, account_id, is_ready=is_ready, country=country, currency=currency, name=name)
            return account_id


@contextmanager
def stripe_simulator(
    *,
    at: datetime | None = None,
    seed: str = "simulator",
    delivers: bool = True,
    host: str = "127.0.0.1",
    port: int = 0,
) -> Iterator[StripeSimulator]:
    """Run a Stripe on a free loopback port for the length of a `with` block.

    Args:
        at: where its clock stands until it is moved; without one it goes with real time.
        seed: of its ids and keys: the same calls have the same answers.
        delivers: whether webhooks are delivered by themselves; else `deliver` does it.
        host: a loopback address.
        port: 0 takes a free one.
    """
    ids = Ids(seed)
    platform_id = ids.new("acct", 16)
    state = State(SimulatorClock(at), ids, platform_id)
    new_account(state, platform_id, is_ready=True, country="US", currency="usd", name="Simulated account")
    world = World(state)
    with serving(world.answer, host=host, port=port) as base_url, delivering(world, is_on=delivers):
        world.base_url = base_url
        yield StripeSimulator(
            base_url=base_url,
            secret_key=_key(state, platform_id, is_live=False),
            live_key=_key(state, platform_id, is_live=True),
            client_id=ids.new("ca", 32),
            world=world,
        )


def _key(state: State, account_id: str, *, is_live: bool) -> str:
    key = state.ids.secret("sk_live" if is_live else "sk_test")
    state.keys[key] = Key(account_id, is_live)
    return key
