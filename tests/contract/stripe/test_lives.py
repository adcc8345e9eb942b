"""Whatever goes wrong once between a customer's first call of Stripe and the last, the end of the story is the same."""

from __future__ import annotations

import pytest

from billing_sdk.testing.stripe import Fault
from tests.stripe_loop import Life, lived


@pytest.fixture(scope="module")
def undisturbed() -> Life:
    """A life in which nothing goes wrong."""
    return lived()


def test_a_life_without_faults_has_one_customer_three_payments_and_one_refund(undisturbed):
    assert undisturbed.faults == ()
    assert undisturbed.survived == ()
    invoices, payments, status, refunds = undisturbed.digest
    assert invoices == payments_of(invoices) == (("paid", 2900),) * 3
    assert (len(payments), status, refunds) == (3, "cancelled", ("succeeded",))


def payments_of(invoices):
    return tuple(each for each in invoices if each[0] == "paid")


CALLS = {
    "the process dies when the draft is made": {"dies_at": 9},
    "the process dies when the first payment is made, and the keys are forgotten": {
        "dies_at": 13,
        "forgets_keys": True,
    },
    "the answer to a payment is lost": {"faults": [Fault("timeout_after", match="POST /v1/invoices/*/pay")]},
    "the refund breaks the processor": {"faults": [Fault("error_500", match="POST /v1/refunds")]},
}


@pytest.mark.parametrize("what", CALLS)
def test_one_fault_changes_nothing_about_the_end(undisturbed, what):
    life = lived(**CALLS[what])
    assert life.faults == ()
    assert life.digest == undisturbed.digest


def test_an_engine_that_is_paid_through_stripe_has_asked_whose_account_it_is_and_for_its_events(
    stripe_engine, stripe_simulator
):
    assert stripe_engine.workspace.gateway == "stripe_platform"
    assert [each.name for each in stripe_simulator.log] == ["GET /v1/account", "POST /v1/webhook_endpoints"]
