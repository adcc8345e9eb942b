"""Explanations: everything that the amount of an invoice line was made of (extension of the Management API)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from billing_sdk.models._read import Document


@dataclass(frozen=True, slots=True)
class DayOfUsage:
    """What the readings of one day came to; `day` is a date such as `2027-01-31`, in the zone of the explanation."""

    day: str
    readings: int
    quantity: Decimal

    @classmethod
    def read(cls, data: Any) -> DayOfUsage:
        """Read one day."""
        document = Document(data, "day")
        quantity = document.exact_or_none("quantity") or Decimal(0)
        return cls(document.text("day"), document.whole_or_none("readings") or 0, quantity)


@dataclass(frozen=True, slots=True)
class MarkedUsage:
    """What was used with these marks, such as `{"model": "large"}`."""

    values: Mapping[str, str]
    quantity: Decimal

    @classmethod
    def read(cls, data: Any) -> MarkedUsage:
        """Read one part."""
        document = Document(data, "part")
        return cls(document.text_members("values"), document.exact_or_none("quantity") or Decimal(0))


@dataclass(frozen=True, slots=True)
class UsageBehind:
    """The events behind a quantity, put together as the meter does.

    Attributes:
        aggregation: how, such as `sum` or `maximum`. The quantities of days come to the total of a sum or a count; else
            each is what the day comes to by itself.
        readings: how many there are.
        totals_reported: how many of them report a total in place of what was used.
        total: what they come to.
        is_whole: whether that is the quantity of the line.
    """

    feature: str
    readings: int
    total: Decimal
    is_whole: bool
    totals_reported: int = 0
    first_on: datetime | None = None
    last_on: datetime | None = None
    by_day: tuple[DayOfUsage, ...] = ()
    by_dimension: tuple[MarkedUsage, ...] = ()
    aggregation: str = "sum"

    @classmethod
    def read(cls, document: Document) -> UsageBehind:
        """Read the `usage` of an explanation."""
        return cls(
            feature=document.text("feature"),
            readings=document.whole_or_none("readings") or 0,
            total=document.exact_or_none("total") or Decimal(0),
            is_whole=document.flag("is_whole"),
            totals_reported=document.whole_or_none("totals_reported") or 0,
            first_on=document.instant_or_none("first_on"),
            last_on=document.instant_or_none("last_on"),
            by_day=document.objects("by_day", DayOfUsage.read),
            by_dimension=document.objects("by_dimension", MarkedUsage.read),
            aggregation=document.text_or_none("aggregation") or "sum",
        )


@dataclass(frozen=True, slots=True)
class OtherLine:
    """What another line of the same invoice does to the line, such as a discount."""

    line: int
    description: str
    amount_minor: int

    @classmethod
    def read(cls, data: Any) -> OtherLine:
        """Read one line."""
        document = Document(data, "line")
        return cls(
            document.whole_or_none("line") or 0,
            document.text_or_none("description") or "",
            document.whole_or_none("amount_minor") or 0,
        )


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything that the amount of an invoice line was made of; amounts are in minor units of the currency.

    Attributes:
        line: its number on the invoice; the first one is 1.
        plan: code, name, number and id of the plan version whose prices applied; None where it is of no plan.
        component: what of the plan was charged, with its price (`terms`).
        usage: the readings behind the quantity; None where the line is not about usage.
        calculation: what the amount was computed from, by the kind of the line.
        proration: which share of an interval counts, and what was counted; None where it is the whole of it.
        policies: how the business decided where systems differ.
        rounding: the exact amount, the rule, and the rounded one.
        of_lines: the lines whose sum it goes by.
        discounts: the lines that lower it.
        credits: the lines by which credit pays for it.
        taxes: its share of each tax, added to it or included: rate, name, percent, base, amount.
        net_minor: what the customer was asked for it: what is left after discounts and credit.
        credit_notes: number and amount of what credit notes have taken back of it, below zero; `credit_minor` is what
            of it credit had paid, and has again.
        left_minor: what those have left.
        told: the calculation in sentences.
    """

    invoice_id: str
    line: int
    amount_minor: int
    currency: str
    net_minor: int
    description: str = ""
    kind: str | None = None
    invoice_number: str | None = None
    quantity: Decimal | None = None
    zone: str = "UTC"
    usage: UsageBehind | None = None
    plan: Mapping[str, Any] = field(default_factory=dict, hash=False)
    component: Mapping[str, Any] = field(default_factory=dict, hash=False)
    period: Mapping[str, Any] = field(default_factory=dict, hash=False)
    interval: Mapping[str, Any] = field(default_factory=dict, hash=False)
    calculation: Mapping[str, Any] = field(default_factory=dict, repr=False, hash=False)
    proration: Mapping[str, Any] | None = field(default=None, hash=False)
    policies: Mapping[str, str] = field(default_factory=dict, hash=False)
    rounding: Mapping[str, Any] | None = field(default=None, hash=False)
    of_lines: tuple[OtherLine, ...] = ()
    discounts: tuple[OtherLine, ...] = ()
    credits: tuple[OtherLine, ...] = ()
    taxes: tuple[Mapping[str, Any], ...] = field(default=(), hash=False)
    credit_notes: tuple[Mapping[str, Any], ...] = field(default=(), hash=False)
    left_minor: int = 0
    told: tuple[str, ...] = ()

    @classmethod
    def read(cls, data: Any) -> Explanation:
        """Read the `explanation` of an answer."""
        document = Document(data, "explanation")
        usage = document.object_or_none("usage")
        return cls(
            invoice_id=document.text("invoice_id"),
            line=document.whole_or_none("line") or 0,
            amount_minor=document.whole_or_none("amount_minor") or 0,
            currency=document.text("currency"),
            net_minor=document.whole_or_none("net_minor") or 0,
            description=document.text_or_none("description") or "",
            kind=document.text_or_none("kind"),
            invoice_number=document.text_or_none("invoice_number"),
            quantity=document.exact_or_none("quantity"),
            zone=document.text("zone"),
            usage=UsageBehind.read(usage) if usage else None,
            plan=_members(document, "plan") or {},
            component=_members(document, "component") or {},
            period=_members(document, "period") or {},
            interval=_members(document, "interval") or {},
            calculation=_members(document, "calculation") or {},
            proration=_members(document, "proration"),
            policies=document.text_members("policies"),
            rounding=_members(document, "rounding"),
            of_lines=document.objects("of_lines", OtherLine.read),
            discounts=document.objects("discounts", OtherLine.read),
            credits=document.objects("credits", OtherLine.read),
            taxes=document.objects("taxes", _plain),
            credit_notes=document.objects("credit_notes", _plain),
            left_minor=document.whole_or_none("left_minor") or 0,
            told=document.texts("told"),
        )


def _plain(data: Any) -> Mapping[str, Any]:
    return Document(data, "item").members


def _members(document: Document, name: str) -> Mapping[str, Any] | None:
    found = document.object_or_none(name)
    return None if found is None else found.members
