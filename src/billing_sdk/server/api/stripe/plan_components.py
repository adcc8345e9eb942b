"""What pricing plans of v2 are made of: licence fees, rate cards and service actions, each with its version.

A rate card that is added counts for the version that there is; any other change makes a version of the plan.
Source: Stripe documentation, "How advanced usage-based billing works", Pricing plan version.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from fastapi import Depends
from starlette.responses import Response

from billing_sdk.errors import (
    BillingError,
    ComponentExists,
    ComponentMissing,
    Conflict,
    CurrencyMismatch,
    DuplicateKey,
    InvalidServiceInterval,
    NotFound,
    PlanArchived,
    TaxBehaviorMismatch,
    TooManyComponents,
    VersionNotFound,
)
from billing_sdk.server.api.stripe.answers import Answering
from billing_sdk.server.api.stripe.bodies import Body, StripeRoute, View
from billing_sdk.server.api.stripe.ids import (
    ComponentId,
    Kind,
    LicenceFeeId,
    LicenceFeeVersionId,
    PlanVersionId,
    RateCardId,
    RateCardVersionId,
    ServiceActionId,
    ours,
)
from billing_sdk.server.api.stripe.labels import TAKEN, DeletedView, LookupFilters, version_named
from billing_sdk.server.api.stripe.once import OnlyOnce
from billing_sdk.server.api.stripe.paging import Listing, Wanted
from billing_sdk.server.api.stripe.pricing_plans import CODES as PLAN_CODES, find_plan
from billing_sdk.server.api.stripe.problems import refused
from billing_sdk.server.api.stripe.refusals import Refusal, telling
from billing_sdk.server.api.stripe.security import CallerOf, EngineOf, v2
from billing_sdk.server.api.stripe.values import Instant, Livemode, LookupKey, Metadata, merged
from billing_sdk.server.domain.catalog import AttachedKind, Attachment
from billing_sdk.server.domain.catalog.versioned import LATEST
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.attach_component import (
    Composed,
    attach_component,
    change_component,
    detach_component,
)
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.web.operations import Operations

router = Operations(route_class=StripeRoute)

ComponentType = Literal["license_fee", "rate_card", "service_action"]
KINDS: Final[Mapping[ComponentType, AttachedKind]] = {
    "license_fee": "licence_fee",
    "rate_card": "rate_card",
    "service_action": "service_action",
}
VERSIONS: Final[Mapping[ComponentType, Kind]] = {
    "license_fee": "license_fee_version",
    "rate_card": "rate_card_version",
}
TYPES: Final = {kind: name for name, kind in KINDS.items()}
CODES: dict[type[BillingError], str] = {**PLAN_CODES, NotFound: "pricing_plan_component_not_found"}
REFUSALS: dict[type[BillingError], Refusal] = {
    **TAKEN,
    PlanArchived: Refusal("pricing_plan_inactive"),
    ComponentExists: Refusal("pricing_plan_component_already_exists"),
    CurrencyMismatch: Refusal("pricing_plan_component_currency_mismatch"),
    TaxBehaviorMismatch: Refusal("pricing_plan_component_tax_behavior_mismatch"),
    DuplicateKey: Refusal("pricing_plan_component_mismatched_configuration"),
    InvalidServiceInterval: Refusal("pricing_plan_component_mismatched_configuration"),
}


class Reference(Body):
    """An object, and which version of it counts: the latest where none is named."""

    id: str
    version: str | None = None


class NewComponent(Body):
    """A component; a service action has no versions, and what is said of one changes nothing."""

    type: ComponentType
    license_fee: Reference | None = None
    rate_card: Reference | None = None
    service_action: Reference | None = None
    lookup_key: LookupKey | None = None
    metadata: Metadata | None = None


class ComponentChange(Body):
    """What can be changed of a component."""

    lookup_key: LookupKey | None = None
    metadata: Metadata | None = None


class ComponentFilters(LookupFilters):
    """What the components of a plan can be filtered by."""

    pricing_plan_version: str | None = None


COMPONENTS = Listing(ComponentFilters)


class FeeReference(View):
    """A licence fee, and the version that counts."""

    id: LicenceFeeId
    version: LicenceFeeVersionId | None


class CardReference(View):
    """A rate card, and the version that counts."""

    id: RateCardId
    version: RateCardVersionId | None


class ActionReference(View):
    """A service action."""

    id: ServiceActionId


class ComponentView(View):
    """A component of a version of a plan."""

    id: ComponentId
    object: Literal["v2.billing.pricing_plan_component"] = "v2.billing.pricing_plan_component"
    created: Instant
    license_fee: FeeReference | None
    livemode: Livemode = None
    lookup_key: str | None
    metadata: dict[str, str]
    pricing_plan: str
    pricing_plan_version: PlanVersionId
    rate_card: CardReference | None
    service_action: ActionReference | None
    type: ComponentType

    @classmethod
    def of(cls, one: Attachment, *, plan_key: str, version_id: str) -> ComponentView:
        """Show a component of a version of a plan."""
        is_fee, is_card = one.kind == "licence_fee", one.kind == "rate_card"
        return cls(
            id=one.id,
            created=one.created_at,
            license_fee=FeeReference(id=one.object_id, version=one.version_id) if is_fee else None,
            lookup_key=one.lookup_key,
            metadata=dict(one.metadata),
            pricing_plan=plan_key,
            pricing_plan_version=version_id,
            rate_card=CardReference(id=one.object_id, version=one.version_id) if is_card else None,
            service_action=None if is_fee or is_card else ActionReference(id=one.object_id),
            type=TYPES[one.kind],
        )


class DeletedComponent(DeletedView):
    """What is left of a component."""

    id: ComponentId
    object: str = "v2.billing.pricing_plan_component"


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is to be attached."""

    kind: AttachedKind
    object_id: str
    version: str | None


