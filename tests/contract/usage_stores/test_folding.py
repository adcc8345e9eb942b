"""Any window of an agreement comes to what its events come to, although its hours are folded as they are read."""

from __future__ import annotations

from datetime import timedelta

from billing_sdk.server.domain.metering import counted, hours_of, valued
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.usecases.subscribe import subscribe
from tests.contract.late import sell_by_use, use
from tests.contract.usage_events import report
from tests.engines import NOON, advance, payer

# Minutes after the start, within hours and at their boundaries; of each pair of them a window.
BOUNDARIES = (0, 1, 30, 59, 60, 61, 90, 150, 180, 181, 300)
# When, how much, with which dimensions; a total is one of the agreement's alone.
EVENTS = ((0, 1), (1, 2), (30, 4), (59, 8), (60, 16), (75, 32), (130, 64), (180, 128), (181, 256))
TOTAL_AT, TOTAL = 100, 1_000


def test_every_window_comes_to_what_its_events_come_to(engine):
    sell_by_use(engine)
    agreement = subscribe(engine, customer_id=payer(engine).id, plan_key="metered")
    for number, (minutes, units) in enumerate(EVENTS):
        marks = {"dimensions": {"model": "large"}} if number % 2 else {}
        at = NOON + timedelta(minutes=minutes)
        report(engine, agreement.customer_id, units, at, id=str(number), **marks)
        report(engine, agreement.id, units, at, id=f"own {number}", **marks)
    advance(engine, hours=6)
    use(engine, agreement, TOTAL, NOON + timedelta(minutes=TOTAL_AT), kind="absolute")

    with engine.read() as tx:
        meter = tx.meters.get("ai_tokens")
        found = list(counted(meter, tx.usage_log.events()))
        for first, start in enumerate(BOUNDARIES):
            for end in BOUNDARIES[first + 1 :]:
                window = Period(NOON + timedelta(minutes=start), NOON + timedelta(minutes=end))
                within = (one for one in found if window.contains(one.place.counted_at))
                expected = valued(hours_of(within), "sum", window)
                assert tx.usage.used(agreement.id, "ai_tokens", window) == expected, (start, end)
