"""Billing intents and their actions as answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from billing_sdk.money import Money
from billing_sdk.server.api.stripe.bodies import Since, Until, View
from billing_sdk.server.api.stripe.ids import (
    CadenceId,
    ComponentId,
    DiscountRuleId,
    IntentActionId,
    IntentId,
    PlanVersionId,
    SubscriptionId,
)
from billing_sdk.server.api.stripe.values import DecimalText, Instant, Livemode, LowerCurrency
from billing_sdk.server.domain.agreements import (
    ApplyDiscount,
    BillingIntent,
    Deactivate,
    EffectiveAt,
    IntentAction,
    IntentStatus,
    Modify,
    RemoveDiscount,
    Subscribe,
)

OVERRIDES = "2026-03-04"  # the first version in which overrides stand in the place of billing details
ACTION_TIMES = "2025-09-30"  # the first in which actions say when they take effect, and have billing details
Fee = Literal["none", "prorated"]
Details = Literal["pricing_plan_subscription_details"]
DETAILS: Details = "pricing_plan_subscription_details"


class AmountDetails(View):
    """What an intent comes to, in minor units."""

    currency: LowerCurrency
    discount: str
    shipping: str = "0"
    subtotal: str
    tax: str
    total: str
    amount_due: Annotated[str, Since("2026-10-14")]
    customer_balance_applied: Annotated[str, Since("2026-10-14")]


class IntentTransitions(View):
    """When an intent came to its statuses."""

    drafted_at: Instant | None
    reserved_at: Instant | None
    committed_at: Instant | None
    canceled_at: Instant | None
    expires_at: Annotated[Instant | None, Since("2026-10-14")]


class IntentView(View):
    """A billing intent."""

    id: IntentId
    object: Literal["v2.billing.intent"] = "v2.billing.intent"
    amount_details: AmountDetails
    cadence: CadenceId | None
    cadence_data: Annotated[None, Since(OVERRIDES)] = None
    created: Instant
    currency: LowerCurrency
    effective_at: Annotated[str, Until(ACTION_TIMES)]
    livemode: Livemode = None
    status: IntentStatus
    status_transitions: IntentTransitions

    @classmethod
    def of(cls, intent: BillingIntent) -> IntentView:
        """Show an intent."""
        return cls(
            id=intent.id,
            amount_details=_amounts(intent),
            cadence=intent.billing_cadence_id,
            created=intent.created_at,
            currency=intent.currency,
            effective_at=intent.actions[0].act.effective_at.type,
            status=intent.status,
            status_transitions=IntentTransitions(
                drafted_at=intent.drafted_at,
                reserved_at=intent.reserved_at,
                committed_at=intent.committed_at,
                canceled_at=intent.canceled_at,
                expires_at=intent.expires_at if intent.status == "draft" else None,
            ),
        )


class WhenView(View):
    """When an action takes effect."""

    type: str
    timestamp: Instant | None


class BillingDetailsView(View):
    """What becomes of the rest of a period, as older versions say it."""

    proration_behavior: Literal["no_adjustment", "prorated_adjustment"]


class FeeBehaviorView(View):
    """What becomes of licence fees."""

    credit_proration_behavior: Fee | None = None
    debit_proration_behavior: Fee | None = None


class GrantBehaviorView(View):
    """What becomes of recurring credit."""

    create_behavior: Literal["full_credits", "none"]


class PartialPeriodView(View):
    """One of the two."""

    type: Literal["license_fee", "recurring_credit_grant"]
    license_fee: FeeBehaviorView | None = None
    recurring_credit_grant: GrantBehaviorView | None = None


class OverridesView(View):
    """What becomes of service intervals that have begun."""

    partial_period_behaviors: list[PartialPeriodView]


class ConfigurationView(View):
    """How many there are of a licence fee."""

    lookup_key: str | None
    pricing_plan_component: ComponentId | None
    quantity: int


class SubscribeDetailsView(View):
    """What is subscribed to."""

    component_configurations: list[ConfigurationView]
    metadata: dict[str, str]
    overrides: Annotated[OverridesView, Since(OVERRIDES)]
    pricing_plan: str
    pricing_plan_subscription: SubscriptionId | None
    pricing_plan_version: PlanVersionId


class ModifyDetailsView(View):
    """What becomes of a subscription."""

    component_configurations: list[ConfigurationView]
    new_pricing_plan: str
    new_pricing_plan_version: PlanVersionId
    overrides: Annotated[OverridesView, Since(OVERRIDES)]
    pricing_plan_subscription: SubscriptionId


class DeactivateDetailsView(View):
    """Which subscription ends."""

    overrides: Annotated[OverridesView, Since(OVERRIDES)]
    pricing_plan_subscription: SubscriptionId


class PlanActionView(View):
    """What actions about subscriptions have in common."""

    billing_details: Annotated[BillingDetailsView, Since(ACTION_TIMES), Until(OVERRIDES)]
    collect_at: Annotated[str, Since(OVERRIDES)]
    effective_at: Annotated[WhenView, Since(ACTION_TIMES)]
    proration_behavior: Annotated[Fee, Until(ACTION_TIMES)]
    type: Details = DETAILS


class SubscribeView(PlanActionView):
    """Subscribe to a plan."""

    pricing_plan_subscription_details: SubscribeDetailsView
    v1_subscription_details: None = None


class ModifyView(PlanActionView):
    """Modify a subscription."""

    pricing_plan_subscription_details: ModifyDetailsView


class CancellationView(View):
    """Why somebody leaves."""

    comment: str | None
    feedback: str | None


class DeactivateView(PlanActionView):
    """End a subscription."""

    cancellation_details: Annotated[CancellationView | None, Since(OVERRIDES)]
    pricing_plan_subscription_details: DeactivateDetailsView


class ApplicationsView(View):
    """How often a rule counts."""

    type: Literal["indefinite"] = "indefinite"


class PercentOffView(View):
    """A discount in per cent."""

    maximum_applications: ApplicationsView = ApplicationsView()
    percent_off: DecimalText


class DiscountRuleView(View):
    """A discount on all invoices of a cadence."""

    applies_to: Literal["cadence"] = "cadence"
    invoice_discount_rule: DiscountRuleId
    percent_off: PercentOffView
    type: Literal["percent_off"] = "percent_off"


class ApplyView(View):
    """Put a rule on a cadence."""

    effective_at: Annotated[WhenView, Since(OVERRIDES)]
    invoice_discount_rule: DiscountRuleView
    type: Literal["invoice_discount_rule"] = "invoice_discount_rule"


class RemoveView(View):
    """Take a rule off a cadence."""

    effective_at: Annotated[WhenView, Since(OVERRIDES)]
    invoice_discount_rule: DiscountRuleId
    type: Literal["invoice_discount_rule"] = "invoice_discount_rule"


class IntentActionView(View):
    """One of the things that an intent does."""

    id: IntentActionId
    object: Literal["v2.billing.intent_action"] = "v2.billing.intent_action"
    apply: ApplyView | None = None
    created: Instant
    deactivate: DeactivateView | None = None
    livemode: Livemode = None
    modify: ModifyView | None = None
    remove: RemoveView | None = None
    subscribe: SubscribeView | None = None
    type: Literal["apply", "deactivate", "modify", "remove", "subscribe"]

    @classmethod
    def of(cls, intent: BillingIntent, action: IntentAction) -> IntentActionView:
        """Show an action of an intent."""
        made, when = (action.id, intent.created_at), _when(action.act.effective_at)
        match action.act:
            case Subscribe() as act:
                shown = _subscribe(act, when, is_made=intent.status == "committed")
                return cls(id=made[0], created=made[1], type="subscribe", subscribe=shown)
            case Modify() as act:
                return cls(id=made[0], created=made[1], type="modify", modify=_modify(act, when))
            case Deactivate() as act:
                return cls(id=made[0], created=made[1], type="deactivate", deactivate=_deactivate(act, when))
            case ApplyDiscount() as act:
                percent = PercentOffView(percent_off=act.percent_off)
                rule = DiscountRuleView(invoice_discount_rule=act.rule_id, percent_off=percent)
                applied = ApplyView(effective_at=when, invoice_discount_rule=rule)
                return cls(id=made[0], created=made[1], type="apply", apply=applied)
            case RemoveDiscount() as act:
                removed = RemoveView(effective_at=when, invoice_discount_rule=act.rule_id)
                return cls(id=made[0], created=made[1], type="remove", remove=removed)


def _amounts(intent: BillingIntent) -> AmountDetails:
    amounts = intent.amounts
    return AmountDetails(
        currency=intent.currency,
        discount=_minor(amounts.discount),
        subtotal=_minor(amounts.subtotal),
        tax=_minor(amounts.tax),
        total=_minor(amounts.total),
        amount_due=_minor(amounts.due),
        customer_balance_applied=_minor(amounts.balance_applied),
    )


def _minor(money: Money) -> str:
    return str(money.minor)


def _when(effective_at: EffectiveAt) -> WhenView:
    return WhenView(type=effective_at.type, timestamp=effective_at.timestamp)


def _subscribe(act: Subscribe, when: WhenView, *, is_made: bool) -> SubscribeView:
    return SubscribeView(
        billing_details=_older(is_prorated=act.charges_partial),
        collect_at=act.collect_at,
        effective_at=when,
        proration_behavior=_fee(act.charges_partial) or "none",
        pricing_plan_subscription_details=SubscribeDetailsView(
            component_configurations=_configurations(act.quantities),
            metadata=dict(act.metadata),
            overrides=_overrides(debit=act.charges_partial, grants=act.grants_partial),
            pricing_plan=act.plan_key,
            pricing_plan_subscription=act.agreement_id if is_made else None,
            pricing_plan_version=act.plan_version_id,
        ),
    )


def _modify(act: Modify, when: WhenView) -> ModifyView:
    return ModifyView(
        billing_details=_older(is_prorated=act.charges_partial),
        collect_at=act.collect_at,
        effective_at=when,
        proration_behavior=_fee(act.charges_partial) or "none",
        pricing_plan_subscription_details=ModifyDetailsView(
            component_configurations=_configurations(act.quantities),
            new_pricing_plan=act.plan_key,
            new_pricing_plan_version=act.plan_version_id,
            overrides=_overrides(credit=act.gives_back, debit=act.charges_partial, grants=act.grants_partial),
            pricing_plan_subscription=act.subscription_id,
        ),
    )


def _deactivate(act: Deactivate, when: WhenView) -> DeactivateView:
    is_told = act.feedback is not None or act.comment is not None
    return DeactivateView(
        billing_details=_older(is_prorated=act.gives_back),
        cancellation_details=CancellationView(comment=act.comment, feedback=act.feedback) if is_told else None,
        collect_at=act.collect_at,
        effective_at=when,
        proration_behavior=_fee(act.gives_back) or "none",
        pricing_plan_subscription_details=DeactivateDetailsView(
            overrides=_overrides(credit=act.gives_back),
            pricing_plan_subscription=act.subscription_id,
        ),
    )


def _configurations(quantities: Mapping[str, int]) -> list[ConfigurationView]:
    return [
        ConfigurationView(
            lookup_key=None if key.startswith("component_") else key,
            pricing_plan_component=key if key.startswith("component_") else None,
            quantity=quantity,
        )
        for key, quantity in quantities.items()
    ]


def _older(*, is_prorated: bool) -> BillingDetailsView:
    return BillingDetailsView(proration_behavior="prorated_adjustment" if is_prorated else "no_adjustment")


def _overrides(*, credit: bool | None = None, debit: bool | None = None, grants: bool | None = None) -> OverridesView:
    fee = FeeBehaviorView(credit_proration_behavior=_fee(credit), debit_proration_behavior=_fee(debit))
    found = [PartialPeriodView(type="license_fee", license_fee=fee)]
    if grants is not None:
        grant = GrantBehaviorView(create_behavior="full_credits" if grants else "none")
        found.append(PartialPeriodView(type="recurring_credit_grant", recurring_credit_grant=grant))
    return OverridesView(partial_period_behaviors=found)


def _fee(is_prorated: bool | None) -> Fee | None:
    return None if is_prorated is None else "prorated" if is_prorated else "none"
