"""Billing profiles of v2: by what the cadences of a customer are paid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from fastapi import Depends
from starlette.responses import Response

from billing_sdk.errors import BillingError, NotFound, UnknownPayerProfile
from billing_sdk.server.api.stripe.answers import Answering
from billing_sdk.server.api.stripe.bodies import Body, StripeRoute, View
from billing_sdk.server.api.stripe.ids import CustomerId, PayerProfileId, PaymentMethodId, ours, path_id, unknown
from billing_sdk.server.api.stripe.lookup_keys import LookupKeys, refusing_taken
from billing_sdk.server.api.stripe.once import OnlyOnce
from billing_sdk.server.api.stripe.paging import Filters, Listing, Wanted
from billing_sdk.server.api.stripe.problems import refused
from billing_sdk.server.api.stripe.security import CallerOf, EngineOf, v2
from billing_sdk.server.api.stripe.stored_pages import newest_first
from billing_sdk.server.api.stripe.values import DisplayName, Instant, Livemode, LookupKey, Metadata, merged
from billing_sdk.server.domain.collection import PayerProfile
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.payer_profiles import create_payer, update_payer
from billing_sdk.server.usecases.stripe_customers import stripe_customer
from billing_sdk.server.web.operations import Operations

router = Operations(route_class=StripeRoute)

CODES: Final[Mapping[type[BillingError], str]] = {
    UnknownPayerProfile: "billing_profile_not_found",
}
ProfileId = Annotated[str, path_id("billing_profile", "profile_id")]


class ProfileBody(Body):
    """What can be said of a profile."""

    display_name: DisplayName | None = None
    lookup_key: LookupKey | None = None
    default_payment_method: str | None = None
    metadata: Metadata | None = None


class NewProfile(ProfileBody):
    """A profile of a customer."""

    customer: str


class ChangedProfile(ProfileBody):
    """What changes of a profile; what is left out stays as it is, and null takes it away."""

    status: Literal["active", "inactive"] | None = None


class ProfileFilters(Filters):
    """What profiles can be filtered by: one of the first three, and the status beside it."""

    customer: str | None = None
    default_payment_method: str | None = None
    lookup_keys: LookupKeys = ()
    status: Literal["active", "inactive"] | None = None


PROFILES = Listing(ProfileFilters, limit=10)


class ProfileView(View):
    """A profile."""

    id: PayerProfileId
    object: Literal["v2.billing.profile"] = "v2.billing.profile"
    created: Instant
    customer: CustomerId
    default_payment_method: PaymentMethodId | None
    display_name: str | None
    livemode: Livemode = None
    lookup_key: str | None
    metadata: dict[str, str]
    status: str

    @classmethod
    def of(cls, profile: PayerProfile) -> ProfileView:
        """Show a profile."""
        return cls(
            id=profile.id,
            created=profile.created_at,
            customer=profile.customer_id,
            default_payment_method=profile.payment_method_id,
            display_name=profile.name,
            lookup_key=profile.lookup_key,
            metadata=dict(profile.metadata),
            status=profile.status,
        )


@router.post("/billing/profiles", **v2("create:billing_profiles", codes=CODES))
def create_profile(caller: CallerOf, body: NewProfile, once: OnlyOnce) -> Response:
    """Make a profile for a customer."""
    customer_id = ours("customer", body.customer, param="customer")
    method_id = _method_id(body)

    def serve(engine: Engine) -> View:
        with engine.read() as tx:
            billable_customer(tx, customer_id, param="customer")
        with refusing_taken():
            made = create_payer(
                engine,
                customer_id=customer_id,
                name=body.display_name,
                payment_method_id=method_id,
                lookup_key=body.lookup_key,
                metadata=merged({}, body.metadata),
                actor=caller.client_id,
            )
        return ProfileView.of(made)

    return once(serve, body, again=_again)


@router.get("/billing/profiles", **v2("read:billing_profiles"))
def list_profiles(
    engine: EngineOf, answer: Answering, wanted: Annotated[Wanted[ProfileFilters], Depends(PROFILES)]
) -> Response:
    """List profiles, the newest first."""
    filters = wanted.filters
    if sum(map(bool, (filters.customer, filters.default_payment_method, filters.lookup_keys))) > 1:
        raise refused(
            "invalid_billing_profile_filters",
            "customer, default_payment_method and lookup_keys exclude each other",
            param="lookup_keys" if filters.lookup_keys else "default_payment_method",
        )
    customer_id = None if filters.customer is None else ours("customer", filters.customer, param="customer")
    method = filters.default_payment_method
    method_id = None if method is None else ours("payment_method", method, param="default_payment_method")
    with engine.read() as tx:
        cut = newest_first(
            wanted,
            lambda page: tx.payer_profiles.list(
                page,
                customer_id=customer_id,
                status=filters.status,
                lookup_keys=filters.lookup_keys,
                payment_method_id=method_id,
            ),
            id_of=lambda profile: profile.id,
        )
    return answer(wanted.shown(cut, [ProfileView.of(profile) for profile in cut.items]))


@router.get("/billing/profiles/{profile_id}", **v2("read:billing_profiles", codes=CODES))
def get_profile(engine: EngineOf, answer: Answering, profile_id: ProfileId) -> Response:
    """Get a profile."""
    return answer(_view(engine, profile_id))


@router.post("/billing/profiles/{profile_id}", **v2("update:billing_profiles", codes=CODES))
def update_profile(caller: CallerOf, profile_id: ProfileId, body: ChangedProfile, once: OnlyOnce) -> Response:
    """Change what is given of a profile."""
    method_id = _method_id(body)

    def serve(engine: Engine) -> View:
        given = body.model_fields_set
        with engine.read() as tx:
            before = tx.payer_profiles.get(profile_id)
        with refusing_taken():
            changed = update_payer(
                engine,
                profile_id,
                name=(body.display_name or "") if "display_name" in given else None,
                payment_method_id=(method_id or "") if "default_payment_method" in given else None,
                lookup_key=(body.lookup_key or "") if "lookup_key" in given else None,
                status=body.status,
                metadata=merged(before.metadata, body.metadata) if "metadata" in given else None,
                actor=caller.client_id,
            )
        return ProfileView.of(changed)

    return once(serve, body, again=_again)


def billable_customer(tx: UnitOfWork, customer_id: str, *, param: str) -> Customer:
    """Return a customer who can be billed.

    Args:
        tx: the transaction.
        customer_id: our own id.
        param: where it was named.

    Raises:
        NotFound: there is no such customer.
        InvalidRequest: it was deleted.
    """
    try:
        found = stripe_customer(tx, customer_id)
    except NotFound:
        raise unknown("customer", "cus" + customer_id.removeprefix("customer"), param=param) from None
    if found.is_deleted:
        raise refused("invalid_customer", "The customer was deleted", param=param)
    return found.customer


def _method_id(body: ProfileBody) -> str | None:
    method = body.default_payment_method
    return None if method is None else ours("payment_method", method, param="default_payment_method")


def _view(engine: Engine, profile_id: str) -> View:
    with engine.read() as tx:
        return ProfileView.of(tx.payer_profiles.get(profile_id))


def _again(engine: Engine, shown_id: str) -> View:
    return _view(engine, ours("billing_profile", shown_id))
