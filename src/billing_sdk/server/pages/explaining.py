"""What a line is made of, in words: what it refers to, each step of its calculation, and the usage behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from billing_sdk.server.domain.invoicing import Invoice
from billing_sdk.server.pages.line_words import line_name
from billing_sdk.server.pages.reason_words import CHARGES, beside_steps, taken_before
from billing_sdk.server.pages.step_words import ToldStep, told_steps
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.explain_line import explain_line
from billing_sdk.server.words import Phrase, Value, phrase

POLICIES: Final[dict[str, Phrase]] = {
    "proration": phrase("Parts of a period"),
    "rounding": phrase("Rounding"),
    "zero_usage_flat_fee": phrase("Flat fees where nothing was used"),
}
DECIDED: Final[dict[tuple[str, str], Phrase]] = {
    ("proration", "day"): phrase("In whole days"),
    ("proration", "second"): phrase("To the second"),
    ("rounding", "half_up"): phrase("To the nearest, halves up"),
    ("rounding", "half_even"): phrase("To the nearest, halves to the even one"),
    ("rounding", "down"): phrase("Down"),
    ("rounding", "up"): phrase("Up"),
    ("zero_usage_flat_fee", "skip"): phrase("Not charged"),
    ("zero_usage_flat_fee", "charge"): phrase("Charged"),
}


@dataclass(frozen=True, slots=True)
class DayOfUse:
    """What was used on a day, in how many reports."""

    at: datetime
    quantity: Decimal
    readings: int


@dataclass(frozen=True, slots=True)
class Explained:
    """All that one line is made of.

    Attributes:
        facts: what it refers to.
        policies: what was decided that has shaped it.
        steps: the calculation.
        told: sentences for what has no steps, such as a discount.
        readings: how many reports of usage are behind it.
        zone: where the days of usage begin.
        parts: the usage behind it by what it is marked with.
        lowered_by: the other lines that take something off it, with their numbers.
    """

    number: int
    facts: tuple[tuple[Phrase, Value], ...]
    policies: tuple[tuple[Phrase, Phrase], ...]
    steps: tuple[ToldStep, ...]
    told: tuple[Phrase, ...]
    readings: int
    zone: str
    days: tuple[DayOfUse, ...]
    parts: tuple[tuple[str, Decimal], ...]
    lowered_by: tuple[tuple[int, Phrase], ...]

    @property
    def sentences(self) -> tuple[Phrase, ...]:
        """The calculation and what is told beside it, a sentence for each."""
        return (*(step.sentence for step in self.steps), *self.told)


def explained_line(tx: UnitOfWork, invoice: Invoice, number: int) -> Explained:
    """Return what a line of an invoice is made of; the first one is 1.

    Raises:
        NotFound: the invoice has no such line.
    """
    document = explain_line(tx, invoice.id, number)
    line, usage = invoice.lines[number - 1], document["usage"] or {}
    rating = document["calculation"].get("rating") if line.kind in CHARGES else None
    lowering = (*document["discounts"], *document["credits"])
    return Explained(
        number=number,
        facts=tuple(_facts(document)),
        policies=_policies(document),
        steps=tuple(told_steps(rating, invoice.currency)) if rating else (),
        told=(*beside_steps(line), *taken_before(document)),
        readings=usage.get("readings", 0),
        zone=document["zone"],
        days=tuple(_day(one) for one in usage.get("by_day", ())),
        parts=tuple((_marks(one["values"]), Decimal(one["quantity"])) for one in usage.get("by_dimension", ())),
        lowered_by=tuple((one["line"], line_name(invoice.lines[one["line"] - 1])) for one in lowering),
    )


def _facts(document: Mapping[str, Any]) -> Iterator[tuple[Phrase, Value]]:
    plan, component, share = document["plan"], document["component"] or {}, document["proration"]
    if plan is not None:
        named = phrase("%(plan)s, version %(number)s", plan=plan["name"] or plan["code"], number=plan["version"])
        yield phrase("Plan"), named
    if component.get("name"):
        yield phrase("Price"), component["name"]
    if document["quantity"] is not None:
        yield phrase("Quantity"), Decimal(document["quantity"])
    if share:
        yield phrase("Part of the interval"), _share(share)


def _policies(document: Mapping[str, Any]) -> tuple[tuple[Phrase, Phrase], ...]:
    """Return the policies that have shaped a line, each with what was decided."""
    return tuple(
        (POLICIES[name], DECIDED[name, decided])
        for name, decided in (document["policies"] or {}).items()
        if (name, decided) in DECIDED
    )


def _share(share: Mapping[str, Any]) -> Phrase:
    values = {"counted": _number(share["counted"]), "whole": _number(share["of"])}
    if share["by"] == "day":
        return phrase("%(counted)s of %(whole)s days", **values)
    return phrase("%(counted)s of %(whole)s seconds", **values)


def _number(said: str) -> Value:
    """Read a number of an explanation; what has no end in digits is a fraction, and stays one."""
    return said if "/" in said else Decimal(said)


def _day(said: Mapping[str, Any]) -> DayOfUse:
    at = datetime.fromisoformat(said["day"]).replace(tzinfo=UTC)
    return DayOfUse(at, Decimal(said["quantity"]), said["readings"])


def _marks(values: Mapping[str, str]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in values.items())
