"""What the actions of an intent's body stand for: plans, versions, subscriptions and components by our own names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal

from billing_sdk.errors import BillingError, NotFound, VersionNotFound
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
    WhenBody,
)
from billing_sdk.server.api.stripe.problems import refused
from billing_sdk.server.api.stripe.values import merged
from billing_sdk.server.domain.agreements import (
    Act,
    ApplyDiscount,
    Deactivate,
    EffectiveAt,
    Modify,
    RemoveDiscount,
    Subscribe,
)
from billing_sdk.server.domain.catalog import LicenceFee, Plan, PlanVersion, Rate
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork

HUNDRED: Final = Decimal(100)
# When each kind of action can take effect; what is decided on commit is decided when it is reserved.
EFFECTIVE: Final[Mapping[str, frozenset[str]]] = {
    "subscribe": frozenset({"on_reserve", "current_billing_period_start", "timestamp"}),
    "modify": frozenset({"on_reserve", "current_billing_period_start", "timestamp"}),
    "deactivate": frozenset({"on_reserve", "current_billing_period_start", "current_billing_period_end", "timestamp"}),
    "apply": frozenset({"on_reserve", "current_billing_period_start"}),
    "remove": frozenset({"on_reserve", "current_billing_period_end"}),
}
PRORATED: Final = frozenset({"prorated", "prorated_adjustment", "create_prorations"})
Part = Literal["credit", "debit"]


@dataclass(frozen=True, slots=True)
class _Place:
    """An action, and where it stands in the body.

    Attributes:
        param: such as `actions[0].subscribe`.
        usual: when all actions of the body take effect that say nothing else.
    """

    param: str
    usual: WhenBody | None

    def refused(self, code: str, detail: str, *names: str, status: int = 400) -> BillingError:
        """Return an error about a member of the action."""
        return refused(code, detail, status=status, param=".".join((self.param, *names)))


def acts_of(tx: UnitOfWork, body: IntentBody) -> tuple[Act, ...]:
    """Return what an intent is to do.

    Raises:
        BillingError: an action can't be read, or names what is not there; the code is that of this door.
    """
    return tuple(_act(tx, one, f"actions[{place}]", body.effective_at) for place, one in enumerate(body.actions))


def _act(tx: UnitOfWork, action: ActionBody, param: str, usual: WhenBody | None) -> Act:
    place = _Place(f"{param}.{action.type}", usual)
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
            return _apply(tx, found, place)
        case RemoveBody() as found:
            return _remove(found, place)
    raise refused("parameter_missing", "there is no such action", param=param)


def _subscribe(tx: UnitOfWork, body: SubscribeBody, place: _Place) -> Subscribe:
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
        effective_at=_effective_at(body.effective_at, "subscribe", place),
        collect_at=body.collect_at or "on_effective_at",
        charges_partial=partial.is_prorated("debit", usual=True),
        grants_partial=partial.grants,
    )


def _modify(tx: UnitOfWork, body: ModifyBody, place: _Place) -> Modify:
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
        effective_at=_effective_at(body.effective_at, "modify", place),
        collect_at=body.collect_at or "next_billing_date",
        gives_back=credit,
        charges_partial=debit,
        grants_partial=partial.grants,
    )


def _deactivate(body: DeactivateBody, place: _Place) -> Deactivate:
    details: Any = _details(body, body.pricing_plan_subscription_details, place)
    why = body.cancellation_details
    return Deactivate(
        subscription_id=_subscription(details.pricing_plan_subscription, place),
        effective_at=_effective_at(body.effective_at, "deactivate", place),
        collect_at=body.collect_at or "on_effective_at",
        gives_back=_Partial(details.overrides, body, place).is_prorated("credit", usual=False),
        feedback=None if why is None else why.feedback,
        comment=None if why is None else why.comment,
    )


def _apply(tx: UnitOfWork, body: ApplyBody, place: _Place) -> ApplyDiscount:
    effective_at = _effective_at(body.effective_at, "apply", place)
    if body.type == "spend_modifier_rule":
        raise place.refused("unsupported_action", "There are no spend modifier rules here", "spend_modifier_rule")
    if body.type == "discount":
        raise _unknown_discount(tx, body, place)
    rule = body.invoice_discount_rule
    if rule is None or rule.percent_off is None:
        raise place.refused("parameter_missing", "The rule is missing", "invoice_discount_rule.percent_off")
    percent = rule.percent_off.percent_off
    if not 0 < percent <= HUNDRED:
        raise place.refused(
            "parameter_invalid",
            "It is above 0 and at most 100",
            "invoice_discount_rule.percent_off.percent_off",
        )
    return ApplyDiscount(new_id("discountrule"), percent, effective_at)


def _unknown_discount(tx: UnitOfWork, body: ApplyBody, place: _Place) -> BillingError:
    """Return why a coupon or its code can't be put on a cadence: coupons are of plans here, and have no codes."""
    given = body.discount
    if given is None:
        return place.refused("parameter_missing", "The discount is missing", "discount")
    if given.type == "promotion_code":
        detail = f"No such promotion code: '{given.promotion_code}'"
        return place.refused("promotion_code_not_found", detail, "discount.promotion_code", status=404)
    try:
        tx.coupons.get(given.coupon or "")
    except NotFound:
        detail = f"No such coupon: '{given.coupon}'"
        return place.refused("coupon_not_found", detail, "discount.coupon", status=404)
    return place.refused(
        "coupon_not_applicable",
        "A coupon is for plans, and not for a cadence; use an invoice discount rule",
        "discount",
    )


