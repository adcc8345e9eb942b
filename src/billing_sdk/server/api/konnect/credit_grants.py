"""Credit grants: given, charged for by an invoice, or paid for elsewhere."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeAlias

from fastapi import Depends
from pydantic import AfterValidator, Field
from starlette.responses import Response

from billing_sdk.errors import InvalidCreditGrant, InvalidRequest, UnknownFeature
from billing_sdk.server.api.konnect.amounts import amount_of
from billing_sdk.server.api.konnect.bodies import Body, KonnectRoute, View
from billing_sdk.server.api.konnect.filters import STRING, one_of
from billing_sdk.server.api.konnect.listing import Listing, Wanted
from billing_sdk.server.api.konnect.once import OnlyOnce
from billing_sdk.server.api.konnect.paging import Paged, paged
from billing_sdk.server.api.konnect.security import CallerOf, EngineOf, scoped
from billing_sdk.server.api.konnect.values import (
    ULID_IN_PATH,
    CurrencyCode,
    CustomerId,
    Description,
    ExternalKey,
    Instant,
    IsoDuration,
    Labels,
    Name,
    Numeric,
    ResourceKey,
    Ulid,
)
from billing_sdk.server.api.konnect.view import Resource, resource_of
from billing_sdk.server.domain.credits import CreditGrant, Settlement
from billing_sdk.server.ids import id_from_ulid, ulid_of
from billing_sdk.server.storage.conditions import all_hold
from billing_sdk.server.usecases.accounts import account_of, live_account
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.fund_credit import (
    Funding,
    KnownGrant,
    WantedCredit,
    fund_credit,
    known_grant,
    known_grants,
)
from billing_sdk.server.usecases.settle_grant import settle_grant
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Credits"], route_class=KonnectRoute)

Status: TypeAlias = Literal["pending", "active", "expired", "voided"]
STATUSES: tuple[Status, ...] = ("pending", "active", "expired", "voided")
LISTED = Listing(filters={"status": one_of(*STATUSES), "currency": STRING, "key": STRING})
GrantId = Annotated[str, ULID_IN_PATH, AfterValidator(lambda ulid: id_from_ulid("grant", ulid))]


class GrantFilters(Body):
    """The features whose usage is paid with it; all metered ones where none is named."""

    features: list[ResourceKey] | None = Field(default=None, max_length=20)


class TaxCodeReference(Body):
    """A tax code by its id."""

    id: Ulid


class GrantTax(Body):
    """How what is sold is taxed."""

    behavior: Literal["inclusive", "exclusive"] | None = None
    tax_code: TaxCodeReference | None = None


class Purchase(Body):
    """What is paid for it: so much for each unit of credit."""

    currency: CurrencyCode
    per_unit_cost_basis: Numeric = Decimal(1)
    availability_policy: Literal["on_creation"] = "on_creation"


class NewGrant(Body):
    """A grant that is to be made."""

    name: Name
    description: Description | None = None
    labels: Labels | None = None
    funding_method: Funding
    currency: CurrencyCode
    amount: Numeric
    purchase: Purchase | None = None
    tax_config: GrantTax | None = None
    filters: GrantFilters | None = None
    priority: Annotated[int, Field(ge=1, le=1000)] = 10
    effective_at: Instant | None = None
    expires_after: IsoDuration | None = None
    key: ExternalKey | None = None

    def wanted(self) -> WantedCredit:
        """Return it as the use case takes it.

        Raises:
            InvalidRequest: an amount is none, or what is said of the payment doesn't fit together.
        """
        amount = amount_of(self.amount, self.currency)
        if amount.minor <= 0:
            raise InvalidRequest("what is granted is more than zero", parameter="amount")
        purchase = self.purchase
        if purchase is not None and self.funding_method == "none":
            raise InvalidRequest("nobody pays for it, so it has no purchase", parameter="purchase")
        if purchase is not None and purchase.currency != self.currency:
            raise InvalidRequest("credit is paid for in its own currency", parameter="purchase.currency")
        per_unit = Decimal(1) if purchase is None else purchase.per_unit_cost_basis
        if per_unit <= 0:
            raise InvalidRequest(
                "the cost is more than zero; what costs nothing has the funding method none",
                parameter="purchase.per_unit_cost_basis",
            )
        return WantedCredit(
            name=self.name,
            amount=amount,
            funding=self.funding_method,
            per_unit=per_unit,
            priority=self.priority,
            effective_at=self.effective_at,
            expires_after=self.expires_after,
            applies_to=tuple((self.filters and self.filters.features) or ()),
            key=self.key,
            description=self.description,
            labels=self.labels or {},
            tax_config=None if self.tax_config is None else self.tax_config.model_dump(exclude_none=True),
        )


class SettlementChange(Body):
    """How far a payment has come that somebody else collects."""

    status: Settlement


class GrantFiltersView(View):
    """The features whose usage is paid with it."""

    features: list[str]


class PurchaseView(View):
    """What is paid for it, taxes aside."""

    currency: str
    amount: Numeric
    per_unit_cost_basis: Numeric
    availability_policy: Literal["on_creation"]
    settlement_status: Settlement


class InvoiceReferenceView(View):
    """The invoice that asks for it."""

    id: str


class GrantView(Resource):
    """A credit grant."""

    funding_method: Funding
    currency: str
    amount: Numeric
    purchase: PurchaseView | None = None
    tax_config: dict[str, Any] | None = None
    invoice: InvoiceReferenceView | None = None
    filters: GrantFiltersView | None = None
    priority: int | None = None
    effective_at: Instant | None = None
    expires_at: Instant | None = None
    key: str | None = None
    status: Status
    voided_at: Instant | None = None

    @classmethod
    def of(cls, known: KnownGrant, *, at: datetime) -> GrantView:
        """Show a grant as it is at an instant."""
        grant, extras = known.grant, known.extras
        return cls(
            **resource_of(grant.id, extras, name=grant.name, created_at=grant.created_at),
            funding_method=known.funding,
            currency=grant.amount.currency,
            amount=grant.amount.major,
            purchase=_purchase(known),
            tax_config=None if extras is None else extras.more.get("tax_config"),
            invoice=None if grant.invoice_id is None else InvoiceReferenceView(id=ulid_of(grant.invoice_id)),
            filters=GrantFiltersView(features=list(grant.applies_to)) if grant.applies_to else None,
            # Other doors know a priority before the first of this one.
            priority=max(grant.priority, 1),
            effective_at=grant.effective_at,
            expires_at=grant.expires_at,
            key=known.key,
            status=status_of(grant, at=at),
            voided_at=grant.voided_at,
        )


def status_of(grant: CreditGrant, *, at: datetime) -> Status:
    """Return what a grant is at an instant, in the words of this door."""
    if grant.status in ("voided", "expired"):
        return "voided" if grant.status == "voided" else "expired"
    if grant.status == "awaiting_payment" or grant.effective_at > at:
        return "pending"
    return "active" if grant.is_in_effect(at) else "expired"


def _purchase(known: KnownGrant) -> PurchaseView | None:
    if known.funding == "none":
        return None
    grant = known.grant
    more = {} if known.extras is None else known.extras.more
    return PurchaseView(
        currency=grant.cost.currency,
        amount=grant.cost.major,
        per_unit_cost_basis=Decimal(more.get("per_unit", "1")),
        availability_policy="on_creation",
        settlement_status=known.settlement,
    )


@router.post(
    "/customers/{customer_id}/credits/grants",
    name="create-credit-grant",
    status_code=201,
    response_model=GrantView,
    **scoped("create:billing_credits"),
)
def create_grant(caller: CallerOf, customer_id: CustomerId, body: NewGrant, once: OnlyOnce) -> Response:
    """Grant credit; what an invoice asks for counts as soon as that is paid."""
    wanted = body.wanted()
    tax = body.tax_config
    tax_code_id = None if tax is None or tax.tax_code is None else id_from_ulid("tax", tax.tax_code.id)

    def serve(engine: Engine) -> GrantView:
        with engine.read() as tx:
            live_account(tx, customer_id)
        try:
            grant = fund_credit(
                engine, wanted, customer_id=customer_id, tax_code_id=tax_code_id, actor=caller.client_id
            )
        except UnknownFeature as error:
            raise InvalidRequest(error.detail, parameter="filters.features", rule="missing_reference") from None
        except InvalidCreditGrant as error:
            raise InvalidCreditGrant(error.detail, parameter="expires_after") from None
        return _shown(engine, grant)

    return once(serve, body, status=201)


@router.get(
    "/customers/{customer_id}/credits/grants",
    name="list-credit-grants",
    **scoped("read:billing_credits", lists=LISTED),
)
def list_grants(
    engine: EngineOf, customer_id: CustomerId, wanted: Annotated[Wanted, Depends(LISTED)]
) -> Paged[GrantView]:
    """List what a customer was granted, the oldest first, also what came with a plan."""
    with engine.read() as tx:
        customer = account_of(tx, customer_id).customer
        at = engine.now_for(tx, customer)
        known = known_grants(tx, customer.id)

    def value_of(one: KnownGrant, field: str) -> Any:
        return status_of(one.grant, at=at) if field == "status" else getattr(one, field)

    found = [one for one in known if all_hold(wanted.conditions, lambda field, one=one: value_of(one, field))]  # type: ignore[misc]
    return paged([GrantView.of(one, at=at) for one in wanted.page.cut(found)], wanted.page, len(found))


@router.get(
    "/customers/{customer_id}/credits/grants/{credit_grant_id}",
    name="get-credit-grant",
    **scoped("read:billing_credits"),
)
def get_grant(engine: EngineOf, customer_id: CustomerId, credit_grant_id: GrantId) -> GrantView:
    """Get a grant."""
    with engine.read() as tx:
        customer = account_of(tx, customer_id).customer
        known = known_grant(tx, tx.grants.get_of(customer.id, credit_grant_id))
        return GrantView.of(known, at=engine.now_for(tx, customer))


@router.post(
    "/customers/{customer_id}/credits/grants/{credit_grant_id}/settlement/external",
    name="update-credit-grant-external-settlement",
    response_model=GrantView,
    **scoped("update:billing_credits"),
)
def settle(
    caller: CallerOf, customer_id: CustomerId, credit_grant_id: GrantId, body: SettlementChange, once: OnlyOnce
) -> Response:
    """Say how far the payment of a grant has come that is collected elsewhere."""

    def serve(engine: Engine) -> GrantView:
        grant = settle_grant(
            engine, customer_id=customer_id, grant_id=credit_grant_id, status=body.status, actor=caller.client_id
        )
        return _shown(engine, grant)

    return once(serve, body)


def _shown(engine: Engine, grant: CreditGrant) -> GrantView:
    with engine.read() as tx:
        at = engine.now_for(tx, tx.customers.get(grant.customer_id))
        return GrantView.of(known_grant(tx, grant), at=at)