@router.post("/billing/pricing_plans/{plan_id}/components", **v2("update:billing_plans", codes=PLAN_CODES))
def create_component(caller: CallerOf, plan_id: str, body: NewComponent, once: OnlyOnce) -> Response:
    """Let a plan charge or grant what an object says."""
    chosen = _chosen(body)

    def serve(engine: Engine) -> View:
        return _attach(engine, plan_id, chosen, body.lookup_key, merged({}, body.metadata), actor=caller.client_id)

    return once(serve, body, again=lambda engine, shown: _component(engine, plan_id, ours(KIND, shown)))


@router.get("/billing/pricing_plans/{plan_id}/components", **v2("read:billing_plans", codes=PLAN_CODES))
def list_components(
    engine: EngineOf, answer: Answering, plan_id: str, wanted: Annotated[Wanted[ComponentFilters], Depends(COMPONENTS)]
) -> Response:
    """List the components of a version of a plan, the first that was attached first; of the latest if none is named."""
    asked = wanted.filters
    if asked.lookup_keys is not None and asked.pricing_plan_version is not None:
        raise refused(
            "parameter_invalid", "lookup_keys and pricing_plan_version exclude each other", param="lookup_keys"
        )
    with engine.read() as tx:
        plan = find_plan(tx, plan_id)
        version_id = plan.latest_version_id
        named = version_named("pricing_plan_version", asked.pricing_plan_version)
        if named not in (None, LATEST):
            version_id = tx.catalog.get_version_of(plan.key, version_id=named).id
        found = [one for one in tx.attachments.of(version_id) if _is_asked_for(one, asked)]
    return answer(
        wanted.page(
            found,
            lambda one: ComponentView.of(one, plan_key=plan.key, version_id=version_id),
            place_of=lambda one: one.id,
        )
    )


@router.get("/billing/pricing_plans/{plan_id}/components/{component_id}", **v2("read:billing_plans", codes=CODES))
def get_component(engine: EngineOf, answer: Answering, plan_id: str, component_id: str) -> Response:
    """Get a component, as the last version of the plan that has it says."""
    return answer(_component(engine, plan_id, ours(KIND, component_id)))


@router.post("/billing/pricing_plans/{plan_id}/components/{component_id}", **v2("update:billing_plans", codes=CODES))
def update_component(
    caller: CallerOf, plan_id: str, component_id: str, body: ComponentChange, once: OnlyOnce
) -> Response:
    """Change the lookup key or the metadata of a component; with the id of a rate card, attach that rate card."""
    given = body.model_fields_set

    def serve(engine: Engine) -> View:
        if (card_id := _rate_card_in(component_id)) is not None:
            chosen = Chosen("rate_card", card_id, LATEST)
            return _attach(engine, plan_id, chosen, body.lookup_key, merged({}, body.metadata), actor=caller.client_id)
        before = _in_latest(engine, plan_id, component_id, otherwise="pricing_plan_component_inactive")
        with telling(REFUSALS):
            composed = change_component(
                engine,
                plan_key=plan_id,
                component_id=before.id,
                lookup_key=body.lookup_key or "" if "lookup_key" in given else None,
                metadata=merged(before.metadata, body.metadata) if "metadata" in given else None,
                actor=caller.client_id,
            )
        return _shown(composed, plan_id, lambda one: one.id == before.id)

    return once(serve, body, again=lambda engine, shown: _component(engine, plan_id, ours(KIND, shown)))


@router.delete("/billing/pricing_plans/{plan_id}/components/{component_id}", **v2("update:billing_plans", codes=CODES))
def delete_component(caller: CallerOf, plan_id: str, component_id: str, once: OnlyOnce) -> Response:
    """Leave a component out of the next version of a plan."""

    def serve(engine: Engine) -> View:
        found = _in_latest(engine, plan_id, component_id, otherwise="pricing_plan_component_delete_inactive")
        with telling(REFUSALS):
            detach_component(engine, plan_key=plan_id, component_id=found.id, actor=caller.client_id)
        return DeletedComponent(id=found.id)

    return once(serve)