def _remove(body: RemoveBody, place: _Place) -> RemoveDiscount:
    effective_at = _effective_at(body.effective_at, "remove", place)
    if body.type == "spend_modifier_rule" or body.invoice_discount_rule is None:
        raise place.refused("parameter_missing", "The rule is missing", "invoice_discount_rule")
    rule_id = ours("invoice_discount_rule", body.invoice_discount_rule, param=f"{place.param}.invoice_discount_rule")
    return RemoveDiscount(rule_id, effective_at)


def _details(body: PlanAction, details: Any, place: _Place) -> Any:
    if body.type == "v1_subscription_details" or body.v1_subscription_details is not None:
        raise place.refused(
            "unsupported_action", "There are no subscriptions of v1 here: subscribe to a pricing plan", "type"
        )
    if details is None:
        raise place.refused("parameter_missing", "The details are missing", "pricing_plan_subscription_details")
    return details


def _effective_at(given: WhenBody | None, kind: str, place: _Place) -> EffectiveAt:
    when = given or place.usual or WhenBody(type="on_reserve")
    found = "on_reserve" if when.type == "on_commit" else when.type
    if found not in EFFECTIVE[kind] or (found == "timestamp") != (when.timestamp is not None):
        detail = "The timestamp belongs to its own type" if found in EFFECTIVE[kind] else f"It can't be {when.type}"
        raise place.refused("invalid_effective_at_timestamp", detail, "effective_at")
    return EffectiveAt(found, when.timestamp)  # type: ignore[arg-type]  # the table has no other texts


def _plan(tx: UnitOfWork, text: str, place: _Place, name: str) -> Plan:
    plan = tx.catalog.find_plan(text)
    if plan is None or plan.kind != "plan":
        raise unknown("pricing_plan", text, param=f"{place.param}.pricing_plan_subscription_details.{name}")
    if plan.status == "archived" and name == "pricing_plan":
        raise place.refused(
            "pricing_plan_inactive", f"The plan {text} is inactive", f"pricing_plan_subscription_details.{name}"
        )
    return plan


def _version(tx: UnitOfWork, plan: Plan, text: str | None, place: _Place, name: str) -> PlanVersion:
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


def _subscription(text: str, place: _Place) -> str:
    param = f"{place.param}.pricing_plan_subscription_details.pricing_plan_subscription"
    return ours("pricing_plan_subscription", text, param=param)


def _quantities(
    tx: UnitOfWork, version: PlanVersion, given: tuple[ConfigurationBody, ...], place: _Place
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
        if key not in fees or one.quantity is None:
            detail = "The version has no such licence fee" if key not in fees else "The quantity is missing"
            raise place.refused("component_configuration_invalid", detail, name)
        if key in found:
            raise place.refused("duplicate_component_configuration", "The licence fee was configured before", name)
        found[str(key)] = one.quantity
    return found


class _Partial:
    """What becomes of service intervals that have begun, in whichever spelling it was said."""

    def __init__(self, overrides: OverridesBody | None, body: PlanAction, place: _Place) -> None:
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
