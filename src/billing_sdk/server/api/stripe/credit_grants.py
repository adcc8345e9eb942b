"""Credit grants of v1."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Literal

from fastapi import Depends
from pydantic import Field
from starlette.responses import Response

from billing_sdk.errors import (
    BillingError,
    Conflict,
    CreditGrantEnded,
    CreditGrantUsed,
    InvalidCreditGrant,
    TooManyCreditGrants,
    UnknownCreditGrant,
)
from billing_sdk.server.api.stripe.answers import Answering
from billing_sdk.server.api.stripe.bodies import FormBody, Since, StripeRoute, View
from billing_sdk.server.api.stripe.credit_amounts import (
    AmountBody,
    AmountView,
    NamedCard,
    NamedItem,
    ScopeBody,
    amount_from,
    check_customer,
    scope_from,
)
from billing_sdk.server.api.stripe.ids import CreditGrantId, CustomerId, TestClockId, ours, path_id
from billing_sdk.server.api.stripe.newest import newest_page
from billing_sdk.server.api.stripe.once import OnlyOnce
from billing_sdk.server.api.stripe.paging import Filters, Listing, Wanted
from billing_sdk.server.api.stripe.problems import refused
from billing_sdk.server.api.stripe.security import CallerOf, EngineOf, v1
from billing_sdk.server.api.stripe.values import Livemode, Metadata, UnixTime, Whole, merged
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.expire_credit import expire_credit
from billing_sdk.server.usecases.stripe_credit import (
    StripeGrant,
    create_stripe_grant,
    stripe_grant,
    stripe_grants,
    touch_stripe_grant,
)
from billing_sdk.server.usecases.update_credit import change_credit_end
from billing_sdk.server.usecases.void_credit import void_credit
from billing_sdk.server.web.operations import Operations

router = Operations(route_class=StripeRoute)

READ = "read:billing_credits"
CREATE = "create:billing_credits"
UPDATE = "update:billing_credits"
MISSING: Mapping[type[BillingError], str] = {UnknownCreditGrant: "resource_missing"}
# A state that does not allow something is 400 here: clients send again what is answered 409.
STATES: Mapping[type[BillingError], str] = {
    CreditGrantEnded: "credit_grant_ended",
    CreditGrantUsed: "credit_grant_used",
    TooManyCreditGrants: "too_many_unused_credit_grants",
    InvalidCreditGrant: "parameter_invalid",
    Conflict: "credit_grant_bought",
}


class ConfigBody(FormBody):
    """What credit is for."""

    scope: ScopeBody


class NewCreditGrant(FormBody):
    """A grant of credit."""

    customer: str
    amount: AmountBody
    applicability_config: ConfigBody
    category: Literal["paid", "promotional"] = "paid"
    effective_at: UnixTime | None = None
    expires_at: UnixTime | None = None
    metadata: Metadata | None = None
    name: Annotated[str, Field(max_length=100)] | None = None
    priority: Annotated[Whole, Field(ge=0, le=100)] = 50


class CreditGrantChange(FormBody):
    """What can change of a grant; an empty end is none."""

    expires_at: UnixTime | None = None
    metadata: Metadata | None = None


class Nothing(FormBody):
    """A body without members."""


class CreditGrantFilters(Filters):
    """What grants can be filtered by."""

    customer: str | None = None


GRANTS = Listing(CreditGrantFilters)


class ScopeView(View):
    """What credit pays for; a grant for some items or rate cards has no price type."""

    billable_items: list[NamedItem] | None
    price_type: Literal["metered"] | None
    prices: list[View] | None = None
    rate_cards: Annotated[list[NamedCard] | None, Since("2025-11-17")] = None


class ConfigView(View):
    """What credit is for."""

    scope: ScopeView


class CreditGrantView(View):
    """A grant of credit."""

    id: CreditGrantId
    object: Literal["billing.credit_grant"] = "billing.credit_grant"
    amount: AmountView
    applicability_config: ConfigView
    category: Literal["paid", "promotional"]
    created: UnixTime
    customer: CustomerId
    customer_account: None = None
    effective_at: UnixTime | None
    expires_at: UnixTime | None
    livemode: Livemode = None
    metadata: dict[str, str]
    name: str | None
    priority: int
    test_clock: TestClockId | None
    updated: UnixTime
    voided_at: UnixTime | None

    @classmethod
    def of(cls, found: StripeGrant) -> CreditGrantView:
        """Show a grant."""
        grant = found.grant
        scope = ScopeView(
            billable_items=[NamedItem(id=item) for item in grant.items] if grant.items or grant.applies_to else None,
            price_type=None if grant.items or grant.cards or grant.applies_to else "metered",
            rate_cards=[NamedCard(id=card) for card in grant.cards] or None,
        )
        return cls(
            id=grant.id,
            amount=AmountView.of(grant.amount, found.unit),
            applicability_config=ConfigView(scope=scope),
            category=grant.category,
            created=grant.created_at,
            customer=grant.customer_id,
            effective_at=None if grant.status == "awaiting_payment" else grant.effective_at,
            expires_at=grant.expires_at,
            metadata=dict(found.extras.metadata),
            name=found.name,
            priority=grant.priority,
            test_clock=found.clock_id,
            updated=found.extras.updated_at,
            voided_at=grant.voided_at,
        )


@contextmanager
def _as_known() -> Iterator[None]:
    """Let what the state of credit does not allow be refused as these clients know it."""
    try:
        yield
    except tuple(STATES) as error:
        code = next(code for kind, code in STATES.items() if isinstance(error, kind))
        raise refused(code, error.detail, param=error.facts.get("parameter"), remedy=error.remedy) from None


@router.post("/billing/credit_grants", **v1(CREATE))
def create_credit_grant(caller: CallerOf, body: NewCreditGrant, once: OnlyOnce) -> Response:
    """Grant a customer credit for usage."""
    customer_id = ours("customer", body.customer, param="customer")

    def serve(engine: Engine) -> View:
        with engine.read() as tx:
            check_customer(tx, customer_id, body.customer)
            amount = amount_from(tx, body.amount)
            items, cards = scope_from(tx, body.applicability_config.scope, "applicability_config[scope]")
        with _as_known():
            made = create_stripe_grant(
                engine,
                customer_id=customer_id,
                name=body.name,
                amount=amount,
                category=body.category,
                priority=body.priority,
                effective_at=body.effective_at,
                expires_at=body.expires_at,
                items=items,
                cards=cards,
                metadata=merged({}, body.metadata),
                actor=caller.client_id,
            )
        return CreditGrantView.of(made)

    return once(serve, body)


@router.get("/billing/credit_grants", **v1(READ))
def list_credit_grants(
    engine: EngineOf, answer: Answering, wanted: Annotated[Wanted[CreditGrantFilters], Depends(GRANTS)]
) -> Response:
    """List credit grants, the newest first."""
    named = wanted.filters.customer
    customer_id = None if named is None else ours("customer", named, param="customer")
    with engine.read() as tx:
        page = newest_page(
            wanted,
            "credit_grant",
            lambda *, after, before, size: tx.grants.newest(
                customer_id=customer_id, after=after, before=before, size=size
            ),
            lambda grants: [CreditGrantView.of(one) for one in stripe_grants(tx, grants)],
            exists=tx.grants.get,
        )
    return answer(page)


@router.get("/billing/credit_grants/{credit_grant_id}", **v1(READ, codes=MISSING))
def get_credit_grant(
    engine: EngineOf, answer: Answering, credit_grant_id: Annotated[str, path_id("credit_grant")]
) -> Response:
    """Get a credit grant."""
    with engine.read() as tx:
        return answer(CreditGrantView.of(stripe_grant(tx, credit_grant_id)))


@router.post("/billing/credit_grants/{credit_grant_id}", **v1(UPDATE, codes=MISSING))
def update_credit_grant(
    caller: CallerOf,
    credit_grant_id: Annotated[str, path_id("credit_grant")],
    body: CreditGrantChange,
    once: OnlyOnce,
) -> Response:
    """Let a credit grant end at another time, or change its metadata."""

    def serve(engine: Engine) -> View:
        with engine.read() as tx:
            before = stripe_grant(tx, credit_grant_id)
        if "expires_at" in body.model_fields_set:
            with _as_known():
                change_credit_end(engine, grant_id=credit_grant_id, expires_at=body.expires_at, actor=caller.client_id)
        is_given = "metadata" in body.model_fields_set
        metadata = merged(before.extras.metadata, body.metadata) if is_given else None
        return CreditGrantView.of(
            touch_stripe_grant(engine, credit_grant_id, metadata=metadata, actor=caller.client_id)
        )

    return once(serve, body)


@router.post("/billing/credit_grants/{credit_grant_id}/expire", **v1(UPDATE, codes=MISSING))
def expire_credit_grant(
    caller: CallerOf, credit_grant_id: Annotated[str, path_id("credit_grant")], body: Nothing, once: OnlyOnce
) -> Response:
    """End a credit grant now; what usage until now needs is kept for it."""

    def serve(engine: Engine) -> View:
        with _as_known():
            expire_credit(engine, grant_id=credit_grant_id, source="api", actor=caller.client_id)
        return CreditGrantView.of(touch_stripe_grant(engine, credit_grant_id, actor=caller.client_id))

    return once(serve, body)


@router.post("/billing/credit_grants/{credit_grant_id}/void", **v1(UPDATE, codes=MISSING))
def void_credit_grant(
    caller: CallerOf, credit_grant_id: Annotated[str, path_id("credit_grant")], body: Nothing, once: OnlyOnce
) -> Response:
    """Take a credit grant back of which nothing was used."""

    def serve(engine: Engine) -> View:
        with _as_known():
            void_credit(engine, grant_id=credit_grant_id, source="api", actor=caller.client_id)
        return CreditGrantView.of(touch_stripe_grant(engine, credit_grant_id, actor=caller.client_id))

    return once(serve, body)
