"""Time that a test moves: customers on a test clock of their own, and everything that falls due to them.

Nothing here sleeps or patches a clock. Time moves for the customers that were made on the clock, in the server's own
database; tokens, sessions and webhooks of theirs stay in real time, and so does everybody else.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from billing_sdk.money import Money

if TYPE_CHECKING:
    from billing_sdk.server.domain.agreements import Agreement
    from billing_sdk.server.domain.invoicing import Invoice
    from billing_sdk.server.usecases.engine import Engine

GOOD_CARD = "4242424242424242"
MOST_INVOICES = 10_000


@dataclass(frozen=True, slots=True)
class Happened:
    """Something that fell due while a clock was advanced: what, to which subject, and when by that clock."""

    kind: str
    subject_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TimeTraveller:
    """A customer on a test clock, and the person who can sign in as that customer.

    Attributes:
        org_code: the organization that is the customer, where the plan is one for organizations.
    """

    user_id: str
    customer_id: str
    email: str
    password: str = field(repr=False)
    org_code: str | None
    engine: Engine = field(repr=False)

    @property
    def agreements(self) -> tuple[Agreement, ...]:
        """What the customer has agreed to and is bound by, the oldest first."""
        with self.engine.read() as tx:
            return tx.agreements.live_of(self.customer_id)

    @property
    def agreement_id(self) -> str:
        """The id of the only agreement.

        Raises:
            LookupError: there is none, or there are several.
        """
        found = self.agreements
        if len(found) != 1:
            raise LookupError(f"{self.customer_id} has {len(found)} agreements")
        return found[0].id

    @property
    def invoices(self) -> tuple[Invoice, ...]:
        """Every invoice, the oldest first."""
        with self.engine.read() as tx:
            return tuple(reversed(tx.invoices.newest_of(self.customer_id, limit=MOST_INVOICES)))

    @property
    def paid(self) -> tuple[Money, ...]:
        """What was paid by each invoice, the oldest first."""
        return tuple(invoice.amount for invoice in self.invoices if invoice.status == "paid")


@dataclass(frozen=True, slots=True)
class TimeTravel:
    """A test clock, as `billing_server.clock()` makes one; it stands still until the test advances it.

    In an asynchronous test `await asyncio.to_thread(clock.advance, months=1)` keeps the loop free meanwhile.
    """

    id: str
    engine: Engine = field(repr=False)

    @property
    def now(self) -> datetime:
        """The time that the clock tells."""
        with self.engine.read() as tx:
            return tx.clocks.time_of(self.id)

    def sign_up(
        self,
        plan: str | None = None,
        *,
        email: str | None = None,
        password: str | None = None,
        card: str | None = GOOD_CARD,
        organization: str | None = None,
    ) -> TimeTraveller:
        """Make somebody who lives by this clock, with an account to sign in to.

        Args:
            plan: key of a published plan to begin with.
            email: of the account; a new one by default.
            password: of the account; a random one by default.
            card: number of a published test card; None for somebody who has none.
            organization: name of an organization to be the customer, which the person may manage.

        Raises:
            EmailTaken: somebody has this e-mail address.
            UnknownPlan, PlanMismatch, PaymentMethodRequired, CardDeclined: as for anybody who signs up.
        """
        # The server extra may be absent, and nobody has asked for it before these lines.
        from billing_sdk.server.gateways import CardEntry
        from billing_sdk.server.ids import new_id
        from billing_sdk.server.usecases.add_card import add_card
        from billing_sdk.server.usecases.become_customer import become_customer
        from billing_sdk.server.usecases.create_organization import create_organization
        from billing_sdk.server.usecases.register_user import register_user
        from billing_sdk.server.usecases.subscribe import subscribe

        password = password or secrets.token_urlsafe(16)
        email = email or f"{new_id('traveller')}@example.com"
        user = register_user(self.engine, email=email, password=password)
        org_code = None
        if organization is not None:
            org_code = create_organization(self.engine, name=organization, creator_id=user.id).code
        customer = become_customer(
            self.engine,
            user_id=None if org_code else user.id,
            org_code=org_code,
            billing_email=email,
            clock_id=self.id,
        )
        if card is not None:
            entry = CardEntry(number=card, exp_month=12, exp_year=min(self.now.year + 50, 2100), cvc="123")
            add_card(self.engine, customer_id=customer.id, card=entry)
        if plan is not None:
            subscribe(self.engine, customer_id=customer.id, plan_key=plan)
        return TimeTraveller(user.id, customer.id, email, password, org_code, self.engine)

    @contextmanager
    def signing_up(self) -> Iterator[None]:
        """Let whoever signs up on the server's pages within the block live by this clock."""
        from billing_sdk.server.usecases.choose_sign_up_clock import choose_sign_up_clock

        choose_sign_up_clock(self.engine, self.id)
        try:
            yield
        finally:
            choose_sign_up_clock(self.engine, None)

    def advance(
        self,
        *,
        to: datetime | None = None,
        years: int = 0,
        months: int = 0,
        weeks: float = 0,
        days: float = 0,
        hours: float = 0,
        minutes: float = 0,
        seconds: float = 0,
    ) -> tuple[Happened, ...]:
        """Move the clock forward, and return what fell due on the way, in the order in which it happened.

        Args:
            to: an instant; or else
            years: together with the months, counted as a calendar does: a month after 31 January is 28 February.
            months: see `years`.
            weeks: with days and the rest, added after the months.
            days: see `weeks`.
            hours: see `weeks`.
            minutes: see `weeks`.
            seconds: see `weeks`.

        Raises:
            ClockMovedBack: the clock has passed that instant.
            ClockStopped: something that was due has failed; the clock stands there.
        """
        from billing_sdk.server.domain.periods import Cadence, Schedule
        from billing_sdk.server.domain.timers import Timer
        from billing_sdk.server.usecases.advance_clock import advance_clock

        if to is None:
            calendar = Schedule(self.now, Cadence("month")).boundary(12 * years + months)
            to = calendar + timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
        happened: list[Happened] = []

        def note(timer: Timer) -> None:
            happened.append(Happened(timer.kind, timer.subject_id, timer.due_at))

        advance_clock(self.engine, self.id, to=to, actor="test", on_ran=note)
        return tuple(happened)
