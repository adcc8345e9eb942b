"""What the platform keeps of an invoice of a connected account: a share of what is owed by now, not of what once was.

Source: Stripe documentation, "Create invoices with Connect" and "Update an invoice".
"""

from __future__ import annotations

from decimal import Decimal

from stripe import Invoice

from billing_sdk.money import Money, round_money
from billing_sdk.server.gateways.bills import Bill
from billing_sdk.server.gateways.stripe.amounts import to_stripe
from billing_sdk.server.gateways.stripe.failures import answers_of_stripe
from billing_sdk.server.gateways.stripe.link import StripeLink


def fee_of(link: StripeLink, owed: Money) -> int | None:
    """Return the platform's share of an amount in Stripe's units; None where it keeps none."""
    percent = link.app.application_fee_percent
    if percent is None or link.app.gateway != "stripe_connect" or owed.minor <= 0:
        return None
    return to_stripe(_share(owed, percent))


def follow_fee(link: StripeLink, bill: Bill, invoice: Invoice, owed: Money) -> None:
    """Bring the platform's share in line with what is owed for an invoice that is not paid yet.

    Stripe does not say which share an invoice has, so what was asked for is noted with it.

    Raises:
        GatewayRefused: Stripe does not change it any more; nothing is taken then.
    """
    known = link.mirror.find("invoice", bill.id)
    asked = {} if known is None else known.detail
    wanted = fee_of(link, owed) or 0
    if int(asked.get("fee", 0)) == wanted:
        return
    with answers_of_stripe(link.app):
        # Without a key: it may be said twice, and has to be said again after something else was.
        link.client.v1.invoices.update(invoice.id, {"application_fee_amount": wanted})
    link.mirror.save("invoice", bill.id, invoice.id, detail={**asked, "fee": str(wanted)})


def _share(amount: Money, percent: Decimal) -> Money:
    return round_money(amount.minor * percent / 100, amount.currency, "down")
