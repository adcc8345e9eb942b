"""Payment methods at Stripe: which there are, which one is the default, and whether a payer can be collected from.

Source: Stripe documentation, "Payment Methods API" and "Determine customer locations" (automatic tax).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from stripe import Customer as StripesCustomer, PaymentMethod as StripesMethod

from billing_sdk.errors import CustomerNotCollectable, GatewayRefused, UnknownPayer, UnknownPayerMethod
from billing_sdk.server.gateways.bills import Payer, TaxByGateway
from billing_sdk.server.gateways.cards import StoredCard
from billing_sdk.server.gateways.stripe.customers import (
    ensure_customer,
    find_customer,
    link_customer,
    look_up_customer,
)
from billing_sdk.server.gateways.stripe.failures import answers_of_stripe
from billing_sdk.server.gateways.stripe.link import StripeLink

BRANDS: Final = {
    "amex": "American Express",
    "diners": "Diners Club",
    "discover": "Discover",
    "eftpos_au": "eftpos Australia",
    "jcb": "JCB",
    "mastercard": "Mastercard",
    "unionpay": "UnionPay",
    "visa": "Visa",
}
# What Stripe says of a customer whose tax it can't work out.
NO_TAX = frozenset({"failed", "not_collecting", "unrecognized_location"})


def find_method(link: StripeLink, payer: Payer, token: str | None) -> StoredCard | None:
    """Return a payment method of a payer as it is at Stripe now; without a token the default one there.

    Raises:
        GatewayUnauthorized, GatewayUnreachable: Stripe did not answer as it should.
    """
    reference = find_customer(link, payer)
    if reference is None:
        return None
    if token is None:
        return _default_of(link, look_up_customer(link, reference))
    try:
        return _method_of(link, reference, token)
    except UnknownPayerMethod:
        return None


def knows_payer(link: StripeLink, payer: Payer) -> bool:
    """Tell whether the customer is still there that stands for a payer.

    Raises:
        GatewayUnauthorized, GatewayUnreachable: Stripe did not answer as it should.
    """
    reference = find_customer(link, payer)
    try:
        return reference is not None and bool(look_up_customer(link, reference))
    except UnknownPayer:
        return False


def link_payer(link: StripeLink, payer: Payer, payer_reference: str, token: str | None) -> StoredCard | None:
    """Let a customer of Stripe's stand for a payer, after all has been looked up, and return how it pays.

    Raises:
        UnknownPayer: the account has no such customer.
        Conflict: it stands for somebody else.
        UnknownPayerMethod: the customer has no such payment method.
        GatewayUnauthorized, GatewayUnreachable: Stripe did not answer as it should.
    """
    customer = look_up_customer(link, payer_reference)
    method = _default_of(link, customer) if token is None else _method_of(link, payer_reference, token)
    link_customer(link, payer, payer_reference)
    return method


def check_payer(link: StripeLink, payer: Payer, *, sends_invoices: bool, tax: TaxByGateway) -> None:
    """Let a payer pass who could be collected from: what Stripe itself knows counts.

    Raises:
        CustomerNotCollectable: there is no e-mail address that invoices could be sent to, no default payment method, or
            Stripe does not know where the customer is and has to work out tax.
        GatewayUnauthorized, GatewayUnreachable: Stripe did not answer as it should.
    """
    customer = look_up_customer(link, ensure_customer(link, payer))
    if sends_invoices and not customer.email:
        raise _not_collectable("no_email", "Stripe knows no e-mail address to send invoices to")
    if tax == "by_gateway" and _tax_status(link, customer.id) in NO_TAX:
        raise _not_collectable("tax_location", "Stripe does not know where the customer is, and has to work out tax")


def prefer_method(link: StripeLink, payer: Payer, token: str) -> None:
    """Make a payment method the default one at Stripe as well.

    Raises:
        UnknownPayerMethod: the customer has no such payment method.
        GatewayUnauthorized, GatewayUnreachable: Stripe did not answer as it should.
    """
    reference = ensure_customer(link, payer)
    with answers_of_stripe(link.app):
        link.client.v1.customers.update(reference, {"invoice_settings": {"default_payment_method": token}})


def detach_method(link: StripeLink, token: str) -> None:
    """Let nobody be charged by a payment method any more; nothing where it is gone already.

    Raises:
        GatewayUnauthorized, GatewayUnreachable: Stripe did not answer as it should.
    """
    try:
        with answers_of_stripe(link.app):
            link.client.v1.payment_methods.detach(token)
    except GatewayRefused:
        return


def stored_card(method: StripesMethod) -> StoredCard:
    """Read a payment method: what may be shown of it, and what it is charged by."""
    told = method.to_dict()
    kind = str(told["type"])
    shown: dict[str, Any] = told.get(kind) or {}
    brand = str(shown.get("brand") or "")
    return StoredCard(
        token=method.id,
        brand=BRANDS.get(brand, brand.replace("_", " ").title())[:32],
        last4=str(shown.get("last4") or "")[:4],
        exp_month=int(shown.get("exp_month") or 0),
        exp_year=int(shown.get("exp_year") or 0),
        kind=kind[:32],
        fingerprint=shown.get("fingerprint"),
        left_at=datetime.fromtimestamp(method.created, UTC),
    )


def has_address(method: StripesMethod) -> bool:
    """Tell whether a payment method has a billing address, as far as tax needs one."""
    address = (method.to_dict().get("billing_details") or {}).get("address") or {}
    return bool(address.get("country"))


def _default_of(link: StripeLink, customer: StripesCustomer) -> StoredCard | None:
    settings = customer.to_dict().get("invoice_settings") or {}
    default = settings.get("default_payment_method")
    token = default.get("id") if isinstance(default, dict) else default
    if not token:
        return None
    try:
        return _method_of(link, customer.id, str(token))
    except UnknownPayerMethod:
        return None


def _method_of(link: StripeLink, reference: str, token: str) -> StoredCard:
    if not token.startswith(("pm_", "card_", "src_")):
        raise UnknownPayerMethod(f"{token[:64]!r} is no id of a payment method at Stripe")
    try:
        with answers_of_stripe(link.app):
            method = link.client.v1.payment_methods.retrieve(token)
    except GatewayRefused:
        raise UnknownPayerMethod(f"the linked account has no payment method {token[:64]!r}") from None
    owner = method.to_dict().get("customer")
    if (owner.get("id") if isinstance(owner, dict) else owner) != reference:
        raise UnknownPayerMethod(f"the payment method {token[:64]!r} is not this customer's")
    return stored_card(method)


def _tax_status(link: StripeLink, reference: str) -> str:
    with answers_of_stripe(link.app):
        customer = link.client.v1.customers.retrieve(reference, {"expand": ["tax"]})
    return str((customer.to_dict().get("tax") or {}).get("automatic_tax") or "")


def _not_collectable(reason: str, message: str) -> CustomerNotCollectable:
    return CustomerNotCollectable(message, reason=reason)
