"""What Stripe's words about a dispute mean here, those of later versions too."""

from __future__ import annotations

import pytest

from billing_sdk.server.gateways.stripe.objections import meaning_of


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        ("warning_closed", ("inquiry", "closed")),
        ("lost", ("dispute", "lost")),
        ("warning_of_another_kind", ("inquiry", "needs_response")),
        ("put_to_arbitration", ("dispute", "needs_response")),
    ],
)
def test_a_status_that_stripe_has_added_holds_money_unless_it_is_a_warning(status, meaning):
    assert meaning_of(status) == meaning
