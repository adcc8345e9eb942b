"""Subscriptions: a customer on a plan, one at a time."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal

from fastapi import Depends
from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError
from starlette.responses import Response

from billing_sdk.errors import NotFound, NotOffered
from billing_sdk.server.api.konnect.bodies import Body, KonnectRoute, View
from billing_sdk.server.api.konnect.filters import EXACT, INSTANTS, one_of, ulid_of
from billing_sdk.server.api.konnect.listing import Listing, Wanted
from billing_sdk.server.api.konnect.once import OnlyOnce
from billing_sdk.server.api.konnect.paging import Paged, paged
from billing_sdk.server.api.konnect.security import CallerOf, EngineOf, scoped
from billing_sdk.server.api.konnect.subscription_view import SubscriptionView
from billing_sdk.server.api.konnect.values import (
    ULID_IN_PATH,
    ExternalKey,
    Instant,
    Labels,
    ResourceKey,
    Ulid,
)
from billing_sdk.server.domain.agreements import Timing
from billing_sdk.server.ids import id_from_ulid
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.konnect_customers import Order
from billing_sdk.server.usecases.change_subscription import (
    PlanWanted,
    SubscriptionWanted,
    cancel_subscription as end,
    change_subscription as change,
    continue_subscription,
    create_subscription as begin,
)
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.konnect_subscriptions import get_subscription as find, page_subscriptions
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Subscriptions"], route_class=KonnectRoute)

LISTED = Listing(
    filters={
        "id": ulid_of("agreement"),
        "customer_id": ulid_of("customer"),
        "status": one_of("active", "inactive", "canceled", "scheduled"),
        "plan_id": ulid_of("version"),
        "plan_key": EXACT,
    },
    sorts=("id", "active_from", "active_to"),
    order=Order("active_from"),
)
SubscriptionId = Annotated[str, ULID_IN_PATH, AfterValidator(partial(id_from_ulid, "agreement"))]
SettlementMode = Literal["credit_then_invoice", "credit_only"]


def _read_timing(value: Any) -> Timing:
    """Read `immediate`, `next_billing_cycle` or an instant."""
    match value:
        case "immediate":
            return "now"
        case "next_billing_cycle":
            return "period_end"
        case "now" | "period_end":
            raise PydanticCustomError("datetime_parsing", "is neither a timing nor an instant")
        case _:
            try:
                return INSTANTS.validate_python(value)
            except ValidationError:
                raise PydanticCustomError("datetime_parsing", "is neither a timing nor an instant") from None


AnyTiming = Annotated[Any, BeforeValidator(_read_timing)]


class CustomerReference(Body):
    """A customer by its id or its key; the id counts where both are given."""

    id: Ulid | None = None
    key: ExternalKey | None = None

    @model_validator(mode="after")
    def _needs_one(self) -> CustomerReference:
        if self.id is None and self.key is None:
            raise PydanticCustomError("invalid", "there is neither an id nor a key")
        return self


class PlanReference(Body):
    """A plan by its id, or by its key and version; the id counts where both are given, and the version has to fit."""

    id: Ulid | None = None
    key: ResourceKey | None = None
    version: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _needs_one(self) -> PlanReference:
        if self.id is None and self.key is None:
            raise PydanticCustomError("invalid", "there is neither an id nor a key")
        return self

    @property
    def wanted(self) -> PlanWanted:
        """The plan as the use cases take it."""
        return PlanWanted(None if self.id is None else id_from_ulid("version", self.id), self.key, self.version)


class NewSubscription(Body):
    """A customer on a plan."""

    labels: Labels | None = None
    settlement_mode: SettlementMode | None = None
    customer: CustomerReference
    plan: PlanReference
    billing_anchor: Instant | None = None

    def wanted(self, tx: UnitOfWork) -> SubscriptionWanted:
        """Return it as the use cases take it.

        Raises:
            NotFound: there is no such customer.
            NotOffered: usage can't be settled by credit alone.
        """
        if self.settlement_mode == "credit_only":
            raise NotOffered("usage can't be settled by credit alone", parameter="settlement_mode")
        return SubscriptionWanted(
            customer_id=_customer_of(tx, self.customer),
            plan=self.plan.wanted,
            anchor=self.billing_anchor,
            labels=self.labels,
            settlement_mode=self.settlement_mode,
        )


class ChangedSubscription(NewSubscription):
    """Another plan for a customer, and when."""

    timing: AnyTiming


class Cancellation(Body):
    """When a subscription ends; at once where nothing is said."""

    timing: AnyTiming = "now"


class ChangeView(View):
    """The subscription that ends, and the one that begins."""

    current: SubscriptionView
    next: SubscriptionView


@router.post(
    "/subscriptions",
    name="create-subscription",
    response_model=SubscriptionView,
    status_code=201,
    **scoped("create:billing_agreements"),
)
def create_subscription(caller: CallerOf, body: NewSubscription, once: OnlyOnce) -> Response:
    """Put a customer on a plan; what it costs at once is collected."""

    def serve(engine: Engine) -> SubscriptionView:
        with engine.read() as tx:
            wanted = body.wanted(tx)
        return SubscriptionView.of(begin(engine, wanted, actor=caller.client_id))

    return once(serve, body, status=201)


@router.get("/subscriptions", name="list-subscriptions", **scoped("read:billing_agreements", lists=LISTED))
def list_subscriptions(engine: EngineOf, wanted: Annotated[Wanted, Depends(LISTED)]) -> Paged[SubscriptionView]:
    """List subscriptions, also those that have ended or begin later."""
    page = wanted.page
    with engine.read() as tx:
        found, total = page_subscriptions(tx, wanted.conditions, wanted.order, size=page.size, number=page.number)
    return paged([SubscriptionView.of(one) for one in found], page, total)


@router.get("/subscriptions/{subscription_id}", name="get-subscription", **scoped("read:billing_agreements"))
def get_subscription(engine: EngineOf, subscription_id: SubscriptionId) -> SubscriptionView:
    """Get a subscription."""
    with engine.read() as tx:
        return SubscriptionView.of(find(tx, subscription_id))


@router.post(
    "/subscriptions/{subscription_id}/cancel",
    name="cancel-subscription",
    response_model=SubscriptionView,
    **scoped("delete:billing_agreements"),
)
def cancel_subscription(
    caller: CallerOf, subscription_id: SubscriptionId, once: OnlyOnce, body: Cancellation | None = None
) -> Response:
    """End a subscription: at once, with the billing period, or at the end of a later one."""
    timing: Timing = "now" if body is None else body.timing

    def serve(engine: Engine) -> SubscriptionView:
        return SubscriptionView.of(end(engine, subscription_id, timing=timing, actor=caller.client_id))

    return once(serve, body)


@router.post(
    "/subscriptions/{subscription_id}/change",
    name="change-subscription",
    response_model=ChangeView,
    **scoped("update:billing_agreements"),
)
def change_subscription(
    caller: CallerOf, subscription_id: SubscriptionId, body: ChangedSubscription, once: OnlyOnce
) -> Response:
    """Put a customer on another plan: the subscription ends, and another one begins."""

    def serve(engine: Engine) -> ChangeView:
        with engine.read() as tx:
            wanted = body.wanted(tx)
        current, following = change(engine, subscription_id, wanted, timing=body.timing, actor=caller.client_id)
        return ChangeView(current=SubscriptionView.of(current), next=SubscriptionView.of(following))

    return once(serve, body)


@router.post(
    "/subscriptions/{subscription_id}/unschedule-cancelation",
    name="unschedule-cancelation",
    response_model=SubscriptionView,
    **scoped("update:billing_agreements"),
)
def unschedule_cancelation(caller: CallerOf, subscription_id: SubscriptionId, once: OnlyOnce) -> Response:
    """Take back that a subscription ends."""

    def serve(engine: Engine) -> SubscriptionView:
        return SubscriptionView.of(continue_subscription(engine, subscription_id, actor=caller.client_id))

    return once(serve)


def _customer_of(tx: UnitOfWork, wanted: CustomerReference) -> str:
    if wanted.id is not None:
        return id_from_ulid("customer", wanted.id)
    extras = tx.konnect.by_key("customer", wanted.key or "")
    if extras is None:
        raise NotFound("there is no customer with this key", entity="customer")
    return extras.our_id
