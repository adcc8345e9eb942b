"""Which gateway is asked for what, and what it is told: bills with their lines, and who pays them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from billing_sdk.server.domain.collection import BillingProfile, TaxSettings
from billing_sdk.server.domain.customers import Customer, PaymentMethod
from billing_sdk.server.domain.invoicing import (
    Invoice,
    InvoiceLine,
    Lines,
    PendingCharge,
    is_taxed_by_gateway,
    told_of,
)
from billing_sdk.server.domain.workspace import GatewayKind
from billing_sdk.server.gateways import Bill, BillLine, BillLineKind, Gateway, Payer, TaxByGateway
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.customer_language import languages_of_customer
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.gateway_tax_codes import NONTAXABLE, stripe_tax_codes
from billing_sdk.server.usecases.payer_method import payer_method

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
        tax: TaxByGateway = "by_gateway" if is_taxed_by_gateway(wanted.lines) else "none"
        lines = _lines(tx, customer, wanted.lines_due, tax)
        return Bill(wanted.id, payer, lines, wanted.currency, number=wanted.number, due_at=wanted.due_at, tax=tax)
    method = tx.customers.get_payment_method(wanted.payment_method_id)
    number = None if wanted.invoice_id is None else tx.invoices.get(wanted.invoice_id).number
    return _bill_for(tx, wanted, customer, payer, method, number)


def bill_to_quote(tx: UnitOfWork, customer: Customer, invoice: Invoice, lines: Lines, *, at: datetime) -> Bill:
    """Return what the gateway is asked the taxes of, for an invoice that is issued with them.

    Args:
        tx: the transaction.
        customer: whose invoice it is.
        invoice: not issued yet.
        lines: as they are when their taxes are worked out.
        at: the customer's present.
    """
    profile = tx.billing_profiles.of(customer, invoice.billing_cadence_id)
    method = None if profile.sends_invoices else payer_method(tx, customer.id, invoice.billing_cadence_id)
    tax = _asked(profile)
    return Bill(
        invoice.id,
        payer_of(tx, customer),
        _lines(tx, customer, lines, tax),
        invoice.currency,
        token=None if method is None else method.gateway_token,
        due_at=profile.due_at(at),
        tax=tax,
    )


def bills_of(
    tx: UnitOfWork, charges: Collection[PendingCharge], methods: Mapping[str, PaymentMethod]
) -> dict[str, Bill]:
    """Return what the gateway is told of many charges, by their ids, with as few questions as one takes."""
    customers = tx.customers.list_of({charge.customer_id for charge in charges})
    names = tx.customers.names_of(customers.values())
    numbers = tx.invoices.numbers({charge.invoice_id for charge in charges if charge.invoice_id is not None})
    bills = {}
    for charge in charges:
        customer = customers[charge.customer_id]
        payer = _payer(tx, customer, names.get(charge.customer_id, ""))
        method = methods[charge.payment_method_id]
        bills[charge.id] = _bill_for(tx, charge, customer, payer, method, numbers.get(charge.invoice_id or ""))
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
        language=languages_of_customer(tx, customer)[0],
    )


def _bill_for(
    tx: UnitOfWork, charge: PendingCharge, customer: Customer, payer: Payer, method: PaymentMethod, number: str | None
) -> Bill:
    profile = tx.billing_profiles.of(customer, charge.agreement.billing_cadence_id if charge.agreement else None)
    tax: TaxByGateway = "none"
    if is_taxed_by_gateway(charge.lines):
        tax = "by_gateway"
    elif charge.invoice_id is None and charge.payment_intent_id is None and profile.tax.is_by_gateway:
        tax = _asked(profile)
    return Bill(
        charge.bill_id,
        payer,
        _lines(tx, customer, charge.lines, tax),
        charge.currency,
        token=method.gateway_token,
        number=number,
        tax=tax,
        # Whoever changes a plan waits for it, and does not wait for an hour.
        finalizes="at_once" if charge.invoice_id is None else profile.finalizes,
        is_present=charge.source == "user",
    )


def _asked(profile: BillingProfile) -> TaxByGateway:
    return "by_gateway" if profile.tax.is_enforced else "by_gateway_or_none"


def _lines(tx: UnitOfWork, customer: Customer, lines: Lines, tax: TaxByGateway) -> tuple[BillLine, ...]:
    if tax == "none":
        return untaxed_lines(lines)
    return taxed_lines(lines, tx.billing_profiles.of(customer).tax, stripe_tax_codes(tx))


def untaxed_lines(lines: Lines) -> tuple[BillLine, ...]:
    """Return the lines of a bill whose taxes are lines of ours, if it has any."""
    return tuple(
        BillLine(position, line.description, line.amount, _kind_of(line), line.period)
        for position, line in enumerate(lines)
    )


def taxed_lines(lines: Lines, settings: TaxSettings, codes: Mapping[str, str]) -> tuple[BillLine, ...]:
    """Return the lines of a bill whose tax the gateway works out.

    Args:
        lines: of our own invoice.
        settings: what counts where a line says nothing itself.
        codes: what the gateway calls our tax codes, by their keys.
    """
    plain, told = untaxed_lines(lines), told_of(lines, settings)
    return tuple(
        replace(
            line,
            tax_code=codes.get(one.code or "") if one.is_taxed else NONTAXABLE,
            is_tax_included=one.is_inclusive,
        )
        for line, one in zip(plain, told, strict=True)
    )


def _kind_of(line: InvoiceLine) -> BillLineKind:
    if line.kind == "tax":
        return "tax"
    if line.amount.minor >= 0:
        return "charge"
    return "discount" if line.kind == "discount" else "credit"
