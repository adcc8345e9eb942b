"""Entitlements: of a subject, or, at the newer paths, of a customer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from fastapi import Query
from pydantic import AfterValidator
from starlette.requests import Request
from starlette.responses import Response

from billing_sdk.errors import Conflict, InvalidRequest, NotFound
from billing_sdk.server.api.konnect.bodies import KonnectRoute
from billing_sdk.server.api.konnect.entitlement_access import accesses_of
from billing_sdk.server.api.konnect.security import CallerOf, EngineOf
from billing_sdk.server.api.konnect.values import ULID_IN_PATH
from billing_sdk.server.api.openmeter import entitlement_views as shown
from billing_sdk.server.api.openmeter.calling import Document, OnlyOnce, instant_in, scope
from billing_sdk.server.api.openmeter.customers import account_called, value_of, value_of_room
from billing_sdk.server.api.openmeter.entitlement_bodies import NewEntitlement, NewGrant, Reset
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.entitlements import EntitlementType, OwnEntitlement
from billing_sdk.server.ids import id_from_ulid, ulid_of
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.grant_entitlement import WantedGrant, grant_entitlement, grants_of, void_grant
from billing_sdk.server.usecases.known_subjects import customer_of_subject, find_subject
from billing_sdk.server.usecases.look_up_allowances import AllowanceHistory, Window, look_up_allowance_history
from billing_sdk.server.usecases.own_entitlements import (
    KnownEntitlement,
    entitlements_of_customer,
    find_entitlement,
    give_entitlement,
    reset_entitlement,
    take_entitlement,
)
from billing_sdk.server.usecases.own_standing import own_history, own_standing
from billing_sdk.server.web.operations import Operations

CREATE, UPDATE = scope("create:billing_allowances"), scope("update:billing_allowances")
READ = scope("read:billing_entitlements")
WINDOWS: Mapping[str, Window] = {"HOUR": "hour", "DAY": "day", "MONTH": "month"}
GrantId = Annotated[str, ULID_IN_PATH, AfterValidator(lambda ulid: id_from_ulid("allowance", ulid))]
Page = Annotated[int, Query(ge=1, le=1_000_000)]
PageSize = Annotated[int, Query(ge=1, le=1_000, alias="pageSize")]

grants = Operations(tags=["Entitlements"], route_class=KonnectRoute)


@dataclass(frozen=True, slots=True)
class Named:
    """What an entitlement's id or a feature's key stands for: an entitlement of the customer's own, or of a plan.

    Attributes:
        own: None where a plan includes the feature, which comes first.
    """

    customer: Customer
    feature_key: str
    own: OwnEntitlement | None

    @property
    def id(self) -> str:
        """What it goes by here."""
        return self.feature_key if self.own is None else ulid_of(self.own.id)


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has entitlements at a path.

    Attributes:
        path: such as `/customers/{who}`.
        found: returns the customer that a name stands for.
        made: the same, where something is to be made for it.
        told: says whom an entitlement is of.
        in_pages: whether lists are cut into pages.
    """

    path: str
    found: Callable[[UnitOfWork, str], Customer]
    made: Callable[[Engine, str, str], Customer]
    told: Callable[[UnitOfWork, Customer, str], Mapping[str, Any]]
    in_pages: bool


def _of_subject(tx: UnitOfWork, name: str) -> Customer:
    customer_id = find_subject(tx, name).customer_id
    if customer_id is None:
        raise NotFound("the subject has no entitlements", entity="entitlement")
    return tx.customers.get(customer_id)


def _customer_made(engine: Engine, name: str, _actor: str) -> Customer:
    with engine.read() as tx:
        return account_called(tx, name).customer


def _customer_told(tx: UnitOfWork, customer: Customer, _name: str) -> Mapping[str, Any]:
    account = account_called(tx, ulid_of(customer.id))
    return {"customerId": ulid_of(customer.id), "customerKey": account.key}


SUBJECTS = Holder(
    "/subjects/{who}",
    _of_subject,
    lambda engine, name, actor: customer_of_subject(engine, name, actor=actor),
    lambda tx, _customer, name: {"subjectKey": find_subject(tx, name).key},
    in_pages=False,
)
CUSTOMERS = Holder(
    "/customers/{who}",
    lambda tx, name: account_called(tx, name).customer,
    _customer_made,
    _customer_told,
    in_pages=True,
)


