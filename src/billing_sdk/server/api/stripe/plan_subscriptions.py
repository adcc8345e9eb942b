"""Pricing plan subscriptions of v2, and what they have of their plan's components.

Source: Stripe API reference, Pricing plan subscriptions, Pricing plan subscription components, License fee
subscriptions.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Literal

from fastapi import Depends
from starlette.responses import Response

from billing_sdk.errors import AgreementNotLive, BillingError
from billing_sdk.server.api.stripe.answers import Answering
from billing_sdk.server.api.stripe.bodies import Body, Since, StripeRoute, View
from billing_sdk.server.api.stripe.component_details import ComponentDetail, DiscountDetail, components_of, discounts_of
from billing_sdk.server.api.stripe.ids import (
    CadenceId,
    ComponentId,
    LicenceFeeId,
    LicenceFeeVersionId,
    PlanVersionId,
    SubscriptionId,
    TestClockId,
    ours,
    path_id,
    unknown,
)
from billing_sdk.server.api.stripe.intent_codes import published_codes
from billing_sdk.server.api.stripe.once import OnlyOnce
from billing_sdk.server.api.stripe.paging import Filters, Listing, Wanted
from billing_sdk.server.api.stripe.pair_ids import CardSubscriptionId, FeeSubscriptionId, Pair, read_pair
from billing_sdk.server.api.stripe.security import CallerOf, EngineOf, v2
from billing_sdk.server.api.stripe.standing_views import (
    CollectionTransitions,
    ServicingTransitions,
    Subscribed,
    SubscriptionFilters,
    check_exclusive,
    common,
    read_cut,
    subscribed,
)
from billing_sdk.server.api.stripe.values import Instant, Livemode, Metadata, merged
from billing_sdk.server.domain.agreements import Agreement, CollectionStatus, ServicingStatus
from billing_sdk.server.domain.catalog import Attachment
from billing_sdk.server.storage import SubscriptionFilter, UnitOfWork
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.update_subscription import (
    current_subscription,
    remove_discounts,
    update_subscription,
)
from billing_sdk.server.web.operations import Operations

router = Operations(route_class=StripeRoute)

READ = v2("read:billing_agreements")
WRITE = v2("update:billing_agreements")
NOT_LIVE: dict[type[BillingError], tuple[str, int]] = {
    AgreementNotLive: ("invalid_pricing_plan_subscription_status_for_update", 400),
}
Include = Literal["discount_details", "pricing_plan_component_details"]
SubscriptionPath = Annotated[str, path_id("pricing_plan_subscription", "subscription_id")]


class PlanSubscriptionFilters(SubscriptionFilters):
    """What subscriptions to plans can be filtered by: one of them, and a status."""

    pricing_plan: str | None = None
    pricing_plan_version: str | None = None
    include: list[Include] | None = None


class IncludeFilters(Filters):
    """What is shown besides."""

    include: list[Include] | None = None


SUBSCRIPTIONS = Listing(PlanSubscriptionFilters)
INCLUDING = Listing(IncludeFilters)


class CancellationDetailsView(View):
    """Why somebody has left."""

    comment: str | None
    feedback: str | None
    reason: Literal["cancellation_requested"] = "cancellation_requested"


class PlanSubscriptionView(View):
    """A subscription to a pricing plan."""

    id: SubscriptionId
    object: Literal["v2.billing.pricing_plan_subscription"] = "v2.billing.pricing_plan_subscription"
    billing_cadence: CadenceId | None
    cancellation_details: Annotated[CancellationDetailsView | None, Since("2026-03-04")]
    collection_status: CollectionStatus
    collection_status_transitions: CollectionTransitions
    created: Instant
    discount_details: Annotated[list[DiscountDetail] | None, Since("2026-03-04")] = None
    livemode: Livemode = None
    metadata: dict[str, str]
    pricing_plan: str
    pricing_plan_component_details: Annotated[list[ComponentDetail] | None, Since("2026-03-04")] = None
    pricing_plan_version: PlanVersionId
    servicing_status: ServicingStatus
    servicing_status_transitions: ServicingTransitions
    test_clock: TestClockId | None

    @classmethod
    def of(cls, tx: UnitOfWork, found: Subscribed, include: Collection[Include] = ()) -> PlanSubscriptionView:
        """Show a subscription, with its discounts and the components of its plan where these are asked for."""
        agreement = found.agreement
        return cls(
            id=agreement.subscription_id,
            billing_cadence=agreement.billing_cadence_id,
            cancellation_details=_cancellation(tx, agreement),
            created=found.created_at,
            discount_details=discounts_of(tx, agreement) if "discount_details" in include else None,
            metadata=dict(agreement.metadata),
            pricing_plan_component_details=components_of(tx, agreement)
            if "pricing_plan_component_details" in include
            else None,
            pricing_plan=agreement.plan_key,
            pricing_plan_version=agreement.plan_version_id,
            test_clock=found.clock_id,
            **found.status,
        )


class UpdateBody(Body):
    """What can be changed of a subscription."""

    metadata: Metadata | None = None
    clear_cancel_at: bool | None = None


class RemoveDiscountsBody(Body):
    """What is shown of the subscription besides."""

    include: list[Include] | None = None


class ComponentView(View):
    """What a subscription has of one component of its plan."""

    license_fee_subscription: FeeSubscriptionId | None
    pricing_plan_component: ComponentId
    rate_card_subscription: CardSubscriptionId | None
    type: Literal["license_fee_subscription", "rate_card_subscription"]


class ComponentsView(View):
    """What a subscription has of its plan's components."""

    object: Literal["v2.billing.pricing_plan_subscription_components"] = (
        "v2.billing.pricing_plan_subscription_components"
    )
    components: list[ComponentView]
    livemode: Livemode = None


