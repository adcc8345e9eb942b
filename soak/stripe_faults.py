"""A customer's whole life at a simulated Stripe, with something going wrong at each of its calls in turn.

Enabling, checkout, a first payment, a renewal, a failed payment, its recovery, a refund, and the end. Whatever goes
wrong, there have to be one customer, one invoice for each of ours, one payment for each that is paid, and with us the
same state as where nothing went wrong. The simulator is asked for the former, and not the server.
"""

from __future__ import annotations

import logging

from billing_sdk.testing.stripe import Fault
from soak.report import Bar
from tests.stripe_loop import Life, lived

CRASHES = ("crash_before", "crash_after", "crash_and_keys_forgotten")
FAULTS = ("error_500", "error_500_after", "error_503", "rate_limit", "timeout_before", "timeout_after", "reset")


def life_with(fault: str, number: int) -> Life:
    """Live a life in which one thing goes wrong, at one call."""
    if fault in CRASHES:
        return lived(
            dies_at=number,
            is_answered=fault != "crash_before",
            forgets_keys=fault == "crash_and_keys_forgotten",
        )
    return lived(faults=[Fault(fault, nth=number)])


def run(scale: float) -> tuple[Bar, ...]:
    """Live a life for each fault at each call; a smaller scale leaves calls out, spread over all of them."""
    # Each charge that is left over says so in the log, which is what happens here all the time.
    logging.disable(logging.ERROR)
    try:
        plain = lived()
        step = max(1, round(1 / scale))
        return tuple(_bar(fault, plain, range(1, plain.calls + 1, step)) for fault in (*CRASHES, *FAULTS))
    finally:
        logging.disable(logging.NOTSET)


def _bar(fault: str, plain: Life, calls: range) -> Bar:
    wrong = []
    for number in calls:
        try:
            life = life_with(fault, number)
        except AssertionError:
            wrong.append(number)
            continue
        if life.faults or life.digest != plain.digest:
            wrong.append(number)
    measured = f"{len(calls) - len(wrong)} of {len(calls)}" + (f", not at the calls {wrong}" if wrong else "")
    return Bar(f"lives with {fault} that end as without it", measured, "all of them", not wrong)
