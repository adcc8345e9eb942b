"""Customers, features, and what customers may use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from billing_sdk.errors import InvalidRequest, NotFound
from billing_sdk.server.api.konnect.bodies import KonnectRoute
from billing_sdk.server.api.konnect.entitlement_access import Access, accesses_of
from billing_sdk.server.api.konnect.security import CallerOf, EngineOf
from billing_sdk.server.api.openmeter.calling import Document, OnlyOnce, Sent, scope, told
from billing_sdk.server.api.openmeter.usage import meter_called
from billing_sdk.server.domain.entitlements import Room
from billing_sdk.server.ids import ULID, id_from_ulid, ulid_of
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.konnect_customers import Order
from billing_sdk.server.usecases.accounts import Account, account_of, page_accounts
from billing_sdk.server.usecases.create_account import create_account
from billing_sdk.server.usecases.delete_account import delete_account
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.konnect_features import (
    ChosenFeature,
    KnownFeature,
    choose_feature,
    drop_feature,
    known_features,
)
from billing_sdk.server.usecases.update_account import update_account
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Customers"], route_class=KonnectRoute)


class UsageAttribution(Sent):
    """What events call a customer."""

    subject_keys: list[str] = Field(max_length=98)


class NewCustomer(Sent):
    """A customer that is to be made."""

    name: str = Field(min_length=1, max_length=256)
    key: str | None = Field(default=None, min_length=1, max_length=256)
    description: str | None = None
    metadata: dict[str, str] | None = None
    usage_attribution: UsageAttribution | None = None
    primary_email: str | None = None
    currency: str | None = None


class NewFeature(Sent):
    """A feature that is to be made."""

    key: str = Field(pattern=r"^[a-z0-9]+(?:_[a-z0-9]+)*$", max_length=64)
    name: str = Field(min_length=1, max_length=256)
    metadata: dict[str, str] | None = None
    meter_slug: str | None = None


@router.post("/customers", status_code=201, dependencies=scope("create:user_billing_customers"))
def create_customer(caller: CallerOf, body: NewCustomer, once: OnlyOnce) -> Response:
    """Make a customer."""
    subjects = [] if body.usage_attribution is None else body.usage_attribution.subject_keys

    def serve(engine: Engine) -> Document:
        account = create_account(
            engine,
            key=body.key or next(iter(subjects), body.name),
            name=body.name,
            email=body.primary_email,
            subject_keys=subjects,
            description=body.description,
            labels=body.metadata,
            more={} if body.currency is None else {"currency": body.currency},
            actor=caller.client_id,
        )
        return Document(_customer(account))

    return once(serve, body, status=201)


@router.get("/customers", dependencies=scope("read:billing_customers"))
def list_customers(
    engine: EngineOf,
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    size: Annotated[int, Query(ge=1, le=1_000, alias="pageSize")] = 100,
) -> Any:
    """List the customers that were not deleted."""
    with engine.read() as tx:
        accounts, total = page_accounts(tx, (), Order("created_at"), size=size, number=page)
    return {"items": [_customer(one) for one in accounts], "page": page, "pageSize": size, "totalCount": total}


@router.get("/customers/{customer}", dependencies=scope("read:billing_customers"))
def get_customer(engine: EngineOf, customer: str) -> Any:
    """Get a customer by its id or its key."""
    with engine.read() as tx:
        return _customer(account_called(tx, customer))


@router.put("/customers/{customer}", dependencies=scope("update:billing_customers"))
def replace_customer(engine: EngineOf, caller: CallerOf, customer: str, body: NewCustomer, once: OnlyOnce) -> Response:
    """Replace what is known of a customer, but for its key."""
    with engine.read() as tx:
        found = account_called(tx, customer)
    if body.key not in (None, found.key):
        raise InvalidRequest("the key of a customer never changes", parameter="key")
    subjects = [] if body.usage_attribution is None else body.usage_attribution.subject_keys

    def serve(engine: Engine) -> Document:
        account = update_account(
            engine,
            found.customer.id,
            name=body.name,
            email=body.primary_email,
            subject_keys=subjects,
            description=body.description,
            labels=body.metadata,
            more={} if body.currency is None else {"currency": body.currency},
            actor=caller.client_id,
        )
        return Document(_customer(account))

    return once(serve, body)


@router.delete("/customers/{customer}", status_code=204, dependencies=scope("update:billing_customers"))
def delete_customer(engine: EngineOf, caller: CallerOf, customer: str, once: OnlyOnce) -> Response:
    """Delete a customer without subscriptions and open invoices."""
    with engine.read() as tx:
        customer_id = account_called(tx, customer).customer.id

    def serve(engine: Engine) -> None:
        delete_account(engine, customer_id, actor=caller.client_id)

    return once(serve, status=204)


@router.get("/customers/{customer}/access", dependencies=scope("read:billing_entitlements"))
def get_access(engine: EngineOf, customer: str) -> Any:
    """Tell what a customer may use."""
    return {"entitlements": {key: value_of(one) for key, one in _accesses(engine, customer).items()}}


@router.get("/customers/{customer}/entitlements/{feature_key}/value", dependencies=scope("read:billing_entitlements"))
def get_value(engine: EngineOf, customer: str, feature_key: str) -> Any:
    """Tell whether a customer may use a feature, and how much of it."""
    found = _accesses(engine, customer).get(feature_key)
    return {"hasAccess": False} if found is None else value_of(found)


@router.post("/features", status_code=201, dependencies=scope("create:billing_features"))
def create_feature(caller: CallerOf, body: NewFeature, once: OnlyOnce) -> Response:
    """Make a feature."""

    def serve(engine: Engine) -> Document:
        with engine.read() as tx:
            meter_id = None if body.meter_slug is None else meter_called(tx, body.meter_slug).id
        chosen = ChosenFeature(body.key, body.name, meter_id, labels=body.metadata or {})
        known = choose_feature(engine, chosen, actor=caller.client_id)
        return Document(_feature(known, body.meter_slug))

    return once(serve, body, status=201)


@router.get("/features", dependencies=scope("read:billing_features"))
def list_features(engine: EngineOf) -> Any:
    """List the features."""
    with engine.read() as tx:
        return [_feature(one, one.measured_by) for one in known_features(tx)]


@router.get("/features/{feature}", dependencies=scope("read:billing_features"))
def get_feature(engine: EngineOf, feature: str) -> Any:
    """Get a feature by its id or its key."""
    with engine.read() as tx:
        found = _feature_called(tx, feature)
    return _feature(found, found.measured_by)


@router.delete("/features/{feature}", status_code=204, dependencies=scope("delete:billing_features"))
def delete_feature(engine: EngineOf, caller: CallerOf, feature: str, once: OnlyOnce) -> Response:
    """Delete a feature that no plan includes."""
    with engine.read() as tx:
        feature_id = _feature_called(tx, feature).id

    def serve(engine: Engine) -> None:
        drop_feature(engine, feature_id, actor=caller.client_id)

    return once(serve, status=204)


def account_called(tx: UnitOfWork, name: str) -> Account:
    """Return the customer that an id or a key names.

    Raises:
        NotFound: there is none.
    """
    extras = tx.konnect.by_key("customer", name)
    if extras is None and not ULID.fullmatch(name):
        raise NotFound("there is no such customer")
    return account_of(tx, id_from_ulid("customer", name) if extras is None else extras.our_id)


def _accesses(engine: Engine, name: str) -> Mapping[str, Access]:
    with engine.read() as tx:
        customer = account_called(tx, name).customer
    return accesses_of(engine, customer)


def _feature_called(tx: UnitOfWork, name: str) -> KnownFeature:
    for one in known_features(tx):
        if name in (one.key, ulid_of(one.id)):
            return one
    raise NotFound("there is no such feature")


def _customer(account: Account) -> dict[str, Any]:
    extras = account.extras
    return told(
        id=ulid_of(account.customer.id),
        key=account.key,
        name=account.name,
        description=extras.description,
        metadata=dict(extras.labels) or None,
        usage_attribution={"subjectKeys": list(account.subject_keys)},
        primary_email=account.customer.billing_email or None,
        currency=extras.more.get("currency"),
        created_at=account.customer.created_at,
        updated_at=extras.updated_at,
        deleted_at=extras.deleted_at,
    )


def _feature(known: KnownFeature, meter_slug: str | None) -> dict[str, Any]:
    return told(
        id=ulid_of(known.id),
        key=known.key,
        name=known.name,
        metadata=dict(known.extras.labels) or None,
        meter_slug=meter_slug,
        created_at=known.created_at,
        updated_at=known.updated_at,
    )


def value_of(access: Access) -> dict[str, Any]:
    """Return what may be used of a feature."""
    if access.room is None:
        return told(has_access=access.has_access, config=access.config)
    return value_of_room(access.room, has_access=access.has_access)


def value_of_room(room: Room, *, has_access: bool) -> dict[str, Any]:
    """Return what a usage period has room for."""
    return told(
        has_access=has_access,
        balance=None if room.remaining is None else float(room.remaining),
        usage=float(room.used),
        overage=float(room.overage),
        total_available_grant_amount=None if room.limit is None else float(room.limit),
    )
