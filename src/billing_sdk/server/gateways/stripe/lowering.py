"""Lower what is owed: an invoice that is final at Stripe is brought down to what is still owed here, by a credit note.

Source: Stripe documentation, "Credit notes": of an open invoice one lowers what remains to be paid.
"""

from __future__ import annotations

from stripe import Invoice

from billing_sdk.errors import GatewayRefused
from billing_sdk.money import Money
from billing_sdk.server.gateways.bills import Bill
from billing_sdk.server.gateways.stripe.amounts import from_stripe, to_stripe
from billing_sdk.server.gateways.stripe.asking import ask_once
from billing_sdk.server.gateways.stripe.drafts import expected_of, retrieve
from billing_sdk.server.gateways.stripe.failures import answers_of_stripe
from billing_sdk.server.gateways.stripe.link import StripeLink


def owed_of(invoice: Invoice) -> Money:
    """Return what an invoice comes to, with tax, less what credit notes have taken off before it was paid."""
    return from_stripe(invoice.total - invoice.pre_payment_credit_notes_amount, invoice.currency)


def lower(link: StripeLink, bill: Bill, invoice: Invoice) -> Invoice:
    """Return an open invoice as it is once no more is owed for it than for the bill; where that is nothing, it is paid.

    Raises:
        GatewayRefused: less is owed there than here: somebody else has lowered it.
    """
    if invoice.status != "open":
        return invoice
    ours, theirs = expected_of(bill, invoice), owed_of(invoice)
    if theirs == ours:
        return invoice
    if theirs.minor < ours.minor:
        raise GatewayRefused(
            f"at Stripe {theirs} are owed for the invoice, and here {ours}",
            remedy="Issue a credit note here for what was taken off there.",
            ours_minor=ours.minor,
            theirs_minor=theirs.minor,
        )
    amount = to_stripe(theirs - ours)

    def ask(key: str) -> Invoice:
        link.client.v1.credit_notes.create(
            {"invoice": invoice.id, "amount": amount, "metadata": link.metadata(bill.id, bill.payer.customer_id)},
            {"idempotency_key": key},
        )
        return retrieve(link, invoice.id)

    def look() -> Invoice | None:
        found = retrieve(link, invoice.id)
        return None if owed_of(found) == theirs else found

    with answers_of_stripe(link.app):
        # What it is lowered to names the step: what is credited later is another one.
        return ask_once(link.keys.key("lower", bill.id, to_stripe(ours)), ask, look=look)
