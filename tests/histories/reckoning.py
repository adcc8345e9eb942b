"""What fees should come to, reckoned from events alone: how many were in force, from when to when, and at what price.

It knows nothing of how the engine charges. For each fee and service interval it follows the price of what was in force
through time, once as if all that was given up had been given back, and once as if nothing had: what has been invoiced
lies between the two, and where it is known what was decided, they are the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import pairwise

from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.catalog import Component, LicenceFee, PlanVersion
from billing_sdk.server.domain.events import Event
from billing_sdk.server.domain.invoicing import Invoice, InvoiceLine
from billing_sdk.server.domain.periods import Period, Schedule
from billing_sdk.server.domain.rating import Flat, Graduated
from tests.histories.world import Books, World

DAY = timedelta(days=1)
FEES = ("licence_fee", "discount", "unused_time")


@dataclass(frozen=True, slots=True)
class State:
    """An agreement as an event has told of it."""

    at: datetime
    version: int
    status: str
    is_unpaid: bool
    period_start: datetime
    period_end: datetime
    quantities: dict[str, int]
    add_ons: dict[str, int]


@dataclass(frozen=True, slots=True)
class Course:
    """How a fee went on in a service interval: the states that count, and what was given back at the end."""

    begin: datetime
    first: State
    later: tuple[State, ...]
    ended_at: datetime | None


def fees_come_to_what_was_in_force(world: World, books: Books) -> None:
    """Check every service interval of every fee of every agreement."""
    lines = _lines_by_agreement(books)
    for agreement in books.agreements:
        states = _states(books.events, agreement)
        is_over = agreement.ended_at is not None and agreement.ended_at <= max(
            agreement.charged_from, agreement.started_at
        )
        if not is_over:
            _Reckoning(world, agreement, states, lines[agreement.id], _credited(books)).check()


class _Reckoning:
    def __init__(
        self,
        world: World,
        agreement: Agreement,
        states: Sequence[State],
        lines: list[tuple[Invoice, InvoiceLine]],
        credited: Mapping[str, Mapping[int, int]],
    ) -> None:
        self.world, self.agreement, self.states, self.lines = world, agreement, states, lines
        self.credited = credited
        self.until = agreement.ended_at or world.now
        # A plan that was given on credit is owed from the day when it was first invoiced, if ever.
        was_on_credit = any(state.is_unpaid for state in states)
        first = min((line.period.start for _, line in lines), default=None)
        self.owed_from = first if was_on_credit else agreement.charged_from
        with world.engine.read() as tx:
            own = tx.catalog.list_versions(agreement.plan_key)
            self.versions = {one.number: one.in_currency(agreement.currency) for one in own}
            keys = {key for state in states for key in state.add_ons}
            self.add_ons = {
                key: tx.catalog.get_plan(key).version.in_currency(agreement.currency) for key in sorted(keys)
            }

    def check(self) -> None:
        versions: list[tuple[str, PlanVersion]] = [("", one) for one in self.versions.values()]
        versions += self.add_ons.items()
        services = {
            (fee.service or self.agreement.cadence, fee.key, add_on)
            for add_on, version in versions
            for phase in (version.components, *(one.components for one in version.opening_phases))
            for fee in phase
            if isinstance(fee, LicenceFee)
        }
        for service, key, add_on in services:
            schedule = Schedule(self.agreement.anchor, service, self.agreement.zone)
            index = schedule.index_at(self.agreement.charged_from)
            while (interval := schedule.period(index)).start < self.until:
                self._check_interval(key, add_on, interval)
                index += 1

    def _check_interval(self, key: str, add_on: str, interval: Period) -> None:
        begin = max(interval.start, self.agreement.charged_from)
        course = self._course(begin, interval)
        invoiced, ratios, count = self._invoiced(key, add_on, interval)
        what = f"{self.agreement.plan_key}: {add_on or key}, {begin} to {interval.end}: {invoiced}"
        assert invoiced > -count - 1, f"{what} is less than nothing"
        if course is None:
            assert not count, f"{what} for a pause"
            return
        fee = self._fee(course.first, key, add_on, begin)
        price = self._price_of(fee, add_on)
        low, high = (self._worth(course, interval, add_on, key, price, is_low=is_low) for is_low in (True, False))
        most = max(price(_number(one, key, add_on)) for one in (course.first, *course.later))
        slack = count + 1 + self._days_apart(course, interval) * most
        # What a credit note has given back is not given back again.
        kept = invoiced - self._credited_of(key, add_on, interval)
        assert kept <= high * max(ratios) + slack, f"{what} is more than {float(high * max(ratios))}"
        if self._has_to_be_billed(interval, course):
            assert invoiced >= low * min(ratios) - slack, f"{what} is less than {float(low * min(ratios))}"

    def _has_to_be_billed(self, interval: Period, course: Course) -> bool:
        begin = max(interval.start, self.agreement.charged_from)
        is_due = self.agreement.ended_at is not None or begin <= self.agreement.billed_period.start
        return is_due and self.owed_from is not None and self.owed_from <= course.begin

    def _course(self, begin: datetime, interval: Period) -> Course | None:
        """Return how it went; None where the interval began in a pause that did not end in it."""
        known = [one for one in self.states if one.at <= begin]
        billed = [at for at, one in enumerate(known) if one.at == one.period_start == begin and one.status == "active"]
        place = billed[0] if billed else len(known) - 1
        later = [one for one in self.states[place + 1 :] if one.at < interval.end]
        first = self.states[place]
        if first.status == "paused":
            while later and later[0].status == "paused":
                later.pop(0)
            if not later:
                return None
            first = later.pop(0)
            begin = first.at
        ended_at = self.agreement.ended_at
        return Course(begin, first, tuple(later), ended_at if ended_at and ended_at < interval.end else None)

    def _worth(
        self,
        course: Course,
        interval: Period,
        add_on: str,
        key: str,
        price: Callable[[int], Fraction],
        *,
        is_low: bool,
    ) -> Fraction:
        """Add up what was in force, as if all that may have been given back was given back, or none of it."""
        level = price(_number(course.first, key, add_on))
        begin, total, before = course.begin, Fraction(0), course.first
        for state in course.later:
            total += level * _share(begin, state.at, interval)
            begin = state.at
            wanted = price(_number(state, key, add_on))
            if wanted > level or (
                wanted != price(_number(before, key, add_on)) and self._gives_back(state.at, before, is_low=is_low)
            ):
                level = wanted
            before = state
        if course.ended_at is not None:
            total += level * _share(begin, course.ended_at, interval)
            begin = course.ended_at
            level = Fraction(0) if self._gives_back(begin, before, is_low=is_low) else level
        return total + level * _share(begin, interval.end, interval)

    def _gives_back(self, at: datetime, before: State, *, is_low: bool) -> bool:
        decided = {
            one.gives_back for one in self.world.decided if (one.agreement_id, one.at) == (self.agreement.id, at)
        }
        if len(decided) != 1:
            return is_low
        # What is not paid is not given back.
        return decided == {True} and (is_low or not (before.is_unpaid or self._waits(at)))

    def _waits(self, at: datetime) -> bool:
        """Tell whether what was billed for an instant was not issued then, or that very moment, or was given up."""
        return any(
            invoice.created_at <= at < line.period.end
            and (invoice.issued_at is None or at <= invoice.issued_at or invoice.status == "uncollectible")
            for invoice, line in self.lines
        )

    def _invoiced(self, key: str, add_on: str, interval: Period) -> tuple[Fraction, list[Fraction], int]:
        """Return what was invoiced for an interval, which parts of the prices that was after coupons, and the lines."""
        charges: dict[tuple[str, str, Period], list[int]] = defaultdict(lambda: [0, 0])
        total, count = 0, 0
        for invoice, line in self.lines:
            if not self._is_for(line, key, add_on) or not interval.start <= line.period.start < interval.end:
                continue
            assert line.period.end <= interval.end, f"{line} reaches beyond {interval}"
            total += line.amount.minor
            count += 1
            if line.kind == "discount" or (line.kind == "licence_fee" and line.amount.minor > 0):
                charges[invoice.id, line.component_id, line.period][line.kind == "discount"] += line.amount.minor
        ratios = [Fraction(charged + off, charged) for charged, off in charges.values() if charged]
        return Fraction(total), ratios or [Fraction(1)], count

    def _credited_of(self, key: str, add_on: str, interval: Period) -> int:
        return sum(
            self.credited.get(invoice.id, {}).get(number, 0)
            for invoice, line in self.lines
            if self._is_for(line, key, add_on) and interval.start <= line.period.start < interval.end
            for number, one in enumerate(invoice.lines, 1)
            if one is line
        )

    def _is_for(self, line: InvoiceLine, key: str, add_on: str) -> bool:
        versions = [self.add_ons[add_on]] if add_on else self.versions.values()
        return any(
            line.plan_version_id == version.id and line.component_id == one.id and one.key == key
            for version in versions
            for phase in (version.components, *(one.components for one in version.opening_phases))
            for one in phase
            if isinstance(one, LicenceFee)
        )

    def _fee(self, state: State, key: str, add_on: str, at: datetime) -> LicenceFee | None:
        version = self.add_ons[add_on] if add_on else self.versions[state.version]
        schedule = self.agreement.schedule
        index = max(0, schedule.index_at(at) - schedule.index_at(self.agreement.charged_from))
        for phase in version.opening_phases:
            if index < phase.periods:
                return _fee_of(phase.components, key)
            index -= phase.periods
        return _fee_of(version.components, key)

    def _price_of(self, fee: LicenceFee | None, add_on: str) -> Callable[[int], Fraction]:
        def price(number: int) -> Fraction:
            if fee is None or not number:
                return Fraction(0)
            if isinstance(fee.terms.price, Flat):
                return Fraction(fee.terms.price.amount) * (number if add_on else 1)
            assert isinstance(fee.terms.price, Graduated), f"the reckoning knows no {fee.terms.price}"
            return _graduated(fee.terms.price, number)

        return price

    def _days_apart(self, course: Course, interval: Period) -> Fraction:
        """Return how far days and seconds can be apart, if days were counted at any time."""
        if not any(deed.facts.get("proration") == "day" for deed in self.world.deeds):
            return Fraction(0)
        cuts = 1 + len(course.later) + (course.begin != interval.start)
        return Fraction(cuts * DAY // timedelta(seconds=1), (interval.end - interval.start) // timedelta(seconds=1))


def _graduated(price: Graduated, number: int) -> Fraction:
    total, below = Fraction(0), Fraction(0)
    for tier in price.tiers:
        upper = Fraction(number) if tier.up_to is None else min(Fraction(number), Fraction(tier.up_to))
        if upper <= below:
            break
        total += (upper - below) * Fraction(tier.unit_amount) + Fraction(tier.flat_amount)
        below = upper
    return total


def _fee_of(components: Sequence[Component], key: str) -> LicenceFee | None:
    return next((one for one in components if isinstance(one, LicenceFee) and one.key == key), None)


def _number(state: State, key: str, add_on: str) -> int:
    return state.add_ons.get(add_on, 0) if add_on else state.quantities.get(key, 1)


def _share(start: datetime, end: datetime, interval: Period) -> Fraction:
    second = timedelta(microseconds=1)
    return Fraction((end - start) // second, (interval.end - interval.start) // second)


def _states(events: Sequence[Event], agreement: Agreement) -> list[State]:
    found = []
    for event in events:
        told = event.data.get("agreement")
        if isinstance(told, dict) and told["id"] == agreement.id and told["ended_on"] is None:
            found.append(
                State(
                    at=event.occurred_at,
                    version=told["plan_version"],
                    status=told["status"],
                    is_unpaid=told["is_unpaid"],
                    period_start=datetime.fromisoformat(told["current_period_start"]),
                    period_end=datetime.fromisoformat(told["current_period_end"]),
                    quantities=told["quantities"],
                    add_ons={one["plan_code"]: one["quantity"] for one in told["add_ons"]},
                )
            )
    return found


def _lines_by_agreement(books: Books) -> dict[str, list[tuple[Invoice, InvoiceLine]]]:
    found: dict[str, list[tuple[Invoice, InvoiceLine]]] = defaultdict(list)
    for invoice in books.charged:
        for line in invoice.lines:
            if line.kind in FEES and line.derivation.get("of") != "usage":
                found[_owner(books, invoice, line).id].append((invoice, line))
    return found


def _credited(books: Books) -> Mapping[str, Mapping[int, int]]:
    """Return how much of which line of which invoice was taken back by credit notes, or with all of it."""
    found: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for note in books.notes:
        for line in note.lines:
            found[note.invoice_id][line.number] += line.amount.minor
    gone = books.void_for_good
    for invoice in books.charged:
        if invoice.id in gone:
            found[invoice.id] = {number: line.amount.minor for number, line in enumerate(invoice.lines, 1)}
    return found


def _owner(books: Books, invoice: Invoice, line: InvoiceLine) -> Agreement:
    """Return whose line it is: an agreement is settled on the invoice of the one that takes its place."""
    for before, its in pairwise(books.agreements):
        if its.id == invoice.agreement_id and before.status == "replaced" and before.ended_at == its.started_at:
            is_settling = invoice.issued_at == its.started_at and line.kind == "unused_time"
            is_older = line.plan_version_id == before.plan_version_id != its.plan_version_id
            return before if is_settling or is_older or line.period.start < its.started_at else its
    return next(one for one in books.agreements if one.id == invoice.agreement_id)
