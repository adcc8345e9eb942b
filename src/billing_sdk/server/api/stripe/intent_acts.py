"""What the actions of an intent's body stand for: plans, versions, subscriptions and components by our own names."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal

from billing_sdk.errors import VersionNotFound
from billing_sdk.server.api.stripe.ids import ours, unknown
from billing_sdk.server.api.stripe.intent_bodies import (
    ActionBody,
    ApplyBody,
    ConfigurationBody,
    DeactivateBody,
    IntentBody,
    ModifyBody,
    OverridesBody,
    PlanAction,
    RemoveBody,
    SubscribeBody,
)
from billing_sdk.server.api.stripe.intent_discounts import apply_of, remove_of
from billing_sdk.server.api.stripe.intent_place import Place, effective_at_of
from billing_sdk.server.api.stripe.problems import refused
from billing_sdk.server.api.stripe.values import merged
from billing_sdk.server.domain.agreements import Act, Deactivate, Modify, Subscribe
from billing_sdk.server.domain.catalog import LicenceFee, Plan, PlanVersion, Rate
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork

PRORATED: Final = frozenset({"prorated", "prorated_adjustment", "create_prorations"})
Part = Literal["credit", "debit"]


def acts_of(tx: UnitOfWork, body: IntentBody, *, at: datetime) -> tuple[Act, ...]:
    """Return what an intent is to do.

    Args:
        tx: the transaction.
        body: what was sent.
        at: the present.

    Raises:
        BillingError: an action can't be read, or names what is not there; the code is that of this door.
    """
    return tuple(_act(tx, body, action, f"actions[{number}]", at) for number, action in enumerate(body.actions))


def _act(tx: UnitOfWork, body: IntentBody, action: ActionBody, param: str, at: datetime) -> Act:
    place = Place(f"{param}.{action.type}", body.effective_at)
    given = {name for name in action.model_fields_set - {"type"} if getattr(action, name) is not None}
    if given != {action.type}:
        detail = f"an action of the type {action.type} has the member {action.type}, and no other"
        raise refused("parameter_missing" if action.type not in given else "parameter_unknown", detail, param=param)
    match getattr(action, action.type):
        case SubscribeBody() as found:
            return _subscribe(tx, found, place)
        case ModifyBody() as found:
            return _modify(tx, found, place)
        case DeactivateBody() as found:
            return _deactivate(found, place)
        case ApplyBody() as found:
            return apply_of(tx, found, place, currency=body.currency, at=at)
        case RemoveBody() as found:
            return remove_of(found, place)
    raise refused("parameter_missing", "there is no such action", param=param)


def _subscribe(tx: UnitOfWork, body: SubscribeBody, place: Place) -> Subscribe:
    details: Any = _details(body, body.pricing_plan_subscription_details, place)
    plan = _plan(tx, details.pricing_plan, place, "pricing_plan")
    version = _version(tx, plan, details.pricing_plan_version, place, "pricing_plan_version")
    partial = _Partial(details.overrides, body, place)
    return Subscribe(
        agreement_id=new_id("agreement"),
        plan_key=plan.key,
        plan_version_id=version.id,
        quantities=_quantities(tx, version, details.component_configurations, place),
        metadata=merged({}, details.metadata or {}),
        effective_at=effective_at_of(body.effective_at, "subscribe", place),
        collect_at=body.collect_at or "on_effective_at",
        charges_partial=partial.is_prorated("debit", usual=True),
        grants_partial=partial.grants,
    )


def _modify(tx: UnitOfWork, body: ModifyBody, place: Place) -> Modify:
    details: Any = _details(body, body.pricing_plan_subscription_details, place)
    subscription_id = _subscription(details.pricing_plan_subscription, place)
    current = tx.agreements.find_current(subscription_id)
    if current is None:
        raise place.refused(
            "pricing_plan_subscription_not_found",
            f"No such pricing plan subscription: '{details.pricing_plan_subscription}'",
            "pricing_plan_subscription_details.pricing_plan_subscription",
            status=404,
        )
    plan = _plan(tx, details.new_pricing_plan or current.plan_key, place, "new_pricing_plan")
    if details.new_pricing_plan is None and details.new_pricing_plan_version is None:
        version = tx.catalog.get_version(current.plan_version_id)
    else:
        version = _version(tx, plan, details.new_pricing_plan_version, place, "new_pricing_plan_version")
    partial = _Partial(details.overrides, body, place)
    credit, debit = (partial.is_prorated(part, usual=True) for part in ("credit", "debit"))
    if version.id == current.plan_version_id and credit != debit:
        raise place.refused(
            "invalid_modify_proration_behavior",
            "Other quantities are given back and charged alike: both prorated, or none",
            "pricing_plan_subscription_details.overrides",
        )
    return Modify(
        subscription_id=subscription_id,
        new_agreement_id=new_id("agreement"),
        plan_key=plan.key,
        plan_version_id=version.id,
        quantities=_quantities(tx, version, details.component_configurations, place),
        effective_at=effective_at_of(body.effective_at, "modify", place),
        collect_at=body.collect_at or "next_billing_date",
        gives_back=credit,
        charges_partial=debit,
        grants_partial=partial.grants,
    )


def _deactivate(body: DeactivateBody, place: Place) -> Deactivate:
    details: Any = _details(body, body.pricing_plan_subscription_details, place)
    why = body.cancellation_details
    return Deactivate(
        subscription_id=_subscription(details.pricing_plan_subscription, place),
        effective_at=effective_at_of(body.effective_at, "deactivate", place),
        collect_at=body.collect_at or "on_effective_at",
        gives_back=_Partial(details.overrides, body, place).is_prorated("credit", usual=False),
        feedback=None if why is None else why.feedback,
        comment=None if why is None else why.comment,
    )


def _details(body: PlanAction, details: Any, place: Place) -> Any:
    if body.type == "v1_subscription_details" or body.v1_subscription_details is not None:
        if body.collect_at is not None:
            raise place.refused(
                "collect_at_invalid_for_v1_subscription",
                "What a subscription of v1 comes to is collected with its own invoices",
                "collect_at",
            )
        raise place.refused(
            "unsupported_action", "There are no subscriptions of v1 here: subscribe to a pricing plan", "type"
        )
    if details is None:
        raise place.refused("parameter_missing", "The details are missing", "pricing_plan_subscription_details")
    return details


def _plan(tx: UnitOfWork, text: str, place: Place, name: str) -> Plan:
    plan = tx.catalog.find_plan(text)
    if plan is None or plan.kind != "plan":
        raise unknown("pricing_plan", text, param=f"{place.param}.pricing_plan_subscription_details.{name}")
    if plan.status == "archived" and name == "pricing_plan":
        raise place.refused(
            "pricing_plan_inactive", f"The plan {text} is inactive", f"pricing_plan_subscription_details.{name}"
        )
    return plan


def _version(tx: UnitOfWork, plan: Plan, text: str | None, place: Place, name: str) -> PlanVersion:
    """Return the version that is named, or the live one, with prices for all that its rate cards are for."""
    param = f"{place.param}.pricing_plan_subscription_details.{name}"
    if text is None and plan.live_version_id is None:
        detail = f"The plan {plan.key} has no live version, and none is named"
        raise refused("missing_pricing_plan_live_version", detail, param=param)
    version_id = str(plan.live_version_id) if text is None else ours("pricing_plan_version", text, param=param)
    try:
        version = tx.catalog.get_version_of(plan.key, version_id=version_id)
    except VersionNotFound:
        raise unknown("pricing_plan_version", text or version_id, param=param) from None
    priced = {one.card_id for one in version.all_components if isinstance(one, Rate)}
    for one in tx.attachments.of(version.id):
        if one.kind == "rate_card" and one.object_id not in priced:
            raise refused("unpriced_rate_card", "A rate card of the plan has no rates", param=param)
    return version


def _subscription(text: str, place: Place) -> str:
    param = f"{place.param}.pricing_plan_subscription_details.pricing_plan_subscription"
    return ours("pricing_plan_subscription", text, param=param)


def _quantities(
    tx: UnitOfWork, version: PlanVersion, given: tuple[ConfigurationBody, ...], place: Place
) -> dict[str, int]:
    """Return how many there are of each licence fee, by the key that the engine has for it."""
    attached = {one.id: one.key for one in tx.attachments.of(version.id) if one.kind == "licence_fee"}
    fees = {one.key for one in version.all_components if isinstance(one, LicenceFee)}
    found: dict[str, int] = {}
    for number, one in enumerate(given):
        name = f"pricing_plan_subscription_details.component_configurations[{number}]"
        if (one.lookup_key is None) == (one.pricing_plan_component is None):
            detail = "A configuration is for a lookup key, or for a component"
            raise place.refused("component_configuration_invalid", detail, name)
        key = one.lookup_key
        if one.pricing_plan_component is not None:
            component_id = ours("pricing_plan_component", one.pricing_plan_component, param=f"{place.param}.{name}")
            key = attached.get(component_id)
            if key is None and not tx.attachments.is_known(component_id):
                raise unknown("pricing_plan_component", one.pricing_plan_component, param=f"{place.param}.{name}")
        if key not in fees or one.quantity is None:
            detail = "The version has no such licence fee" if key not in fees else "The quantity is missing"
            raise place.refused("component_configuration_invalid", detail, name)
        if key in found:
            raise place.refused("duplicate_component_configuration", "The licence fee was configured before", name)
        found[str(key)] = one.quantity
    return found


class _Partial:
    """What becomes of service intervals that have begun, in whichever spelling it was said."""

    def __init__(self, overrides: OverridesBody | None, body: PlanAction, place: Place) -> None:
        behaviors = [] if overrides is None else overrides.partial_period_behaviors
        kinds = [one.type for one in behaviors]
        if len(kinds) != len(set(kinds)):
            raise place.refused(
                "partial_period_behavior_overlap",
                "There are two behaviors of one type",
                "pricing_plan_subscription_details.overrides.partial_period_behaviors",
            )
        self._fee = next((one.license_fee for one in behaviors if one.license_fee is not None), None)
        self._grant = next((one.recurring_credit_grant for one in behaviors if one.recurring_credit_grant), None)
        details = body.billing_details
        self._older = body.proration_behavior or (None if details is None else details.proration_behavior)

    def is_prorated(self, part: Part, *, usual: bool) -> bool:
        """Tell whether fees are given back, or charged, for the rest of an interval."""
        said = None if self._fee is None else getattr(self._fee, f"{part}_proration_behavior")
        said = said or self._older
        return usual if said is None else said in PRORATED

    @property
    def grants(self) -> bool:
        """Whether credit is granted for an interval that has begun."""
        return self._grant is None or self._grant.create_behavior == "full_credits"
