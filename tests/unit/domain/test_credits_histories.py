"""Any history of credit: it never burns twice, never goes below zero, and no look at it changes what comes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from billing_sdk.money import Money
from billing_sdk.server.domain.credits import (
    CreditGrant,
    Payable,
    balance_of,
    burn_down,
    expires_now,
    moved,
    spent_by,
    uncovered,
)
from billing_sdk.server.domain.periods import Period

START = datetime(2026, 1, 1, tzinfo=UTC)
FEATURES = ("tokens", "images", "minutes")
WEEK = timedelta(days=7)


def at(days: int) -> datetime:
    return START + timedelta(days=days)


@st.composite
def grants(draw, number: int = 0) -> CreditGrant:
    amount = Money(draw(st.integers(1, 2_000)), draw(st.sampled_from(["USD", "USD", "EUR"])))
    begins = draw(st.integers(0, 60))
    return CreditGrant(
        id=f"grant_{number}_{draw(st.integers(0, 10**6))}",
        customer_id="customer_1",
        name="Credit",
        amount=amount,
        left=amount,
        category=draw(st.sampled_from(["paid", "promotional"])),
        effective_at=at(begins),
        created_at=START,
        priority=draw(st.integers(0, 3)),
        expires_at=draw(st.none() | st.integers(1, 30).map(lambda days: at(begins + days))),
        applies_to=tuple(draw(st.lists(st.sampled_from(FEATURES), max_size=2, unique=True))),
    )


@st.composite
def payables(draw) -> Payable:
    begins = draw(st.integers(0, 60))
    period = Period(at(begins), at(begins + draw(st.integers(1, 30))))
    return Payable(draw(st.sampled_from(FEATURES)), Money(draw(st.integers(0, 1_500)), "USD"), period)


@settings(max_examples=80)
@given(st.lists(grants(), max_size=6, unique_by=lambda one: one.id), st.lists(payables(), max_size=6))
def test_nothing_is_paid_beyond_what_is_owed_or_left_and_nothing_that_could_be_paid_stays_owed(owned, owed):
    shares = burn_down(owned, owed)
    left = spent_by(owned, shares)
    for index, payable in enumerate(owed):
        paid = sum(share.amount.minor for share in shares if share.index == index)
        assert 0 <= paid <= max(payable.amount.minor, 0)
        if paid < payable.amount.minor:
            could = [one for one in left if one.pays_for(payable)]
            assert not any(one.left for one in could)
    assert all(share.amount.minor > 0 for share in shares)
    assert all(0 <= one.left.minor <= one.amount.minor for one in left)


@settings(max_examples=60)
@given(
    st.lists(grants(), max_size=6, unique_by=lambda one: one.id),
    st.lists(payables(), max_size=6),
    st.integers(0, 6),
    st.randoms(use_true_random=False),
)
def test_one_invoice_or_two_and_any_order_of_the_grants_spend_the_same(owned, owed, cut, random):
    whole = burn_down(owned, owed)
    shuffled = random.sample(owned, len(owned))
    assert burn_down(shuffled, owed) == whole
    first = burn_down(owned, owed[:cut])
    second = burn_down(spent_by(owned, first), owed[cut:])
    assert [(one.grant.id, one.amount) for one in (*first, *second)] == [(one.grant.id, one.amount) for one in whole]


class Customer(RuleBasedStateMachine):
    """A customer whose usage is billed weekly, and who is granted credit now and then."""

    @initialize()
    def begin(self) -> None:
        self.now = 0
        self.grants: dict[str, CreditGrant] = {}
        self.movements: dict[str, list[int]] = {}
        self.open: list[Payable] = []
        self.invoices: list[list[tuple[str, int]]] = []

    @rule(one=grants())
    def grant(self, one: CreditGrant) -> None:
        one = replace(one, id=f"grant_{len(self.grants)}", amount=Money(one.amount.minor, "USD"))
        self.grants[one.id] = replace(one, left=one.amount)
        self.movements[one.id] = [one.amount.minor]

    @rule(feature=st.sampled_from(FEATURES), minor=st.integers(1, 900))
    def use(self, feature: str, minor: int) -> None:
        start = at(self.now - self.now % 7)
        self.open.append(Payable(feature, Money(minor, "USD"), Period(start, start + WEEK)))

    @rule(looks=st.integers(1, 3))
    def look(self, looks: int) -> None:
        before = dict(self.grants)
        seen = {balance_of([*self.grants.values()], self.open, "USD", at=at(self.now)) for _ in range(looks)}
        assert len(seen) == 1
        [balance] = seen
        owed = sum(payable.amount.minor for payable in self.open)
        rest = uncovered(self.grants.values(), self.open, "USD").minor
        assert balance.pending.minor == owed - rest
        assert before == self.grants

    @rule(days=st.integers(1, 10))
    def pass_time(self, days: int) -> None:
        for _ in range(days):
            self.now += 1
            self._end_grants()
            if self.now % 7 == 0:
                self._bill()

    @rule(data=st.data())
    def void(self, data: st.DataObject) -> None:
        if not self.invoices:
            return
        index = data.draw(st.integers(0, len(self.invoices) - 1))
        for grant_id, minor in self.invoices.pop(index):
            self.grants[grant_id] = self.grants[grant_id].after("reinstate")
            self._move(grant_id, minor)
        self._end_grants()

    def _bill(self) -> None:
        foreseen = uncovered(self.grants.values(), self.open, "USD")
        shares = burn_down(self.grants.values(), self.open)
        for share in shares:
            self._move(share.grant.id, -share.amount.minor)
        owed = sum(payable.amount.minor for payable in self.open)
        assert owed - sum(share.amount.minor for share in shares) == foreseen.minor
        self.invoices.append([(share.grant.id, share.amount.minor) for share in shares])
        self.open = []
        self._end_grants()

    def _end_grants(self) -> None:
        for one in list(self.grants.values()):
            if one.status == "granted" and one.expires_at is not None and one.expires_at <= at(self.now):
                gone = expires_now(one, [*self.grants.values()], self.open, at=at(self.now))
                self._move(one.id, -gone.minor)
                if not self.grants[one.id].left:
                    self.grants[one.id] = self.grants[one.id].after("expire")

    def _move(self, grant_id: str, minor: int) -> None:
        self.grants[grant_id] = moved(self.grants[grant_id], Money(minor, "USD"))
        self.movements[grant_id].append(minor)

    @invariant()
    def movements_add_up_and_nothing_is_below_zero(self) -> None:
        for grant_id, one in getattr(self, "grants", {}).items():
            assert one.left.minor == sum(self.movements[grant_id])
            assert 0 <= one.left.minor <= one.amount.minor


TestAnyHistoryOfCredit = Customer.TestCase
TestAnyHistoryOfCredit.settings = settings(max_examples=40, stateful_step_count=25)
