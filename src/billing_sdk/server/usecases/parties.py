"""The two whom an invoice is between, as they were when it was issued.

What they are called and where they are may change; an invoice that was issued goes on saying what was right then. So
what was is kept when it changes, which is seldom, and not with each of the invoices, which are many.
"""

from __future__ import annotations

from contextlib import suppress

from billing_sdk.errors import NotFound
from billing_sdk.server.domain.collection import BillingProfile
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.invoicing import Invoice
from billing_sdk.server.paper import Addressed
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine

Parties = tuple[Addressed, Addressed]


def keep_customer(tx: UnitOfWork, engine: Engine, customer: Customer | None) -> None:
    """Keep what a customer is called and where it is, before that changes; nothing where there is no customer."""
    if customer is not None:
        until = engine.now_for(tx, customer)
        tx.past_parties.add("customer_id", customer.id, customer_now(tx, customer), until=until)


def keep_supplier(tx: UnitOfWork, engine: Engine, before: BillingProfile, after: BillingProfile) -> None:
    """Keep what the supplier of a billing profile was, where it has changed."""
    if before.supplier != after.supplier:
        tx.past_parties.add("profile_id", before.id, supplier_now(tx, before), until=engine.now())


def parties_of(tx: UnitOfWork, invoice: Invoice, customer: Customer, profile: BillingProfile) -> Parties:
    """Return supplier and customer as they were when an invoice was issued, or as they are while it is not.

    Suppliers live in real time: an invoice to a customer who lives by a test clock has what the supplier is now.
    """
    billed: Addressed | None = None
    bills: Addressed | None = None
    if invoice.issued_at is not None:
        billed = tx.past_parties.find("customer_id", customer.id, at=invoice.issued_at)
        if customer.clock_id is None:
            bills = tx.past_parties.find("profile_id", profile.id, at=invoice.issued_at)
    return bills or supplier_now(tx, profile), billed or customer_now(tx, customer)


def profile_of(tx: UnitOfWork, invoice: Invoice, customer: Customer) -> BillingProfile:
    """Return the profile that an invoice was made by; once that is gone, the customer's present one stands for it."""
    if invoice.profile_id is not None:
        with suppress(NotFound):
            return tx.billing_profiles.get(invoice.profile_id)
    return tx.billing_profiles.of(customer)


def customer_now(tx: UnitOfWork, customer: Customer) -> Addressed:
    """Return a customer as it is."""
    return Addressed(_name_of(tx, customer), customer.address, customer.tax_ids, customer.billing_email)


def supplier_now(tx: UnitOfWork, profile: BillingProfile) -> Addressed:
    """Return the supplier of a profile as it is; without a name of its own it has that of the application."""
    supplier = profile.supplier
    tax_ids = (supplier.tax_id,) if supplier.tax_id else ()
    return Addressed(supplier.name or _application(tx), supplier.address, tax_ids)


def _name_of(tx: UnitOfWork, customer: Customer) -> str:
    """Return whose account pays; an account that was erased has no name any more."""
    try:
        if customer.org_code is not None:
            return tx.organizations.get(customer.org_code).name
        return tx.users.get(customer.user_id or "").name
    except NotFound:
        return ""


def _application(tx: UnitOfWork) -> str:
    """Return the name of the application that is sold, where there is only one."""
    known = [found.name for found in tx.applications.list() if found.kind == "web"]
    return known[0] if len(known) == 1 else ""
