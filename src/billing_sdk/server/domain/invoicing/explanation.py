"""Everything that an amount was made of, in one document: whoever has it can compute the amount again.

The derivation that is kept with a line says how it was computed. The explanation puts beside it what that refers to:
the price in words of the catalogue, the readings behind a quantity, what proration has counted, and what other lines
of the same invoice take off the line or add to it. It is read from what is stored, and stored nowhere itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeAlias

from billing_sdk.errors import NotFound
from billing_sdk.money import EXACT, digits_of
from billing_sdk.server.domain.catalog import Component, CreditGrant, Entitlement, LicenceFee, PlanVersion, Rate
from billing_sdk.server.domain.credits import CreditAdjustment
from billing_sdk.server.domain.invoicing.credit_note import CreditedLine, CreditNote
from billing_sdk.server.domain.invoicing.derivation import of_instant, of_period, period_of
from billing_sdk.server.domain.invoicing.invoice import Invoice, InvoiceLine
from billing_sdk.server.domain.invoicing.relations import lowering
from billing_sdk.server.domain.invoicing.telling import tell
from billing_sdk.server.domain.metering import RollUp
from billing_sdk.server.domain.periods import Period, wall_clock
from billing_sdk.server.domain.rating import document_of

Document = dict[str, Any]
Explanation: TypeAlias = Document

# What a derivation says of every kind of line; the explanation has its own members for these.
COMMON = frozenset(
    {"kind", "plan_version", "component", "period", "interval", "quantity", "policies", "proration", "tax", "terms"}
)

# Of a denominator up to here the digits fit the exact context.
MOST_EXACT = 10**50


@dataclass(frozen=True, slots=True)
class Behind:
    """What a line refers to.

    Attributes:
        zone: where days begin.
        version: the prices, in the currency of the invoice; None where the line is of no plan.
        plan_name: what the plan is called today.
        counted: the stretch of time whose readings count; None where the line is not about usage.
        usage: what those readings add up to.
        notes: the credit notes of the invoice.
        adjustments: what was taken by hand of the credit that the line is about, before the invoice was issued.
    """

    zone: str = "UTC"
    version: PlanVersion | None = None
    plan_name: str = ""
    counted: Period | None = None
    usage: RollUp | None = None
    notes: tuple[CreditNote, ...] = ()
    adjustments: tuple[CreditAdjustment, ...] = ()


def line_of(invoice: Invoice, number: int) -> InvoiceLine:
    """Return a line of an invoice; the first one is 1.

    Raises:
        NotFound: it has no such line.
    """
    if not 1 <= number <= len(invoice.lines):
        raise NotFound(
            f"the invoice {invoice.number} has no line {number}", remedy=f"Choose from 1 to {len(invoice.lines)}."
        )
    return invoice.lines[number - 1]


def explanation_of(invoice: Invoice, number: int, behind: Behind) -> Explanation:
    """Return the explanation of a line, in JSON values; amounts are in minor units, and exact numbers are texts.

    Raises:
        NotFound: the invoice has no such line.
    """
    line = line_of(invoice, number)
    discounts = tuple(lowering(invoice, number, "discount"))
    paid_by_credit = tuple(lowering(invoice, number, "credit_grant"))
    net_minor = line.amount.minor + sum(other.amount.minor for _, other in (*discounts, *paid_by_credit))
    places = [place for place, _ in paid_by_credit]
    notes = [_credited(note, one, places) for note in behind.notes for one in note.lines if one.number == number]
    facts = line.derivation
    return {
        "invoice_id": invoice.id,
        "invoice_number": invoice.number,
        "line": number,
        "description": line.description,
        "kind": line.kind,
        "amount_minor": line.amount.minor,
        "currency": line.amount.currency,
        "plan": _plan(behind),
        "component": _component(line, behind.version),
        "period": of_period(line.period),
        "interval": facts.get("interval") or facts.get("proration", {}).get("interval") or of_period(line.period),
        "zone": behind.zone,
        "quantity": None if line.quantity is None else digits_of(line.quantity),
        "usage": _usage(line, behind),
        "calculation": {name: fact for name, fact in facts.items() if name not in COMMON} | _adjusted(behind),
        "proration": _proration(line, behind.zone),
        "policies": facts.get("policies"),
        "rounding": _rounding(line),
        "of_lines": [_part(line, place, other) for place, other in _added_up(invoice, number)],
        "discounts": [_reference(place, other) for place, other in discounts],
        "credits": [_reference(place, other) for place, other in paid_by_credit],
        "taxes": _taxes(line),
        "net_minor": net_minor,
        "credit_notes": notes,
        "left_minor": net_minor + sum(note["amount_minor"] + note["credit_minor"] for note in notes),
        "told": [*tell(line), *(f"{-one.amount} of it was taken before: {one.name}." for one in behind.adjustments)],
    }


def _adjusted(behind: Behind) -> Document:
    """Return what had lowered the credit that a line is about, where anything had."""
    told = [
        {"name": one.name, "amount_minor": one.amount.minor, "adjusted_on": of_instant(one.at)}
        for one in behind.adjustments
    ]
    return {"adjustments": told} if told else {}


def _plan(behind: Behind) -> Document | None:
    version = behind.version
    if version is None:
        return None
    return {
        "code": version.plan_key,
        "name": behind.plan_name,
        "version": version.number,
        "version_id": version.id,
        "created_on": of_instant(version.created_at),
    }


def _component(line: InvoiceLine, version: PlanVersion | None) -> Document:
    """Return the component that a line is about, with its price; what is not in the catalogue has its id alone."""
    components: tuple[Component, ...] = () if version is None else version.all_components
    found = next((one for one in components if one.id == line.component_id), None)
    match found:
        case LicenceFee() | Rate():
            key = found.key if isinstance(found, LicenceFee) else found.feature_key
            return {
                "id": found.id,
                "kind": "licence_fee" if isinstance(found, LicenceFee) else "rate",
                "code": key,
                "name": found.name,
                "service_interval": None if found.service is None else str(found.service),
                "charged": found.charged if isinstance(found, LicenceFee) else "in_arrears",
                "terms": document_of(found.terms),
            }
        case CreditGrant() | Entitlement() | None:
            # Of what is in no catalogue the line has kept the price.
            terms = line.derivation.get("terms")
            return {"id": line.component_id} | ({} if terms is None else {"terms": terms})


def _usage(line: InvoiceLine, behind: Behind) -> Document | None:
    usage, counted = behind.usage, behind.counted
    if usage is None or counted is None:
        return None
    return {
        "feature": line.derivation.get("feature"),
        "aggregation": usage.aggregation,
        "counted": of_period(counted),
        "readings": usage.readings,
        "totals_reported": usage.totals_reported,
        "first_on": None if usage.first_at is None else of_instant(usage.first_at),
        "last_on": None if usage.last_at is None else of_instant(usage.last_at),
        "total": digits_of(usage.total),
        "by_day": [
            {"day": one.day.isoformat(), "readings": one.readings, "quantity": digits_of(one.quantity)}
            for one in usage.by_day
        ],
        "by_dimension": [
            {"values": dict(marks), "quantity": digits_of(quantity)} for marks, quantity in usage.by_dimension
        ],
        "is_whole": usage.total == line.quantity,
    }


def _proration(line: InvoiceLine, zone: str) -> Document | None:
    """Say how much of which interval a line is about, and in what it was counted."""
    found = line.derivation.get("proration")
    if found is None:
        return None
    share, interval = Fraction(found["fraction"]), period_of(found["interval"])
    whole = _length(interval, found["by"], zone)
    return {
        "by": found["by"],
        "fraction": found["fraction"],
        "counted": _number(whole * share),
        "of": _number(whole),
        "part": of_period(line.period),
        "interval": found["interval"],
        "zone": zone,
    }


def _length(interval: Period, unit: str, zone: str) -> Fraction:
    if unit == "day":
        start, end = (wall_clock(at, zone).date() for at in (interval.start, interval.end))
        return Fraction(max(1, (end - start).days))
    length = interval.end - interval.start
    return Fraction(length.days * 86_400 + length.seconds) + Fraction(length.microseconds, 1_000_000)


def _rounding(line: InvoiceLine) -> Document | None:
    """Say what the exact amount was before it was made whole; None where it was whole from the start."""
    facts = line.derivation
    rule = (facts.get("policies") or {}).get("rounding", "half_up")
    if "given_back" in facts:
        given_back = facts["given_back"]
        return _rounded(rule, -Fraction(given_back["of_minor"]) * Fraction(given_back["share"]), line.amount.minor)
    if "rating" in facts:
        *_, last = facts["rating"]["steps"]
        exact = Fraction(last["facts"]["before"])
        rounded = exact + Fraction(last["amount"])
        if last["name"] == "prorate":
            exact *= Fraction(last["facts"]["fraction"]) * Fraction(last["facts"]["times"])
        return _rounded(last["facts"]["rounding"], exact, int(rounded))
    if line.kind == "discount" and "percent_off" in facts and "weights" in facts:
        whole = sum(Fraction(weight) for weight in facts["weights"]) * Fraction(facts["percent_off"]) / 100
        return _rounded("half_up", whole, int(facts["whole_minor"]))
    if line.kind == "tax":
        exact = Fraction(facts["base_minor"]) * Fraction(facts["percent"]) / 100
        return _rounded(facts["rounding"], exact, line.amount.minor)
    if line.kind == "unused_time" and "of_minor" in facts:
        exact = -Fraction(facts["of_minor"]) * Fraction(facts["proration"]["fraction"])
        return _rounded(rule, exact, line.amount.minor)
    if line.kind == "tax":
        exact = Fraction(facts["base_minor"]) * Fraction(facts["percent"]) / 100
        return _rounded(facts["rounding"], exact, line.amount.minor)
    return None


def _rounded(rule: str, exact: Fraction, rounded: int) -> Document:
    return {"rule": rule, "exact_minor": _number(exact), "rounded_minor": str(rounded)}


def _added_up(invoice: Invoice, number: int) -> Iterator[tuple[int, InvoiceLine]]:
    """Yield the lines that a line goes by.

    The customer's balance pays what all lines before it come to, a tax is on those that have a share of it, and credit
    pays what credit before it has left of a line.
    """
    line = invoice.lines[number - 1]
    for place, other in enumerate(invoice.lines, 1):
        match line.kind:
            case "credit_balance":
                is_part = place < number
            case "tax":
                is_part = any(_is_share_of(share, line) for share in _added_shares(other))
            case "credit_grant":
                is_its = other.kind == line.kind and other.derivation["line"] == line.derivation["line"]
                is_part = is_its and place < number
            case _:
                is_part = False
        if is_part:
            yield place, other


def _taxes(line: InvoiceLine) -> list[Document]:
    """Return the shares that a line has of taxes: added to it, or included."""
    tax = line.derivation.get("tax") or {}
    is_inclusive = tax.get("behavior") == "inclusive"
    return [{**share, "is_inclusive": is_inclusive} for share in tax.get("shares", ())]


def _added_shares(line: InvoiceLine) -> list[Document]:
    return [share for share in _taxes(line) if not share["is_inclusive"]]


def _is_share_of(share: Document, tax: InvoiceLine) -> bool:
    """Tell whether a share is of the tax that a line of its own adds; a rate may have been another one before."""
    same_rate = tax.kind == "tax" and share["rate"] == tax.component_id
    return same_rate and Decimal(share["percent"]) == Decimal(tax.derivation["percent"])


def _credited(note: CreditNote, line: CreditedLine, paid_by_credit: Collection[int]) -> Document:
    back = [other.amount.minor for other in note.lines if other.number in paid_by_credit]
    return {
        "number": note.number,
        "amount_minor": -line.amount.minor,
        "tax_minor": -line.tax.minor,
        "credit_minor": -sum(back),
    }


def _part(line: InvoiceLine, number: int, other: InvoiceLine) -> Document:
    """Return a line that another one goes by; for a tax with what it is on."""
    base = next((share["base_minor"] for share in _added_shares(other) if _is_share_of(share, line)), None)
    return _reference(number, other) | ({} if base is None else {"base_minor": base})


def _reference(number: int, line: InvoiceLine) -> Document:
    """Return what another line of the invoice does to the one that is explained."""
    found: Document = {"line": number, "description": line.description, "amount_minor": line.amount.minor}
    named = {name: line.derivation.get(name) for name in ("coupon", "percent_off", "amount_off_minor")}
    return found | {name: fact for name, fact in named.items() if fact is not None}


def _number(number: Fraction) -> str:
    """Write an exact number in digits where it has an end, else as a fraction."""
    rest = number.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest != 1 or number.denominator > MOST_EXACT:
        return str(number)
    return digits_of(EXACT.divide(Decimal(number.numerator), Decimal(number.denominator)))
