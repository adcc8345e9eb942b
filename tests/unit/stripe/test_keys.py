"""Idempotency keys at Stripe."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from billing_sdk.server.gateways.stripe.keys import Keys, made_at, may_be_forgotten

MADE = datetime(2026, 3, 1, tzinfo=UTC)
INVOICE = f"invoice_{int(MADE.timestamp() * 1000) << 80:032x}"


def test_a_key_says_what_is_asked_and_of_what_and_is_the_same_each_time() -> None:
    keys = Keys.of("https://billing.example.com")
    assert keys.key("pay", "charge_1") == f"{keys.deployment}-pay-charge_1"
    assert keys == Keys.of("https://billing.example.com/")


def test_two_deployments_on_one_account_never_have_a_key_in_common() -> None:
    first, second = Keys.of("https://a.example.com"), Keys.of("https://b.example.com")
    assert first.key("pay", "charge_1") != second.key("pay", "charge_1")


def test_a_key_that_stripe_would_not_take_is_no_key() -> None:
    with pytest.raises(ValueError, match="up to 255"):
        Keys.of("https://a.example.com").key("invoice", "x" * 250)


def test_an_id_tells_when_it_was_made() -> None:
    assert made_at(INVOICE) == MADE
    assert made_at("profile_default") is None


@pytest.mark.parametrize(
    ("age", "forgotten"),
    [(timedelta(0), False), (timedelta(hours=19), False), (timedelta(hours=21), True), (-timedelta(days=3), True)],
)
def test_keys_are_taken_for_forgotten_before_stripe_forgets_them(age: timedelta, forgotten: bool) -> None:
    assert may_be_forgotten(INVOICE, at=MADE + age) is forgotten


def test_keys_of_an_id_that_tells_no_time_are_taken_for_forgotten() -> None:
    assert may_be_forgotten("invoice_1", at=MADE)
