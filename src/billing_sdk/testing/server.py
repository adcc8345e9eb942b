"""A real billing server for the length of a test run."""

from __future__ import annotations

import gc
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from billing_sdk.testing.mail import ReceivedMail
from billing_sdk.testing.time_travel import TimeTravel
from billing_sdk.testing.visitor import Visitor

if TYPE_CHECKING:
    from billing_sdk.server.clock import Clock
    from billing_sdk.server.domain.workspace import GatewayKind
    from billing_sdk.server.usecases.engine import Engine

DEFAULT_REDIRECT_URIS = ("http://127.0.0.1:5000/billing/callback",)


@dataclass(frozen=True, slots=True)
class BillingServer:
    """A server that listens, and its credentials from the demo seed.

    Attributes:
        users: e-mail address and password of each test login.
        api_key: what Stripe's own client opens the Stripe door with.
        engine: the inside of the server, for a test that wants to look at it or to move its clock.
    """

    base_url: str
    audience: str
    redirect_uris: tuple[str, ...]
    client_id: str
    client_secret: str = field(repr=False)
    m2m_client_id: str
    m2m_client_secret: str = field(repr=False)
    users: tuple[tuple[str, str], ...] = field(repr=False)
    api_key: str = field(repr=False)
    engine: Engine = field(repr=False)

    @property
    def environment(self) -> dict[str, str]:
        """The `BILLING_*` variables with which `Client()` and `Billing(app)` use this server."""
        return {
            "BILLING_ISSUER": self.base_url,
            "BILLING_CLIENT_ID": self.client_id,
            "BILLING_CLIENT_SECRET": self.client_secret,
            "BILLING_REDIRECT_URI": self.redirect_uris[0],
            "BILLING_M2M_CLIENT_ID": self.m2m_client_id,
            "BILLING_M2M_CLIENT_SECRET": self.m2m_client_secret,
            "BILLING_AUDIENCE": self.audience,
        }

    def clock(self, at: datetime | None = None, *, name: str = "") -> TimeTravel:
        """Return a new test clock, which stands at an instant, now by default, for customers to be made on.

        Args:
            at: an instant with a time zone.
            name: what `billing-sdk clock list` calls it.
        """
        # The server extra may be absent, and nobody has asked for it before this line.
        from billing_sdk.server.usecases.create_clock import create_clock

        return TimeTravel(create_clock(self.engine, at=at, name=name, actor="test").id, self.engine)

    def run_due(self) -> int:
        """Do what is due in real time, and return how many things it was.

        A server does so by itself every few seconds, except where `billing_server(clock=...)` was handed a clock.
        """
        from billing_sdk.server.usecases.run_due import run_due

        return run_due(self.engine)

    def mails(self, *, to: str | None = None) -> tuple[ReceivedMail, ...]:
        """Return the mail that was written, the oldest first; without a mail server it is only kept.

        Args:
            to: an address, to leave out what others got.
        """
        # The server extra may be absent, and nobody has asked for it before this line.
        from billing_sdk.server.storage.paging import MAX_PAGE_SIZE, PageRequest
        from billing_sdk.server.usecases.show_mail import show_mail

        with self.engine.read() as tx:
            found = tx.mails.list(PageRequest(MAX_PAGE_SIZE), recipient=to).items
        shown = [show_mail(self.engine, mail_id=mail.id, nonce="") for mail in found]
        return tuple(ReceivedMail(one.mail.kind, one.mail.recipient, one.subject, one.text, one.page) for one in shown)

    def sign_in(self, login_url: str, *, email: str | None = None, password: str | None = None) -> Visitor:
        """Sign a user in and return the visitor, who stands where the sign-in led; close it afterwards.

        Args:
            login_url: where it begins: a page of your application, or what `client.login.login_url()` returned.
            email: whose account; the first test login by default.
            password: its password.
        """
        own_email, own_password = self.users[0]
        visitor = Visitor()
        visitor.open(login_url)
        visitor.submit(email=email or own_email, password=password or own_password)
        return visitor


@contextmanager
def billing_server(
    *,
    redirect_uris: tuple[str, ...] = DEFAULT_REDIRECT_URIS,
    database_url: str | None = None,
    clock: Clock | None = None,
    gateway: GatewayKind | None = "managed",
    **settings: Any,
) -> Iterator[BillingServer]:
    """Run a server on a free loopback port, with the demo catalogue, for the length of a `with` block.

    Args:
        redirect_uris: where your application receives sign-ins; a web server's address is enough for most tests.
        database_url: a temporary SQLite file by default.
        clock: a `TestClock` makes all time stand still until the test moves it and calls `run_due`; to move the time
            of some customers only, see `BillingServer.clock`.
        gateway: what billing is enabled with: `managed` is the test processor, and None leaves billing off.
        settings: more fields of the server's `Settings`; rate limits are off unless they are named here.
    """
    with _without_looking_for_garbage():
        # The server extra may be absent, and nobody has asked for it before this line.
        from billing_sdk.server.app import create_app
        from billing_sdk.server.running import Ready, bind, origin_of, running
        from billing_sdk.server.settings import NO_LIMITS, Settings
        from billing_sdk.server.usecases.seed_demo import seed_demo

    with tempfile.TemporaryDirectory(prefix="billing-") as folder, bind("127.0.0.1", 0) as listener:
        chosen = Settings(
            base_url=origin_of(listener, None),
            database_url=database_url or f"sqlite:///{Path(folder) / 'billing.db'}",
            **{**NO_LIMITS, **settings},
        )
        app = create_app(chosen, clock=clock, runs_timers=clock is None)
        engine: Engine = app.state.engine
        seed = seed_demo(engine, redirect_uris=redirect_uris, gateway=gateway)
        ready = Ready.of(chosen, seed, redirect_uris)
        with running(app, listener):
            yield BillingServer(
                base_url=ready.base_url,
                audience=ready.audience,
                redirect_uris=ready.redirect_uris,
                client_id=seed.client_id,
                client_secret=seed.client_secret,
                m2m_client_id=seed.m2m_client_id,
                m2m_client_secret=seed.m2m_client_secret,
                users=seed.users,
                api_key=seed.api_key,
                engine=engine,
            )


@contextmanager
def _without_looking_for_garbage() -> Iterator[None]:
    """Import the server in a quarter less time: what is imported stays, and the collector looks through it in vain."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
