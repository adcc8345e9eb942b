"""Pay an owed invoice with a card that is charged this once: what whoever has the address of the invoice may do.

An address may be handed on. So the card becomes no payment method of the customer, and whoever pays learns nothing of
those that there are: not by an earlier attempt that waits for somebody else, either.
"""

from __future__ import annotations

from typing import Final

from billing_sdk.errors import AuthenticationRequired, InvoiceNotPayable, PaymentPending, PriceChanged
from billing_sdk.money import Money
from billing_sdk.server.domain.customers import PaymentMethod
from billing_sdk.server.domain.invoicing import Invoice
from billing_sdk.server.gateways import CardEntry
from billing_sdk.server.usecases.add_card import add_card_for_once
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.limit_attempts import count_attempt, forgive_attempt, link_payment_attempts
from billing_sdk.server.usecases.pay_now import pay_now

# How the audit names whoever has come by an address; nobody knows who that is.
ACTOR: Final = "invoice_link"


def pay_by_link(
    engine: Engine, *, invoice_id: str, card: CardEntry, shown: Money, address: str | None = None
) -> Invoice:
    """Charge what is due of an invoice to a card, and return the invoice as it is then.

    Args:
        engine: the engine.
        invoice_id: which one; that somebody has its address is checked before.
        card: as it was typed in.
        shown: what the page has said is due.
        address: where on the network it comes from, where that is known.

    Raises:
        NotFound: there is no such invoice.
        InvoiceNotPayable: nobody owes it.
        PriceChanged: something else is due by now.
        RateLimited: too many cards were tried.
        CardRefused, CardDeclined, GatewayRefused: it can't be paid with this card; another one may do.
        AuthenticationRequired: the holder of the card has to confirm the charge, at the fact `url`.
        PaymentPending: what becomes of another payment is not known yet.
        Conflict: somebody else is paying it right now.
    """
    with engine.read() as tx:
        invoice = tx.invoices.get(invoice_id)
    if not invoice.is_owed:
        raise InvoiceNotPayable(f"the invoice {invoice.name} is {invoice.status}", status=invoice.status)
    if invoice.amount_due != shown:
        raise PriceChanged(f"{invoice.amount_due} is due of the invoice {invoice.name}, not {shown}")
    attempted = link_payment_attempts(invoice_id, address)
    count_attempt(engine, attempted)
    method = add_card_for_once(engine, customer_id=invoice.customer_id, card=card, actor=ACTOR)
    try:
        paid = pay_now(engine, invoice_id=invoice_id, amount=shown, method=method, actor=ACTOR)
    except (AuthenticationRequired, PaymentPending) as waits:
        raise _own(engine, invoice_id, method, waits) from waits
    with engine.begin() as tx:
        forgive_attempt(tx, engine, attempted)
    return paid


def _own(
    engine: Engine, invoice_id: str, method: PaymentMethod, waits: AuthenticationRequired | PaymentPending
) -> AuthenticationRequired | PaymentPending:
    """Return what a payment waits for; where it is somebody else's, only that it waits."""
    with engine.read() as tx:
        charge = tx.charges.of_invoice(invoice_id)
    if charge is not None and charge.payment_method_id == method.id:
        return waits
    return PaymentPending("another payment of the invoice waits for its payer")
