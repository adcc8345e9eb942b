"""Customers as the Stripe door knows them: an organization, its customer, and what only that door keeps of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from billing_sdk.errors import NotFound
from billing_sdk.money import Money
from billing_sdk.server.domain.customers import Address, Customer, PaymentMethod
from billing_sdk.server.domain.invoicing import InvoiceStatus
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.stripe_objects import StripeObject
from billing_sdk.server.usecases.become_customer import add_customer
from billing_sdk.server.usecases.billing_cadences import cancel_cadence
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.create_organization import add_organization
from billing_sdk.server.usecases.delete_clock import delete_clock
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.people import MAX_NAME_LENGTH, normal_email
from billing_sdk.server.usecases.update_customer import update_customer
from billing_sdk.server.usecases.update_organization import update_organization

KIND: Final = "customer"
NAMELESS = "Customer"
OVERDUE: Final[frozenset[InvoiceStatus]] = frozenset({"overdue", "uncollectible"})


@dataclass(frozen=True, slots=True)
class StripeCustomer:
    """A customer with what only the door knows of it.

    Attributes:
        method: what it is charged by.
        credit: what it is owed on its credit balance, if that is anything.
        is_delinquent: whether an invoice of it is overdue.
    """

    customer: Customer
    extras: StripeObject
    method: PaymentMethod | None
    credit: Money | None = None
    is_delinquent: bool = False

    @property
    def is_deleted(self) -> bool:
        """Whether it is shown as deleted."""
        return self.extras.deleted_at is not None


def stripe_customer(tx: UnitOfWork, customer_id: str) -> StripeCustomer:
    """Return a customer as the door knows it, also a deleted one.

    Raises:
        NotFound: there is no such customer.
    """
    customer = tx.customers.get(customer_id)
    extras = tx.stripe.find(KIND, customer_id)
    name = None if extras is not None else tx.customers.names_of([customer]).get(customer_id)
    return _known(tx, customer, extras, name)


def stripe_customers(tx: UnitOfWork, customer_ids: Sequence[str]) -> list[StripeCustomer]:
    """Return customers as the door knows them, in the order of their ids."""
    customers, known = tx.customers.list_of(customer_ids), tx.stripe.find_many(KIND, customer_ids)
    names = tx.customers.names_of([one for one in customers.values() if one.id not in known])
    return [_known(tx, customers[one], known.get(one), names.get(one)) for one in customer_ids]


def live_stripe_customer(tx: UnitOfWork, customer_id: str) -> StripeCustomer:
    """Return a customer that was not deleted.

    Raises:
        NotFound: there is no such customer, or not any more.
    """
    found = stripe_customer(tx, customer_id)
    if found.is_deleted:
        raise NotFound("the customer was deleted", entity=KIND)
    return found


def create_stripe_customer(
    engine: Engine,
    *,
    data: Mapping[str, Any],
    metadata: Mapping[str, str],
    email: str | None,
    address: Address | None,
    clock_id: str | None,
    actor: str,
) -> StripeCustomer:
    """Make an organization and its customer in one transaction.

    Args:
        engine: within a call, so that it all happens or nothing does.
        data: what the door keeps of it, with its `name`.
        metadata: for programs.
        email: where bills go.
        address: where it is.
        clock_id: the test clock that tells its time.
        actor: who does it, as the audit names them.

    Raises:
        NotFound: there is no such clock.
        ClockNotAllowed: a clock is named, and the environment is live.
        InvalidRequest: something of it can't be.
    """
    with engine.begin() as tx:
        customer = add_stripe_customer(
            tx, engine, data=data, metadata=metadata, email=email, clock_id=clock_id, actor=actor
        )
    if address is not None:
        update_customer(engine, customer.id, address=address, actor=actor)
    with engine.read() as tx:
        return stripe_customer(tx, customer.id)


def add_stripe_customer(
    tx: UnitOfWork,
    engine: Engine,
    *,
    data: Mapping[str, Any],
    metadata: Mapping[str, str],
    email: str | None,
    clock_id: str | None = None,
    actor: str,
) -> Customer:
    """Do the same within somebody's transaction, without an address."""
    at = engine.now()
    organization = add_organization(tx, name=_name(data, email), source="api", at=at)
    billing_email = normal_email(email, "email") if email else ""
    customer = add_customer(
        engine,
        tx,
        user_id=None,
        org_code=organization.code,
        billing_email=billing_email,
        actor=actor,
        clock_id=clock_id,
    )
    made = customer.created_at
    extras = StripeObject(KIND, customer.id, made, made, data=data, metadata=metadata)
    tx.stripe.save(extras)
    tx.audit.record(actor, "stripe_customer.create", customer.id, at, after=extras)
    return customer


