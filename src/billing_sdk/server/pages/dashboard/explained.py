"""Why a line of an invoice comes to what it comes to: the steps of its calculation, each with its amount."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from billing_sdk.server.domain.invoicing import Invoice
from billing_sdk.server.pages.dashboard.listing import Row, row
from billing_sdk.server.pages.step_words import exact_amount, step_words
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.explain_line import explain_line
from billing_sdk.server.words import Phrase, Value, phrase

SHARES: Mapping[str, Phrase] = {
    "day": phrase("%(counted)s of %(whole)s days"),
    "second": phrase("%(counted)s of %(whole)s seconds"),
}


@dataclass(frozen=True, slots=True)
class Explained:
    """All that one line is made of.

    Attributes:
        facts: what it refers to.
        steps: the calculation.
        told: sentences for what has no steps, such as a discount.
        readings: how many reports of usage are behind it.
        days: the usage behind it, by day.
        lowered_by: the other lines that take something off it, with their numbers.
    """

    number: int
    facts: tuple[tuple[Phrase, Value], ...]
    steps: tuple[Row, ...]
    told: tuple[str, ...]
    readings: int
    days: tuple[tuple[str, Decimal], ...]
    lowered_by: tuple[tuple[int, str], ...]


def explained_line(tx: UnitOfWork, invoice: Invoice, number: int) -> Explained:
    """Return what a line of an invoice is made of; the first one is 1."""
    document = explain_line(tx, invoice.id, number)
    usage = document["usage"] or {}
    rating = document["calculation"].get("rating") or {}
    steps = rating.get("steps", ())
    lowering = (*document["discounts"], *document["credits"])
    return Explained(
        number=number,
        facts=tuple(_facts(document)),
        steps=tuple(row(step_words(step, invoice.currency), exact_amount(step, invoice.currency)) for step in steps),
        told=() if steps else tuple(document["told"]),
        readings=usage.get("readings", 0),
        days=tuple((one["day"], Decimal(one["quantity"])) for one in usage.get("by_day", ())),
        lowered_by=tuple((one["line"], one["description"]) for one in lowering),
    )


def _facts(document: Mapping[str, Any]) -> list[tuple[Phrase, Value]]:
    facts: list[tuple[Phrase, Value]] = []
    plan, component, share = document["plan"], document["component"] or {}, document["proration"]
    if plan is not None:
        named = phrase("%(plan)s, version %(number)s", plan=plan["name"] or plan["code"], number=plan["version"])
        facts.append((phrase("Plan"), named))
    if component.get("name"):
        facts.append((phrase("Price"), component["name"]))
    if document["quantity"] is not None:
        facts.append((phrase("Quantity"), Decimal(document["quantity"])))
    if share is not None and share["by"] in SHARES:
        counted = {"counted": str(share["counted"]), "whole": str(share["of"])}
        facts.append((phrase("Part of the interval"), Phrase(SHARES[share["by"]].message, counted)))
    return facts
