"""How a customer is shown; `shown_customer` is for every part of the door that shows one."""

from __future__ import annotations

from typing import Any, Literal

from billing_sdk.server.api.stripe.addresses import AddressView
from billing_sdk.server.api.stripe.bodies import View
from billing_sdk.server.api.stripe.ids import CustomerId, PaymentMethodId, TestClockId
from billing_sdk.server.api.stripe.values import Livemode, LowerCurrency, UnixTime
from billing_sdk.server.usecases.stripe_customers import StripeCustomer


class CustomFieldView(View):
    """A line on invoices."""

    name: str
    value: str


class InvoiceSettingsView(View):
    """What invoices of a customer follow."""

    custom_fields: list[CustomFieldView] | None = None
    default_payment_method: PaymentMethodId | None = None
    footer: str | None = None
    rendering_options: None = None


class ShippingView(View):
    """Where things are sent."""

    address: AddressView | None = None
    carrier: str | None = None
    name: str | None = None
    phone: str | None = None
    tracking_number: str | None = None


class CustomerView(View):
    """A customer; `balance` is below zero where it has credit."""

    id: CustomerId
    object: Literal["customer"] = "customer"
    address: AddressView | None
    balance: int
    business_name: str | None
    created: UnixTime
    currency: LowerCurrency | None
    default_source: None = None
    delinquent: bool
    description: str | None
    discount: None = None
    email: str | None
    individual_name: str | None
    invoice_prefix: str | None
    invoice_settings: InvoiceSettingsView
    livemode: Livemode = None
    metadata: dict[str, str]
    name: str | None
    next_invoice_sequence: int | None = None
    phone: str | None
    preferred_locales: list[str]
    shipping: ShippingView | None
    tax_exempt: str
    test_clock: TestClockId | None


class DeletedCustomer(View):
    """What is left of a customer."""

    id: CustomerId
    object: Literal["customer"] = "customer"
    deleted: Literal[True] = True


def shown_customer(found: StripeCustomer) -> CustomerView | DeletedCustomer:
    """Show a customer, or what is left of it."""
    if found.is_deleted:
        return DeletedCustomer(id=found.customer.id)
    customer, data = found.customer, found.extras.data
    settings: dict[str, Any] = data.get("invoice_settings", {})
    method_id = None if found.method is None else found.method.id
    return CustomerView(
        id=customer.id,
        address=None if data.get("address") is None else AddressView(**data["address"]),
        balance=-found.credit.minor if found.credit is not None else 0,
        business_name=data.get("business_name"),
        created=customer.created_at,
        currency=None if found.credit is None else found.credit.currency,
        delinquent=found.is_delinquent,
        description=data.get("description"),
        email=customer.billing_email or None,
        individual_name=data.get("individual_name"),
        invoice_prefix=data.get("invoice_prefix"),
        invoice_settings=InvoiceSettingsView(**{**settings, "default_payment_method": method_id}),
        metadata=dict(found.extras.metadata),
        name=data.get("name"),
        phone=data.get("phone"),
        preferred_locales=data.get("preferred_locales") or [],
        shipping=None if data.get("shipping") is None else ShippingView(**data["shipping"]),
        tax_exempt=data.get("tax_exempt") or "none",
        test_clock=customer.clock_id,
    )