def update_stripe_customer(
    engine: Engine,
    customer_id: str,
    *,
    data: Mapping[str, Any],
    metadata: Mapping[str, str],
    email: str | None,
    address: Address | None,
    actor: str,
) -> StripeCustomer:
    """Replace all that the door knows of a customer; arguments as those of `create_stripe_customer`.

    Raises:
        NotFound: there is no such customer, or not any more.
        InvalidRequest: something of it can't be.
    """
    at = engine.now()
    billing_email = normal_email(email, "email") if email else None
    with engine.begin() as tx:
        tx.customers.lock(customer_id)
        before = live_stripe_customer(tx, customer_id)
        extras = replace(before.extras, data=data, metadata=metadata, updated_at=at)
        tx.stripe.save(extras)
        tx.audit.record(actor, "stripe_customer.update", customer_id, at, before=before.extras, after=extras)
    code = before.customer.org_code
    if code is not None and before.extras.data.get("name") != data.get("name"):
        update_organization(engine, code=code, name=_name(data, email))
    update_customer(engine, customer_id, billing_email=billing_email, address=address, actor=actor)
    with engine.read() as tx:
        return stripe_customer(tx, customer_id)


def delete_stripe_customer(engine: Engine, customer_id: str, *, actor: str) -> StripeCustomer:
    """Show a customer as deleted, and end what it has agreed to at once, with its cadences; its books stay.

    Raises:
        NotFound: there is no such customer, or not any more.
    """
    at = engine.now()
    with engine.begin() as tx:
        tx.customers.lock(customer_id)
        before = live_stripe_customer(tx, customer_id)
        cadences = tx.billing_cadences.active_of(customer_id)
    for cadence in cadences:
        cancel_cadence(engine, cadence.id, actor=actor)
    with engine.read() as tx:
        live = tx.agreements.live_of(customer_id)
    for agreement in live:
        cancel_agreement(engine, agreement_id=agreement.id, source="api", actor=actor)
    with engine.begin() as tx:
        tx.customers.lock(customer_id)
        tx.stripe.delete(KIND, customer_id, at=at)
        tx.audit.record(actor, "stripe_customer.delete", customer_id, at, before=before.extras)
        return stripe_customer(tx, customer_id)


def delete_stripe_clock(engine: Engine, clock_id: str, *, actor: str) -> None:
    """Remove a clock and its customers, and what the door knows of these; errors as those of `delete_clock`."""
    with engine.read() as tx:
        customer_ids = tx.clocks.customers_of(clock_id)
    delete_clock(engine, clock_id, actor=actor)
    with engine.begin() as tx:
        for customer_id in customer_ids:
            tx.stripe.forget(KIND, customer_id)


def _known(tx: UnitOfWork, customer: Customer, extras: StripeObject | None, name: str | None) -> StripeCustomer:
    """Return a customer with what is known of it; one that was made elsewhere has its name alone."""
    elsewhere = StripeObject(KIND, customer.id, customer.created_at, customer.created_at, data={"name": name or None})
    return StripeCustomer(
        customer,
        extras or elsewhere,
        method=tx.customers.find_payment_method(customer.id),
        credit=next(iter(tx.credits.balances(customer.id)), None),
        is_delinquent=any(invoice.status in OVERDUE for invoice in tx.invoices.owed_by(customer.id)),
    )


def _name(data: Mapping[str, Any], email: str | None) -> str:
    """Return what the organization is called: its name, else its address for bills, else what nobody is called."""
    name = " ".join(str(data.get("name") or email or NAMELESS).split())
    return name[:MAX_NAME_LENGTH].strip()
