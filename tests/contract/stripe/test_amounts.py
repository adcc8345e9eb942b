"""What our invoice comes to, what Stripe's comes to, and what is paid, are one amount, whatever is on the invoice."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given, settings, strategies as st

from billing_sdk.money import Money, total
from billing_sdk.server.domain.collection import TaxSettings
from billing_sdk.server.domain.invoicing import GatewayTaxation, InvoiceLine, is_taxed_by_gateway, with_gateway_taxes
from billing_sdk.server.domain.invoicing.tax_document import line_tax
from billing_sdk.server.gateways import Bill, Charge
from billing_sdk.server.ids import new_id
from billing_sdk.server.usecases.gateway_of import taxed_lines, untaxed_lines
from billing_sdk.testing.stripe import stripe_simulator as run_simulator
from tests.engines import NOON
from tests.linked import BERLIN, MONTH, gateway_at, method_of, payer

# What Stripe can say of dinars has no third decimal; of yen there are no decimals at all.
CURRENCIES = {"USD": 1, "EUR": 1, "JPY": 1, "KWD": 10}
NOT_TAXED_HERE = "KWD"


@pytest.fixture(scope="module")
def stripe():
    with run_simulator(at=NOON, delivers=False) as simulator:
        yield simulator


def item(number, minor, currency, *, kind="one_off", behavior="exclusive"):
    derivation = {"kind": kind, "tax": {"behavior": behavior}} if kind != "credit_balance" else {"kind": kind}
    return InvoiceLine(f"Item {number}", Money(minor, currency), MONTH, None, f"item_{number}", derivation=derivation)


@st.composite
def invoices(draw):
    """Return the lines of an invoice, its currency, whether it is taxed, and what the customer's balance pays."""
    currency = draw(st.sampled_from(sorted(CURRENCIES)))
    step, behaviors = CURRENCIES[currency], st.sampled_from(["inclusive", "exclusive"])
    charged = draw(st.lists(st.integers(2_000, 900_000), min_size=1, max_size=5))
    lines = [item(n, minor * step, currency, behavior=draw(behaviors)) for n, minor in enumerate(charged)]
    for minor in draw(st.lists(st.integers(1, 300), max_size=2)):
        lines.append(item(len(lines), -minor * step, currency, kind="discount", behavior=draw(behaviors)))
    balance = draw(st.integers(0, 300)) * step
    return lines, currency, draw(st.booleans()) and currency != NOT_TAXED_HERE, balance


MANY = ([item(n, 101, "EUR") for n in range(251)], "EUR", True, 40)


@given(invoices())
@example(MANY)
@settings(max_examples=8)
def test_invoice_and_payment_are_one_amount(stripe, found):
    lines, currency, is_taxed, balance = found
    who, tax = payer(address=BERLIN), TaxSettings(is_enabled=is_taxed, provider="gateway")
    gateway = gateway_at(stripe)
    token = method_of(gateway, who)
    ours, asked = tuple(lines), "none"
    bill = Bill(new_id("invoice"), who, (), currency, token=token)
    if is_taxed:
        asked = "by_gateway"
        taxes = gateway.quote(replace(bill, lines=taxed_lines(ours, tax, {}), tax=asked))
        ours = with_gateway_taxes(ours, GatewayTaxation(tax, ours, taxes), plan_version_id=None, period=MONTH)
        assert is_taxed_by_gateway(ours)
    if balance:
        ours = (*ours, item(len(ours), -balance, currency, kind="credit_balance"))
    told = taxed_lines(ours, tax, {}) if is_taxed else untaxed_lines(ours)
    charge = gateway.collect(replace(bill, lines=told, tax=asked, number="INV-1"), idempotency_key=new_id("charge"))
    invoiced = total([line.amount for line in ours], currency)
    [remote] = [each for each in stripe.all("invoice") if each["metadata"]["billing_id"] == bill.id]
    [payment] = [each for each in stripe.all("payment_intent") if each["customer"] == remote["customer"]]
    assert isinstance(charge, Charge)
    assert (charge.amount, remote["status"]) == (invoiced, "paid")
    assert remote["total"] == payment["amount_received"] == invoiced.minor
    on_lines = sum(document.added for line in ours if (document := line_tax(line.derivation, currency)))
    assert on_lines == sum(line.amount.minor for line in ours if line.kind == "tax"), "each line has its share of it"