@grants.delete("/grants/{grant_id}", status_code=204, dependencies=UPDATE)
def delete_grant(caller: CallerOf, grant_id: GrantId, once: OnlyOnce) -> Response:
    """Take back what is left of a grant."""

    def serve(engine: Engine) -> None:
        void_grant(engine, grant_id, actor=caller.client_id)

    return once(serve, status=204)


def router_for(holder: Holder) -> Operations:
    """Return the operations on the entitlements of subjects, or of customers."""
    router = Operations(tags=["Entitlements"], route_class=KonnectRoute)
    every, one = f"{holder.path}/entitlements", f"{holder.path}/entitlements/{{name}}"

    def answer(engine: Engine, customer: Customer, who: str, known: KnownEntitlement) -> dict[str, Any]:
        with engine.read() as tx:
            whose = holder.told(tx, customer, who)
            return shown.entitlement(tx, known, whose, at=engine.now_for(tx, customer))

    @router.post(every, status_code=201, dependencies=CREATE)
    def create(caller: CallerOf, who: str, body: NewEntitlement, once: OnlyOnce) -> Response:
        """Entitle somebody to a feature."""

        def serve(engine: Engine) -> Document:
            customer = holder.made(engine, who, caller.client_id)
            return Document(answer(engine, customer, who, _given(engine, customer, body, caller.client_id)))

        return once(serve, body, status=201)

    @router.get(every, dependencies=READ)
    def list_all(engine: EngineOf, who: str, page: Page = 1, size: PageSize = 100) -> Any:
        """List what somebody was entitled to here."""
        with engine.read() as tx:
            customer = holder.found(tx, who)
            found = entitlements_of_customer(tx, customer.id)
        items = [answer(engine, customer, who, known) for known in found]
        return _paged(items, page, size) if holder.in_pages else items

    @router.get(one, dependencies=READ)
    def get(engine: EngineOf, who: str, name: str) -> Any:
        """Get an entitlement."""
        with engine.read() as tx:
            customer = holder.found(tx, who)
            known = find_entitlement(tx, customer.id, name)
        return answer(engine, customer, who, known)

    @router.delete(one, status_code=204, dependencies=UPDATE)
    def delete(engine: EngineOf, caller: CallerOf, who: str, name: str, once: OnlyOnce) -> Response:
        """Take an entitlement away."""
        with engine.read() as tx:
            customer = holder.found(tx, who)

        def serve(engine: Engine) -> None:
            take_entitlement(engine, customer_id=customer.id, name=name, actor=caller.client_id)

        return once(serve, status=204)

    @router.put(f"{one}/override", status_code=201, dependencies=UPDATE)
    def override(
        engine: EngineOf, caller: CallerOf, who: str, name: str, body: NewEntitlement, once: OnlyOnce
    ) -> Response:
        """Put another entitlement in the place of one."""
        with engine.read() as tx:
            customer = holder.found(tx, who)

        def serve(engine: Engine) -> Document:
            take_entitlement(engine, customer_id=customer.id, name=name, actor=caller.client_id)
            return Document(answer(engine, customer, who, _given(engine, customer, body, caller.client_id)))

        return once(serve, body, status=201)

    @router.get(f"{one}/grants", dependencies=READ)
    def list_grants(
        engine: EngineOf,
        who: str,
        name: str,
        with_voided: Annotated[bool, Query(alias="includeDeleted")] = False,
        page: Page = 1,
        size: PageSize = 100,
    ) -> Any:
        """List the grants of an entitlement."""
        with engine.read() as tx:
            customer = holder.found(tx, who)
            at = engine.now_for(tx, customer)
        named = _named(engine, customer, name)
        with engine.read() as tx:
            found = grants_of(tx, customer.id, named.feature_key, at=at, with_voided=with_voided)
        items = [shown.grant(made, extras, entitlement_id=named.id, at=at) for made, extras in found]
        return _paged(items, page, size) if holder.in_pages else items

    @router.post(f"{one}/grants", status_code=201, dependencies=CREATE)
    def create_grant(
        engine: EngineOf, caller: CallerOf, who: str, name: str, body: NewGrant, once: OnlyOnce
    ) -> Response:
        """Grant units beside what an entitlement issues."""
        with engine.read() as tx:
            customer = holder.found(tx, who)
        named = _named(engine, customer, name)

        def serve(engine: Engine) -> Document:
            return Document(_granted(engine, named, body, caller.client_id))

        return once(serve, body, status=201)

    @router.get(f"{one}/value", dependencies=READ)
    def get_value(request: Request, engine: EngineOf, who: str, name: str) -> Any:
        """Tell what may be used, now or at another time."""
        with engine.read() as tx:
            customer = holder.found(tx, who)
            now = engine.now_for(tx, customer)
        named, at = _named(engine, customer, name), instant_in(request, "time")
        own = named.own
        if at is not None and at < now and own is not None and own.type == "metered":
            room = own_standing(engine, own, at=at).room
            return value_of_room(room, has_access=room.has_access)
        return value_of(accesses_of(engine, customer)[named.feature_key])

    @router.get(f"{one}/history", dependencies=READ)
    def get_history(request: Request, engine: EngineOf, who: str, name: str) -> Any:
        """Tell how a balance came about."""
        with engine.read() as tx:
            customer = holder.found(tx, who)
        return shown.history(_history(request, engine, _named(engine, customer, name)))

    @router.post(f"{one}/reset", status_code=204, dependencies=UPDATE)
    def reset(engine: EngineOf, caller: CallerOf, who: str, name: str, body: Reset, once: OnlyOnce) -> Response:
        """End the present usage period."""
        with engine.read() as tx:
            customer = holder.found(tx, who)
        if _named(engine, customer, name).own is None:
            raise Conflict("the usage period is that of the plan", remedy="Change the plan, or grant more.")

        def serve(engine: Engine) -> None:
            reset_entitlement(
                engine,
                customer_id=customer.id,
                name=name,
                effective_at=body.effective_at,
                keeps_anchor=body.retain_anchor,
                keeps_overage=body.preserve_overage,
                actor=caller.client_id,
            )

        return once(serve, body, status=204)

    return router


