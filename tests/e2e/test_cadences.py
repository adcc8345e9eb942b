"""Billing cadences over years, on a test clock: the worked examples, and random lives of several agreements.

Source: Stripe documentation, "How advanced usage-based billing works", Billing interval and service interval.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, Phase, given, settings, strategies as st

from billing_sdk.errors import NotFound
from billing_sdk.server.domain.agreements import BillingCycle
from billing_sdk.server.domain.catalog import LicenceFee, Rate, VersionContent
from billing_sdk.server.domain.periods import Cadence, Schedule
from billing_sdk.server.domain.rating import Flat, PerUnit, Terms
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.add_plan_group import add_plan_group
from billing_sdk.server.usecases.advance_clock import advance_clock
from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.billing_cadences import create_cadence
from billing_sdk.server.usecases.change_options import ChangeOptions
from billing_sdk.server.usecases.create_clock import create_clock
from billing_sdk.server.usecases.create_plan import create_plan
from billing_sdk.server.usecases.create_user import create_user
from billing_sdk.server.usecases.preview_cadence import preview_cadence
from billing_sdk.server.usecases.publish_plan import publish_plan
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.subscribe import subscribe
from tests.engines import IN_MEMORY, card, engine_on

MONTH, YEAR = Cadence("month"), Cadence("year")
BEGIN = datetime(2027, 3, 31, tzinfo=UTC)
EVERYTHING = 1_000
# A few here; many were told once.
MOST = 2


class Life:
    """Customers on one test clock, and plans of groups of their own."""

    def __init__(self, engine, begin=BEGIN):
        self.engine = engine
        self.clock = create_clock(engine, at=begin)
        self.count = 0

    def sell(self, key, *, fee=None, token=None, service=MONTH, cadence=YEAR):
        components = []
        if fee is not None:
            components.append(LicenceFee(f"fee_{key}", key, key, "USD", Terms(Flat(Decimal(fee))), service=service))
        if token is not None:
            price = Terms(PerUnit(Decimal(token)))
            components.append(Rate(f"rate_{key}", "ai_tokens", key, "USD", price, service=service))
        add_plan_group(self.engine, key=key, name=key, scope="user")
        content = VersionContent(components=tuple(components), cadence=cadence)
        create_plan(self.engine, key=key, name=key, group_key=key, content=content)
        publish_plan(self.engine, plan_key=key)

    def customer(self):
        self.count += 1
        email = f"customer{self.count}@example.com"
        user = create_user(self.engine, email=email)
        made = become_customer(self.engine, user_id=user.id, billing_email=email, clock_id=self.clock.id)
        add_card(self.engine, customer_id=made.id, card=card())
        return made

    def cadence(self, customer, cycle):
        return create_cadence(self.engine, customer_id=customer.id, cycle=cycle)

    def join(self, customer, cadence, key):
        options = ChangeOptions(billing_cadence_id=cadence.id)
        return subscribe(self.engine, customer_id=customer.id, plan_key=key, options=options)

    def use(self, agreement, units):
        record_usage(self.engine, agreement_id=agreement.id, feature_key="ai_tokens", value=str(units))

    def go(self, *, to):
        advance_clock(self.engine, self.clock.id, to=to)

    def bills(self, customer):
        with self.engine.read() as tx:
            found = tx.invoices.newest_of(customer.id, limit=EVERYTHING)
        return sorted(found, key=lambda invoice: (invoice.issued_at, invoice.name))


@pytest.fixture
def life():
    with engine_on(IN_MEMORY) as engine:
        yield Life(engine)


def test_five_months_of_service_on_an_annual_bill_are_ten_months_on_most_invoices_and_fifteen_on_one(life):
    """Ends of intervals: 31 August, 31 January, 30 June, 30 November, 30 April, 30 September, 28 or 29 February ..."""
    life.sell("metered", token=3, service=Cadence("month", 5))
    ada = life.customer()
    cadence = life.cadence(ada, BillingCycle(YEAR, day_of_month=31, month_of_year=3, time=time(0)))
    agreement = life.join(ada, cadence, "metered")
    service = Schedule(cadence.anchor, Cadence("month", 5))
    for number in range(9):
        life.go(to=service.boundary(number) + timedelta(days=70))
        life.use(agreement, 5)
    life.go(to=datetime(2031, 3, 31, tzinfo=UTC))

    invoices = life.bills(ada)
    assert [invoice.issued_at for invoice in invoices] == [
        datetime(year, 3, 31, tzinfo=UTC) for year in range(2028, 2032)
    ]
    assert [sum(line.quantity for line in invoice.lines) for invoice in invoices] == [10, 10, 15, 10]
    ends = [f"{line.period.end:%Y-%m-%d}" for invoice in invoices for line in invoice.lines]
    assert ends == [
        *("2027-08-31", "2028-01-31"),
        *("2028-06-30", "2028-11-30"),
        *("2029-04-30", "2029-09-30", "2030-02-28"),
        *("2030-07-31", "2030-12-31"),
    ]


def test_a_monthly_fee_on_a_quarterly_bill_is_invoiced_every_three_months(life):
    life.sell("office", fee=2_000)
    ada = life.customer()
    cadence = life.cadence(ada, BillingCycle(Cadence("month", 3)))
    life.join(ada, cadence, "office")
    life.go(to=datetime(2028, 3, 31, tzinfo=UTC))
    dates = ["2027-03-31", "2027-06-30", "2027-09-30", "2027-12-31", "2028-03-31"]
    assert [f"{invoice.issued_at:%Y-%m-%d}" for invoice in life.bills(ada)] == dates
    assert [len(invoice.lines) for invoice in life.bills(ada)] == [1, 3, 3, 3, 3]


def test_the_last_day_of_a_short_month_stands_in_for_the_31st_which_comes_back(life):
    life.sell("office", fee=2_000)
    ada = life.customer()
    life.join(ada, life.cadence(ada, BillingCycle(MONTH, day_of_month=31)), "office")
    life.go(to=datetime(2028, 4, 1, tzinfo=UTC))
    days = [invoice.issued_at.day for invoice in life.bills(ada)]
    assert days == [31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 31, 29, 31]


CYCLES = st.sampled_from(
    [
        BillingCycle(MONTH),
        BillingCycle(MONTH, day_of_month=31),
        BillingCycle(MONTH, day_of_month=1, time=time(6)),
        BillingCycle(Cadence("month", 2)),
        BillingCycle(Cadence("month", 3), day_of_month=15, month_of_year=2),
        BillingCycle(Cadence("month", 5)),
    ]
)
PLANS = {"fees": {"fee": 3_100}, "weeks": {"token": 7, "service": Cadence("week")}, "both": {"fee": 999, "token": 2}}
DEEDS = st.lists(st.tuples(st.integers(1, 40), st.sampled_from([*PLANS]), st.integers(0, 500)), min_size=3, max_size=6)


@settings(
    max_examples=MOST,
    derandomize=True,
    deadline=None,
    database=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)
@given(cycle=CYCLES, deeds=DEEDS)
def test_a_cadence_has_one_invoice_at_a_time_and_each_agreement_pays_what_it_would_alone(cycle, deeds):
    """Each plan is had twice: with the others on one cadence, and by somebody who has nothing else."""
    with engine_on(IN_MEMORY) as engine:
        life = Life(engine)
        for key, terms in PLANS.items():
            life.sell(key, **terms)
        ada, alone = life.customer(), {key: life.customer() for key in PLANS}
        shared = life.cadence(ada, cycle)
        own = {key: life.cadence(customer, cycle) for key, customer in alone.items()}
        mine, theirs, at = {}, {}, BEGIN
        for days, key, units in deeds:
            at += timedelta(days=days, hours=7)
            life.go(to=at)
            if key not in mine:
                mine[key] = life.join(ada, shared, key)
                theirs[key] = life.join(alone[key], own[key], key)
            elif "token" in PLANS[key]:
                life.use(mine[key], units)
                life.use(theirs[key], units)
        foreseen = _foreseen(life, shared)
        life.go(to=at + timedelta(days=160))

        together = life.bills(ada)
        renewals = Counter(one.issued_at for one in together if one.reason == "renewal")
        assert all(count == 1 for count in renewals.values()), "two invoices of one cadence at one instant"
        assert set(renewals) <= set(_dates(shared, at + timedelta(days=160))), "an invoice on another day"
        assert {one.billing_cadence_id for one in together} == {shared.id}
        lines = _by_agreement(together)
        for key, agreement in mine.items():
            single = _by_agreement(life.bills(alone[key]))
            assert lines.get(agreement.id) == single.get(theirs[key].id), f"{key} pays something else than alone"
        assert foreseen is None or foreseen in [[_said(line) for line in one.lines] for one in together]


def _foreseen(life, cadence):
    with life.engine.read() as tx:
        try:
            return [_said(line) for line in preview_cadence(tx, life.engine, cadence.id).lines]
        except NotFound:
            return None


def _dates(cadence, until):
    found = [cadence.created_at]
    for date in cadence.schedule.boundaries_after(cadence.created_at):
        if date > until:
            return found
        found.append(date)
    return found


def _by_agreement(invoices):
    found = defaultdict(list)
    for invoice in invoices:
        for line in invoice.lines:
            found[line.agreement_id].append((invoice.issued_at, *_said(line)))
    return {key: sorted(lines) for key, lines in found.items()}


def _said(line):
    return line.period.start, line.period.end, line.component_id, line.quantity, line.amount.minor
