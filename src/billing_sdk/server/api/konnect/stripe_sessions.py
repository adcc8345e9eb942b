"""Sessions at Stripe: where a customer leaves a payment method, and where it looks after them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, Field
from starlette.responses import Response

from billing_sdk.errors import InvalidRequest, PreconditionFailed
from billing_sdk.server.api.konnect.bodies import Body, KonnectRoute, View
from billing_sdk.server.api.konnect.once import OnlyOnce
from billing_sdk.server.api.konnect.security import CallerOf, scoped
from billing_sdk.server.api.konnect.values import CurrencyCode, CustomerId, Instant, Name
from billing_sdk.server.gateways import PortalSession, PortalWanted, SetupSession, SetupWanted
from billing_sdk.server.ids import digest_of, new_nonce, ulid_of
from billing_sdk.server.usecases.accounts import Account, live_account
from billing_sdk.server.usecases.begin_checkout import begin_checkout
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.link_payer import payer_reference_of
from billing_sdk.server.usecases.open_portal import open_portal
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Stripe sessions"], route_class=KonnectRoute)

LAST_SECOND = 253_402_300_799
Text = Annotated[str, Field(min_length=1, max_length=2048)]
Switch = Literal["auto", "never"]


class CustomerUpdate(Body):
    """What Stripe takes over from its page."""

    address: Switch | None = None
    name: Switch | None = None
    shipping: Switch | None = None


class ReuseAgreement(Body):
    """Where the agreement stands."""

    position: Literal["auto", "hidden"] | None = None


class ConsentCollection(Body):
    """What the payer is asked to agree to."""

    payment_method_reuse_agreement: ReuseAgreement | None = None
    promotions: Literal["auto", "none"] | None = None
    terms_of_service: Literal["none", "required"] | None = None


class Message(Body):
    """A text of the seller's own."""

    message: Annotated[str, Field(max_length=1200)] | None = None


class CustomText(Body):
    """Texts of the seller's own on Stripe's page."""

    after_submit: Message | None = None
    shipping_address: Message | None = None
    submit: Message | None = None
    terms_of_service_acceptance: Message | None = None


class TaxIdCollection(Body):
    """Whether the payer is asked for a tax id."""

    enabled: bool | None = None
    required: Literal["if_supported", "never"] | None = None


class CheckoutOptions(Body):
    """What the session is to be."""

    billing_address_collection: Literal["auto", "required"] | None = None
    cancel_url: Text | None = None
    success_url: Text | None = None
    return_url: Text | None = None
    client_reference_id: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    customer_update: CustomerUpdate | None = None
    consent_collection: ConsentCollection | None = None
    currency: CurrencyCode | None = None
    custom_text: CustomText | None = None
    expires_at: Annotated[int, Field(ge=0, le=LAST_SECOND)] | None = None
    locale: Annotated[str, Field(min_length=1, max_length=16)] | None = None
    metadata: dict[str, Annotated[str, Field(max_length=500)]] | None = None
    ui_mode: Literal["embedded", "hosted"] = "hosted"
    payment_method_types: Annotated[list[Annotated[str, Field(min_length=1, max_length=64)]], Field(max_length=50)] | (
        None
    ) = None
    redirect_on_completion: Literal["always", "if_required", "never"] | None = None
    tax_id_collection: TaxIdCollection | None = None

    def wanted(self, nonce: str, *, currency: str | None) -> SetupWanted:
        """Return what is wanted of the processor.

        Raises:
            InvalidRequest: an address is missing, or one too many.
        """
        is_embedded = self.ui_mode == "embedded"
        target = self.return_url if is_embedded else self.success_url
        if is_embedded and self.cancel_url is not None:
            raise _refused("cancel_url", "an embedded page has nothing to cancel")
        if target is None and not (is_embedded and self.redirect_on_completion == "never"):
            name = "return_url" if is_embedded else "success_url"
            raise _refused(name, f'property "{name}" is missing', rule="required")
        return SetupWanted(
            nonce=nonce,
            mode=self.ui_mode,
            success_url=target or "",
            cancel_url=self.cancel_url,
            currency=self.currency or currency,
            language=self.locale,
            reference=self.client_reference_id,
            metadata=self.metadata or {},
            expires_at=None if self.expires_at is None else datetime.fromtimestamp(self.expires_at, UTC),
            method_kinds=tuple(self.payment_method_types or ()),
            options=self._as_told(),
        )

    def _as_told(self) -> dict[str, Any]:
        """Return what goes to Stripe in its own words, which are the same."""
        names = {
            "billing_address_collection",
            "customer_update",
            "consent_collection",
            "custom_text",
            "redirect_on_completion",
            "tax_id_collection",
        }
        return self.model_dump(include=names, exclude_none=True)


class SeedAttribution(Body):
    """What events call the customer, in the older spelling."""

    subject_keys: Annotated[list[str], Field(validation_alias=AliasChoices("subjectKeys", "subject_keys"))]


class SeedCustomer(Body):
    """The customer once more, as an older form of the body has it; of it the currency counts."""

    name: Name | None = None
    currency: CurrencyCode | None = None
    usage_attribution: SeedAttribution | None = Field(
        default=None, validation_alias=AliasChoices("usageAttribution", "usage_attribution")
    )


