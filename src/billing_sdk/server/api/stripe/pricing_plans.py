"""Pricing plans of v2 with their versions; what they are made of is in `plan_components`.

A plan of another door is shown with its key as its id.
Source: Stripe documentation, "How advanced usage-based billing works", Pricing plan versioning.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Depends
from starlette.responses import Response

from billing_sdk.errors import (
    BillingError,
    EmptyVersion,
    PlanArchived,
    UnknownPlan,
    VersionNotFound,
)
from billing_sdk.server.api.stripe.answers import Answering
from billing_sdk.server.api.stripe.bodies import Body, StripeRoute, Until, View
from billing_sdk.server.api.stripe.ids import PlanVersionId
from billing_sdk.server.api.stripe.labels import (
    TAKEN,
    Description,
    LookupFilters,
    Name,
    TaxBehavior,
    known_currency,
    shown_page,
    version_named,
)
from billing_sdk.server.api.stripe.once import OnlyOnce
from billing_sdk.server.api.stripe.paging import Listing, NoFilters, Wanted
from billing_sdk.server.api.stripe.problems import refused
from billing_sdk.server.api.stripe.refusals import Refusal, telling
from billing_sdk.server.api.stripe.security import CallerOf, EngineOf, v2
from billing_sdk.server.api.stripe.values import Flag, Instant, Livemode, LookupKey, LowerCurrency, Metadata, merged
from billing_sdk.server.domain.catalog import Plan, PlanVersion
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.archive_plan import restore_plan, withdraw_plan
from billing_sdk.server.usecases.create_pricing_plan import create_pricing_plan
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.make_version_live import make_version_live
from billing_sdk.server.usecases.publish_plan import publish_plan
from billing_sdk.server.usecases.update_plan import update_plan
from billing_sdk.server.web.operations import Operations

router = Operations(route_class=StripeRoute)

CODES: dict[type[BillingError], str] = {
    UnknownPlan: "pricing_plan_not_found",
    VersionNotFound: "pricing_plan_version_not_found",
}
REFUSALS: dict[type[BillingError], Refusal] = {
    **TAKEN,
    EmptyVersion: Refusal("pricing_plan_version_has_no_components", param="live_version"),
    VersionNotFound: Refusal("pricing_plan_version_not_found", 404, "live_version"),
    PlanArchived: Refusal("pricing_plan_inactive"),
}


class PricingPlanChange(Body):
    """What can be changed of a pricing plan."""

    active: bool | None = None
    description: Description | None = None
    display_name: Name | None = None
    live_version: str | None = None
    lookup_key: LookupKey | None = None
    metadata: Metadata | None = None


class NewPricingPlan(Body):
    """A pricing plan."""

    currency: LowerCurrency
    display_name: Name
    tax_behavior: TaxBehavior
    description: Description | None = None
    lookup_key: LookupKey | None = None
    metadata: Metadata | None = None


class PlanFilters(LookupFilters):
    """What pricing plans can be filtered by."""

    active: Flag | None = None


PLANS = Listing(PlanFilters)
VERSIONS = Listing(NoFilters)


class PricingPlanView(View):
    """A pricing plan."""

    id: str
    object: Literal["v2.billing.pricing_plan"] = "v2.billing.pricing_plan"
    active: bool
    created: Instant
    currency: LowerCurrency
    description: str | None
    display_name: str
    latest_version: Annotated[PlanVersionId, Until("2026-06-10")]
    live_version: PlanVersionId | None
    livemode: Livemode = None
    lookup_key: str | None
    metadata: dict[str, str]
    tax_behavior: TaxBehavior

    @classmethod
    def of(cls, plan: Plan, created: datetime) -> PricingPlanView:
        """Show a plan."""
        return cls(
            id=plan.key,
            active=plan.status != "archived",
            created=created,
            currency=plan.version.currency,
            description=plan.description or None,
            display_name=plan.name,
            latest_version=plan.latest_version_id,
            live_version=plan.live_version_id,
            lookup_key=plan.lookup_key,
            metadata=dict(plan.metadata),
            tax_behavior=plan.tax_behavior or "exclusive",
        )


class PricingPlanVersionView(View):
    """A version of a plan; it has ended where there is a later one."""

    id: PlanVersionId
    object: Literal["v2.billing.pricing_plan_version"] = "v2.billing.pricing_plan_version"
    created: Instant
    end_date: Instant | None
    livemode: Livemode = None
    pricing_plan: str
    start_date: Instant

    @classmethod
    def of(cls, version: PlanVersion, after: PlanVersion | None) -> PricingPlanVersionView:
        """Show a version, with the one after it."""
        return cls(
            id=version.id,
            created=version.created_at,
            end_date=None if after is None else after.created_at,
            pricing_plan=version.plan_key,
            start_date=version.created_at,
        )


def show_plan(tx: UnitOfWork, plan: Plan) -> PricingPlanView:
    """Show a plan."""
    return PricingPlanView.of(plan, tx.catalog.created_at([plan.key])[plan.key])


def find_plan(tx: UnitOfWork, plan_id: str) -> Plan:
    """Return a pricing plan in any state.

    Raises:
        UnknownPlan: there is no such plan, or it is an add-on.
    """
    plan = tx.catalog.find_plan(plan_id)
    if plan is None or plan.kind != "plan":
        raise UnknownPlan(f"there is no pricing plan {plan_id[:80]!r}", plan=plan_id[:80], remedy="Check the id.")
    return plan


@router.post("/billing/pricing_plans", **v2("create:billing_plans", codes=CODES))
def create_plan(caller: CallerOf, body: NewPricingPlan, once: OnlyOnce) -> Response:
    """Make a plan, which has no components yet and is for sale when a version of it is live."""
    currency = known_currency(body.currency)

    def serve(engine: Engine) -> View:
        with telling(TAKEN):
            plan = create_pricing_plan(
                engine,
                name=body.display_name,
                currency=currency,
                tax_behavior=body.tax_behavior,
                description=body.description or "",
                lookup_key=body.lookup_key,
                metadata=merged({}, body.metadata),
                actor=caller.client_id,
            )
        with engine.read() as tx:
            return show_plan(tx, plan)

    return once(serve, body, again=_again)


@router.get("/billing/pricing_plans", **v2("read:billing_plans"))
def list_plans(engine: EngineOf, answer: Answering, wanted: Annotated[Wanted[PlanFilters], Depends(PLANS)]) -> Response:
    """List plans, the newest first."""
    asked = wanted.filters
    is_archived = None if asked.active is None else not asked.active
    with engine.read() as tx:
        made: dict[str, datetime] = {}

        def read(page: Any) -> Any:
            found = tx.catalog.list_page(page, lookup_keys=asked.lookup_keys, is_archived=is_archived)
            made.update(tx.catalog.created_at([plan.key for plan in found.items]))
            return found

        return answer(
            shown_page(wanted, read, lambda plan: PricingPlanView.of(plan, made[plan.key]), lambda plan: str(plan.key))
        )


@router.get("/billing/pricing_plans/{plan_id}", **v2("read:billing_plans", codes=CODES))
def get_plan(engine: EngineOf, answer: Answering, plan_id: str) -> Response:
    """Get a plan."""
    with engine.read() as tx:
        return answer(show_plan(tx, find_plan(tx, plan_id)))


@router.post("/billing/pricing_plans/{plan_id}", **v2("update:billing_plans", codes=CODES))
def change_plan(caller: CallerOf, plan_id: str, body: PricingPlanChange, once: OnlyOnce) -> Response:
    """Change what is given of a plan: its labels, which version is live, and whether anybody new can have it."""
    if "display_name" in body.model_fields_set and body.display_name is None:
        raise refused("parameter_invalid_empty", "a pricing plan has a name", param="display_name")

    def serve(engine: Engine) -> View:
        with engine.read() as tx:
            plan = find_plan(tx, plan_id)
        with telling(REFUSALS):
            _carry_out(engine, plan, body, actor=caller.client_id)
        with engine.read() as tx:
            return show_plan(tx, find_plan(tx, plan_id))

    return once(serve, body, again=_again)


def _carry_out(engine: Engine, plan: Plan, body: PricingPlanChange, *, actor: str) -> None:
    """Make the changes: what is to be active again is that first, and what is to be inactive is that last.

    Raises:
        BillingError: one of them can't be.
    """
    given, key = body.model_fields_set, plan.key
    is_away = plan.status == "archived"
    if body.active and is_away:
        plan = restore_plan(engine, plan_key=key, actor=actor)
    if given & {"display_name", "description", "lookup_key", "metadata"}:
        update_plan(
            engine,
            plan_key=key,
            name=body.display_name,
            description=body.description or "" if "description" in given else None,
            lookup_key=body.lookup_key or "" if "lookup_key" in given else None,
            metadata=merged(plan.metadata, body.metadata) if "metadata" in given else None,
            actor=actor,
        )
    if body.live_version is not None:
        version_id = version_named("pricing_plan_version", body.live_version)
        _make_live(engine, plan, None if version_id == "latest" else version_id, actor=actor)
    if body.active is False and not is_away:
        withdraw_plan(engine, plan_key=key, actor=actor)


def _make_live(engine: Engine, plan: Plan, version_id: str | None, *, actor: str) -> None:
    go = publish_plan if plan.status == "draft" else make_version_live
    go(engine, plan_key=plan.key, version_id=version_id, in_any_currency=True, actor=actor)


@router.get("/billing/pricing_plans/{plan_id}/versions", **v2("read:billing_plans", codes=CODES))
def list_versions(
    engine: EngineOf, answer: Answering, plan_id: str, wanted: Annotated[Wanted[NoFilters], Depends(VERSIONS)]
) -> Response:
    """List the versions of a plan, the newest first."""
    shown = _versions(engine, plan_id)
    return answer(wanted.page(shown, lambda view: view, place_of=lambda view: view.id))


@router.get("/billing/pricing_plans/{plan_id}/versions/{version_id}", **v2("read:billing_plans", codes=CODES))
def get_version(engine: EngineOf, answer: Answering, plan_id: str, version_id: str) -> Response:
    """Get a version of a plan."""
    wanted = version_named("pricing_plan_version", version_id)
    for view in _versions(engine, plan_id):
        if wanted in (view.id, "latest"):
            return answer(view)
    raise VersionNotFound(f"the plan has no version {version_id[:80]!r}", version=version_id[:80])


def _versions(engine: Engine, plan_id: str) -> list[PricingPlanVersionView]:
    with engine.read() as tx:
        plan = find_plan(tx, plan_id)
        newest_first = tx.catalog.list_versions(plan.key)
    return [
        PricingPlanVersionView.of(version, after)
        for version, after in zip(newest_first, (None, *newest_first), strict=False)
    ]


def _again(engine: Engine, plan_id: str) -> View:
    with engine.read() as tx:
        return show_plan(tx, find_plan(tx, plan_id))
