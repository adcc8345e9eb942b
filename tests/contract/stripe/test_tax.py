"""Tax that Stripe works out for our bills."""

from __future__ import annotations

from dataclasses import replace

import pytest

from billing_sdk.errors import TaxLocationMissing
from billing_sdk.money import Money
from billing_sdk.server.gateways import BillLine, Charge
from billing_sdk.testing.stripe import StripeSimulator
from tests.linked import BERLIN, bill, gateway_at, line, method_of, payer


def test_a_bill_is_quoted_and_collected_with_the_same_tax_to_the_cent(stripe_simulator: StripeSimulator) -> None:
    gateway, who = gateway_at(stripe_simulator), payer(address=BERLIN)
    token = method_of(gateway, who)
    asked = bill(who, 5001, 1999, -700, token=token, tax="by_gateway")
    [tax] = gateway.quote(asked)
    assert (tax.name, tax.is_inclusive, str(tax.percent)) == ("VAT", False, "19.0")
    assert [one["status"] for one in stripe_simulator.all("invoice")] == ["draft"]
    ours = BillLine(3, "VAT 19 %", tax.amount, "tax", line(0, 1).period)
    charge = gateway.collect(replace(asked, lines=(*asked.lines, ours), number="INV-1"), idempotency_key="charge_1")
    assert isinstance(charge, Charge)
    assert charge.amount == asked.amount + tax.amount
    assert [one["total"] for one in stripe_simulator.all("invoice")] == [charge.amount.minor]


def test_a_bill_that_was_not_quoted_comes_back_with_its_taxes(stripe_simulator: StripeSimulator) -> None:
    gateway, who = gateway_at(stripe_simulator), payer(address=BERLIN)
    charge = gateway.collect(
        bill(who, 5000, token=method_of(gateway, who), tax="by_gateway"), idempotency_key="charge_1"
    )
    assert isinstance(charge, Charge)
    assert charge.amount == Money(5950, "EUR")
    assert [tax.amount for tax in charge.taxes] == [Money(950, "EUR")]


def test_a_price_that_holds_its_tax_already_stays_what_it_is(stripe_simulator: StripeSimulator) -> None:
    gateway, who = gateway_at(stripe_simulator), payer(address=BERLIN)
    wanted = bill(who, 11_900, token=method_of(gateway, who), tax="by_gateway")
    inclusive = replace(wanted, lines=(line(0, 11_900, is_tax_included=True),))
    charge = gateway.collect(inclusive, idempotency_key="charge_1")
    assert isinstance(charge, Charge)
    assert charge.amount == Money(11_900, "EUR")
    assert [(tax.amount, tax.is_inclusive) for tax in charge.taxes] == [(Money(1900, "EUR"), True)]


def test_without_a_place_a_bill_that_insists_on_tax_is_not_made_final(stripe_simulator: StripeSimulator) -> None:
    gateway, who = gateway_at(stripe_simulator), payer()
    wanted = bill(who, 5000, token=method_of(gateway, who), tax="by_gateway")
    with pytest.raises(TaxLocationMissing):
        gateway.quote(wanted)
    with pytest.raises(TaxLocationMissing):
        gateway.collect(wanted, idempotency_key="charge_1")
    assert [one["status"] for one in stripe_simulator.all("invoice")] == ["draft"]


def test_without_a_place_a_bill_that_may_go_without_tax_is_paid_without(stripe_simulator: StripeSimulator) -> None:
    gateway, who = gateway_at(stripe_simulator), payer()
    wanted = bill(who, 5000, token=method_of(gateway, who), tax="by_gateway_or_none")
    assert gateway.quote(wanted) is None
    charge = gateway.collect(wanted, idempotency_key="charge_1")
    assert isinstance(charge, Charge)
    assert (charge.amount, charge.taxes) == (Money(5000, "EUR"), None)