class SeedOptions(Body):
    """What an older form of the body says of the session."""

    mode: Literal["setup"] | None = None


class NewCheckout(Body):
    """A session to begin; `customer` and `options` belong to an older form, and may stand there."""

    stripe_options: CheckoutOptions
    customer: SeedCustomer | None = None
    options: SeedOptions | None = None


class CheckoutView(View):
    """A session in which the customer leaves a payment method."""

    customer_id: str
    stripe_customer_id: str
    session_id: str
    setup_intent_id: str
    created_at: Instant
    mode: Literal["setup"]
    client_secret: str | None = None
    client_reference_id: str | None = None
    customer_email: str | None = None
    currency: str | None = None
    expires_at: Instant | None = None
    metadata: dict[str, str] | None = None
    status: str | None = None
    url: str | None = None
    cancel_url: str | None = None
    success_url: str | None = None
    return_url: str | None = None

    @classmethod
    def of(cls, account: Account, options: CheckoutOptions, session: SetupSession) -> CheckoutView:
        """Show a session."""
        told = session.told
        currency = told.get("currency")
        return cls(
            customer_id=ulid_of(account.customer.id),
            stripe_customer_id=session.payer_reference,
            session_id=session.id,
            setup_intent_id=session.setup_intent_id or session.id,
            created_at=session.created_at,
            mode="setup",
            client_secret=session.client_secret,
            client_reference_id=options.client_reference_id,
            customer_email=told.get("customer_email") or account.customer.billing_email or None,
            currency=None if currency is None else currency.upper(),
            expires_at=session.expires_at,
            metadata=options.metadata or None,
            status=session.status,
            url=session.url,
            cancel_url=options.cancel_url,
            success_url=options.success_url,
            return_url=options.return_url,
        )


class PortalOptions(Body):
    """What the visit is to be; `returnURL` is an older spelling."""

    configuration_id: Annotated[str, Field(min_length=1, max_length=255)] | None = None
    locale: Annotated[str, Field(min_length=1, max_length=16)] | None = None
    return_url: Text | None = Field(default=None, validation_alias=AliasChoices("return_url", "returnURL"))


class NewPortalVisit(Body):
    """A visit to begin."""

    stripe_options: PortalOptions


class PortalView(View):
    """A visit to Stripe's portal."""

    id: str
    stripe_customer_id: str
    configuration_id: str
    livemode: bool
    created_at: Instant
    return_url: str
    locale: str
    url: str

    @classmethod
    def of(cls, reference: str, session: PortalSession) -> PortalView:
        """Show a visit."""
        return cls(
            id=session.id,
            stripe_customer_id=reference,
            configuration_id=session.configuration_id or "",
            livemode=session.is_live,
            created_at=session.created_at,
            return_url=session.return_url or "",
            locale=session.language or "auto",
            url=session.url,
        )


@router.post(
    "/customers/{customer_id}/billing/stripe/checkout-sessions",
    name="create-customer-stripe-checkout-session",
    response_model=CheckoutView,
    status_code=201,
    **scoped("update:billing_customers"),
)
def create_checkout(caller: CallerOf, customer_id: CustomerId, body: NewCheckout, once: OnlyOnce) -> Response:
    """Begin a session in which a customer leaves a payment method."""
    options = body.stripe_options
    # A repetition of the call is the same session, also where the process died after it was made.
    nonce = new_nonce() if once.key is None else digest_of(f"{caller.client_id} {once.key}")[:32]

    def serve(engine: Engine) -> CheckoutView:
        with engine.read() as tx:
            account = live_account(tx, customer_id)
        told = None if body.customer is None else body.customer.currency
        currency: str | None = account.extras.more.get("currency") or told
        wanted = options.wanted(nonce, currency=currency)
        session = begin_checkout(engine, customer_id=customer_id, wanted=wanted, actor=caller.client_id)
        return CheckoutView.of(account, options, session)

    return once(serve, body, status=201)


@router.post(
    "/customers/{customer_id}/billing/stripe/portal-sessions",
    name="create-customer-stripe-portal-session",
    response_model=PortalView,
    status_code=201,
    **scoped("update:billing_customers"),
)
def create_portal_visit(caller: CallerOf, customer_id: CustomerId, body: NewPortalVisit, once: OnlyOnce) -> Response:
    """Begin a visit of a customer to Stripe's portal."""
    options = body.stripe_options

    def serve(engine: Engine) -> PortalView:
        with engine.read() as tx:
            live_account(tx, customer_id)
            reference = payer_reference_of(tx, customer_id)
        if reference is None:
            raise PreconditionFailed("The customer has no data of Stripe", remedy="Link it, or begin a checkout first.")
        wanted = PortalWanted(options.return_url, options.configuration_id, options.locale)
        session = open_portal(engine, customer_id=customer_id, wanted=wanted, actor=caller.client_id)
        return PortalView.of(reference, session)

    return once(serve, body, status=201)


def _refused(name: str, reason: str, *, rule: str = "invalid") -> InvalidRequest:
    return InvalidRequest(reason, parameter=f"stripe_options.{name}", rule=rule)
