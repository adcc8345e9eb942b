"""Reservations: what becomes of one, and when a period has room."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial

import pytest
from hypothesis import given, settings, strategies as st

from billing_sdk.errors import InvalidQuantity, LimitReached, PaymentRequired, ReservationEnded
from billing_sdk.money import digits_of
from billing_sdk.server.domain.entitlements import allowance_of
from billing_sdk.server.domain.metering import Reservation, parse_units, require_room, share_of
from tests.unit.domain.things import agreement, entitlement, rate, version

pytestmark = pytest.mark.attack(108)
AT = datetime(2026, 3, 1, tzinfo=UTC)
END = AT + timedelta(seconds=300)
FREED = END + timedelta(seconds=60)
RESETS = datetime(2026, 4, 1, tzinfo=UTC)
HELD = Reservation("reservation_1", "agreement_1", "ai_tokens", Decimal(5), "held", AT, END, END)
LEASE = replace(HELD, held_until=FREED, is_lease=True)
require_room = partial(require_room, resets_at=RESETS)


def become(*events):
    found = HELD
    for event in events:
        found = found.after(event)
    return found.status


def test_what_was_used_is_never_given_back_and_what_was_given_back_is_never_used():
    assert become("commit", "commit") == "committed"
    assert become("release", "release") == "released"
    for events in (("commit", "release"), ("release", "commit"), ("expire", "release", "commit")):
        with pytest.raises(ReservationEnded) as caught:
            become(*events)
        assert caught.value.status == 409


def test_a_reservation_expires_at_its_end_unless_it_was_settled():
    assert HELD.as_of(END - timedelta(microseconds=1)).status == "held"
    assert HELD.as_of(END).status == "expired"
    assert HELD.after("commit").as_of(END).status == "committed"
    assert HELD.after("release").as_of(END).status == "released"


def test_a_lease_is_overdue_at_its_end_and_free_a_while_later():
    assert LEASE.as_of(END - timedelta(microseconds=1)).status == "held"
    assert LEASE.as_of(END).status == LEASE.as_of(FREED - timedelta(microseconds=1)).status == "overdue"
    assert LEASE.as_of(FREED).status == "expired"


@pytest.mark.parametrize("at", [AT, END, FREED], ids=["held", "overdue", "expired"])
def test_what_was_used_of_a_lease_counts_at_any_time(at):
    now = LEASE.as_of(at)
    assert now.after("report").status == now.status
    assert now.after("commit").after("report").status == "committed"
    with pytest.raises(ReservationEnded):
        now.after("release").after("report")


def test_of_totals_that_come_twice_late_or_out_of_order_each_unit_counts_once():
    lease, new = LEASE, []
    for total in (2, 2, 4, 3, 7, 7, 5):
        lease, counted = lease.counted(Decimal(total))
        new.append(int(counted))
    assert new == [2, 0, 2, 0, 3, 0, 0]
    assert (lease.used, lease.left) == (7, 0), "more was used than was set aside, and it counts"


@settings(max_examples=50, deadline=None)
@given(totals=st.lists(st.integers(0, 20), min_size=1))
def test_whatever_order_totals_come_in_the_largest_is_what_counts(totals):
    lease, new = LEASE, Decimal(0)
    for total in totals:
        lease, counted = lease.counted(Decimal(total))
        new += counted
    assert lease.used == new == max(totals)


@pytest.mark.parametrize(
    ("remaining", "asked", "least", "share"),
    [
        (None, 100, 1, 100),
        (None, 100, 500, 500),
        (None, 100, 7, 98),
        (1000, 100, 1, 100),
        (150, 100, 1, 75),
        (3, 100, 1, 1),
        (1, 100, 1, 1),
        (7, 100, 5, 5),
        (1000, 400, 30, 390),
        ("1.5", 100, "0.5", "0.5"),
        ("5.5", 100, "0.5", "2.5"),
    ],
    ids=str,
)
def test_a_lease_gets_half_of_what_is_left_at_most_and_what_is_needed_now_at_least(remaining, asked, least, share):
    left = None if remaining is None else Decimal(remaining)
    assert share_of(left, asked=Decimal(asked), least=Decimal(least)) == Decimal(share)


QUANTITIES = st.decimals(min_value=0, max_value=10**6, places=3)


@settings(max_examples=100, deadline=None)
@given(limit=st.integers(0, 10**6), used=QUANTITIES, held=QUANTITIES, asked=QUANTITIES)
def test_there_is_room_exactly_where_used_held_and_asked_stay_within_the_limit(limit, used, held, asked):
    if used + held + asked <= limit:
        require_room("ai_tokens", limit=limit, used=used, held=held, asked=asked)
        return
    with pytest.raises(LimitReached):
        require_room("ai_tokens", limit=limit, used=used, held=held, asked=asked)


def test_a_refusal_says_what_the_limit_is_and_what_is_left_of_it():
    with pytest.raises(PaymentRequired) as caught:
        require_room("ai_tokens", limit=10, used=Decimal("4.50"), held=Decimal(5), asked=Decimal(1))
    assert (caught.value.code, caught.value.status) == ("limit_reached", 402)
    assert caught.value.facts == {
        "feature": "ai_tokens",
        "limit": 10,
        "used": "4.5",
        "held": "5",
        "asked": "1",
        "resets_at": "2026-04-01T00:00:00Z",
    }


def test_what_is_without_limit_always_has_room():
    require_room("ai_tokens", limit=None, used=Decimal(10**20), held=Decimal(10**20), asked=Decimal(1))


def test_the_smallest_fraction_above_the_limit_is_too_much():
    smallest = Decimal("0.000000000001")
    used = Decimal("9999999999999999999.999999999999")
    require_room("ai_tokens", limit=10**19, used=used, held=Decimal(0), asked=smallest)
    with pytest.raises(LimitReached):
        require_room("ai_tokens", limit=10**19, used=used, held=smallest, asked=smallest)


@pytest.mark.parametrize("text", ["0", "0.0", "-0", "-1", "1e3", "", "NaN", " 1", "+1"])
def test_only_a_quantity_above_zero_can_be_reserved(text):
    with pytest.raises(InvalidQuantity):
        parse_units(text)


def test_quantities_are_shown_without_zeros_that_say_nothing():
    assert [digits_of(Decimal(text)) for text in ("10", "10.50", "0.0", "100000000000000000000.000000000001")] == [
        "10",
        "10.5",
        "0",
        "100000000000000000000.000000000001",
    ]


def test_the_most_generous_of_several_agreements_counts_as_it_is_shown():
    mine, ours = agreement(), agreement(id="agreement_2")
    plans = {limit: version(entitlement(limit_max=limit)) for limit in (3, 5, None)}
    assert allowance_of([(mine, plans[3]), (ours, plans[5])], "ai_tokens").agreement is ours
    assert allowance_of([(mine, plans[5]), (ours, plans[5])], "ai_tokens").agreement is mine
    assert allowance_of([(mine, plans[5]), (ours, plans[None])], "ai_tokens").limit is None


def test_an_agreement_that_has_ended_or_shows_no_limit_allows_nothing():
    ended = agreement(status="cancelled", ended_at=AT)
    assert allowance_of([(ended, version(entitlement()))], "ai_tokens") is None
    assert allowance_of([(agreement(), version(rate()))], "ai_tokens") is None
    assert allowance_of([], "ai_tokens") is None
