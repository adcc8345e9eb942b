"""Three years of what customers may do, told hundreds of times over: no promise is broken in any history.

Each history is made by chance of its number alone: four customers, one without a card and one whose card is refused,
change, plan ahead, cancel, pause, redeem coupons, take other numbers of seats and add-ons, report usage late and move,
on plans of five cadences, in two currencies and three time zones; their invoices wait, are billed together, credited,
made void and issued anew; a test clock jumps by an hour to a year, or to the next invoice, which has to be the one that
was foreseen. After every deed
all promises are checked (`tests/histories/promises.py`), and each service interval of each fee is held against a
reckoning from events alone (`tests/histories/reckoning.py`); in the end the history is told again in a new world, and
once more with every jump of the clock in three parts: both have to come to the same agreements, invoices, lines, events
and credits. A history that breaks a promise is made as short as it can be before it is shown.
"""

from __future__ import annotations

import os
import random
import traceback
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from soak.report import Bar
from tests.histories.plot import fitted, random_plot
from tests.histories.promises import check
from tests.histories.world import CUSTOMERS, Deed, told_again, world

HISTORIES = 600
LENGTH = 60
DAYS = 3 * 365
MOST_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Told:
    """What came of one history, and which promise it has broken, if any."""

    number: int
    deeds: int = 0
    days: int = 0
    invoices: int = 0
    events: int = 0
    broken: str = ""


def run(scale: float) -> tuple[Bar, ...]:
    """Tell histories, in as many processes as there are processors."""
    count = max(4, round(HISTORIES * scale))
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        told = list(pool.map(_told, range(count)))
    broken = [one for one in told if one.broken]
    for one in broken[:MOST_SHOWN]:
        print(f"  history {one.number}: {one.broken}\n{_shortest(one)}", flush=True)
    figures = f"{sum(one.deeds for one in told)} deeds, {sum(one.invoices for one in told)} invoices"
    figures += f", {sum(one.events for one in told)} events, {sum(one.days for one in told) // 365} years"
    longest = max(one.days for one in told)
    return (
        Bar(f"histories of {count} that break a promise ({figures})", str(len(broken)), "0", not broken),
        Bar("days of the longest history", str(longest), f"at least {DAYS}", longest >= DAYS),
    )


def _told(number: int) -> Told:
    deeds = random_plot(random.Random(number), LENGTH)
    try:
        return _tell(number, deeds)
    except Exception as error:  # noqa: BLE001 - whatever it is, this history has shown it
        return Told(number, broken=_name(error))


def _tell(number: int, deeds: Sequence[Deed]) -> Told:
    with world() as first:
        began = first.now
        for deed in deeds:
            fitting = fitted(first, deed)
            if fitting is not None:
                first.do(fitting.verb, **fitting.facts)
                check(first)
        books = [first.books(customer) for customer in CUSTOMERS]
        story, done, ended = first.story(), tuple(first.deeds), first.now
    assert told_again(done) == story, "the same history has come to something else"
    assert told_again(done, wait_in_parts=3) == story, "it matters how the clock was moved"
    return Told(
        number,
        len(done),
        (ended - began).days,
        sum(len(one.invoices) for one in books),
        sum(len(one.events) for one in books),
    )


def _shortest(told: Told) -> str:
    """Leave out of a broken history whatever it is broken without."""
    deeds = random_plot(random.Random(told.number), LENGTH)
    size = len(deeds) // 2
    while size:
        start = 0
        while start < len(deeds):
            fewer = deeds[:start] + deeds[start + size :]
            if _breaks(fewer, told.broken):
                deeds = fewer
            else:
                start += size
        size //= 2
    return "\n".join(f"    {deed.verb} {dict(deed.facts)}" for deed in deeds)


def _breaks(deeds: Sequence[Deed], broken: str) -> bool:
    try:
        _tell(0, deeds)
    except Exception as error:  # noqa: BLE001 - as above
        return _name(error) == broken
    return False


def _name(error: Exception) -> str:
    """Name what went wrong by where it did, so that two histories with other figures can be the same."""
    places = [frame.name for frame in traceback.extract_tb(error.__traceback__) if "histories" in frame.filename]
    return f"{type(error).__name__} in {places[-1] if places else 'the telling'}"
