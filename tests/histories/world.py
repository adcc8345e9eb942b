"""A world of its own: an engine in memory, customers on one test clock, and verbs that remember what was done."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypeVar

from billing_sdk.errors import BillingError, CardDeclined, Conflict, PaymentMethodRequired, SamePlan
from billing_sdk.server.domain.agreements import Agreement, BillingCycle, Timing
from billing_sdk.server.domain.catalog import Policies
from billing_sdk.server.domain.collection import BUILT_IN_ID, DunningEnd, DunningPolicy
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.invoicing import InvoiceLine
from billing_sdk.server.domain.periods import Cadence, Duration, ProrationUnit, Unit
from billing_sdk.server.storage.paging import Page, PageRequest
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.advance_clock import advance_clock
from billing_sdk.server.usecases.apply_coupon import apply_coupon
from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.billing_cadences import create_cadence
from billing_sdk.server.usecases.billing_profiles import update_profile
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.change_options import ChangeOptions
from billing_sdk.server.usecases.change_plan import change_plan
from billing_sdk.server.usecases.create_clock import create_clock
from billing_sdk.server.usecases.create_user import create_user
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.make_version_live import make_version_live
from billing_sdk.server.usecases.migrate_customers import migrate_customers
from billing_sdk.server.usecases.pause_agreement import pause_agreement, resume_agreement
from billing_sdk.server.usecases.plan_ahead import undo_plans
from billing_sdk.server.usecases.preview_change import Preview, preview_change
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.set_add_on import set_add_on
from billing_sdk.server.usecases.set_quantity import set_quantity
from billing_sdk.server.usecases.update_billing_settings import update_billing_settings
from tests.engines import DECLINED_WHEN_CHARGED, GOOD_CARD, IN_MEMORY, card, engine_on
from tests.histories.billing_deeds import BillingDeeds
from tests.histories.books import Books as Books
from tests.histories.correcting_deeds import CorrectingDeeds, Dashboard
from tests.histories.credit_deeds import CreditDeeds
from tests.histories.deeds import Decided as Decided, Deed as Deed, Happened as Happened, Moved as Moved, Used as Used
from tests.histories.shop import ADD_ON, SEATS, TOKENS, dearer, fill_shop, offer_coupons
from tests.histories.taxes import move, tax_customers
from tests.histories.usage_deeds import UsageDeeds

T = TypeVar("T")
# The last day of a month of a leap year, so that months, years and days of the week all have something to clamp.
START = datetime(2028, 1, 31, 9, 30, tzinfo=UTC)
# Two who pay, one who has no card, and one whose card is refused whenever it is charged.
CARDS = (GOOD_CARD, GOOD_CARD, None, DECLINED_WHEN_CHARGED)
CUSTOMERS = tuple(range(len(CARDS)))
EVERYTHING = 10_000
# A number is so many days from now.
When = Literal["now", "period_end"] | int
ID = re.compile(r"\b([a-z]{2,16})_[0-9a-f]{32}\b")


@dataclass
class World(BillingDeeds, CorrectingDeeds, CreditDeeds, UsageDeeds):
    """Customers, and what they do."""

    engine: Engine
    clock_id: str
    customers: list[Customer]
    deeds: list[Deed] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)
    used: list[Used] = field(default_factory=list)
    events: list[Happened] = field(default_factory=list)
    decided: list[Decided] = field(default_factory=list)
    moves: list[Moved] = field(default_factory=list)
    policies: Policies = field(default_factory=Policies)
    explained: set[tuple[str, int]] = field(default_factory=set)
    issued: dict[str, tuple[InvoiceLine, ...]] = field(default_factory=dict)
    read: set[tuple[str, str, int]] = field(default_factory=set)

    def do(self, verb: str, **facts: Any) -> str:
        """Do something, and remember it; return `done`, or the code of the error that refused it.

        A conflict is no refusal here: nobody else is there to be in conflict with.
        """
        self.deeds.append(Deed(verb, facts))
        try:
            getattr(self, f"_{verb}")(**facts)
            outcome = "done"
        except BillingError as refusal:
            if type(refusal) is Conflict:
                raise
            outcome = refusal.code
        self.outcomes.append(outcome)
        return outcome

    @property
    def now(self) -> datetime:
        """The time of the customers."""
        with self.engine.read() as tx:
            return tx.clocks.time_of(self.clock_id)

    def live(self, customer: int) -> Agreement | None:
        """Return the live agreement of a customer."""
        with self.engine.read() as tx:
            return next(iter(tx.agreements.live_of(self.customers[customer].id)), None)

    def books(self, customer: int) -> Books:
        """Return all that has been written about a customer."""
        found = self.customers[customer]
        with self.engine.read() as tx:
            agreements = tx.agreements.list(PageRequest(500), customer_id=found.id, live_only=False).items
            invoices = tx.invoices.newest_of(found.id, limit=EVERYTHING)
            waiting = tx.invoices.unissued_of(found.id)
            events = tx.outbox.list(customer_id=found.id, limit=EVERYTHING)
            credited = tx.credits.of_customer(found.id)
            entries = tx.ledger.of_customer(found.id)
            payments = _all_of(tx.invoices.list_payments, found.id)
            intents = tx.payment_intents.page(PageRequest(500), customer_id=found.id).items
            unused_refunds = tuple(one for intent in intents for one in tx.payment_intents.refunds_of(intent.id))
            notes = _all_of(tx.credit_notes.page, found.id)
            refunds = [tx.refunds.find_by_note(note.id) for note in notes]
            grants = _all_of(tx.grants.list, found.id)
            disputes = tx.disputes.page(PageRequest(500), customer_id=found.id).items
        # Ids of one millisecond are in no order; events are.
        told = repr([event.data for event in events])
        return Books(
            customer=found,
            agreements=tuple(sorted(agreements, key=lambda agreement: told.find(agreement.id))),
            invoices=tuple(sorted(invoices, key=lambda invoice: invoice.name)),
            waiting=tuple(sorted(waiting, key=lambda invoice: (invoice.created_at, invoice.amount.minor))),
            events=events,
            credits=tuple(sorted(credited, key=lambda entry: (entry.at, entry.amount.minor, entry.reason))),
            entries=tuple(sorted(entries, key=lambda entry: (*entry.place, str(entry.postings)))),
            payments=payments,
            unused_refunds=unused_refunds,
            notes=notes,
            refunds=tuple(refund for refund in refunds if refund is not None),
            grants=tuple(sorted(grants, key=lambda one: (one.created_at, one.name, one.amount.minor, one.priority))),
            disputes=tuple(sorted(disputes, key=lambda one: one.reference)),
        )

    def story(self, *, with_events: bool = True) -> str:
        """Write down all that can be read about the customers, with ids replaced by numbers."""
        chapters = [self._chapter(self.books(customer), with_events=with_events) for customer in CUSTOMERS]
        known: dict[str, str] = {}

        def number(found: re.Match[str]) -> str:
            return known.setdefault(found.group(), f"{found.group(1)}_{len(known) + 1}")

        return ID.sub(number, json.dumps(chapters, default=str, indent=1, sort_keys=True))

    def _chapter(self, books: Books, *, with_events: bool) -> Mapping[str, Any]:
        events = [
            {name: value for name, value in asdict(event).items() if name != "id"}
            for event in books.events
            if with_events
        ]
        return {
            "1 events": events,
            "2 agreements": [asdict(agreement) for agreement in books.agreements],
            "3 invoices": [asdict(invoice) for invoice in books.invoices],
            "4 credits": [asdict(entry) for entry in books.credits],
            "5 ledger": [asdict(entry) for entry in books.entries],
            "6 credit": [asdict(grant) for grant in books.grants],
            "7 disputes": [asdict(dispute) for dispute in books.disputes],
        }

    def _decide(
        self,
        zone: str,
        unpaid_usage: Literal["forgive", "charge"],
        unused_days: Literal["retain", "refund"],
        proration: ProrationUnit,
    ) -> None:
        self.policies = Policies(unpaid_usage, unused_days, proration)
        update_billing_settings(self.engine, zone=zone, policies=self.policies)

    def _dun(self, retries: int, grace_days: int, at_end: DunningEnd) -> None:
        """Decide what follows from now on when an invoice is not paid."""
        policy = DunningPolicy((Duration(days=3),) * retries, Duration(days=grace_days), at_end)
        update_profile(self.engine, BUILT_IN_ID, dunning=policy)

    def _change(self, customer: int, plan: str, **asked: Any) -> None:
        """Change a plan, after a preview that has to say the same."""
        seats = asked.pop("seats", None)
        options = ChangeOptions(
            timing=self._timing(asked.pop("timing", "now")),
            quantities={} if seats is None else {SEATS: seats},
            add_ons={ADD_ON: count} if (count := asked.pop("add_ons", 0)) else {},
            **asked,
        )
        arguments: dict[str, Any] = {"customer_id": self.customers[customer].id, "plan_key": plan, "options": options}
        try:
            expected: Preview | str = preview_change(self.engine, **arguments)
        except BillingError as refusal:
            expected = refusal.code
        before = len(self.books(customer).invoices)
        live = self.live(customer)
        try:
            change_plan(self.engine, **arguments)
        except BillingError as refusal:
            # A preview asks no bank, and needs no card.
            if not isinstance(refusal, PaymentMethodRequired | CardDeclined):
                _agree(expected, refusal)
            raise
        assert isinstance(expected, Preview), f"the preview has refused with {expected}, and the change was made"
        if live is not None:
            self._note(live, options.is_prorate)
        new = self.books(customer).invoices[before:]
        lines = [line for invoice in new for line in invoice.lines]
        if not (expected.needs_method and options.may_owe):
            assert [(line.description, line.amount, line.period) for line in lines] == [
                (line.description, line.amount, line.period) for line in expected.lines
            ], "the preview has promised another invoice"

    def _rhythm(self, customer: int, plan: str, unit: Unit, count: int, day: int | None = None, **asked: Any) -> None:
        """Put somebody on a plan that is billed at a cadence of its own."""
        cycle = BillingCycle(Cadence(unit, count), day_of_month=day if unit == "month" else None)
        cadence = create_cadence(self.engine, customer_id=self.customers[customer].id, cycle=cycle)
        self._change(customer, plan, billing_cadence_id=cadence.id, **asked)

    def _reprice(self, plan: str, percent: int, timing: Literal["period_end", "now"]) -> None:
        """Sell a plan at another price from now on, and let its customers go over to it."""
        at = self.now
        with self.engine.begin() as tx:
            number = dearer(tx, plan, percent, at)
        make_version_live(self.engine, plan_key=plan, number=number)
        live = [found for customer in CUSTOMERS if (found := self.live(customer)) is not None]
        migrate_customers(self.engine, plan_key=plan, to_version=number, timing=timing)
        for one in live:
            self._note(one, None)

    def _cancel(self, customer: int, timing: When = "now", **asked: Any) -> None:
        live = self._live(customer)
        cancel_agreement(self.engine, agreement_id=live.id, timing=self._timing(timing), **asked)
        self._note(live, asked.get("is_prorate"))

    def _undo(self, customer: int) -> None:
        undo_plans(self.engine, agreement_id=self._live(customer).id)

    def _pause(self, customer: int) -> None:
        pause_agreement(self.engine, agreement_id=self._live(customer).id)

    def _resume(self, customer: int) -> None:
        resume_agreement(self.engine, agreement_id=self._live(customer).id)

    def _seats(self, customer: int, quantity: int, timing: When = "now", **asked: Any) -> None:
        live = self._live(customer)
        set_quantity(
            self.engine,
            agreement_id=live.id,
            fee_key=SEATS,
            quantity=quantity,
            timing=self._timing(timing),
            **asked,
        )
        self._note(live, asked.get("is_prorate"))

    def _add_on(self, customer: int, quantity: int, plan: str = ADD_ON, timing: When = "now", **asked: Any) -> None:
        live = self._live(customer)
        set_add_on(
            self.engine,
            agreement_id=live.id,
            plan_key=plan,
            quantity=quantity,
            timing=self._timing(timing),
            **asked,
        )
        self._note(live, asked.get("is_prorate"))

    def _coupon(self, customer: int, key: str) -> None:
        try:
            apply_coupon(self.engine, agreement_id=self._live(customer).id, coupon_key=key)
        except Conflict as refusal:  # it counts already
            raise SamePlan(str(refusal)) from None

    def _use(self, customer: int, units: int) -> None:
        agreement = self._live(customer)
        record_usage(self.engine, agreement_id=agreement.id, feature_key=TOKENS, value=str(units))
        self.used.append(Used(agreement.id, self.now, units))

    def _late(self, customer: int, units: int, hours: int, newest: int = 1) -> None:
        """Report what was used a while ago, under the newest agreement or one before it, whether or not it goes on."""
        self._report(customer, units, hours, newest, is_total=False)

    def _correct(self, customer: int, units: int, hours: int, newest: int = 1) -> None:
        """Report what the total was at an instant a while ago; it has no other report beside it."""
        self._report(customer, units, hours, newest, is_total=True)

    def _report(self, customer: int, units: int, hours: int, newest: int, *, is_total: bool) -> None:
        agreements = self.books(customer).agreements
        agreement = agreements[-min(newest, len(agreements))]
        at = max(self.now - timedelta(hours=hours), agreement.started_at)
        if is_total:
            at = min(at + timedelta(microseconds=len(self.used) + 1), self.now)
        record_usage(
            self.engine,
            agreement_id=agreement.id,
            feature_key=TOKENS,
            value=str(units),
            kind="absolute" if is_total else "delta",
            used_at=at,
        )
        self.used.append(Used(agreement.id, at, units, is_total, self.now))

    def _bill_from(self, minor: int) -> None:
        """Have usage billed from an amount on; not before the billing date for none."""
        threshold = {"USD": minor} if minor else {}
        update_profile(self.engine, BUILT_IN_ID, progressive_threshold_minor=threshold)

    def _card(self, customer: int, is_good: bool) -> None:
        number = GOOD_CARD if is_good else DECLINED_WHEN_CHARGED
        add_card(self.engine, customer_id=self.customers[customer].id, card=card(number))

    def _move(self, customer: int, place: str) -> None:
        move(self.engine, self.customers[customer].id, place)
        self.moves.append(Moved(customer, self.now, place))

    def _wait(self, hours: int) -> None:
        advance_clock(self.engine, self.clock_id, by=timedelta(hours=hours))

    def _note(self, live: Agreement, is_prorate: bool | None) -> None:
        """Remember what is decided about what is given up now; what is planned is decided when its time has come."""
        gives_back = self.policies.unused_days == "refund" if is_prorate is None else is_prorate
        self.decided.append(Decided(live.id, self.now, gives_back))

    def _timing(self, timing: When) -> Timing:
        return self.now + timedelta(days=timing) if isinstance(timing, int) else timing

    def _live(self, customer: int) -> Agreement:
        found = self.live(customer)
        assert found is not None, "the machine asks only where there is an agreement"
        return found


def _all_of(page: Callable[..., Page[T]], customer_id: str) -> tuple[T, ...]:
    found: list[T] = []
    while True:
        after = found[-1].id if found else None  # type: ignore[attr-defined]  # all that is listed by pages has an id
        part = page(PageRequest(500, starting_after=after), customer_id=customer_id)
        found += part.items
        if not part.has_more:
            return tuple(found)


def _agree(expected: Preview | str, refusal: BillingError) -> None:
    assert refusal.code == expected, f"the preview has said {expected}, and then there was {refusal!r}"


@contextmanager
def world() -> Iterator[World]:
    """Yield a new world at its start, for the length of a `with` block."""
    with engine_on(IN_MEMORY, gateway=Dashboard()) as engine:
        clock = create_clock(engine, at=START)
        with engine.begin() as tx:
            fill_shop(tx, START)
        offer_coupons(engine)
        customers = []
        for number in CUSTOMERS:
            email = f"customer{number}@example.com"
            user = create_user(engine, email=email)
            customer = become_customer(engine, user_id=user.id, billing_email=email, clock_id=clock.id)
            if (numbered := CARDS[number]) is not None:
                add_card(engine, customer_id=customer.id, card=card(numbered))
            customers.append(customer)
        tax_customers(engine, [customer.id for customer in customers], START)
        yield World(engine, clock.id, customers)


def told_again(deeds: Sequence[Deed], *, wait_in_parts: int = 1) -> str:
    """Return the story of a new world in which the same is done, with each wait cut into so many."""
    with world() as again:
        for deed in deeds:
            if deed.verb == "wait" and wait_in_parts > 1:
                hours = deed.facts["hours"]
                cuts = [hours * part // wait_in_parts for part in range(wait_in_parts + 1)]
                for start, end in itertools.pairwise(cuts):
                    again.do("wait", hours=end - start)
            else:
                again.do(deed.verb, **deed.facts)
        return again.story()
