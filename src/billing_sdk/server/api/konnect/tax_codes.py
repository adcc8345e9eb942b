"""Tax codes."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from fastapi import Depends, Query
from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError
from starlette.responses import Response

from billing_sdk.server.api.konnect.bodies import Body, KonnectRoute, View
from billing_sdk.server.api.konnect.listing import Listing, Wanted
from billing_sdk.server.api.konnect.once import OnlyOnce
from billing_sdk.server.api.konnect.paging import Paged, paged
from billing_sdk.server.api.konnect.security import CallerOf, EngineOf, scoped
from billing_sdk.server.api.konnect.values import ULID_IN_PATH, Description, Labels, Name, ResourceKey
from billing_sdk.server.api.konnect.view import Resource, resource_of
from billing_sdk.server.ids import id_from_ulid
from billing_sdk.server.usecases.delete_tax_code import delete_tax_code
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.known_tax_codes import KnownTaxCode, find_tax_code, known_tax_codes
from billing_sdk.server.usecases.update_tax_code import make_tax_code, update_tax_code
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Tax codes"], route_class=KonnectRoute)

LISTED = Listing()
STRIPE_CODE = re.compile(r"txcd_\d{8}", re.ASCII)
TaxCodeId = Annotated[str, ULID_IN_PATH, AfterValidator(lambda ulid: id_from_ulid("tax", ulid))]
AppType = Literal["sandbox", "stripe", "external_invoicing"]


class AppMapping(Body):
    """What a payment processor calls a tax code."""

    app_type: AppType
    tax_code: Annotated[str, Field(min_length=1, max_length=64)]

    @model_validator(mode="after")
    def _check_code(self) -> AppMapping:
        if self.app_type == "stripe" and not STRIPE_CODE.fullmatch(self.tax_code):
            raise PydanticCustomError("invalid", "a tax code of Stripe is txcd_ and eight digits")
        return self


class TaxCodeFields(Body):
    """What can be said of a tax code."""

    name: Name
    description: Description | None = None
    labels: Labels | None = None
    app_mappings: list[AppMapping] = Field(max_length=16)

    def given(self) -> dict[str, Any]:
        """Return it as the use cases take it."""
        return {
            "name": self.name,
            "description": self.description,
            "labels": self.labels,
            "app_mappings": [one.model_dump() for one in self.app_mappings],
        }


class NewTaxCode(TaxCodeFields):
    """A tax code with its key, which never changes."""

    key: ResourceKey


class AppMappingView(View):
    """What a payment processor calls a tax code."""

    app_type: AppType
    tax_code: str


class TaxCodeView(Resource):
    """A tax code."""

    key: str
    app_mappings: list[AppMappingView]

    @classmethod
    def of(cls, known: KnownTaxCode) -> TaxCodeView:
        """Show a tax code."""
        extras = known.extras
        common = resource_of(known.id, extras, name=known.code.name, created_at=extras.created_at)
        mappings = [AppMappingView(**one) for one in extras.more.get("app_mappings", [])]
        return cls(**{**common, "name": known.code.name}, key=known.code.key, app_mappings=mappings)


@router.post(
    "/tax-codes",
    name="create-tax-code",
    response_model=TaxCodeView,
    status_code=201,
    **scoped("create:billing_tax"),
)
def create_tax_code(caller: CallerOf, body: NewTaxCode, once: OnlyOnce) -> Response:
    """Make a tax code."""

    def serve(engine: Engine) -> TaxCodeView:
        return TaxCodeView.of(make_tax_code(engine, key=body.key, actor=caller.client_id, **body.given()))

    return once(serve, body, status=201)


@router.get("/tax-codes", name="list-tax-codes", **scoped("read:billing_tax", lists=LISTED))
def list_tax_codes(
    engine: EngineOf, wanted: Annotated[Wanted, Depends(LISTED)], include_deleted: Annotated[bool, Query()] = False
) -> Paged[TaxCodeView]:
    """List tax codes, the system's own first."""
    with engine.read() as tx:
        known = [one for one in known_tax_codes(tx) if include_deleted or one.extras.deleted_at is None]
    return paged([TaxCodeView.of(one) for one in wanted.page.cut(known)], wanted.page, len(known))


@router.get("/tax-codes/{tax_code_id}", name="get-tax-code", **scoped("read:billing_tax"))
def get_tax_code(engine: EngineOf, tax_code_id: TaxCodeId) -> TaxCodeView:
    """Get a tax code, also a deleted one."""
    with engine.read() as tx:
        return TaxCodeView.of(find_tax_code(tx, tax_code_id))


@router.put(
    "/tax-codes/{tax_code_id}", name="upsert-tax-code", response_model=TaxCodeView, **scoped("update:billing_tax")
)
def upsert_tax_code(caller: CallerOf, tax_code_id: TaxCodeId, body: TaxCodeFields, once: OnlyOnce) -> Response:
    """Replace what is known of a tax code, but for its key."""

    def serve(engine: Engine) -> TaxCodeView:
        return TaxCodeView.of(update_tax_code(engine, tax_code_id, actor=caller.client_id, **body.given()))

    return once(serve, body)


@router.delete("/tax-codes/{tax_code_id}", name="delete-tax-code", status_code=204, **scoped("update:billing_tax"))
def remove_tax_code(caller: CallerOf, tax_code_id: TaxCodeId, once: OnlyOnce) -> Response:
    """Delete a tax code that nothing is sold under."""

    def serve(engine: Engine) -> None:
        delete_tax_code(engine, tax_code_id, actor=caller.client_id)

    return once(serve, status=204)
