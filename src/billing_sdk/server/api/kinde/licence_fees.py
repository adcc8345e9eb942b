"""Licence fees (extension): recurring prices of licensed items, version by version, which plans refer to."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field
from starlette.responses import Response

from billing_sdk.server.api.kinde import component_schema
from billing_sdk.server.api.kinde.envelope import Answer, Body, StrictRoute
from billing_sdk.server.api.kinde.idempotency import OnlyOnce
from billing_sdk.server.api.kinde.items import CREATE, READ, UPDATE
from billing_sdk.server.api.kinde.paging import EndingBefore, PageSize, StartingAfter, request_after
from billing_sdk.server.api.kinde.security import EngineOf, MachineOf
from billing_sdk.server.domain.catalog import LicenceFeeObject, TaxBehavior
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.rating import document_of, terms_from_document
from billing_sdk.server.usecases.create_licence_fee import create_licence_fee
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.update_licence_fee import update_licence_fee
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Licence fees"], route_class=StrictRoute)

TERMS_SCHEMA: dict[str, Any] = {**component_schema.TERMS}
TERMS = 'Price and commitments, such as `{"price": {"model": "flat", "amount": "2900"}}`; exact minor units, as text.'


class FeeVersionView(BaseModel):
    """A price of a licence fee, which never changes."""

    id: str
    number: int
    terms: dict[str, Any]
    created_on: datetime


class LicenceFeeView(BaseModel):
    """A licence fee with all prices that it has had, the oldest first; the live one is what plans get."""

    id: str
    name: str
    item_id: str
    currency: str
    service: str
    live_version_id: str
    latest_version_id: str
    versions: list[FeeVersionView]
    tax_behavior: TaxBehavior | None
    lookup_key: str | None
    metadata: dict[str, str]
    created_on: datetime

    @classmethod
    def of(cls, fee: LicenceFeeObject) -> LicenceFeeView:
        """Show a licence fee."""
        return cls(
            id=fee.id,
            name=fee.name,
            item_id=fee.item.id,
            currency=fee.currency,
            service=str(fee.service),
            live_version_id=fee.versions.live.id,
            latest_version_id=fee.versions.latest.id,
            versions=[
                FeeVersionView(
                    id=version.id,
                    number=version.number,
                    terms=document_of(version.terms),
                    created_on=version.created_at,
                )
                for version in fee.versions.all
            ],
            tax_behavior=fee.tax_behavior,
            lookup_key=fee.lookup_key,
            metadata=dict(fee.metadata),
            created_on=fee.created_at,
        )


class LicenceFeeAnswer(Answer):
    """One licence fee."""

    licence_fee: LicenceFeeView


class LicenceFeeList(Answer):
    """Licence fees in the order of their ids."""

    has_more: bool
    licence_fees: list[LicenceFeeView]


class NewLicenceFee(Body):
    """A price for a licensed item, by its id or lookup key; `service` is the interval that is paid for in advance."""

    name: str = Field(max_length=200)
    item_id: str = Field(max_length=200)
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    service: str = Field(default="month", max_length=32)
    terms: Any = Field(description=TERMS, json_schema_extra=TERMS_SCHEMA)
    tax_behavior: TaxBehavior | None = None
    lookup_key: str | None = Field(default=None, max_length=200)
    metadata: dict[str, str] = Field(default={}, max_length=50)


class LicenceFeeChange(Body):
    """What to change. `terms` make another version; `live_version` is an id or `latest`, which counts the new one."""

    name: str | None = Field(default=None, max_length=200)
    terms: Any = Field(default=None, description=TERMS, json_schema_extra={"anyOf": [TERMS_SCHEMA, {"type": "null"}]})
    live_version: str | None = Field(default=None, max_length=64)
    lookup_key: str | None = Field(default=None, max_length=200)
    metadata: dict[str, str] | None = Field(default=None, max_length=50)


@router.get("/billing/licence_fees", **READ)
def list_licence_fees(
    engine: EngineOf,
    page_size: PageSize = 10,
    starting_after: StartingAfter = None,
    ending_before: EndingBefore = None,
) -> LicenceFeeList:
    """Return licence fees in the order of their ids (extension)."""
    with engine.read() as tx:
        page = tx.licence_fees.list(request_after(page_size, starting_after, ending_before, known=tx.licence_fees.get))
    return LicenceFeeList(has_more=page.has_more, licence_fees=[LicenceFeeView.of(fee) for fee in page.items])


@router.post("/billing/licence_fees", response_model=LicenceFeeAnswer, **CREATE)
def add_licence_fee(caller: MachineOf, body: NewLicenceFee, once: OnlyOnce) -> Response:
    """Set a recurring price for a licensed item; its first version is live (extension)."""
    terms, service = terms_from_document(body.terms), Cadence.from_text(body.service)

    def serve(engine: Engine) -> LicenceFeeAnswer:
        fee = create_licence_fee(
            engine,
            name=body.name,
            item_id=body.item_id,
            currency=body.currency,
            terms=terms,
            service=service,
            tax_behavior=body.tax_behavior,
            lookup_key=body.lookup_key,
            metadata=body.metadata,
            actor=caller.client_id,
        )
        return LicenceFeeAnswer(licence_fee=LicenceFeeView.of(fee))

    return once(serve, body)


@router.get("/billing/licence_fees/{fee_id}", **READ)
def get_licence_fee(engine: EngineOf, fee_id: str) -> LicenceFeeAnswer:
    """Return one licence fee, by its id or lookup key (extension)."""
    with engine.read() as tx:
        return LicenceFeeAnswer(licence_fee=LicenceFeeView.of(tx.licence_fees.get(fee_id)))


@router.post("/billing/licence_fees/{fee_id}", response_model=LicenceFeeAnswer, **UPDATE)
def change_licence_fee(caller: MachineOf, fee_id: str, body: LicenceFeeChange, once: OnlyOnce) -> Response:
    """Change what is given and leave the rest; plans stay with the version that they refer to (extension)."""
    terms = None if body.terms is None else terms_from_document(body.terms)

    def serve(engine: Engine) -> LicenceFeeAnswer:
        fee = update_licence_fee(
            engine,
            fee_id=fee_id,
            name=body.name,
            terms=terms,
            live_version=body.live_version,
            lookup_key=body.lookup_key,
            metadata=body.metadata,
            actor=caller.client_id,
        )
        return LicenceFeeAnswer(licence_fee=LicenceFeeView.of(fee))

    return once(serve, body)