def _given(engine: Engine, customer: Customer, body: NewEntitlement, actor: str) -> KnownEntitlement:
    with engine.read() as tx:
        wanted = body.wanted(tx)
    known = give_entitlement(engine, wanted, customer_id=customer.id, actor=actor)
    for grant in body.grants:
        _granted(engine, Named(customer, wanted.feature_key, known.own), grant, actor)
    return known


def _named(engine: Engine, customer: Customer, name: str) -> Named:
    """Return what a name stands for.

    Raises:
        NotFound: the customer has no such entitlement.
    """
    with engine.read() as tx:
        found = None
        try:
            found = find_entitlement(tx, customer.id, name).own
        except NotFound:
            if name not in accesses_of(engine, customer):
                raise
    return Named(customer, name if found is None else found.feature_key, found)


def _granted(engine: Engine, named: Named, body: NewGrant, actor: str) -> dict[str, Any]:
    recurrence = body.recurrence
    # As published: without a word about it nothing rolls over from one usage period to the next.
    most = body.max_rollover_amount or Decimal(0)
    wanted = WantedGrant(
        amount=f"{body.amount:f}",
        priority=body.priority,
        effective_at=body.effective_at,
        expires_after=None if body.expiration is None else body.expiration.text,
        recurrence=None if recurrence is None else str(recurrence.cadence),
        recurrence_anchor=None if recurrence is None else recurrence.anchor,
        min_rollover=f"{body.min_rollover_amount or Decimal(0):f}",
        max_rollover=f"{most:f}",
        metadata=body.metadata or {},
        more={} if body.expiration is None else {"expiration": body.expiration.model_dump()},
    )
    made = grant_entitlement(engine, wanted, customer_id=named.customer.id, feature_key=named.feature_key, actor=actor)
    with engine.read() as tx:
        extras = tx.konnect.find("entitlement_grant", made.id)
    return shown.grant(made, extras, entitlement_id=named.id, at=made.created_at)


def _history(request: Request, engine: Engine, named: Named) -> AllowanceHistory:
    size = request.query_params.get("windowSize", "")
    if size not in WINDOWS:
        raise InvalidRequest("windowSize is HOUR, DAY or MONTH", parameter="windowSize")
    since, until = instant_in(request, "from"), instant_in(request, "to")
    if named.own is None:
        return look_up_allowance_history(
            engine,
            customer_id=named.customer.id,
            feature_key=named.feature_key,
            since=since,
            until=until,
            window=WINDOWS[size],
        )
    kind: EntitlementType = named.own.type
    if kind != "metered":
        raise InvalidRequest("only use that is counted has a history", parameter="entitlementId")
    with engine.read() as tx:
        at = engine.now_for(tx, named.customer)
    return own_history(engine, named.own, since=since, until=until, window=WINDOWS[size], at=at)


def _paged(items: list[dict[str, Any]], page: int, size: int) -> dict[str, Any]:
    start = size * (page - 1)
    return {"items": items[start : start + size], "page": page, "pageSize": size, "totalCount": len(items)}
