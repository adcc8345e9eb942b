"""How a customer is billed: its billing profile, and who it is at a payment processor."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import Field
from starlette.responses import Response

from billing_sdk.errors import InvalidRequest, UnknownProfile
from billing_sdk.server.api.konnect.apps import app_in_use, find_app
from billing_sdk.server.api.konnect.bodies import Body, KonnectRoute, View
from billing_sdk.server.api.konnect.once import OnlyOnce
from billing_sdk.server.api.konnect.security import CallerOf, EngineOf, scoped
from billing_sdk.server.api.konnect.values import CustomerId, Labels, Ulid
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.ids import id_from_ulid, ulid_of
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.konnect import Extras
from billing_sdk.server.usecases.accounts import account_of, live_account
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.link_payer import link_payer, payer_reference_of
from billing_sdk.server.usecases.update_customer import update_customer
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Customer billing"], route_class=KonnectRoute)


class StripeData(Body):
    """Who the customer is at Stripe."""

    customer_id: Annotated[str, Field(pattern=r"^cus_[A-Za-z0-9_]{1,250}$")] | None = None
    default_payment_method_id: Annotated[str, Field(pattern=r"^(pm|card|src)_[A-Za-z0-9_]{1,250}$")] | None = None
    labels: Labels | None = None


class ExternalData(Body):
    """What another system of invoices is told."""

    labels: Labels | None = None


class AppData(Body):
    """Who the customer is at each app."""

    stripe: StripeData | None = None
    external_invoicing: ExternalData | None = None


class ProfileReference(Body):
    """A billing profile by its id."""

    id: Ulid


class BillingData(Body):
    """How a customer is billed; without a profile of its own it has the default one."""

    billing_profile: ProfileReference | None = None
    app_data: AppData | None = None


class StripeDataView(View):
    """Who the customer is at Stripe."""

    customer_id: str | None = None
    default_payment_method_id: str | None = None
    labels: dict[str, str] | None = None


class ExternalDataView(View):
    """What another system of invoices is told."""

    labels: dict[str, str] | None = None


class AppDataView(View):
    """Who the customer is at each app."""

    stripe: StripeDataView | None = None
    external_invoicing: ExternalDataView | None = None

    @classmethod
    def of(cls, tx: UnitOfWork, customer: Customer) -> AppDataView:
        """Show what is known of a customer there."""
        extras = tx.konnect.find("customer_billing", customer.id)
        more = {} if extras is None else extras.more
        reference = payer_reference_of(tx, customer.id)
        stripe = external = None
        if reference is not None:
            method = tx.customers.find_payment_method(customer.id)
            stripe = StripeDataView(
                customer_id=reference,
                default_payment_method_id=None if method is None else method.gateway_token,
                labels=more.get("stripe_labels"),
            )
        if "external_labels" in more:
            external = ExternalDataView(labels=more["external_labels"])
        return cls(stripe=stripe, external_invoicing=external)


class ProfileReferenceView(View):
    """A billing profile by its id."""

    id: str


class BillingDataView(View):
    """How a customer is billed."""

    billing_profile: ProfileReferenceView | None = None
    app_data: AppDataView | None = None

    @classmethod
    def of(cls, tx: UnitOfWork, customer: Customer) -> BillingDataView:
        """Show how a customer is billed."""
        profile = tx.billing_profiles.of(customer)
        return cls(
            billing_profile=ProfileReferenceView(id=ulid_of(profile.id)),
            app_data=AppDataView.of(tx, customer),
        )


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a customer is to be at the apps."""

    app_data: AppData
    actor: str

    def link(self, engine: Engine, customer_id: str) -> None:
        """Let a customer of Stripe stand for one of ours, and keep the labels.

        Raises:
            UnknownPayer, UnknownPayerMethod: the account does not have them.
            Conflict: it stands for another customer of ours.
        """
        stripe, external = self.app_data.stripe, self.app_data.external_invoicing
        if stripe is not None and stripe.customer_id is not None:
            link_payer(
                engine,
                customer_id=customer_id,
                payer_reference=stripe.customer_id,
                token=stripe.default_payment_method_id,
                actor=self.actor,
            )
        at = engine.now()
        with engine.begin() as tx:
            before = tx.konnect.find("customer_billing", customer_id)
            more = {}
            if stripe is not None and stripe.labels:
                more["stripe_labels"] = stripe.labels
            if external is not None:
                more["external_labels"] = external.labels or {}
            after = replace(
                before or Extras("customer_billing", customer_id, created_at=at, updated_at=at),
                updated_at=at,
                more=more,
            )
            tx.konnect.save(after)
            tx.audit.record(self.actor, "customer.app_data", customer_id, at, before=before, after=after)


