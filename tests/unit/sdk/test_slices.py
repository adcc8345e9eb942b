"""A slice of a limit that a process holds: never more than was granted, never after its time, all of it told once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings, strategies as st

from billing_sdk import Reservation
from billing_sdk.errors import InvalidQuantity
from billing_sdk.resources import Holder, Slice, exact_count
from billing_sdk.resources._slices import ABANDONED_SECONDS, IDLE_SECONDS, REPORT_SECONDS, plain, scaled
from tests.contract.test_usecases_at_once import at_once
from tests.unit.sdk.test_fork import holds_in_a_child

pytestmark = pytest.mark.attack(108)
LEASE = Reservation(
    "r1",
    "agreement_1",
    "tokens",
    Decimal(100),
    "held",
    datetime(2026, 3, 1, tzinfo=UTC),
    is_lease=True,
    lasts_seconds=60,
)


@dataclass
class Clock:
    """Seconds that go on when they are told to."""

    now: float = 1000.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still."""
    return Clock()


@pytest.fixture
def hold(clock: Clock) -> Callable[..., tuple[Holder, Slice]]:
    """Hold a slice of a hundred units for a minute."""

    def hold(units: int = 100, wished: int = 100) -> tuple[Holder, Slice]:
        holder = Holder(clock)
        held = Slice.of(replace(LEASE, units=Decimal(units)), asked_at=clock.now, wished=scaled(wished))
        holder.add(held)
        return holder, held

    return hold


Hold = Callable[..., tuple[Holder, Slice]]


def test_as_many_are_let_in_as_were_granted_whoever_asks_at_once(hold: Hold) -> None:
    holder, _ = hold(1000)
    found = at_once(lambda _: sum(holder.take(scaled(1)) is not None for _ in range(200)), 8)
    assert sum(found) == 1000


def test_nobody_is_let_in_from_a_second_before_the_server_takes_the_lease_for_over(hold: Hold, clock: Clock) -> None:
    holder, _ = hold()
    clock.now += 58.9
    assert holder.take(1) is not None
    clock.now += 0.2
    assert holder.take(1) is None


def test_the_time_of_a_lease_counts_from_when_it_was_asked_for(clock: Clock) -> None:
    late = Slice.of(LEASE, asked_at=clock.now - 30, wished=0)
    short = Slice.of(replace(LEASE, lasts_seconds=2), asked_at=clock.now, wished=0)
    assert (late.stops_at - clock.now, short.stops_at - clock.now) == (29.0, pytest.approx(1.8))


def test_a_slice_that_is_over_still_lets_in_where_the_server_is_away_and_the_gate_was_told_so(
    hold: Hold, clock: Clock
) -> None:
    holder, held = hold()
    holder.take(scaled(99))
    clock.now = held.stops_at + 10
    assert holder.take(scaled(1), stale_seconds=10) is None
    assert holder.take(scaled(2), stale_seconds=11) is None
    assert holder.take(scaled(1), stale_seconds=11) is held


def test_what_a_use_did_not_need_is_let_in_again_and_what_it_needed_beyond_is_used(hold: Hold) -> None:
    holder, held = hold()
    assert holder.take(scaled(100)) is held
    assert holder.take(1) is None
    holder.settle(held, scaled(100), scaled(40))
    assert holder.take(scaled(61)) is None
    assert holder.take(scaled(60)) is held
    holder.settle(held, scaled(60), scaled(75))
    assert (plain(held.used), plain(held.under_way), holder.take(1)) == (115, 0, None)


def test_a_running_total_is_told_from_time_to_time_and_only_where_it_has_grown(hold: Hold, clock: Clock) -> None:
    holder, held = hold()
    holder.take(scaled(5))
    clock.now += REPORT_SECONDS
    assert holder.begin_telling(held) is None, "nothing is known to be used yet"
    holder.settle(held, scaled(5), scaled(5))
    assert holder.begin_telling(held) == (scaled(5), False)
    assert holder.begin_telling(held) is None
    holder.told(held, scaled(5))
    clock.now += REPORT_SECONDS
    assert holder.begin_telling(held) is None
    assert holder.take(1) is held