KIND: Final = "pricing_plan_component"


def _chosen(body: NewComponent) -> Chosen:
    """Return what is to be attached.

    Raises:
        BillingError: the body does not name the object of its type, or another one as well, or in a form that no such
            object has.
    """
    named = {"license_fee": body.license_fee, "rate_card": body.rate_card, "service_action": body.service_action}
    reference = named.pop(body.type)
    if reference is None:
        raise refused("parameter_missing", f"a component of this type has a {body.type}", param=body.type)
    for other, value in named.items():
        if value is not None:
            raise refused("parameter_invalid", f"a component of the type {body.type} has no {other}", param=other)
    with telling({NotFound: Refusal(f"{body.type}_not_found", 404, f"{body.type}.id")}):
        object_id = ours(body.type, reference.id)
    if body.type == "service_action":
        return Chosen("service_action", object_id, None)
    with telling({VersionNotFound: Refusal(f"{body.type}_version_not_found", 404, f"{body.type}.version")}):
        return Chosen(KINDS[body.type], object_id, version_named(VERSIONS[body.type], reference.version) or LATEST)


def _attach(
    engine: Engine,
    plan_id: str,
    chosen: Chosen,
    lookup_key: str | None,
    metadata: Mapping[str, str],
    *,
    actor: str,
) -> View:
    name = TYPES[chosen.kind]
    with engine.read() as tx:
        find_plan(tx, plan_id)
        _check_active(tx, chosen)
    table = {
        **REFUSALS,
        TooManyComponents: Refusal(
            f"too_many_active_pricing_plan_{'rate_cards' if name == 'rate_card' else 'components'}"
        ),
        # Somebody else has attached something at the same instant.
        Conflict: Refusal("product_catalog_too_many_concurrent_requests", 409),
        VersionNotFound: Refusal(f"{name}_version_not_found", 404, f"{name}.version"),
        NotFound: Refusal(f"{name}_not_found", 404, f"{name}.id"),
    }
    with telling(table):
        composed = attach_component(
            engine,
            plan_key=plan_id,
            kind=chosen.kind,
            object_id=chosen.object_id,
            version=chosen.version,
            lookup_key=lookup_key,
            metadata=metadata,
            actor=actor,
        )
    return _shown(composed, plan_id, lambda one: one.object_id == chosen.object_id)


def _check_active(tx: UnitOfWork, chosen: Chosen) -> None:
    """Let an object pass that plans can get.

    Raises:
        BillingError: it is a rate card that is not active, or that there is not.
    """
    if chosen.kind != "rate_card":
        return
    with telling({NotFound: Refusal("rate_card_not_found", 404, "rate_card.id")}):
        card = tx.rate_cards.get(chosen.object_id)
    if not card.is_active:
        raise refused(
            "rate_card_inactive_error", f"the rate card {card.name!r} is not active", remedy="Make it active first."
        )


def _shown(composed: Composed, plan_id: str, is_it: Callable[[Attachment], bool]) -> View:
    found = next(one for one in composed.attachments if is_it(one))
    return ComponentView.of(found, plan_key=plan_id, version_id=composed.version.id)


def _component(engine: Engine, plan_id: str, component_id: str) -> View:
    with engine.read() as tx:
        plan = find_plan(tx, plan_id)
        found = tx.attachments.find_in_plan(plan.key, component_id)
    if found is None:
        raise ComponentMissing(f"the plan {plan.key!r} has no such component")
    return ComponentView.of(found[1], plan_key=plan.key, version_id=found[0])


def _in_latest(engine: Engine, plan_id: str, component_id: str, *, otherwise: str) -> Attachment:
    """Return a component of the latest version of a plan.

    Raises:
        ComponentMissing: no version has it.
        BillingError: only earlier versions have it; the code is `otherwise`.
    """
    wanted = ours(KIND, component_id)
    with engine.read() as tx:
        plan = find_plan(tx, plan_id)
        found = tx.attachments.find_in_plan(plan.key, wanted)
    if found is None:
        raise ComponentMissing(f"the plan {plan.key!r} has no such component")
    version_id, component = found
    if version_id != plan.latest_version_id:
        raise refused(otherwise, f"the latest version of the plan {plan.key!r} does not have the component")
    return component


def _rate_card_in(text: str) -> str | None:
    """Return the id of the rate card that stands in place of a component's; None where it is a component's."""
    try:
        return ours("rate_card", text)
    except NotFound:
        return None


def _is_asked_for(one: Attachment, asked: ComponentFilters) -> bool:
    return asked.lookup_keys is None or one.lookup_key in asked.lookup_keys
