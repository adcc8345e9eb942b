"""What is to happen later, and clocks that tests move.

It owns the timer, the order in which timers of one instant run, how long one that failed rests, and the test clock
with its two states. It does not own what a timer does (usecases/timer_handlers), nor the periods that it is derived
from. A timer's `due_at` is on the time line of its customer: that of the customer's test clock, else the real one.
"""

from billing_sdk.server.domain.timers.kinds import RANKS as RANKS, TimerKind as TimerKind, rank_of as rank_of
from billing_sdk.server.domain.timers.test_clock import (
    LATEST as LATEST,
    ClockStatus as ClockStatus,
    TestClock as TestClock,
    check_instant as check_instant,
)
from billing_sdk.server.domain.timers.timer import Timer as Timer, rest_after as rest_after
