"""Tax that Stripe works out: what stands on an invoice there, as it comes onto ours.

Source: Stripe documentation, "Stripe Tax: invoicing" and "Tax behavior".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Final

from stripe import Invoice, InvoiceLineItem

from billing_sdk.errors import GatewayUnreachable, TaxLocationMissing
from billing_sdk.money import Money, total
from billing_sdk.server.domain.tax import GatewayShare, GatewayTax, apportioned
from billing_sdk.server.gateways.bills import Bill
from billing_sdk.server.gateways.stripe.amounts import from_stripe
from billing_sdk.server.gateways.stripe.asking import ask_once
from billing_sdk.server.gateways.stripe.failures import answers_of_stripe
from billing_sdk.server.gateways.stripe.lines import position_of, stands_for
from billing_sdk.server.gateways.stripe.link import StripeLink, metadata_of
from billing_sdk.server.gateways.stripe.payments import WHOLE

# Since when the tax of a draft could not be worked out is Stripe's fault, not the payer's; it passes.
TRY_LATER_SECONDS = 600
PAGE: Final = 100
# The id of a tax that Stripe names no rate for.
UNNAMED: Final = "gateway"


def settle_automatic_tax(link: StripeLink, bill: Bill, invoice: Invoice) -> Invoice:
    """Return a draft whose tax is worked out, or that goes without because it may.

    Raises:
        TaxLocationMissing: nobody knows where the customer is, and the bill must not go without tax.
        GatewayUnreachable: Stripe could not work the tax out, and the bill must not go without.
    """
    if bill.tax == "none" or not invoice.automatic_tax.enabled or invoice.automatic_tax.status == "complete":
        return invoice
    if bill.tax == "by_gateway_or_none":
        return _without_tax(link, bill, invoice)
    if invoice.automatic_tax.status == "requires_location_inputs":
        raise TaxLocationMissing(
            f"Stripe does not know where the customer {bill.payer.customer_id} is", customer=bill.payer.customer_id
        )
    raise GatewayUnreachable("Stripe could not work out the tax", retry_after_seconds=TRY_LATER_SECONDS)


def tax_added(invoice: Invoice) -> Money:
    """Return what of an invoice is tax that comes on top of its lines."""
    added = [tax.amount for tax in invoice.total_taxes or () if tax.tax_behavior == "exclusive"]
    return from_stripe(sum(added), invoice.currency)


def taxes_of(link: StripeLink, invoice: Invoice) -> tuple[GatewayTax, ...]:
    """Return the taxes of an invoice, one for each rate; those of nothing are left out."""
    found: dict[tuple[str, bool], list[Money]] = {}
    for tax in invoice.total_taxes or ():
        rate = UNNAMED if tax.tax_rate_details is None else tax.tax_rate_details.tax_rate
        found.setdefault((rate, tax.tax_behavior == "inclusive"), []).append(from_stripe(tax.amount, invoice.currency))
    currency = invoice.currency.upper()
    return tuple(
        _named(link, rate, total(amounts, currency), is_inclusive=is_inclusive)
        for (rate, is_inclusive), amounts in found.items()
        if total(amounts, currency)
    )


def taxes_for(link: StripeLink, bill: Bill, invoice: Invoice) -> tuple[GatewayTax, ...] | None:
    """Return the taxes of an invoice with what each line of its bill has of them; None where it goes without."""
    if not invoice.automatic_tax.enabled:
        return None
    taxes = taxes_of(link, invoice)
    if not taxes:
        return ()
    with answers_of_stripe(link.app):
        lines = tuple(link.client.v1.invoices.line_items.list(invoice.id, {"limit": PAGE}).auto_paging_iter())
    shares = _shares(bill, lines)
    return tuple(replace(tax, shares=shares.get((tax.rate_id, tax.is_inclusive), ())) for tax in taxes)


def _shares(bill: Bill, lines: Sequence[InvoiceLineItem]) -> Mapping[tuple[str, bool], tuple[GatewayShare, ...]]:
    """Return what the lines of a bill have of each rate."""
    found: dict[tuple[str, bool], list[GatewayShare]] = {}
    ours = stands_for(bill)
    for line in lines:
        position = position_of(metadata_of(line))
        parts = () if position is None else ours.get(position, ())
        for tax in line.taxes or ():
            is_inclusive = tax.tax_behavior == "inclusive"
            rate = UNNAMED if tax.tax_rate_details is None else tax.tax_rate_details.tax_rate
            amount = from_stripe(tax.amount, bill.currency)
            whole = from_stripe(line.amount, bill.currency).minor or 1
            exact = [Fraction(amount.minor * part.amount.minor, whole) for part in parts]
            for part, share in zip(parts, apportioned(amount, exact), strict=True):
                base = part.amount - share if is_inclusive else part.amount
                found.setdefault((rate, is_inclusive), []).append(GatewayShare(part.position, base, share))
    return {key: tuple(each) for key, each in found.items()}


def _named(link: StripeLink, rate_id: str, amount: Money, *, is_inclusive: bool) -> GatewayTax:
    if rate_id == UNNAMED:
        return GatewayTax(amount, "Tax", is_inclusive=is_inclusive)
    with answers_of_stripe(link.app):
        rate = link.client.v1.tax_rates.retrieve(rate_id)
    where = rate.jurisdiction or rate.state or rate.country
    # Stripe's number has up to four decimals; its text says the same, and a float's own digits would not.
    percent = Decimal(str(rate.percentage))
    return GatewayTax(amount, rate.display_name, percent, is_inclusive, where, rate_id)


def _without_tax(link: StripeLink, bill: Bill, invoice: Invoice) -> Invoice:
    def ask(key: str) -> Invoice:
        return link.client.v1.invoices.update(
            invoice.id, {"automatic_tax": {"enabled": False}, "expand": WHOLE}, {"idempotency_key": key}
        )

    def look() -> Invoice | None:
        found = link.client.v1.invoices.retrieve(invoice.id, {"expand": WHOLE})
        return None if found.automatic_tax.enabled else found

    with answers_of_stripe(link.app):
        return ask_once(link.keys.key("untaxed", bill.id), ask, look=look)
