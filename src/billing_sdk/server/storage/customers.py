"""Customers, and how they pay."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, bindparam, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from billing_sdk.errors import CustomerExists, NotFound
from billing_sdk.server.domain.customers import Address, Customer, PaymentMethod
from billing_sdk.server.domain.workspace import GatewayKind
from billing_sdk.server.storage.paging import FIRST_PAGE, Page, PageRequest, read_page
from billing_sdk.server.storage.rows import row_of
from billing_sdk.server.storage.search import file_customer
from billing_sdk.server.storage.tables.billing import customers, payment_methods
from billing_sdk.server.storage.tables.gateways import workspace
from billing_sdk.server.storage.tables.identity import organizations, users

BY_ID = select(customers).where(customers.c.id == bindparam("wanted"))
# The weaker kind of lock, so that rows which refer to the customer can be written meanwhile. Whoever had to wait reads
# the row as it was left.
HELD = BY_ID.with_for_update(key_share=True)
HELD_OF_MANY = (
    select(customers)
    .where(customers.c.id.in_(bindparam("wanted", expanding=True)))
    .order_by(customers.c.id)
    .with_for_update(key_share=True)
)
# A payment method is of use with the gateway that keeps it, and there is one gateway at a time.
OF_PRESENT_GATEWAY = payment_methods.c.gateway == func.coalesce(
    select(workspace.c.gateway).scalar_subquery(), "managed"
)
OF_MANY = select(customers).where(customers.c.id.in_(bindparam("wanted", expanding=True)))
PEOPLE = select(users.c.id, users.c.given_name, users.c.family_name).where(
    users.c.id.in_(bindparam("wanted", expanding=True))
)
ORGANIZATIONS = select(organizations.c.code, organizations.c.name).where(
    organizations.c.code.in_(bindparam("wanted", expanding=True))
)
METHODS_OF_MANY = select(payment_methods).where(
    payment_methods.c.customer_id.in_(bindparam("wanted", expanding=True)),
    payment_methods.c.is_default,
    OF_PRESENT_GATEWAY,
)
METHOD = select(payment_methods).where(payment_methods.c.id == bindparam("wanted"))
METHODS = select(payment_methods).where(payment_methods.c.id.in_(bindparam("wanted", expanding=True)))
DEFAULT_METHOD = select(payment_methods).where(
    payment_methods.c.customer_id == bindparam("wanted"), payment_methods.c.is_default, OF_PRESENT_GATEWAY
)
METHODS_OF_CUSTOMER = (
    select(payment_methods)
    .where(
        payment_methods.c.customer_id == bindparam("wanted"),
        payment_methods.c.detached_at.is_(None),
        OF_PRESENT_GATEWAY,
    )
    .order_by(payment_methods.c.id)
)
METHOD_BY_TOKEN = select(payment_methods).where(
    payment_methods.c.gateway == bindparam("gateway"), payment_methods.c.gateway_token == bindparam("token")
)
PLACE = ("country", "region", "city", "postal_code")


class CustomerRepository:
    """Keeps customers and their payment methods, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._held: dict[str, Customer] = {}
        self._looked_at: dict[str, Customer] = {}
        self._methods: dict[str, PaymentMethod | None] = {}

    def lock_ahead(self, customer_ids: Collection[str]) -> None:
        """Lock many customers at once, and read how each is charged, for whoever asks for one of them later.

        All transactions lock them in one order, so none waits for another that waits for it.
        """
        wanted = {"wanted": sorted(customer_ids)}
        for row in self._connection.execute(HELD_OF_MANY, wanted).mappings():
            self._held[row["id"]] = customer_from_row(row)
        self._read_methods(self._held)

    def look_ahead(self, customer_ids: Collection[str]) -> None:
        """Read many customers at once, and how each is charged; the transaction changes none of them."""
        self._looked_at = self.list_of(customer_ids)
        self._read_methods(self._looked_at)

    def _read_methods(self, customer_ids: Collection[str]) -> None:
        self._methods.update(dict.fromkeys(customer_ids))
        for row in self._connection.execute(METHODS_OF_MANY, {"wanted": sorted(customer_ids)}).mappings():
            self._methods[row["customer_id"]] = PaymentMethod(**row)

    def add(self, customer: Customer) -> None:
        """Store a new customer.

        Raises:
            CustomerExists: the person or organization is a customer already.
        """
        try:
            with self._connection.begin_nested():
                self._connection.execute(insert(customers).values(_to_row(customer)))
        except IntegrityError:
            owner = customer.user_id or customer.org_code
            raise CustomerExists(f"{owner} is a billing customer already") from None
        file_customer(self._connection, customer)

    def save(self, customer: Customer) -> None:
        """Store a customer who has changed."""
        self._held.pop(customer.id, None)
        self._looked_at.pop(customer.id, None)
        changed = update(customers).where(customers.c.id == customer.id).values(_to_row(customer))
        self._connection.execute(changed)
        file_customer(self._connection, customer)

    def get(self, customer_id: str) -> Customer:
        """Return a customer.

        Raises:
            NotFound: there is no such customer.
        """
        known = self._held.get(customer_id) or self._looked_at.get(customer_id)
        if known is not None:
            return known
        row = self._connection.execute(BY_ID, {"wanted": customer_id}).mappings().first()
        if row is None:
            raise _unknown(customer_id)
        return customer_from_row(row)

    def lock(self, customer_id: str) -> Customer:
        """Return a customer whose agreements nobody else changes until this transaction ends.

        Raises:
            NotFound: there is no such customer.
        """
        if customer_id in self._held:
            return self._held[customer_id]
        row = self._connection.execute(HELD, {"wanted": customer_id}).mappings().first()
        if row is None:
            raise _unknown(customer_id)
        return customer_from_row(row)

    def find_by_user(self, user_id: str) -> Customer | None:
        """Return the customer that a person is, if they are one."""
        return self._find(customers.c.user_id == user_id)

    def find_by_organization(self, org_code: str) -> Customer | None:
        """Return the customer that an organization is, if it is one."""
        return self._find(customers.c.org_code == org_code)

    def count_on_profile(self, profile_id: str) -> int:
        """Return how many customers have a billing profile of their own."""
        query = select(func.count()).where(customers.c.profile_id == profile_id)
        return int(self._connection.execute(query).scalar_one())

    def list_of(self, customer_ids: Collection[str]) -> dict[str, Customer]:
        """Return customers by their ids."""
        rows = self._connection.execute(OF_MANY, {"wanted": sorted(customer_ids)}).mappings()
        return {row["id"]: customer_from_row(row) for row in rows}

    def names_of(self, wanted: Collection[Customer]) -> dict[str, str]:
        """Return what the people and organizations are called that customers are; an erased account has no name."""
        people = {one.user_id: one.id for one in wanted if one.user_id is not None}
        accounts = {one.org_code: one.id for one in wanted if one.org_code is not None}
        names: dict[str, str] = {}
        if people:
            for person in self._connection.execute(PEOPLE, {"wanted": sorted(people)}):
                names[people[person.id]] = f"{person.given_name} {person.family_name}".strip()
        if accounts:
            for account in self._connection.execute(ORGANIZATIONS, {"wanted": sorted(accounts)}):
                names[accounts[account.code]] = account.name
        return names

    def list(self, wanted: PageRequest = FIRST_PAGE) -> Page[Customer]:
        """Return a page of customers, in the order of their ids."""
        return read_page(self._connection, select(customers), customers.c.id, wanted, customer_from_row)

    def count(self) -> int:
        """Return how many customers there are."""
        found: int = self._connection.execute(select(func.count()).select_from(customers)).scalar_one()
        return found

    def add_payment_method(self, method: PaymentMethod) -> None:
        """Store a new payment method; as the default one it takes the place of the one before at its gateway."""
        if method.is_default:
            self._clear_default(method)
        self._methods.pop(method.customer_id, None)
        self._connection.execute(insert(payment_methods).values(row_of(method)))

    def save_payment_method(self, method: PaymentMethod) -> None:
        """Store what has changed about a payment method; as the default one it takes the place of the one before."""
        if method.is_default:
            self._clear_default(method)
        self._methods.pop(method.customer_id, None)
        changed = update(payment_methods).where(payment_methods.c.id == method.id).values(row_of(method))
        self._connection.execute(changed)

    def detach_all_methods(self, gateway: GatewayKind, *, at: datetime) -> None:
        """Let nobody be charged by what a gateway has kept: another account has taken its place."""
        self._methods.clear()
        kept = (payment_methods.c.gateway == gateway, payment_methods.c.detached_at.is_(None))
        self._connection.execute(update(payment_methods).where(*kept).values(is_default=False, detached_at=at))

    def _clear_default(self, method: PaymentMethod) -> None:
        of_customer = payment_methods.c.customer_id == method.customer_id
        of_gateway = payment_methods.c.gateway == method.gateway
        self._connection.execute(update(payment_methods).where(of_customer, of_gateway).values(is_default=False))

    def find_payment_method(self, customer_id: str) -> PaymentMethod | None:
        """Return the payment method that a customer is charged by with the present gateway, if there is one."""
        if customer_id in self._methods:
            return self._methods[customer_id]
        return self._find_method(DEFAULT_METHOD, customer_id)

    def get_payment_method(self, method_id: str) -> PaymentMethod:
        """Return a payment method.

        Raises:
            NotFound: there is no such payment method.
        """
        method = self._find_method(METHOD, method_id)
        if method is None:
            raise NotFound(f"there is no payment method {method_id[:64]!r}")
        return method

    def methods_of(self, customer_id: str) -> tuple[PaymentMethod, ...]:
        """Return the payment methods that a customer has with the present gateway, the oldest first."""
        rows = self._connection.execute(METHODS_OF_CUSTOMER, {"wanted": customer_id}).mappings()
        return tuple(PaymentMethod(**row) for row in rows)

    def find_method_by_token(self, gateway: GatewayKind, token: str) -> PaymentMethod | None:
        """Return what a gateway knows by a token, also after it was detached; None where it is not known here."""
        wanted = {"gateway": gateway, "token": token}
        row = self._connection.execute(METHOD_BY_TOKEN, wanted).mappings().first()
        return None if row is None else PaymentMethod(**row)

    def list_payment_methods(self, method_ids: Collection[str]) -> dict[str, PaymentMethod]:
        """Return payment methods by their ids."""
        rows = self._connection.execute(METHODS, {"wanted": sorted(method_ids)}).mappings()
        return {row["id"]: PaymentMethod(**row) for row in rows}

    def _find(self, condition: ColumnElement[bool]) -> Customer | None:
        row = self._connection.execute(select(customers).where(condition)).mappings().first()
        return None if row is None else customer_from_row(row)

    def _find_method(self, query: Select[Any], wanted: str) -> PaymentMethod | None:
        row = self._connection.execute(query, {"wanted": wanted}).mappings().first()
        return None if row is None else PaymentMethod(**row)


def _unknown(customer_id: str) -> NotFound:
    return NotFound(f"there is no customer {customer_id[:64]!r}")


def _to_row(customer: Customer) -> dict[str, Any]:
    values = row_of(customer)
    address = values.pop("address")
    if address is None:
        return {**values, **dict.fromkeys(PLACE), "address_lines": []}
    return {**values, **{name: getattr(address, name) for name in PLACE}, "address_lines": list(address.lines)}


def customer_from_row(row: RowMapping) -> Customer:
    """Return a customer as its row has it."""
    values = dict(row)
    lines, place = values.pop("address_lines"), {name: values.pop(name) for name in PLACE}
    address = None if place["country"] is None else Address(**place, lines=tuple(lines))
    return Customer(**{**values, "address": address, "tax_ids": tuple(values["tax_ids"])})
