"""What customers are called where they are listed."""

from __future__ import annotations

from collections.abc import Collection

from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.storage import UnitOfWork


def called(tx: UnitOfWork, customers: Collection[Customer]) -> dict[str, str]:
    """Return the name of each customer by its id; the address of the bills where no name is known."""
    names = tx.customers.names_of(customers)
    return {customer.id: names.get(customer.id) or customer.billing_email for customer in customers}


def called_by_id(tx: UnitOfWork, customer_ids: Collection[str]) -> dict[str, str]:
    """Do the same for customers that are known by their ids."""
    return called(tx, tx.customers.list_of(set(customer_ids)).values())
