"""Tax codes and tax rates (extension): what is sold, and what places take of it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from billing_sdk.money import digits_of
from billing_sdk.server.api.kinde.coupons import Percent
from billing_sdk.server.api.kinde.envelope import Answer, Body, StrictRoute
from billing_sdk.server.api.kinde.idempotency import OnlyOnce
from billing_sdk.server.api.kinde.instants import read_instant
from billing_sdk.server.api.kinde.paging import EndingBefore, PageSize, StartingAfter, request_after
from billing_sdk.server.api.kinde.security import EngineOf, MachineOf, scoped
from billing_sdk.server.domain.tax import TaxCode, TaxRate
from billing_sdk.server.usecases.create_tax_code import create_tax_code
from billing_sdk.server.usecases.create_tax_rate import create_tax_rate, end_tax_rate
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Tax"], route_class=StrictRoute)

Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$", description="ISO 3166-1 alpha-2.")]


class TaxCodeView(BaseModel):
    """A kind of what is sold; it never changes."""

    code: str
    name: str

    @classmethod
    def of(cls, code: TaxCode) -> TaxCodeView:
        """Show a tax code."""
        return cls(code=code.key, name=code.name)


class TaxCodeAnswer(Answer):
    """One tax code."""

    tax_code: TaxCodeView


class TaxCodeList(Answer):
    """Tax codes in the order of their codes."""

    has_more: bool
    tax_codes: list[TaxCodeView]


class NewTaxCode(Body):
    """What components and rates call a kind of what is sold, and its name for people."""

    code: str = Field(max_length=100)
    name: str = Field(max_length=250)


class TaxRateView(BaseModel):
    """What a place takes; it never changes, but for its end."""

    id: str
    country: str
    region: str | None
    tax_code: str | None
    name: str
    percent: str
    replaces_country: bool
    valid_from: datetime | None
    valid_until: datetime | None

    @classmethod
    def of(cls, rate: TaxRate) -> TaxRateView:
        """Show a rate."""
        return cls(
            id=rate.id,
            country=rate.country,
            region=rate.region,
            tax_code=rate.tax_code,
            name=rate.name,
            percent=digits_of(rate.percent),
            replaces_country=rate.replaces_country,
            valid_from=rate.valid_from,
            valid_until=rate.valid_until,
        )


class TaxRateAnswer(Answer):
    """One tax rate."""

    tax_rate: TaxRateView


class TaxRateList(Answer):
    """Tax rates, the oldest first."""

    has_more: bool
    tax_rates: list[TaxRateView]


class NewTaxRate(Body):
    """A percentage that holds in a country, or in a region of it, for one tax code or for all that have none."""

    country: Country
    percent: Percent
    name: str = Field(default="VAT", max_length=250)
    region: str | None = Field(default=None, max_length=64)
    tax_code: str | None = Field(default=None, max_length=100)
    replaces_country: bool = False
    valid_from: str | None = Field(default=None, max_length=40)
    valid_until: str | None = Field(default=None, max_length=40)


class TaxRateEnd(Body):
    """From when on the rate holds no more; now, if that isn't said."""

    at: str | None = Field(default=None, max_length=40)


@router.get("/billing/tax_codes", **scoped("read:billing_tax", extension=True))
def list_tax_codes(
    engine: EngineOf,
    page_size: PageSize = 10,
    starting_after: StartingAfter = None,
    ending_before: EndingBefore = None,
) -> TaxCodeList:
    """Return tax codes in their order, which are the cursors (extension)."""
    with engine.read() as tx:
        page = tx.tax_codes.list(request_after(page_size, starting_after, ending_before, known=tx.tax_codes.get))
    return TaxCodeList(has_more=page.has_more, tax_codes=[TaxCodeView.of(code) for code in page.items])


@router.post("/billing/tax_codes", response_model=TaxCodeAnswer, **scoped("create:billing_tax", extension=True))
def add_tax_code(caller: MachineOf, body: NewTaxCode, once: OnlyOnce) -> Response:
    """Name a kind of what is sold, for components and rates (extension)."""

    def serve(engine: Engine) -> TaxCodeAnswer:
        code = create_tax_code(engine, key=body.code, name=body.name, actor=caller.client_id)
        return TaxCodeAnswer(tax_code=TaxCodeView.of(code))

    return once(serve, body)


@router.get("/billing/tax_codes/{tax_code}", **scoped("read:billing_tax", extension=True))
def get_tax_code(engine: EngineOf, tax_code: str) -> TaxCodeAnswer:
    """Return one tax code (extension)."""
    with engine.read() as tx:
        return TaxCodeAnswer(tax_code=TaxCodeView.of(tx.tax_codes.get(tax_code)))


@router.get("/billing/tax_rates", **scoped("read:billing_tax", extension=True))
def list_tax_rates(
    engine: EngineOf,
    country: Annotated[str | None, Query(pattern=r"^[A-Z]{2}$", description="Only the rates of this country.")] = None,
    page_size: PageSize = 10,
    starting_after: StartingAfter = None,
    ending_before: EndingBefore = None,
) -> TaxRateList:
    """Return tax rates, the oldest first, those that have ended as well (extension)."""
    with engine.read() as tx:
        wanted = request_after(page_size, starting_after, ending_before, known=tx.tax_rates.get)
        page = tx.tax_rates.list(wanted, country=country)
    return TaxRateList(has_more=page.has_more, tax_rates=[TaxRateView.of(rate) for rate in page.items])


@router.post("/billing/tax_rates", response_model=TaxRateAnswer, **scoped("create:billing_tax", extension=True))
def add_tax_rate(caller: MachineOf, body: NewTaxRate, once: OnlyOnce) -> Response:
    """Enter what a place takes; invoices from then on charge it (extension)."""
    valid_from = None if body.valid_from is None else read_instant(body.valid_from, parameter="valid_from")
    valid_until = None if body.valid_until is None else read_instant(body.valid_until, parameter="valid_until")

    def serve(engine: Engine) -> TaxRateAnswer:
        rate = create_tax_rate(
            engine,
            country=body.country,
            percent=Decimal(body.percent),
            name=body.name,
            region=body.region,
            tax_code=body.tax_code,
            replaces_country=body.replaces_country,
            valid_from=valid_from,
            valid_until=valid_until,
            actor=caller.client_id,
        )
        return TaxRateAnswer(tax_rate=TaxRateView.of(rate))

    return once(serve, body)


@router.get("/billing/tax_rates/{rate_id}", **scoped("read:billing_tax", extension=True))
def get_tax_rate(engine: EngineOf, rate_id: str) -> TaxRateAnswer:
    """Return one tax rate (extension)."""
    with engine.read() as tx:
        return TaxRateAnswer(tax_rate=TaxRateView.of(tx.tax_rates.get(rate_id)))


@router.post(
    "/billing/tax_rates/{rate_id}/end", response_model=TaxRateAnswer, **scoped("update:billing_tax", extension=True)
)
def stop_tax_rate(caller: MachineOf, rate_id: str, body: TaxRateEnd, once: OnlyOnce) -> Response:
    """Let a rate hold no more; what was charged by it stays (extension)."""
    at = None if body.at is None else read_instant(body.at, parameter="at")

    def serve(engine: Engine) -> TaxRateAnswer:
        rate = end_tax_rate(engine, rate_id=rate_id, at=at, actor=caller.client_id)
        return TaxRateAnswer(tax_rate=TaxRateView.of(rate))

    return once(serve, body)
