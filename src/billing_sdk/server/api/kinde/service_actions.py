"""Service actions (extension): credit that is granted at every service interval, which plans refer to."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field
from starlette.responses import Response

from billing_sdk.server.api.kinde.coupons import Amount
from billing_sdk.server.api.kinde.envelope import Answer, Body, StrictRoute
from billing_sdk.server.api.kinde.idempotency import OnlyOnce
from billing_sdk.server.api.kinde.items import CREATE, READ, UPDATE
from billing_sdk.server.api.kinde.paging import EndingBefore, PageSize, StartingAfter, request_after
from billing_sdk.server.api.kinde.security import EngineOf, MachineOf
from billing_sdk.server.domain.catalog import ServiceAction
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.usecases.create_service_action import create_service_action, update_service_action
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Service actions"], route_class=StrictRoute)


class ServiceActionView(BaseModel):
    """A recurring grant of credit that pays for usage; only its name and lookup key ever change."""

    id: str
    name: str
    amount: Amount
    service: str
    item_ids: list[str]
    expires_with_interval: bool
    category: str
    priority: int
    lookup_key: str | None
    created_on: datetime

    @classmethod
    def of(cls, action: ServiceAction) -> ServiceActionView:
        """Show a service action."""
        return cls(
            id=action.id,
            name=action.name,
            amount=Amount.of(action.amount),
            service=str(action.service),
            item_ids=[item.id for item in action.items],
            expires_with_interval=action.expires_with_interval,
            category=action.category,
            priority=action.priority,
            lookup_key=action.lookup_key,
            created_on=action.created_at,
        )


class ServiceActionAnswer(Answer):
    """One service action."""

    service_action: ServiceActionView


class ServiceActionList(Answer):
    """Service actions in the order of their ids."""

    has_more: bool
    service_actions: list[ServiceActionView]


class NewServiceAction(Body):
    """What is granted, how often, and what it can pay: the charges of some metered items, or of all of them."""

    name: str = Field(max_length=200)
    amount: Amount
    service: str = Field(default="month", max_length=32)
    item_ids: list[str] = Field(default=[], max_length=100)
    expires_with_interval: bool = True
    category: Literal["paid", "promotional"] = "promotional"
    priority: int = Field(default=50, ge=0, le=1000)
    lookup_key: str | None = Field(default=None, max_length=200)


class ServiceActionChange(Body):
    """What to change; an empty `lookup_key` takes it away."""

    name: str | None = Field(default=None, max_length=200)
    lookup_key: str | None = Field(default=None, max_length=200)


@router.get("/billing/service_actions", **READ)
def list_service_actions(
    engine: EngineOf,
    page_size: PageSize = 10,
    starting_after: StartingAfter = None,
    ending_before: EndingBefore = None,
) -> ServiceActionList:
    """Return service actions in the order of their ids (extension)."""
    with engine.read() as tx:
        wanted = request_after(page_size, starting_after, ending_before, known=tx.service_actions.get)
        page = tx.service_actions.list(wanted)
    actions = [ServiceActionView.of(action) for action in page.items]
    return ServiceActionList(has_more=page.has_more, service_actions=actions)


@router.post("/billing/service_actions", response_model=ServiceActionAnswer, **CREATE)
def add_service_action(caller: MachineOf, body: NewServiceAction, once: OnlyOnce) -> Response:
    """Keep a grant of credit for every service interval of the plans that it is attached to (extension)."""
    service = Cadence.from_text(body.service)

    def serve(engine: Engine) -> ServiceActionAnswer:
        action = create_service_action(
            engine,
            name=body.name,
            amount=body.amount.money,
            service=service,
            item_ids=body.item_ids,
            expires_with_interval=body.expires_with_interval,
            category=body.category,
            priority=body.priority,
            lookup_key=body.lookup_key,
            actor=caller.client_id,
        )
        return ServiceActionAnswer(service_action=ServiceActionView.of(action))

    return once(serve, body)


@router.get("/billing/service_actions/{action_id}", **READ)
def get_service_action(engine: EngineOf, action_id: str) -> ServiceActionAnswer:
    """Return one service action, by its id or lookup key (extension)."""
    with engine.read() as tx:
        return ServiceActionAnswer(service_action=ServiceActionView.of(tx.service_actions.get(action_id)))


@router.post("/billing/service_actions/{action_id}", response_model=ServiceActionAnswer, **UPDATE)
def change_service_action(caller: MachineOf, action_id: str, body: ServiceActionChange, once: OnlyOnce) -> Response:
    """Change the name or the lookup key, which is all that can change (extension)."""

    def serve(engine: Engine) -> ServiceActionAnswer:
        action = update_service_action(engine, action_id=action_id, **body.model_dump(), actor=caller.client_id)
        return ServiceActionAnswer(service_action=ServiceActionView.of(action))

    return once(serve, body)
