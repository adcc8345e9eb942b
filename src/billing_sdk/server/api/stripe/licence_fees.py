"""Licence fees of v2 with their versions: another price makes a version, which is live once that is said.

Source: Stripe documentation, "How advanced usage-based billing works", License fee version.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Depends
from starlette.responses import Response

from billing_sdk.errors import BillingError, NotFound, VersionNotFound
from billing_sdk.server.api.stripe.answers import Answering
from billing_sdk.server.api.stripe.bodies import Since, StripeRoute, Until, View
from billing_sdk.server.api.stripe.ids import LicenceFeeId, LicenceFeeVersionId, ours, path_id
from billing_sdk.server.api.stripe.items import LicensedItemView
from billing_sdk.server.api.stripe.labels import (
    TAKEN,
    CycleBody,
    CycleView,
    Interval,
    LookupFilters,
    Name,
    TaxBehavior,
    known_currency,
    shown_page,
    version_named,
)
from billing_sdk.server.api.stripe.once import OnlyOnce
from billing_sdk.server.api.stripe.paging import Listing, NoFilters, Wanted
from billing_sdk.server.api.stripe.prices import PriceBody, PriceView, changed_terms, price_members, terms_of
from billing_sdk.server.api.stripe.problems import refused
from billing_sdk.server.api.stripe.refusals import Refusal, telling
from billing_sdk.server.api.stripe.security import CallerOf, EngineOf, v2
from billing_sdk.server.api.stripe.values import Instant, Livemode, LookupKey, LowerCurrency, Metadata, merged
from billing_sdk.server.domain.catalog import LicenceFeeObject, LicenceFeeVersion
from billing_sdk.server.usecases.create_licence_fee import create_licence_fee
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.update_licence_fee import update_licence_fee
from billing_sdk.server.web.operations import Operations

router = Operations(route_class=StripeRoute)

FeePath = Annotated[str, path_id("license_fee", "fee_id")]
CODES: dict[type[BillingError], str] = {
    NotFound: "license_fee_not_found",
    VersionNotFound: "license_fee_version_not_found",
}


class LicenceFeeChange(PriceBody):
    """What can be changed of a licence fee; what is said of the price makes a version."""

    display_name: Name | None = None
    live_version: str | None = None
    lookup_key: LookupKey | None = None
    metadata: Metadata | None = None


class NewLicenceFee(PriceBody, CycleBody):
    """A licence fee."""

    currency: LowerCurrency
    display_name: Name
    licensed_item: str
    tax_behavior: TaxBehavior
    lookup_key: LookupKey | None = None
    metadata: Metadata | None = None


class FeeFilters(LookupFilters):
    """What licence fees can be filtered by."""

    licensed_item: str | None = None


FEES = Listing(FeeFilters)
VERSIONS = Listing(NoFilters)


class LicenceFeeView(PriceView):
    """A licence fee with the price of its live version."""

    id: LicenceFeeId
    object: Literal["v2.billing.license_fee"] = "v2.billing.license_fee"
    active: bool = True
    created: Instant
    currency: LowerCurrency
    display_name: str
    latest_version: Annotated[LicenceFeeVersionId, Until("2026-06-10")]
    licensed_item: LicensedItemView
    live_version: LicenceFeeVersionId
    livemode: Livemode = None
    lookup_key: str | None
    metadata: dict[str, str]
    service_cycle: Annotated[CycleView, Since("2026-04-22")]
    service_interval: Annotated[Interval, Until("2026-04-22")]
    service_interval_count: Annotated[int, Until("2026-04-22")]
    tax_behavior: TaxBehavior

    @classmethod
    def of(cls, fee: LicenceFeeObject) -> LicenceFeeView:
        """Show a licence fee."""
        service = fee.service
        return cls(
            id=fee.id,
            created=fee.created_at,
            currency=fee.currency,
            display_name=fee.name,
            latest_version=fee.versions.latest.id,
            licensed_item=LicensedItemView.of(fee.item),
            live_version=fee.versions.live_id,
            lookup_key=fee.lookup_key,
            metadata=dict(fee.metadata),
            service_cycle=CycleView(interval=service.unit, interval_count=service.count),
            service_interval=service.unit,
            service_interval_count=service.count,
            tax_behavior=fee.tax_behavior or "exclusive",
            **price_members(fee.versions.live.terms),
        )


class LicenceFeeVersionView(PriceView):
    """A price that a licence fee has or had."""

    id: LicenceFeeVersionId
    object: Literal["v2.billing.license_fee_version"] = "v2.billing.license_fee_version"
    created: Instant
    license_fee_id: LicenceFeeId
    livemode: Livemode = None

    @classmethod
    def of(cls, fee: LicenceFeeObject, version: LicenceFeeVersion) -> LicenceFeeVersionView:
        """Show a version."""
        return cls(id=version.id, created=version.created_at, license_fee_id=fee.id, **price_members(version.terms))


@router.post("/billing/license_fees", **v2("create:billing_plans", codes=CODES))
def create_fee(caller: CallerOf, body: NewLicenceFee, once: OnlyOnce) -> Response:
    """Set a recurring price for a licensed item."""
    values: dict[str, Any] = {
        "name": body.display_name,
        "currency": known_currency(body.currency),
        "terms": terms_of(body),
        "service": body.cadence,
        "lookup_key": body.lookup_key,
        "metadata": merged({}, body.metadata),
        "tax_behavior": body.tax_behavior,
        "actor": caller.client_id,
    }

    def serve(engine: Engine) -> View:
        with telling({**TAKEN, NotFound: Refusal("billable_item_not_found", 404, "licensed_item")}):
            item_id = ours("billable_item", body.licensed_item)
            return LicenceFeeView.of(create_licence_fee(engine, item_id=item_id, **values))

    return once(serve, body, again=_again)


@router.get("/billing/license_fees", **v2("read:billing_plans"))
def list_fees(engine: EngineOf, answer: Answering, wanted: Annotated[Wanted[FeeFilters], Depends(FEES)]) -> Response:
    """List licence fees, the newest first."""
    asked = wanted.filters
    with telling({NotFound: Refusal("billable_item_not_found", 404, "licensed_item")}):
        item_id = None if asked.licensed_item is None else ours("billable_item", asked.licensed_item)
    with engine.read() as tx:
        return answer(
            shown_page(
                wanted,
                lambda page: tx.licence_fees.list(page, lookup_keys=asked.lookup_keys, item_id=item_id),
                LicenceFeeView.of,
                lambda fee: fee.id,
            )
        )


@router.get("/billing/license_fees/{fee_id}", **v2("read:billing_plans", codes=CODES))
def get_fee(engine: EngineOf, answer: Answering, fee_id: FeePath) -> Response:
    """Get a licence fee."""
    with engine.read() as tx:
        return answer(LicenceFeeView.of(tx.licence_fees.get(fee_id)))


@router.post("/billing/license_fees/{fee_id}", **v2("update:billing_plans", codes=CODES))
def update_fee(caller: CallerOf, fee_id: FeePath, body: LicenceFeeChange, once: OnlyOnce) -> Response:
    """Change what is given of a licence fee; another price makes a version."""

    def serve(engine: Engine) -> View:
        with engine.read() as tx:
            before = tx.licence_fees.get(fee_id)
        with telling({**TAKEN, VersionNotFound: Refusal(CODES[VersionNotFound], 404, "live_version")}):
            return LicenceFeeView.of(update_licence_fee(engine, **_changes(before, body), actor=caller.client_id))

    return once(serve, body, again=_again)


def _changes(before: LicenceFeeObject, body: LicenceFeeChange) -> dict[str, Any]:
    """Return what updating a licence fee is given.

    Raises:
        BillingError: it is to have no name, or the price is none.
    """
    given = body.model_fields_set
    if "display_name" in given and body.display_name is None:
        raise refused("parameter_invalid_empty", "a licence fee has a name", param="display_name")
    return {
        "fee_id": before.id,
        "name": body.display_name,
        "terms": changed_terms(before.versions.latest.terms, body) if body.has_price else None,
        "live_version": version_named("license_fee_version", body.live_version),
        "lookup_key": body.lookup_key or "" if "lookup_key" in given else None,
        "metadata": merged(before.metadata, body.metadata) if "metadata" in given else None,
    }


@router.get("/billing/license_fees/{fee_id}/versions", **v2("read:billing_plans", codes=CODES))
def list_versions(
    engine: EngineOf, answer: Answering, fee_id: FeePath, wanted: Annotated[Wanted[NoFilters], Depends(VERSIONS)]
) -> Response:
    """List the prices that a licence fee has and had, the newest first."""
    with engine.read() as tx:
        fee = tx.licence_fees.get(fee_id)
    newest_first = fee.versions.all[::-1]
    return answer(
        wanted.page(newest_first, lambda one: LicenceFeeVersionView.of(fee, one), place_of=lambda one: one.id)
    )


@router.get("/billing/license_fees/{fee_id}/versions/{version_id}", **v2("read:billing_plans", codes=CODES))
def get_version(engine: EngineOf, answer: Answering, fee_id: FeePath, version_id: str) -> Response:
    """Get a price that a licence fee has or had."""
    with engine.read() as tx:
        fee = tx.licence_fees.get(fee_id)
    named = version_named("license_fee_version", version_id) or ""
    return answer(LicenceFeeVersionView.of(fee, fee.versions.find(named)))


def _again(engine: Engine, fee_id: str) -> View:
    with engine.read() as tx:
        return LicenceFeeView.of(tx.licence_fees.get(ours("license_fee", fee_id)))
