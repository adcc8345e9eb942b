"""Accounts: customers as the Konnect door knows them, with a name, a key, labels and the subjects they go by."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from billing_sdk.errors import Gone
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.ids import ulid_of
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.conditions import Condition
from billing_sdk.server.storage.konnect import Extras
from billing_sdk.server.storage.konnect_customers import Order


@dataclass(frozen=True, slots=True)
class Account:
    """A customer with what only this door knows of it.

    Attributes:
        name: of the organization or the person, or a longer one that was given here.
        key: the seller's own name for it; its id where it was given none.
        subject_keys: what events call it, besides its key and its ids.
    """

    customer: Customer
    name: str
    key: str
    subject_keys: tuple[str, ...]
    extras: Extras

    @property
    def is_deleted(self) -> bool:
        """Whether it is shown as deleted."""
        return self.extras.deleted_at is not None


def account_of(tx: UnitOfWork, customer_id: str) -> Account:
    """Return a customer as this door knows it, also a deleted one.

    Raises:
        NotFound: there is no such customer.
    """
    customer = tx.customers.get(customer_id)
    extras = tx.konnect.find("customer", customer.id)
    name = tx.konnect.name_of_customer(customer.id)
    return _account(tx, customer, extras, name)


def live_account(tx: UnitOfWork, customer_id: str) -> Account:
    """Return a customer that can be changed.

    Raises:
        NotFound: there is no such customer.
        Gone: it was deleted.
    """
    account = account_of(tx, customer_id)
    if account.is_deleted:
        raise Gone("the customer was deleted")
    return account


def page_accounts(
    tx: UnitOfWork, conditions: Collection[Condition], order: Order, *, size: int, number: int
) -> tuple[list[Account], int]:
    """Return a page of the customers that are not deleted, and how many there are in all; see `page_customers`."""
    page = tx.konnect.page_customers(conditions, order, size=size, number=number)
    extras = tx.konnect.find_many("customer", page.names)
    return [
        _account(tx, tx.customers.get(customer_id), extras.get(customer_id), name)
        for customer_id, name in page.names.items()
    ], page.total


def _account(tx: UnitOfWork, customer: Customer, extras: Extras | None, name: str) -> Account:
    extras = extras or new_extras(customer.id, customer.created_at)
    key = extras.key or customer.id
    given: list[str] = extras.more.get("subject_keys", [])
    implied = {key, ulid_of(customer.id)} - {*given}
    keys = [one.key for one in tx.subjects.keys_of(customer.id) if one.key not in implied]
    keys.sort(key=lambda one: (given.index(one) if one in given else len(given), one))
    return Account(customer, name, key, tuple(keys), extras)


def new_extras(customer_id: str, at: datetime) -> Extras:
    """Return what this door knows of a customer that was made elsewhere."""
    return Extras("customer", customer_id, created_at=at, updated_at=at)
