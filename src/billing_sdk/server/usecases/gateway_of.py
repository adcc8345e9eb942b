"""Which gateway is asked for what, and what it is told: bills with their lines, and who pays them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from billing_sdk.server.domain.customers import Customer, PaymentMethod
from billing_sdk.server.domain.invoicing import Invoice, InvoiceLine, PendingCharge
from billing_sdk.server.domain.workspace import GatewayKind
from billing_sdk.server.gateways import Bill, BillLine, BillLineKind, Gateway, Payer
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine

USUAL: GatewayKind = "managed"


def gateway_of(engine: Engine, kind: GatewayKind) -> Gateway:
    """Return a gateway; no transaction may be open when it is asked for anything.

    Raises:
        BillingNotEnabled: billing is off.
        GatewayNotConnected: no account is linked with it that takes charges.
    """
    return engine.gateway.named(kind)


def current_gateway(engine: Engine) -> Gateway:
    """Return the gateway that the workspace has chosen.

    Raises:
        BillingNotEnabled: billing is off.
        GatewayNotConnected: no account is linked with it that takes charges.
    """
    with engine.read() as tx:
        kind = tx.workspace.get().gateway or USUAL
    return gateway_of(engine, kind)


def bill_of(tx: UnitOfWork, wanted: PendingCharge | Invoice) -> Bill:
    """Return what the gateway is told of a charge, or of an invoice that is paid by other means."""
    customer = tx.customers.get(wanted.customer_id)
    payer = payer_of(tx, customer)
    if isinstance(wanted, Invoice):
        lines = _lines(wanted.lines_due)
        return Bill(wanted.id, payer, lines, wanted.currency, number=wanted.number, due_at=wanted.due_at)
    method = tx.customers.get_payment_method(wanted.payment_method_id)
    number = None if wanted.invoice_id is None else tx.invoices.get(wanted.invoice_id).number
    return _bill_for(wanted, payer, method, number)


def bills_of(
    tx: UnitOfWork, charges: Collection[PendingCharge], methods: Mapping[str, PaymentMethod]
) -> dict[str, Bill]:
    """Return what the gateway is told of many charges, by their ids, with as few questions as one takes."""
    customers = tx.customers.list_of({charge.customer_id for charge in charges})
    names = tx.customers.names_of(customers.values())
    numbers = tx.invoices.numbers({charge.invoice_id for charge in charges if charge.invoice_id is not None})
    bills = {}
    for charge in charges:
        payer = _payer(tx, customers[charge.customer_id], names.get(charge.customer_id, ""))
        method = methods[charge.payment_method_id]
        bills[charge.id] = _bill_for(charge, payer, method, numbers.get(charge.invoice_id or ""))
    return bills


def payer_of(tx: UnitOfWork, customer: Customer) -> Payer:
    """Return whom the gateway is told of."""
    return _payer(tx, customer, tx.customers.names_of([customer]).get(customer.id, ""))


def _payer(tx: UnitOfWork, customer: Customer, name: str) -> Payer:
    return Payer(
        customer_id=customer.id,
        email=customer.billing_email,
        name=name,
        address=customer.address,
        tax_ids=customer.tax_ids,
        language=customer.language or tx.billing_profiles.of(customer).language,
    )


def _bill_for(charge: PendingCharge, payer: Payer, method: PaymentMethod, number: str | None) -> Bill:
    return Bill(
        charge.bill_id,
        payer,
        _lines(charge.lines),
        charge.currency,
        token=method.gateway_token,
        number=number,
        is_present=charge.source == "user",
    )


def _lines(lines: Collection[InvoiceLine]) -> tuple[BillLine, ...]:
    return tuple(
        BillLine(position, line.description, line.amount, _kind_of(line), line.period)
        for position, line in enumerate(lines)
    )


def _kind_of(line: InvoiceLine) -> BillLineKind:
    if line.kind == "tax":
        return "tax"
    if line.amount.minor >= 0:
        return "charge"
    return "discount" if line.kind == "discount" else "credit"
