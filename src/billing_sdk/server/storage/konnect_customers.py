"""Pages of customers with what the Konnect door knows of them, filtered and sorted by the database."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, case, exists, func, not_, select

from billing_sdk.server.storage.agreements import IS_LIVE
from billing_sdk.server.storage.conditions import Condition
from billing_sdk.server.storage.tables.billing import agreements, customers
from billing_sdk.server.storage.tables.catalog import plan_versions
from billing_sdk.server.storage.tables.identity import organizations, users
from billing_sdk.server.storage.tables.konnect import konnect_extras as extras
from billing_sdk.server.storage.tables.subjects import subject_keys

IS_OF_CUSTOMER = (extras.c.kind == "customer") & (extras.c.our_id == customers.c.id)
# A longer name than an organization can have is known here; unless it was given another one elsewhere since.
OF_ORGANIZATION = case(
    (func.substr(extras.c.name, 1, func.length(organizations.c.name)) == organizations.c.name, extras.c.name),
    else_=organizations.c.name,
)
OF_PERSON = func.coalesce(
    extras.c.name, func.nullif(func.trim(users.c.given_name + " " + users.c.family_name), ""), users.c.email
)
NAME: ColumnElement[Any] = func.coalesce(OF_ORGANIZATION, OF_PERSON)
COLUMNS: dict[str, ColumnElement[Any]] = {
    "id": customers.c.id,
    "name": NAME,
    "created_at": customers.c.created_at,
    "key": func.coalesce(extras.c.key, customers.c.id),
    "primary_email": func.nullif(customers.c.billing_email, ""),
    "billing_profile_id": customers.c.profile_id,
}


class Order(NamedTuple):
    """What a list is sorted by; ids decide where that is the same."""

    field: str
    is_descending: bool = False


class CustomerPage(NamedTuple):
    """The ids of a page with the names that customers have here, and how many customers there are in all."""

    names: dict[str, str]
    total: int


def read_customers(
    connection: Connection, conditions: Collection[Condition], order: Order, *, size: int, number: int
) -> CustomerPage:
    """Return a page of customers that are not deleted."""
    wanted = [_clause(condition) for condition in conditions if condition.field in COLUMNS]
    wanted += [_of_subjects(one) for one in conditions if one.field == "usage_attribution_subject_key"]
    wanted += [_of_plans(one) for one in conditions if one.field == "plan_key"]
    counted = _joined(select(func.count())).where(extras.c.deleted_at.is_(None), *wanted)
    total: int = connection.execute(counted).scalar_one()
    column = COLUMNS[order.field]
    query = _joined(select(customers.c.id, NAME.label("name"))).where(extras.c.deleted_at.is_(None), *wanted)
    keys = [column.desc(), customers.c.id.desc()] if order.is_descending else [column, customers.c.id]
    rows = connection.execute(query.order_by(*keys).limit(size).offset(size * (number - 1)))
    return CustomerPage({row.id: row.name for row in rows}, total)


def name_of(connection: Connection, customer_id: str) -> str:
    """Return the name that a customer has at this door."""
    query = _joined(select(NAME)).where(customers.c.id == customer_id)
    name: str = connection.execute(query).scalar_one()
    return name


def _joined(query: Select[Any]) -> Select[Any]:
    return query.select_from(
        customers.outerjoin(extras, IS_OF_CUSTOMER)
        .outerjoin(organizations, organizations.c.code == customers.c.org_code)
        .outerjoin(users, users.c.id == customers.c.user_id)
    )


def _clause(condition: Condition) -> ColumnElement[bool]:
    """Return whether a column is as asked; a key is looked up by its index, where it is asked for as a whole."""
    if condition.field != "key" or condition.operator not in ("eq", "oeq"):
        return condition.clause(COLUMNS[condition.field])
    known = extras.alias()
    with_key = select(known.c.our_id).where(known.c.kind == "customer", condition.clause(known.c.key))
    return (customers.c.id.in_(with_key)) | (condition.clause(customers.c.id) & extras.c.key.is_(None))


def _of_subjects(condition: Condition) -> ColumnElement[bool]:
    """Return whether one of a customer's subject keys is as asked."""
    return _any_of(condition, subject_keys.c.key, subject_keys.c.customer_id == customers.c.id)


def _of_plans(condition: Condition) -> ColumnElement[bool]:
    """Return whether the plan of one of a customer's live agreements is as asked."""
    of_customer = (agreements.c.customer_id == customers.c.id) & IS_LIVE
    of_version = of_customer & (plan_versions.c.id == agreements.c.plan_version_id)
    return _any_of(condition, plan_versions.c.plan_key, of_version)


def _any_of(condition: Condition, column: ColumnElement[Any], belongs: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return whether any value is as asked; what is asked not to be, no value may be."""
    if condition.operator == "neq":
        return not_(exists().where(belongs, column == condition.operand))
    if condition.operator == "exists":
        return exists().where(belongs) if condition.operand else not_(exists().where(belongs))
    return exists().where(belongs, condition.clause(column))
