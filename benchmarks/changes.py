"""What a customer waits for, a preview and a change of plan; and how long the unit suite of the domain takes."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.renewals import fresh_engine, subscribed
from billing_sdk.server.usecases.change_options import ChangeOptions
from billing_sdk.server.usecases.change_plan import change_plan
from billing_sdk.server.usecases.preview_change import preview_change

ROUNDS = 7
TIMES = 20
# Half of the month is given back, and what was used is charged: all that a change can have to work out.
IN_FULL = ChangeOptions(is_prorate=True, is_invoice_now=True)
PLANS = ("pro_monthly", "enterprise_monthly")


def measure() -> list[tuple[str, str]]:
    """Return what was measured, a name and a figure each."""
    engine = fresh_engine("sqlite:///:memory:")
    _, agreement = subscribed(engine, "changes")
    customer_id = agreement.customer_id

    def preview(_number: int) -> None:
        preview_change(engine, customer_id=customer_id, plan_key=PLANS[0], options=IN_FULL)

    def change(number: int) -> None:
        change_plan(engine, customer_id=customer_id, plan_key=PLANS[number % 2], options=IN_FULL)

    figures = [
        ("the preview of a change of plan, with a credit and usage", _milliseconds(preview)),
        ("the change itself: charged, invoiced, audited and announced", _milliseconds(change)),
        ("the unit suite of the domain, alone", _domain_suite()),
    ]
    engine.database.close()
    return figures


def _milliseconds(act: Callable[[int], None]) -> str:
    rounds = []
    for number in range(ROUNDS):
        began = time.process_time()
        for again in range(TIMES):
            act(number * TIMES + again)
        rounds.append((time.process_time() - began) / TIMES * 1_000)
    return f"{statistics.median(rounds):.1f} ms"


def _domain_suite() -> str:
    began, before = time.perf_counter(), os.times()
    asked = [sys.executable, "-m", "pytest", "-q", "-n0", "tests/unit/domain"]
    done = subprocess.run(asked, check=True, cwd=Path(__file__).parents[1], capture_output=True, text=True)
    seconds, after = time.perf_counter() - began, os.times()
    assert " passed" in done.stdout
    processor = after.children_user + after.children_system - before.children_user - before.children_system
    return f"{seconds:.1f} s ({processor:.1f} s of the processor)"
