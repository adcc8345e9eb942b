"""Refunds at Stripe."""

from __future__ import annotations

import pytest

from billing_sdk.errors import GatewayUnreachable, RefundDeclined, RefundTooLarge
from billing_sdk.money import Money
from billing_sdk.server.gateways import Charge
from billing_sdk.server.gateways.stripe import StripeGateway
from billing_sdk.testing.stripe import StripeSimulator
from tests.linked import bill, gateway_at, method_of, payer


def paid(simulator: StripeSimulator, card: str = "pm_card_visa") -> tuple[StripeGateway, str]:
    gateway, who = gateway_at(simulator), payer()
    charge = gateway.collect(bill(who, 5000, token=method_of(gateway, who, card)), idempotency_key="charge_1")
    assert isinstance(charge, Charge)
    return gateway, charge.reference


def pay_back(gateway: StripeGateway, reference: str, minor: int, key: str = "refund_1") -> Money:
    return gateway.refund(reference=reference, amount=Money(minor, "EUR"), idempotency_key=key).amount


def test_parts_are_paid_back_each_once(stripe_simulator: StripeSimulator) -> None:
    gateway, reference = paid(stripe_simulator)
    assert [pay_back(gateway, reference, 2000) for _ in range(2)] == [Money(2000, "EUR")] * 2
    assert pay_back(gateway, reference, 3000, "refund_2") == Money(3000, "EUR")
    assert [one["amount"] for one in stripe_simulator.all("refund")] == [2000, 3000]


@pytest.mark.parametrize("before", [0, 5000])
def test_more_than_what_is_left_is_refused(stripe_simulator: StripeSimulator, before: int) -> None:
    gateway, reference = paid(stripe_simulator)
    if before:
        pay_back(gateway, reference, before)
    with pytest.raises(RefundTooLarge):
        pay_back(gateway, reference, 5001, "refund_2")


def test_a_refund_that_takes_its_time_is_asked_about_until_the_bank_has_answered(
    stripe_simulator: StripeSimulator,
) -> None:
    gateway, reference = paid(stripe_simulator, "pm_card_pendingRefund")
    with pytest.raises(GatewayUnreachable):
        pay_back(gateway, reference, 2000)
    stripe_simulator.clock.advance(days=10)
    assert pay_back(gateway, reference, 2000) == Money(2000, "EUR")
    assert len(stripe_simulator.all("refund")) == 1


def test_a_refund_that_comes_back_later_is_declined_when_it_is_asked_about(stripe_simulator: StripeSimulator) -> None:
    gateway, reference = paid(stripe_simulator, "pm_card_refundFail")
    assert pay_back(gateway, reference, 2000) == Money(2000, "EUR")
    stripe_simulator.clock.advance(days=10)
    with pytest.raises(RefundDeclined):
        pay_back(gateway, reference, 2000)
