"""The tax codes that count where nothing else is said."""

from __future__ import annotations

from starlette.responses import Response

from billing_sdk.server.api.konnect.bodies import Body, KonnectRoute, View
from billing_sdk.server.api.konnect.once import OnlyOnce
from billing_sdk.server.api.konnect.security import CallerOf, EngineOf, scoped
from billing_sdk.server.api.konnect.values import Instant, Ulid
from billing_sdk.server.ids import id_from_ulid, ulid_of
from billing_sdk.server.usecases.default_tax_codes import (
    DefaultTaxCodes,
    default_tax_codes,
    update_default_tax_codes,
)
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Tax codes"], route_class=KonnectRoute)


class TaxCodeReference(Body):
    """A tax code by its id."""

    id: Ulid

    @property
    def our_id(self) -> str:
        """Our own id."""
        return id_from_ulid("tax", self.id)


class DefaultsChange(Body):
    """What to change; what is left out stays."""

    invoicing_tax_code: TaxCodeReference | None = None
    credit_grant_tax_code: TaxCodeReference | None = None


class ReferenceView(View):
    """A thing by its id."""

    id: str


class DefaultsView(View):
    """Both tax codes."""

    invoicing_tax_code: ReferenceView
    credit_grant_tax_code: ReferenceView
    created_at: Instant
    updated_at: Instant

    @classmethod
    def of(cls, found: DefaultTaxCodes) -> DefaultsView:
        """Show both."""
        return cls(
            invoicing_tax_code=ReferenceView(id=ulid_of(found.invoicing_id)),
            credit_grant_tax_code=ReferenceView(id=ulid_of(found.credit_grant_id)),
            created_at=found.created_at,
            updated_at=found.updated_at,
        )


@router.get("/defaults/tax-codes", name="get-organization-default-tax-codes", **scoped("read:billing_tax"))
def get_default_tax_codes(engine: EngineOf) -> DefaultsView:
    """Get the tax codes of invoices and of credit that is granted."""
    with engine.read() as tx:
        return DefaultsView.of(default_tax_codes(tx))


@router.put(
    "/defaults/tax-codes",
    name="update-organization-default-tax-codes",
    response_model=DefaultsView,
    **scoped("update:billing_tax"),
)
def put_default_tax_codes(caller: CallerOf, body: DefaultsChange, once: OnlyOnce) -> Response:
    """Change the tax codes of invoices and of credit that is granted."""
    invoicing, credit = body.invoicing_tax_code, body.credit_grant_tax_code

    def serve(engine: Engine) -> DefaultsView:
        found = update_default_tax_codes(
            engine,
            invoicing_id=None if invoicing is None else invoicing.our_id,
            credit_grant_id=None if credit is None else credit.our_id,
            actor=caller.client_id,
        )
        return DefaultsView.of(found)

    return once(serve, body)
