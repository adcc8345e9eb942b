"""Explanations (extension): everything that the amount of an invoice line was made of."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel

from billing_sdk.errors import NotFound
from billing_sdk.server.api.kinde.envelope import Answer, StrictRoute
from billing_sdk.server.api.kinde.security import EngineOf, scoped
from billing_sdk.server.domain.catalog import FeeTiming
from billing_sdk.server.usecases.explain_line import explain_line
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Invoices"], route_class=StrictRoute)
READ = scoped("read:billing_invoices", extension=True)
MOST_DIGITS = 6


class PeriodView(BaseModel):
    """From its start, included, to its end, excluded."""

    start: datetime
    end: datetime


class PlanVersionView(BaseModel):
    """The version of a plan whose prices applied."""

    code: str
    name: str
    version: int
    version_id: str
    created_on: datetime


class PricedComponentView(BaseModel):
    """What of the plan was charged, with its price; of what the catalogue does not name there is the id alone."""

    id: str
    kind: str | None = None
    code: str | None = None
    name: str | None = None
    service_interval: str | None = None
    charged: FeeTiming | None = None
    terms: dict[str, Any] | None = None


class DayView(BaseModel):
    """What the readings of one day came to."""

    day: date
    readings: int
    quantity: str


class MarkedView(BaseModel):
    """What was used with these marks."""

    values: dict[str, str]
    quantity: str


class UsageView(BaseModel):
    """The events behind a quantity, put together as the meter does; `is_whole` where they come to it."""

    feature: str
    aggregation: str
    counted: PeriodView
    readings: int
    totals_reported: int
    first_on: datetime | None
    last_on: datetime | None
    total: str
    by_day: list[DayView]
    by_dimension: list[MarkedView]
    is_whole: bool


class ProrationView(BaseModel):
    """Which share of an interval was charged or given back: so many of its days or seconds."""

    by: str
    fraction: str
    counted: str
    of: str
    part: PeriodView
    interval: PeriodView
    zone: str


class RoundingView(BaseModel):
    """What an exact number of minor units was made of it, once."""

    rule: str
    exact_minor: str
    rounded_minor: str


class OtherLineView(BaseModel):
    """What another line of the same invoice does to this one."""

    line: int
    description: str
    amount_minor: int
    coupon: str | None = None
    percent_off: str | None = None
    amount_off_minor: str | None = None
    base_minor: str | None = None


class TaxShareView(BaseModel):
    """The line's share of a tax: added to it, or included in its amount."""

    rate: str
    name: str
    percent: str
    base_minor: str
    amount_minor: str
    is_inclusive: bool


class CreditedView(BaseModel):
    """What a credit note has taken back of the line, with its share of the taxes that were added.

    `credit_minor` is what of it credit had paid, and has again.
    """

    number: str
    amount_minor: int
    tax_minor: int
    credit_minor: int


class ExplanationView(BaseModel):
    """Everything that an amount was made of; amounts are in minor units, and exact numbers are texts.

    `calculation` holds what the amount was computed from, by the kind of the line: the steps of its rating, what it
    is charged instead of, what is given back, or how a discount was divided. `net_minor` is what the customer was asked
    for it, `left_minor` what credit notes have left of that. `told` says it in sentences.
    """

    invoice_id: str
    invoice_number: str | None
    line: int
    description: str
    kind: str | None
    amount_minor: int
    currency: str
    plan: PlanVersionView | None
    component: PricedComponentView | None
    period: PeriodView
    interval: PeriodView
    zone: str
    quantity: str | None
    usage: UsageView | None
    calculation: dict[str, Any]
    proration: ProrationView | None
    policies: dict[str, str] | None
    rounding: RoundingView | None
    of_lines: list[OtherLineView]
    discounts: list[OtherLineView]
    credits: list[OtherLineView]
    taxes: list[TaxShareView]
    net_minor: int
    credit_notes: list[CreditedView]
    left_minor: int
    told: list[str]


class ExplanationAnswer(Answer):
    """The explanation of one line."""

    explanation: ExplanationView


@router.get("/billing/invoices/{invoice_id}/lines/{line_number}/explain", **READ)
def explain_invoice_line(engine: EngineOf, invoice_id: str, line_number: str) -> ExplanationAnswer:
    """Return everything that the amount of a line was made of; the first line is 1 (extension)."""
    if not (line_number.isascii() and line_number.isdecimal() and len(line_number) <= MOST_DIGITS):
        raise NotFound(f"there is no line {line_number[:64]!r}", remedy="Lines are numbered from 1.")
    with engine.read() as tx:
        explanation = explain_line(tx, invoice_id, int(line_number))
    return ExplanationAnswer(explanation=ExplanationView.model_validate(explanation))