@router.get("/customers/{customer_id}/billing", name="get-customer-billing", **scoped("read:billing_customers"))
def get_billing(engine: EngineOf, customer_id: CustomerId) -> BillingDataView:
    """Get how a customer is billed."""
    with engine.read() as tx:
        return BillingDataView.of(tx, account_of(tx, customer_id).customer)


@router.put(
    "/customers/{customer_id}/billing",
    name="update-customer-billing",
    response_model=BillingDataView,
    **scoped("update:billing_customers"),
)
def put_billing(caller: CallerOf, customer_id: CustomerId, body: BillingData, once: OnlyOnce) -> Response:
    """Say by which profile a customer is billed, and who it is at the profile's app."""
    profile_id = None if body.billing_profile is None else id_from_ulid("profile", body.billing_profile.id)

    def serve(engine: Engine) -> BillingDataView:
        with engine.read() as tx:
            live_account(tx, customer_id)
            _check_data(tx, profile_id, body.app_data)
        if body.app_data is not None:
            _Wanted(body.app_data, caller.client_id).link(engine, customer_id)
        customer = update_customer(engine, customer_id, profile_id=profile_id, actor=caller.client_id)
        with engine.read() as tx:
            return BillingDataView.of(tx, customer)

    return once(serve, body)


@router.put(
    "/customers/{customer_id}/billing/app-data",
    name="update-customer-billing-app-data",
    response_model=AppDataView,
    **scoped("update:billing_customers"),
)
def put_app_data(caller: CallerOf, customer_id: CustomerId, body: AppData, once: OnlyOnce) -> Response:
    """Say who a customer is at the apps."""

    def serve(engine: Engine) -> AppDataView:
        with engine.read() as tx:
            customer = live_account(tx, customer_id).customer
            if body.stripe is not None:
                _check_stripe(body.stripe)
        _Wanted(body, caller.client_id).link(engine, customer_id)
        with engine.read() as tx:
            return AppDataView.of(tx, customer)

    return once(serve, body)


def _check_data(tx: UnitOfWork, profile_id: str | None, app_data: AppData | None) -> None:
    """Let pass what the app of a profile needs to know.

    Raises:
        InvalidRequest: there is no such profile, or its app is Stripe and it is not said who the customer is there.
    """
    app = app_in_use(tx)
    if profile_id is not None:
        try:
            profile = tx.billing_profiles.get(profile_id)
        except UnknownProfile:
            raise InvalidRequest(
                "there is no such billing profile", parameter="billing_profile.id", rule="missing_reference"
            ) from None
        if profile.app_id is not None:
            app = find_app(tx, profile.app_id)
        if app.type == "stripe" and (app_data is None or app_data.stripe is None):
            raise InvalidRequest(
                "the profile's app is Stripe, and needs its data", parameter="app_data.stripe", rule="required"
            )
    if app.type == "stripe" and app_data is not None and app_data.stripe is not None:
        _check_stripe(app_data.stripe)


def _check_stripe(stripe: StripeData) -> None:
    if stripe.customer_id is None:
        raise InvalidRequest('property "customer_id" is missing', parameter="stripe.customer_id", rule="required")
