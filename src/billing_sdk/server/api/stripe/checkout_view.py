"""Checkout sessions as v1 shows them.

Source: Stripe documentation, API reference, Checkout Sessions; the published clients of Stripe.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from billing_sdk.server.api.stripe.bodies import View
from billing_sdk.server.api.stripe.ids import (
    CadenceId,
    CheckoutSessionId,
    CustomerId,
    InvoiceId,
    PaymentIntentId,
    PlanVersionId,
    SubscriptionId,
)
from billing_sdk.server.api.stripe.values import Livemode, LowerCurrency, UnixTime
from billing_sdk.server.domain.agreements import IntentAmounts
from billing_sdk.server.domain.visits import CheckoutItem, CheckoutSession
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.checkout_links import checkout_url
from billing_sdk.server.usecases.engine import Engine


class LicenseFeeQuantity(View):
    """How many of a licensed fee."""

    quantity: int


class ComponentView(View):
    """What is said of a component."""

    type: Literal["license_fee_component"] = "license_fee_component"
    license_fee_component: LicenseFeeQuantity


class PlanItem(View):
    """A plan that is agreed to, and the subscription that it has become."""

    pricing_plan: str
    pricing_plan_version: PlanVersionId
    component_configurations: dict[str, ComponentView]
    metadata: dict[str, str]
    billing_cadence: CadenceId | None
    pricing_plan_subscription: SubscriptionId | None


class CheckoutItemView(View):
    """An item."""

    type: Literal["pricing_plan_subscription_item"] = "pricing_plan_subscription_item"
    pricing_plan_subscription_item: PlanItem
    rate_card_subscription_item: None = None

    @classmethod
    def of(cls, session: CheckoutSession, one: CheckoutItem) -> CheckoutItemView:
        """Show an item of a session."""
        is_done = session.status == "complete"
        configured = {
            name: ComponentView(license_fee_component=LicenseFeeQuantity(quantity=quantity))
            for name, quantity in one.configured.items()
        }
        item = PlanItem(
            pricing_plan=one.plan_key,
            pricing_plan_version=one.plan_version_id,
            component_configurations=configured,
            metadata=dict(one.metadata),
            billing_cadence=session.cadence_id if is_done else None,
            pricing_plan_subscription=one.agreement_id if is_done else None,
        )
        return cls(pricing_plan_subscription_item=item)


class CheckoutTax(View):
    """Whether tax is worked out."""

    enabled: bool
    liability: None = None
    provider: None = None
    status: str | None


class CustomerDetails(View):
    """What is known of whoever pays."""

    address: None = None
    email: str | None
    name: str | None
    phone: None = None
    tax_exempt: str = "none"
    tax_ids: list[dict[str, str]] = Field(default_factory=list)


class TotalDetails(View):
    """What is added to the prices, and taken off."""

    amount_discount: int
    amount_shipping: int = 0
    amount_tax: int


class CustomText(View):
    """The page has words of its own."""

    after_submit: None = None
    shipping_address: None = None
    submit: None = None
    terms_of_service_acceptance: None = None


class CheckoutSessionView(View):
    """A checkout session."""

    id: CheckoutSessionId
    object: Literal["checkout.session"] = "checkout.session"
    amount_subtotal: int | None
    amount_total: int | None
    automatic_tax: CheckoutTax
    billing_address_collection: None = None
    cancel_url: str | None
    checkout_items: list[CheckoutItemView]
    client_reference_id: str | None
    client_secret: None = None
    created: UnixTime
    currency: LowerCurrency | None
    custom_fields: list[dict[str, Any]] = Field(default_factory=list)
    custom_text: CustomText = Field(default_factory=CustomText)
    customer: CustomerId | None
    customer_creation: str | None
    customer_details: CustomerDetails | None
    customer_email: str | None
    discounts: list[dict[str, Any]] = Field(default_factory=list)
    expires_at: UnixTime
    invoice: InvoiceId | None
    invoice_creation: None = None
    livemode: Livemode = None
    locale: str | None
    metadata: dict[str, str]
    mode: Literal["subscription"] = "subscription"
    payment_intent: PaymentIntentId | None
    payment_link: None = None
    payment_method_collection: str = "always"
    payment_method_options: dict[str, Any] = Field(default_factory=dict)
    payment_method_types: tuple[str, ...] = ("card",)
    payment_status: str
    setup_intent: None = None
    shipping_address_collection: None = None
    shipping_cost: None = None
    shipping_options: list[dict[str, Any]] = Field(default_factory=list)
    status: str
    submit_type: None = None
    subscription: None = None
    success_url: str | None
    total_details: TotalDetails | None
    ui_mode: str = "hosted"
    url: str | None


def view_of(
    tx: UnitOfWork, engine: Engine, session: CheckoutSession, amounts: IntentAmounts | None
) -> CheckoutSessionView:
    """Show a session.

    Args:
        tx: the transaction.
        engine: the engine.
        session: the session.
        amounts: what it comes to; None where that can't be told any more.
    """
    status = session.status_at(engine.now())
    version = tx.catalog.get_version(session.items[0].plan_version_id)
    customer = None if session.customer_id is None else tx.customers.get(session.customer_id)
    email = session.customer_email if customer is None else customer.billing_email
    paid = session.payment_intent_id is not None and status == "complete"
    unpaid = "unpaid" if status != "complete" else "no_payment_required"
    details = CustomerDetails(email=email or None, name=None) if email else None
    return CheckoutSessionView(
        id=session.id,
        amount_subtotal=None if amounts is None else amounts.subtotal.minor,
        amount_total=None if amounts is None else amounts.total.minor,
        automatic_tax=CheckoutTax(
            enabled=session.is_taxed,
            status=None
            if not session.is_taxed
            else _tax_status(amounts, has_place=bool(customer and customer.address)),
        ),
        cancel_url=session.cancel_url or None,
        checkout_items=[CheckoutItemView.of(session, one) for one in session.items],
        client_reference_id=session.client_reference_id,
        created=session.created_at,
        currency=version.currency,
        customer=session.customer_id,
        customer_creation="always" if session.customer_id is None else None,
        customer_details=details,
        customer_email=session.customer_email or None,
        expires_at=session.expires_at,
        invoice=session.invoice_id,
        locale=session.locale,
        metadata=dict(session.metadata),
        payment_intent=session.payment_intent_id,
        payment_status="paid" if paid else unpaid,
        status=status,
        success_url=session.success_url or None,
        total_details=None
        if amounts is None
        else TotalDetails(amount_discount=amounts.discount.minor, amount_tax=amounts.tax.minor),
        url=checkout_url(engine, session.id) if status == "open" else None,
    )


def _tax_status(amounts: IntentAmounts | None, *, has_place: bool) -> str:
    return "complete" if has_place and amounts is not None else "requires_location_inputs"
