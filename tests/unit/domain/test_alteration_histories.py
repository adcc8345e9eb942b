"""Any history of numbers: what is invoiced for each interval, and that no more is given back than was paid for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import example, given, settings, strategies as st

from billing_sdk.money import Money
from billing_sdk.server.domain.agreements import AgreedDiscount, Offer, agree
from billing_sdk.server.domain.catalog import LicenceFee, Phase, PlanVersion, Policies
from billing_sdk.server.domain.invoicing import (
    Alteration,
    BoughtAddOn,
    InForce,
    InvoiceLine,
    lines_at_boundary,
    lines_for_alteration,
    nothing_used,
    removed,
    renewed,
    with_period_discounted,
)
from billing_sdk.server.domain.periods import Cadence, Period, fraction
from billing_sdk.server.domain.rating import Flat, Graduated, PerUnit, Terms, Tier
from tests.unit.domain.things import at, bill_end, version

START = at("2026-01-31", "12:00:00")
MONTH = Cadence("month")
BY_SEAT = Graduated((Tier(Decimal(5), Decimal(733), Decimal(500)), Tier(None, Decimal("799.5"))))
CHEAPER = PerUnit(Decimal(101))
IN_ADVANCE = ("licence_fee", "discount")


def seats(price, key: str, service: Cadence) -> LicenceFee:
    return LicenceFee(f"fee_{key}", "seats", "Seats", "USD", Terms(price), service=service)


def plan(cadence: Cadence, service: Cadence, *, has_phase: bool) -> PlanVersion:
    """Return a plan by seats, perhaps with a first billing period in which they are cheaper."""
    opening = (Phase("opening", "Opening", 1, (seats(CHEAPER, "opening", service),)),) if has_phase else ()
    return replace(version(seats(BY_SEAT, "seats", service)), cadence=cadence, opening_phases=opening)


def extra(cadence: Cadence, number: int, since: datetime | None) -> BoughtAddOn:
    """Return an add-on for 10.01 in every billing period."""
    fee = LicenceFee("fee_extra", "extra", "Extra", "USD", Terms(Flat(Decimal(1_001))))
    made = replace(version(fee), id="version_extra", plan_key="extra", cadence=cadence)
    return BoughtAddOn(made, number, since)


@dataclass
class Contract:
    """An agreement, its invoices, and how its numbers went."""

    in_force: InForce
    now: datetime = START
    is_declined: bool = False
    paid: list[InvoiceLine] = field(default_factory=list)
    owed: list[InvoiceLine] = field(default_factory=list)
    seats: list[tuple[datetime, int, bool]] = field(default_factory=list)

    def wait(self, hours: int) -> None:
        """Let time pass, and every billing date on the way be billed."""
        self.now += timedelta(hours=hours)
        while (before := self.in_force).agreement.billed_until <= self.now:
            agreement = before.agreement
            after = replace(before, agreement=renewed(agreement, before.version))
            started, due = agreement.billed_period.start, agreement.billed_until
            lines = lines_at_boundary(before, after=started, at=due, following=after)
            (self.owed if self.is_declined else self.paid).extend(lines)
            self.in_force = after

    def pay(self, is_declined: bool) -> None:
        """Have a card that is declined from then on, or pay with another one what is owed."""
        self.is_declined = is_declined
        if not is_declined:
            self.paid, self.owed = self.paid + self.owed, []

    def redeem(self, discount: AgreedDiscount) -> None:
        agreement = self.in_force.agreement
        self.in_force = replace(self.in_force, agreement=replace(agreement, discounts=(*agreement.discounts, discount)))

    def set_seats(self, number: int, gives_back: bool) -> None:
        if number == self.in_force.agreement.quantity_of("seats"):
            return  # nothing changes
        after = replace(self.in_force.agreement, quantities={"seats": number})
        self._alter(replace(self.in_force, agreement=after), gives_back)
        self.seats.append((self.now, number, gives_back))

    def set_extra(self, number: int, gives_back: bool) -> None:
        standing = next((one.since for one in self.in_force.add_ons), self.now)
        made = extra(self.in_force.agreement.cadence, number, standing)
        self._alter(replace(self.in_force, add_ons=(made,)), gives_back)
        if not number:
            after = self.in_force
            self.paid += bill_end(removed(after, made), nothing_used, at=self.now, is_usage_charged=False)
            self.in_force = replace(after, add_ons=())

    def _alter(self, after: InForce, gives_back: bool) -> None:
        made = Alteration(
            self.in_force, after, self.now, tuple(self.paid), tuple(self.owed), gives_back, is_on_credit=False
        )
        lines = lines_for_alteration(made)
        is_charge = sum(line.amount.minor for line in lines) > 0
        if is_charge and self.is_declined:
            return
        self.paid += lines
        self.in_force = replace(after, agreement=made.agreement)

    def left(self, component_id: str) -> Fraction:
        """Return what was paid for the time to come, less what was given back of it."""
        lines = [line for line in self.paid if line.component_id == component_id and line.kind in IN_ADVANCE]
        return sum(
            (
                line.amount.minor * share(Period(self.now, max(self.now, line.period.end)), line.period)
                for line in lines
                if line.period.end > self.now
            ),
            Fraction(0),
        )


def share(part: Period, whole: Period) -> Fraction:
    return fraction(part, whole, by="second", zone="UTC")


def contract(
    cadence: Cadence, service: Cadence, *, has_phase: bool = False, discounts: tuple[AgreedDiscount, ...] = ()
) -> Contract:
    """Return a contract for one seat, with its first invoice paid."""
    own = plan(cadence, service, has_phase=has_phase)
    offer = Offer("sbg_1", "pro", own.id, "USD", cadence, discounts=discounts, quantities={"seats": 1})
    made = InForce(agree(offer, agreement_id="agreement_1", customer_id="customer_1", at=START), own, (), Policies())
    first = list(lines_at_boundary(made, after=None, at=START))
    return Contract(replace(made, agreement=with_period_discounted(made.agreement)), paid=first)


def charged(went: list[tuple[datetime, int, bool]], interval: Period, worth: Callable[[int], Fraction]) -> Fraction:
    """Return what an interval has to come to: the most that was agreed at any time, until it was given back."""
    covered = 1
    for when, number, _ in went:
        covered = number if when <= interval.start else covered
    inside = [one for one in went if interval.start < one[0] < interval.end]
    pieces = [(interval.start, covered)]
    for when, number, gives_back in inside:
        covered = number if gives_back else max(covered, number)
        pieces.append((when, covered))
    ends = [*(start for start, _ in pieces[1:]), interval.end]
    return sum(
        (
            worth(number) * share(Period(start, end), interval)
            for (start, number), end in zip(pieces, ends, strict=True)
        ),
        Fraction(0),
    )


def price(number: int) -> Fraction:
    """Return what so many seats cost a month, worked out by hand."""
    return 500 + min(number, 5) * Fraction(733) + max(0, number - 5) * Fraction(1_599, 2)


# Whole days, and seven hours once, so that nothing happens at a boundary itself.
HOURS = st.integers(0, 40).map(lambda days: days * 24)
NUMBERS = st.sampled_from((1, 2, 5, 6, 40))
# Billing cadence and service interval.
PACES = st.sampled_from(((MONTH, MONTH), (Cadence("month", 3), MONTH), (MONTH, Cadence("week"))))
# In a week that goes on when the month is billed, and taken again after that in the same week.
GIVEN_UP_BEFORE_A_BILLING_DATE = [(48 * 24, 40, False), (9 * 24, 1, False), (3 * 24, 40, False)]
CHANGES = st.lists(st.tuples(HOURS, NUMBERS, st.booleans()), max_size=8)


@settings(max_examples=40)
@given(PACES, CHANGES, st.sampled_from((0, 25, 100)))
@example((MONTH, Cadence("week")), GIVEN_UP_BEFORE_A_BILLING_DATE, 0)
def test_every_interval_comes_to_the_price_of_what_was_agreed_until_it_was_given_back(pace, changes, percent):
    discounts = (AgreedDiscount("OFF", percent_off=Decimal(percent)),) if percent else ()
    one = contract(*pace, discounts=discounts)
    one.wait(7)
    for hours, number, gives_back in changes:
        one.wait(hours)
        one.set_seats(number, gives_back)
    one.wait(24 * 93)

    lines = [line for line in one.paid if line.component_id == "fee_seats"]
    schedule = one.in_force.schedule_of(pace[1])
    for index in range(max(schedule.index_at(line.period.start) for line in lines)):
        interval = schedule.period(index)
        its = [line for line in lines if line.period.within(interval)]
        expected = charged(one.seats, interval, price) * (100 - percent) / 100
        assert abs(sum(line.amount.minor for line in its) - expected) <= len(its)


@settings(max_examples=60)
@given(PACES, st.booleans(), st.data())
def test_whatever_happens_no_more_is_given_back_than_was_paid_for_the_time_to_come(pace, has_phase, data):
    one = contract(*pace, has_phase=has_phase)
    coupons = (
        AgreedDiscount("ALL", percent_off=Decimal(100), periods_left=1),
        AgreedDiscount("THIRD", percent_off=Decimal("33.3333"), periods_left=2),
        AgreedDiscount("FIVE", amount_off=Money(500, "USD"), periods_left=1),
    )
    deeds = st.one_of(
        st.tuples(st.just(one.wait), HOURS.map(lambda hours: hours + 7)),
        st.tuples(st.just(one.set_seats), NUMBERS, st.booleans()),
        st.tuples(st.just(one.set_extra), st.integers(0, 3), st.booleans()),
        st.tuples(st.just(one.redeem), st.sampled_from(coupons)),
        st.tuples(st.just(one.pay), st.booleans()),
    )
    for deed, *facts in data.draw(st.lists(deeds, max_size=14)):
        deed(*facts)
        for component in ("fee_seats", "fee_opening", "fee_extra"):
            assert one.left(component) >= Fraction(-1, 2)