@pytest.mark.parametrize("over", ["used up", "at its end", "idle"])
def test_the_end_is_told_when_nothing_is_under_way_and_then_nobody_is_let_in(
    hold: Hold, clock: Clock, over: str
) -> None:
    holder, held = hold()
    holder.take(scaled(100 if over == "used up" else 10))
    clock.now += {"used up": 0.0, "at its end": 60.0, "idle": IDLE_SECONDS}[over]
    assert holder.begin_telling(held) is None, "it may still turn out to be used, or not"
    holder.settle(held, scaled(10), 0)
    if over == "used up":
        holder.take(scaled(10))
        holder.settle(held, scaled(100), scaled(100))
    used = held.used
    assert holder.begin_telling(held) == (used, True)
    assert holder.take(1) is None
    holder.not_told(held)
    assert (holder.take(1) is held) == (over == "idle"), "only what is not over may be used again"


def test_a_use_that_nobody_ever_settles_does_not_keep_a_slice_for_ever(hold: Hold, clock: Clock) -> None:
    holder, held = hold()
    holder.take(scaled(10))
    clock.now = held.stops_at + ABANDONED_SECONDS + 1
    assert holder.begin_telling(held) == (0, True)


def test_a_slice_is_forgotten_once_all_that_was_used_is_told(hold: Hold, clock: Clock) -> None:
    holder, held = hold()
    holder.take(scaled(10))
    clock.now += 60
    holder.begin_telling(held, everything=True)
    holder.told(held, 0)
    holder.drop(held)
    assert holder.slices == [held], "ten are under way"
    holder.settle(held, scaled(10), scaled(7))
    assert holder.begin_telling(held) == (scaled(7), True)
    holder.told(held, scaled(7))
    holder.drop(held)
    assert holder.slices == []


def test_a_slice_that_is_forgotten_is_told_of_no_more(hold: Hold) -> None:
    holder, held = hold()
    holder.drop(held)
    holder.drop(held)
    assert holder.begin_telling(held, everything=True) is None


def test_more_is_wanted_before_a_slice_is_used_up_unless_the_limit_is_near(hold: Hold) -> None:
    holder, _ = hold()
    holder.take(scaled(75))
    assert not holder.is_low
    holder.take(scaled(1))
    assert holder.is_low
    near, _ = hold(50)
    near.take(scaled(50))
    assert not near.is_low


def test_what_is_too_little_for_a_use_is_given_up(hold: Hold) -> None:
    holder, held = hold(7)
    holder.take(scaled(5))
    holder.settle(held, scaled(5), scaled(5))
    holder.retire(scaled(5))
    assert (holder.take(1), holder.begin_telling(held)) == (None, (scaled(5), True))


def test_the_lock_of_a_slice_is_free_in_a_process_that_was_forked_off(hold: Hold) -> None:
    holder, _ = hold()
    with holder._lock:
        assert holds_in_a_child(lambda: holder.take(1) is not None)


@pytest.mark.parametrize(
    ("units", "count"), [(1, 10**12), (Decimal("0.000000000001"), 1), (Decimal("1.50"), 15 * 10**11), (10**20, 10**32)]
)
def test_quantities_are_whole_numbers_of_the_smallest_part(units: Decimal | int, count: int) -> None:
    assert (exact_count(units), plain(count)) == (count, units)


@pytest.mark.parametrize(
    "units", [-1, Decimal("1E-13"), Decimal("NaN"), 1.5, True, 10**41, Decimal("Infinity")], ids=str
)
def test_what_is_no_quantity_is_not_counted(units: Decimal | int) -> None:
    with pytest.raises(InvalidQuantity):
        exact_count(units)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 40), st.integers(0, 60)), max_size=30))
def test_whatever_uses_come_to_what_is_let_in_beside_it_stays_within_what_was_granted(
    uses: list[tuple[int, int]],
) -> None:
    holder, clock = Holder(Clock()), Clock()
    held = Slice.of(LEASE, asked_at=clock.now, wished=scaled(100))
    holder.add(held)
    used = 0
    for asked, needed in uses:
        if holder.take(scaled(asked)) is None:
            assert used + asked > 100
            continue
        holder.settle(held, scaled(asked), scaled(needed))
        used += needed
    assert plain(held.used) == used
