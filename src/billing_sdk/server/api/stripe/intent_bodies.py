"""Bodies of billing intents, in the spellings of all versions of the API.

When an action takes effect stands in the action, or in one text for all of them; how the rest of a period is charged
is `overrides`, `billing_details` or `proration_behavior`; `actions` is a list, or one action alone.
Source: Stripe API reference, Billing intents; Stripe documentation, Create hybrid pricing plans.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from billing_sdk.server.api.stripe.bodies import Body
from billing_sdk.server.api.stripe.cadence_bodies import InlineCadence
from billing_sdk.server.api.stripe.values import DecimalText, Instant, Int64, LowerCurrency, Metadata
from billing_sdk.server.domain.agreements import CollectAt, Feedback

Kind = Literal["apply", "deactivate", "modify", "remove", "subscribe"]
Details = Literal["pricing_plan_subscription_details", "v1_subscription_details"]
Proration = Literal["none", "prorated", "no_adjustment", "prorated_adjustment", "create_prorations"]
When = Literal[
    "on_reserve",
    "on_commit",
    "current_billing_period_start",
    "current_billing_period_end",
    "next_billing_period_start",
    "timestamp",
]
Text = Annotated[str, Field(max_length=200)]
Comment = Annotated[str, Field(max_length=5_000)]


def _as_object(value: Any) -> Any:
    """Read an instant that is only a type as the object that it stands for."""
    return {"type": value} if isinstance(value, str) else value


def _as_list(value: Any) -> Any:
    """Read one action as a list of one."""
    return [value] if isinstance(value, dict) else value


class WhenBody(Body):
    """When something takes effect."""

    type: When
    timestamp: Instant | None = None


EffectiveAtIn = Annotated[WhenBody, BeforeValidator(_as_object)]


class ConfigurationBody(Body):
    """How many there are of a licence fee, which goes by its key or by its id."""

    lookup_key: Text | None = None
    pricing_plan_component: Text | None = None
    quantity: Int64 | None = None


# A tuple in JSON is a list.
Configurations = Annotated[tuple[ConfigurationBody, ...], Field(max_length=100, strict=False)]


class FeeBehavior(Body):
    """What becomes of licence fees in a service interval that has begun."""

    credit_proration_behavior: Literal["none", "prorated"] | None = None
    debit_proration_behavior: Literal["none", "prorated"] | None = None


class GrantBehavior(Body):
    """What becomes of recurring credit in a service interval that has begun."""

    create_behavior: Literal["full_credits", "none"]


class PartialPeriodBehavior(Body):
    """One of the two."""

    type: Literal["license_fee", "recurring_credit_grant"]
    license_fee: FeeBehavior | None = None
    recurring_credit_grant: GrantBehavior | None = None


class OverridesBody(Body):
    """What differs from the usual."""

    partial_period_behaviors: Annotated[list[PartialPeriodBehavior], Field(max_length=20)]


class BillingDetails(Body):
    """What `overrides` was before."""

    proration_behavior: Proration | None = None


class SubscribeDetails(Body):
    """What is subscribed to."""

    pricing_plan: Text
    pricing_plan_version: Text | None = None
    component_configurations: Configurations = ()
    metadata: Metadata | None = None
    overrides: OverridesBody | None = None


class ModifyDetails(Body):
    """What becomes of a subscription."""

    pricing_plan_subscription: Text
    new_pricing_plan: Text | None = None
    new_pricing_plan_version: Text | None = None
    component_configurations: Configurations = ()
    overrides: OverridesBody | None = None


class DeactivateDetails(Body):
    """Which subscription ends."""

    pricing_plan_subscription: Text
    overrides: OverridesBody | None = None


class PlanAction(Body):
    """What actions about subscriptions have in common."""

    type: Details
    effective_at: EffectiveAtIn | None = None
    collect_at: CollectAt | None = None
    proration_behavior: Proration | None = None
    billing_details: BillingDetails | None = None
    v1_subscription_details: Any = None


class SubscribeBody(PlanAction):
    """Subscribe to a plan."""

    pricing_plan_subscription_details: SubscribeDetails | None = None


class ModifyBody(PlanAction):
    """Modify a subscription."""

    pricing_plan_subscription_details: ModifyDetails | None = None


class CancellationDetails(Body):
    """Why somebody leaves."""

    feedback: Feedback | None = None
    comment: Comment | None = None


class DeactivateBody(PlanAction):
    """End a subscription."""

    pricing_plan_subscription_details: DeactivateDetails | None = None
    cancellation_details: CancellationDetails | None = None


class Applications(Body):
    """How often a rule counts."""

    type: Literal["indefinite"]


class PercentOff(Body):
    """A discount in per cent."""

    percent_off: DecimalText
    maximum_applications: Applications


class DiscountRule(Body):
    """A discount on all invoices of a cadence."""

    applies_to: Literal["cadence"] = "cadence"
    type: Literal["percent_off"] = "percent_off"
    percent_off: PercentOff | None = None


class DiscountBody(Body):
    """A discount by a coupon, or by the code of one."""

    type: Literal["coupon", "promotion_code"]
    coupon: Text | None = None
    promotion_code: Text | None = None


class UnitAmount(Body):
    """An amount of a custom pricing unit; of the only one that is priced where none is named."""

    id: Text | None = None
    value: DecimalText


class SpendAmount(Body):
    """How much may be spent."""

    type: Literal["custom_pricing_unit"]
    custom_pricing_unit: UnitAmount | None = None


class OverageRateRef(Body):
    """What units cost that no grant covers."""

    id: Text


class MaximumSpend(Body):
    """How much may be spent in a billing period."""

    amount: SpendAmount
    custom_pricing_unit_overage_rate: OverageRateRef


class SpendModifierRule(Body):
    """A limit of what is spent by a cadence."""

    applies_to: Literal["cadence"] = "cadence"
    type: Literal["max_billing_period_spend"] = "max_billing_period_spend"
    max_billing_period_spend: MaximumSpend | None = None


class ApplyBody(Body):
    """Put something on a cadence."""

    type: Literal["discount", "invoice_discount_rule", "spend_modifier_rule"]
    effective_at: EffectiveAtIn | None = None
    invoice_discount_rule: DiscountRule | None = None
    discount: DiscountBody | None = None
    spend_modifier_rule: SpendModifierRule | None = None


class RemoveBody(Body):
    """Take something off a cadence."""

    type: Literal["invoice_discount_rule", "spend_modifier_rule"]
    effective_at: EffectiveAtIn | None = None
    invoice_discount_rule: Text | None = None
    spend_modifier_rule: Text | None = None


class ActionBody(Body):
    """One action: its type, and the member that goes by it."""

    type: Kind
    apply: ApplyBody | None = None
    deactivate: DeactivateBody | None = None
    modify: ModifyBody | None = None
    remove: RemoveBody | None = None
    subscribe: SubscribeBody | None = None


class IntentBody(Body):
    """A billing intent."""

    currency: LowerCurrency
    cadence: Text | None = None
    cadence_data: InlineCadence | None = None
    effective_at: EffectiveAtIn | None = None
    actions: Annotated[list[ActionBody], BeforeValidator(_as_list), Field(min_length=1, max_length=100)]


class CommitBody(Body):
    """What pays it."""

    payment_intent: Text | None = None
