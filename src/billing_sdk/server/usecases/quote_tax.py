"""Quote tax: ask the payment processor what tax an invoice has, before it is issued."""

from __future__ import annotations

from billing_sdk.server.domain.invoicing import GatewayTaxation, awaits_gateway_tax, period_billed
from billing_sdk.server.usecases.complete_lines import lines_to_tax_of
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.gateway_of import USUAL, bill_to_quote, gateway_of


def quote_tax(engine: Engine, invoice_id: str) -> GatewayTaxation:
    """Return what the processor of the workspace answers for an invoice that waits for nothing else.

    No transaction may be open. It can be repeated; where what is billed changes meanwhile, it has to be.

    Raises:
        TaxLocationMissing: the processor does not know where the customer is, and the profile insists on tax.
        GatewayRefused: the processor does not take such a bill.
        GatewayUnreachable, GatewayUnauthorized, GatewayNotConnected, BillingNotEnabled: it can't be asked at present.
    """
    with engine.read() as tx:
        invoice = tx.invoices.get(invoice_id)
        customer = tx.customers.get(invoice.customer_id)
        settings = tx.billing_profiles.of(customer, invoice.billing_cadence_id).tax
        lines = lines_to_tax_of(
            tx,
            customer,
            invoice.lines,
            currency=invoice.currency,
            agreement=None if invoice.agreement_id is None else tx.agreements.get(invoice.agreement_id),
            period=period_billed(invoice),
            at=engine.now_for(tx, customer),
            waiting=invoice,
        )
        bill = bill_to_quote(tx, customer, invoice, lines, at=engine.now_for(tx, customer))
        kind = tx.workspace.get().gateway or USUAL
    if not awaits_gateway_tax(lines, settings):
        return GatewayTaxation(settings, lines, ())
    engine.checkpoint()
    return GatewayTaxation(settings, lines, gateway_of(engine, kind).quote(bill))
