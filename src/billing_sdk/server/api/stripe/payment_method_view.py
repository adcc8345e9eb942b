"""How a payment method is shown."""

from __future__ import annotations

from typing import Any, Final, Literal

from billing_sdk.server.api.stripe.addresses import AddressView
from billing_sdk.server.api.stripe.bodies import View
from billing_sdk.server.api.stripe.ids import CustomerId, PaymentMethodId
from billing_sdk.server.api.stripe.values import Livemode, UnixTime
from billing_sdk.server.usecases.stripe_payment_methods import StripeMethod

BRANDS: Final = {
    "American Express": "amex",
    "Cartes Bancaires": "cartes_bancaires",
    "Diners Club": "diners",
    "eftpos Australia": "eftpos_au",
}


class BillingDetailsView(View):
    """Who holds a card."""

    address: AddressView
    email: str | None = None
    name: str | None = None
    phone: str | None = None
    tax_id: str | None = None


class Checks(View):
    """What the bank has checked; the published test cards pass what was asked."""

    address_line1_check: str | None = None
    address_postal_code_check: str | None = None
    cvc_check: str | None = "pass"


class Secure(View):
    """Whether its holder can be asked."""

    supported: bool = True


class CardView(View):
    """What may be shown of a card."""

    brand: str
    checks: Checks
    country: str | None = None
    display_brand: str
    exp_month: int
    exp_year: int
    fingerprint: str | None = None
    funding: str = "credit"
    generated_from: None = None
    last4: str
    networks: None = None
    three_d_secure_usage: Secure
    wallet: None = None


class MethodView(View):
    """A payment method."""

    id: PaymentMethodId
    object: Literal["payment_method"] = "payment_method"
    allow_redisplay: str
    billing_details: BillingDetailsView
    card: CardView | None
    created: UnixTime
    customer: CustomerId | None
    livemode: Livemode = None
    metadata: dict[str, str]
    type: str

    @classmethod
    def of(cls, found: StripeMethod) -> MethodView:
        """Show a payment method."""
        extras, method = found.extras, found.method
        details = dict(extras.data.get("billing_details", {}))
        address = AddressView(**(details.pop("address", None) or {}))
        facts: Any = extras.data.get("kept") if method is None else None
        kind = "card" if method is None else method.kind
        return cls(
            id=found.id,
            allow_redisplay=extras.data.get("allow_redisplay") or "unspecified",
            billing_details=BillingDetailsView(address=address, **details),
            card=_card(facts or {name: getattr(method, name) for name in ("brand", "last4", "exp_month", "exp_year")})
            if kind == "card"
            else None,
            created=extras.created_at if method is None else method.created_at,
            customer=found.customer_id,
            metadata=dict(extras.metadata),
            type=kind,
        )


def _card(facts: dict[str, Any]) -> CardView:
    brand = BRANDS.get(facts["brand"], facts["brand"].lower() or "unknown")
    return CardView(
        brand=brand,
        checks=Checks(),
        display_brand=brand,
        exp_month=facts["exp_month"],
        exp_year=facts["exp_year"],
        last4=facts["last4"],
        three_d_secure_usage=Secure(),
    )