class FeeSubscriptionView(View):
    """What a subscription has of a licence fee."""

    id: FeeSubscriptionId
    object: Literal["v2.billing.license_fee_subscription"] = "v2.billing.license_fee_subscription"
    billing_cadence: CadenceId | None
    created: Instant
    license_fee: LicenceFeeId
    license_fee_version: LicenceFeeVersionId | None
    livemode: Livemode = None
    metadata: dict[str, str]
    quantity: int
    test_clock: TestClockId | None


@router.get("/billing/pricing_plan_subscriptions", **READ)
def list_subscriptions(
    engine: EngineOf,
    answer: Answering,
    wanted: Annotated[Wanted[PlanSubscriptionFilters], Depends(SUBSCRIPTIONS)],
) -> Response:
    """List subscriptions, the newest first."""
    filters = wanted.filters
    check_exclusive(filters, ("pricing_plan", "pricing_plan_version"))
    version = filters.pricing_plan_version
    such = SubscriptionFilter(
        plan_key=filters.pricing_plan,
        plan_version_id=None
        if version is None
        else ours("pricing_plan_version", version, param="pricing_plan_version"),
        **common(filters),
    )
    with engine.read() as tx:
        cut = read_cut(tx, wanted, such)
        views = [PlanSubscriptionView.of(tx, subscribed(tx, one), filters.include or ()) for one in cut.items]
    return answer(wanted.shown(cut, views))


@router.get("/billing/pricing_plan_subscriptions/{subscription_id}", **READ)
def get_subscription(
    engine: EngineOf,
    answer: Answering,
    subscription_id: SubscriptionPath,
    wanted: Annotated[Wanted[IncludeFilters], Depends(INCLUDING)],
) -> Response:
    """Get a subscription."""
    return answer(plan_subscription_view(engine, subscription_id, wanted.filters.include or ()))


