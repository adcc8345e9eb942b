"""Pay one owed invoice now, by the card on file, because the customer says so."""

from __future__ import annotations

from billing_sdk.errors import InvoiceNotPayable, PaymentMethodRequired, PriceChanged
from billing_sdk.money import Money
from billing_sdk.server.domain.customers import PaymentMethod
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.invoicing import Invoice
from billing_sdk.server.usecases.ask_gateway import REFUSED, pending
from billing_sdk.server.usecases.bill_customer import charge_for
from billing_sdk.server.usecases.collect_charge import collect_charge, refuse_call, settle_customer
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.make_way import by_method, make_way, with_method


def pay_now(
    engine: Engine,
    *,
    invoice_id: str,
    amount: Money | None = None,
    method: PaymentMethod | None = None,
    source: EventSource = "user",
    actor: str | None = None,
) -> Invoice:
    """Charge what is due of an invoice, and return it as it is then.

    Args:
        engine: the engine.
        invoice_id: which one.
        amount: what the customer was shown and agreed to pay; whatever is due where it is not given.
        method: what is charged, in place of an attempt by another one; the payer's default where it is not given.
        source: who caused it, as events name them.
        actor: who caused it, as the audit names them; the source by default.

    Raises:
        NotFound: there is no such invoice.
        InvoiceNotPayable: nobody owes it, nor was it given up.
        PriceChanged: something else is due.
        PaymentMethodRequired: the customer has no card.
        CardDeclined: the charge was refused; the invoice stays owed.
        AuthenticationRequired: its payer has to confirm the charge, at the fact `url`.
        PaymentPending: what becomes of an earlier charge for it is not known yet.
        Conflict: the outcome of another charge for it is not known yet.
    """
    with engine.read() as tx:
        customer_id = tx.invoices.get(invoice_id).customer_id
        keeps = with_method(tx, customer_id) if method is None else by_method(invoice_id, method.id)
    settle_customer(engine, customer_id)
    make_way(engine, customer_id=customer_id, keeps=keeps)
    with engine.begin() as tx:
        tx.customers.lock(customer_id)
        invoice = tx.invoices.get(invoice_id)
        due = invoice.amount - invoice.credited
        if amount is not None and (not invoice.is_payable or due != amount):
            raise PriceChanged(f"{invoice.amount_due} is due of the invoice {invoice.name}, not {amount}")
        if not invoice.is_payable:
            raise InvoiceNotPayable(f"the invoice {invoice.name} is {invoice.status}", status=invoice.status)
        waiting = tx.charges.of_invoice(invoice.id)
        if waiting is not None and waiting.awaits is not None:
            raise pending(waiting.awaits)
        ids = invoice.agreement_ids
        agreement = tx.agreements.get(ids[0]) if len(ids) == 1 else None
        actor = actor or source
        charge = charge_for(tx, engine, invoice, agreement, method=method, source=source, actor=actor)
        if charge is None:
            raise PaymentMethodRequired(f"{due} is due, and there is no card to charge")
    try:
        collect_charge(engine, charge)
    except REFUSED as refusal:
        refuse_call(engine, refusal)
        raise
    with engine.read() as tx:
        return tx.invoices.get(invoice_id)
