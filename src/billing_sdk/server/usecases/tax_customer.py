"""How a customer is taxed: what the billing profile says, where the customer is, and which rates there are."""

from __future__ import annotations

from datetime import datetime

from billing_sdk.errors import TaxLocationMissing
from billing_sdk.money import Money, total
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.invoicing import (
    GatewayTaxation,
    Lines,
    PendingCharge,
    Taxation,
    awaits_gateway_tax,
    lacks_location,
    with_gateway_taxes,
    with_taxes,
)
from billing_sdk.server.domain.tax import GatewayTax, Location, RateTable, is_reverse_charged
from billing_sdk.server.storage import UnitOfWork


def taxation_of(
    tx: UnitOfWork, customer: Customer, *, at: datetime, billing_cadence_id: str | None = None
) -> Taxation | None:
    """Return how a customer is taxed at an instant; None where the billing profile knows no tax of its own.

    What the payment processor works out is asked for before an invoice is issued, and not in a transaction. Where there
    is no tax it asks for nothing but the profile, and elsewhere for the rates of the customer's country, each once in a
    transaction. A cadence can have a bill setting of its own.
    """
    profile = tx.billing_profiles.of(customer, billing_cadence_id)
    if not profile.tax.is_enabled or profile.tax.is_by_gateway:
        return None
    address, supplier = customer.address, profile.supplier
    if address is None:
        return Taxation(profile.tax, RateTable(()), None, is_reverse_charged=False, at=at)
    return Taxation(
        profile.tax,
        RateTable(tx.tax_rates.of_country(address.country)),
        Location(address.country, address.region),
        is_reverse_charged=is_reverse_charged(
            supplier_country=None if supplier.address is None else supplier.address.country,
            country=address.country,
            tax_ids=customer.tax_ids,
        ),
        at=at,
    )


def total_with_tax(tx: UnitOfWork, customer: Customer, lines: Lines, *, agreement: Agreement, at: datetime) -> Money:
    """Return what lines come to with the tax that is added to them, had they an invoice of their own."""
    taxation = taxation_of(tx, customer, at=at, billing_cadence_id=agreement.billing_cadence_id)
    if taxation is not None:
        period = agreement.billed_period
        lines = with_taxes(lines, taxation, currency=agreement.currency, plan_version_id=None, period=period)
    return total([line.amount for line in lines], agreement.currency)


def is_location_missing(tx: UnitOfWork, customer: Customer, billing_cadence_id: str | None = None) -> bool:
    """Tell whether tax depends on where a customer is, and nobody knows."""
    return customer.address is None and tx.billing_profiles.of(customer, billing_cadence_id).tax.is_enabled


def is_taxed_later(tx: UnitOfWork, customer: Customer, billing_cadence_id: str | None = None) -> bool:
    """Tell whether the payment processor works out a customer's tax, which is not part of what is shown before."""
    return tx.billing_profiles.of(customer, billing_cadence_id).tax.is_by_gateway


def require_location(
    tx: UnitOfWork, customer: Customer, lines: Lines, *, billing_cadence_id: str | None = None
) -> None:
    """Let lines pass whose tax could be worked out, or that may go without.

    Raises:
        TaxLocationMissing: nobody knows where the customer is, and its billing profile insists on tax.
    """
    if must_be_located(tx, customer, lines, billing_cadence_id=billing_cadence_id):
        raise TaxLocationMissing(f"nobody knows where the customer {customer.id} is", customer=customer.id)


def must_be_located(tx: UnitOfWork, customer: Customer, lines: Lines, *, billing_cadence_id: str | None = None) -> bool:
    """Tell whether lines can't be charged before somebody says where the customer is."""
    settings = tx.billing_profiles.of(customer, billing_cadence_id).tax
    if not settings.is_enforced:
        return False
    return lacks_location(lines) or (customer.address is None and awaits_gateway_tax(lines, settings))


def taxed_by_gateway(
    tx: UnitOfWork, customer: Customer, charge: PendingCharge, taxes: tuple[GatewayTax, ...] | None
) -> Lines:
    """Return the lines of the invoice that is issued with a payment, with the taxes that the processor took with it.

    Args:
        tx: the transaction.
        customer: who has paid.
        charge: what was collected; of an agreement.
        taxes: what the processor has added; None where it could not work any out.
    """
    agreement = charge.changed
    settings = tx.billing_profiles.of(customer, agreement.billing_cadence_id).tax
    if not taxes and not awaits_gateway_tax(charge.lines, settings):
        return charge.lines
    return with_gateway_taxes(
        charge.lines,
        GatewayTaxation(settings, charge.lines, taxes),
        plan_version_id=agreement.plan_version_id,
        period=agreement.billed_period,
    )


def taxes_shown(lines: Lines) -> Lines:
    """Return the lines that add tax."""
    return tuple(line for line in lines if line.kind == "tax")
