"""What a subscription says of its components and discounts, where somebody asks for it (`include`)."""

from __future__ import annotations

from typing import Literal

from billing_sdk.server.api.stripe.bodies import View
from billing_sdk.server.api.stripe.ids import (
    ComponentId,
    LicenceFeeId,
    LicenceFeeVersionId,
    RateCardId,
    RateCardVersionId,
    ServiceActionId,
)
from billing_sdk.server.api.stripe.labels import CycleView, TaxBehavior
from billing_sdk.server.api.stripe.prices import PriceView, price_members
from billing_sdk.server.api.stripe.service_actions import GrantView, ServiceActionView
from billing_sdk.server.api.stripe.values import Instant, LowerCurrency
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.catalog import Attachment, LicenceFeeObject, RateCard, ServiceAction, is_unit
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.storage import UnitOfWork


class FeeDetails(PriceView):
    """What is charged in advance."""

    currency: LowerCurrency
    display_name: str
    license_fee: LicenceFeeId
    license_fee_version: LicenceFeeVersionId
    quantity: int
    service_cycle: CycleView
    unit_label: str | None


class CardDetails(View):
    """What is charged for usage."""

    currency: LowerCurrency
    display_name: str
    rate_card: RateCardId
    rate_card_version: RateCardVersionId | None
    service_cycle: CycleView
    tax_behavior: TaxBehavior


class GrantDetails(View):
    """What credit is granted."""

    credit_grant_details: GrantView
    credit_grant_per_tenant_details: None = None
    recurring_credit_grant: ServiceActionId
    service_cycle: CycleView
    type: Literal["credit_grant"] = "credit_grant"


class ComponentDetail(View):
    """One component of the plan, as it counts for the subscription."""

    license_fee_details: FeeDetails | None
    pricing_plan_component: ComponentId
    rate_card_details: CardDetails | None
    recurring_credit_grant_details: GrantDetails | None
    type: Literal["license_fee_details", "rate_card_details", "recurring_credit_grant_details"]


class DiscountSource(View):
    """What a discount comes from."""

    coupon: str
    type: Literal["coupon"] = "coupon"


class DiscountDetail(View):
    """What a coupon takes off."""

    discount: str
    end: Instant | None = None
    promotion_code: str | None = None
    source: DiscountSource
    start: Instant


def components_of(tx: UnitOfWork, agreement: Agreement) -> list[ComponentDetail]:
    """Show the components of a subscription, in the order of its plan."""
    attached = tx.attachments.of(agreement.plan_version_id)
    objects = tx.attachments.objects_of(attached)
    return [_component(tx, agreement, one, objects[one.object_id]) for one in attached]


def discounts_of(tx: UnitOfWork, agreement: Agreement) -> list[DiscountDetail]:
    """Show what coupons take off a subscription; rules of its cadence are the cadence's."""
    rules = {rule.id for rule in tx.cadence_discounts.of([agreement.billing_cadence_id or ""])}
    return [
        DiscountDetail(
            discount=one.coupon_key,
            source=DiscountSource(coupon=one.coupon_key),
            start=agreement.started_at,
        )
        for one in agreement.discounts
        if one.coupon_key not in rules
    ]


def _component(
    tx: UnitOfWork, agreement: Agreement, one: Attachment, thing: LicenceFeeObject | RateCard | ServiceAction
) -> ComponentDetail:
    match thing:
        case LicenceFeeObject():
            return ComponentDetail(
                license_fee_details=_fee(agreement, one, thing),
                pricing_plan_component=one.id,
                rate_card_details=None,
                recurring_credit_grant_details=None,
                type="license_fee_details",
            )
        case RateCard():
            return ComponentDetail(
                license_fee_details=None,
                pricing_plan_component=one.id,
                rate_card_details=CardDetails(
                    currency=thing.currency,
                    display_name=thing.name,
                    rate_card=thing.id,
                    rate_card_version=one.version_id,
                    service_cycle=_cycle(thing.service),
                    tax_behavior=thing.tax_behavior or "exclusive",
                ),
                recurring_credit_grant_details=None,
                type="rate_card_details",
            )
        case ServiceAction():
            return ComponentDetail(
                license_fee_details=None,
                pricing_plan_component=one.id,
                rate_card_details=None,
                recurring_credit_grant_details=_grant(tx, thing),
                type="recurring_credit_grant_details",
            )


def _fee(agreement: Agreement, one: Attachment, fee: LicenceFeeObject) -> FeeDetails:
    version = fee.versions.find(one.version_id or "live")
    return FeeDetails(
        currency=fee.currency,
        display_name=fee.name,
        license_fee=fee.id,
        license_fee_version=version.id,
        quantity=agreement.quantity_of(one.key),
        service_cycle=_cycle(fee.service),
        unit_label=fee.item.unit_label or None,
        **price_members(version.terms),
    )


def _grant(tx: UnitOfWork, action: ServiceAction) -> GrantDetails:
    currency = action.amount.currency
    unit = tx.custom_units.find_all([currency])[currency] if is_unit(currency) else None
    shown = ServiceActionView.of(action, unit)
    return GrantDetails(
        credit_grant_details=shown.credit_grant,
        recurring_credit_grant=action.id,
        service_cycle=_cycle(action.service),
    )


def _cycle(service: Cadence) -> CycleView:
    return CycleView(interval=service.unit, interval_count=service.count)