@router.post("/billing/pricing_plan_subscriptions/{subscription_id}", **WRITE)
def update(caller: CallerOf, subscription_id: SubscriptionPath, body: UpdateBody, once: OnlyOnce) -> Response:
    """Change a subscription's metadata, or let it go on where it was planned to end."""

    def serve(engine: Engine) -> View:
        with engine.read() as tx:
            before = current_subscription(tx, subscription_id).metadata
        metadata = merged(before, body.metadata) if "metadata" in body.model_fields_set else None
        with published_codes(NOT_LIVE):
            update_subscription(
                engine,
                subscription_id,
                metadata=metadata,
                clears_end=bool(body.clear_cancel_at),
                actor=caller.client_id,
            )
        return plan_subscription_view(engine, subscription_id)

    return once(serve, body, again=_again)


@router.post("/billing/pricing_plan_subscriptions/{subscription_id}/remove_discounts", **WRITE)
def remove(caller: CallerOf, subscription_id: SubscriptionPath, body: RemoveDiscountsBody, once: OnlyOnce) -> Response:
    """Take off what coupons take off a subscription."""

    def serve(engine: Engine) -> View:
        with published_codes(NOT_LIVE):
            remove_discounts(engine, subscription_id, actor=caller.client_id)
        return plan_subscription_view(engine, subscription_id, body.include or ())

    return once(serve, body, again=_again)


@router.get("/billing/pricing_plan_subscriptions/{subscription_id}/components", **READ)
def get_components(engine: EngineOf, answer: Answering, subscription_id: SubscriptionPath) -> Response:
    """Get what a subscription has of its plan's components; credit that is granted is not subscribed to."""
    with engine.read() as tx:
        agreement = current_subscription(tx, subscription_id)
        attached = tx.attachments.of(agreement.plan_version_id)
    shown = [_component(subscription_id, one) for one in attached if one.kind != "service_action"]
    return answer(ComponentsView(components=shown))


@router.get("/billing/license_fee_subscriptions/{fee_subscription_id}", **READ)
def get_fee_subscription(engine: EngineOf, answer: Answering, fee_subscription_id: str) -> Response:
    """Get what a subscription has of a licence fee."""
    pair = read_pair("license_fee_subscription", fee_subscription_id)
    with engine.read() as tx:
        agreement = tx.agreements.find_current(pair.subscription_id)
        attached = () if agreement is None else tx.attachments.of(agreement.plan_version_id)
        one = next((one for one in attached if one.object_id == pair.object_id), None)
        if agreement is None or agreement.billing_cadence_id is None or one is None:
            raise unknown("license_fee_subscription", fee_subscription_id)
        found = subscribed(tx, agreement)
    view = FeeSubscriptionView(
        id=pair,
        billing_cadence=agreement.billing_cadence_id,
        created=found.created_at,
        license_fee=pair.object_id,
        license_fee_version=one.version_id,
        metadata=dict(one.metadata),
        quantity=agreement.quantity_of(one.key),
        test_clock=found.clock_id,
    )
    return answer(view)


def plan_subscription_view(engine: Engine, subscription_id: str, include: Collection[Include] = ()) -> View:
    """Show a subscription as it is now."""
    with engine.read() as tx:
        return PlanSubscriptionView.of(tx, subscribed(tx, current_subscription(tx, subscription_id)), include)


def _cancellation(tx: UnitOfWork, agreement: Agreement) -> CancellationDetailsView | None:
    """Return why a subscription has ended, or will, as the intent says that has ended it; None where it goes on."""
    if agreement.cancel_at is None and agreement.ended_at is None:
        return None
    why = tx.billing_intents.deactivation_of(agreement.customer_id, agreement.subscription_id)
    return CancellationDetailsView(
        comment=None if why is None else why.comment, feedback=None if why is None else why.feedback
    )


def _component(subscription_id: str, one: Attachment) -> ComponentView:
    is_fee, pair = one.kind == "licence_fee", Pair(subscription_id, one.object_id)
    return ComponentView(
        license_fee_subscription=pair if is_fee else None,
        pricing_plan_component=one.id,
        rate_card_subscription=None if is_fee else pair,
        type="license_fee_subscription" if is_fee else "rate_card_subscription",
    )


def _again(engine: Engine, shown_id: str) -> View:
    return plan_subscription_view(engine, ours("pricing_plan_subscription", shown_id))
