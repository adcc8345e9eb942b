"""Whatever breaks at a call to Stripe: one invoice, one payment, one refund in the end."""

from __future__ import annotations

import pytest

from billing_sdk.testing.stripe import Fault, StripeSimulator
from tests.linked_faults import EXPECTED, TROUBLES, Run, calls_of_a_run, outcome_of, refusal_of

# Of a whole run; all of them with all troubles are in `soak/`.
CALLS = 17

pytestmark = pytest.mark.attack(177)


def test_a_run_has_as_many_calls_as_are_broken_one_by_one_below() -> None:
    assert calls_of_a_run() == CALLS


@pytest.mark.parametrize("nth", range(1, CALLS + 1))
def test_a_trouble_at_any_call_ends_in_one_invoice_one_payment_and_one_refund(nth: int) -> None:
    assert outcome_of(TROUBLES[nth % len(TROUBLES)], nth) == EXPECTED


@pytest.mark.parametrize("nth", [1, 3, 5, 8])
def test_a_process_that_is_followed_a_day_later_when_keys_are_forgotten_leaves_one_of_each_as_well(nth: int) -> None:
    assert outcome_of("dies_after", nth, forgets=True) == EXPECTED


def test_a_decline_stays_one_for_its_attempt_also_after_a_crash_and_a_day(stripe_simulator: StripeSimulator) -> None:
    run = Run(stripe_simulator)
    stripe_simulator.faults.script([Fault("decline:insufficient_funds", match="POST /v1/invoices/*/pay")])
    assert refusal_of(run, "charge_1") == "card_declined"
    stripe_simulator.clock.advance(hours=25)
    assert refusal_of(run, "charge_1") == "card_declined"
    assert refusal_of(run, "charge_2") == ""
