"""A line's derivation in short English sentences, for whoever asks why it comes to what it comes to."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from billing_sdk.money import digits_of, in_main_unit, round_money
from billing_sdk.server.domain.catalog import Units
from billing_sdk.server.domain.invoicing.invoice import InvoiceLine
from billing_sdk.server.domain.rating import Derivation, explain

UNITS = {"day": "days", "second": "time"}


def tell(line: InvoiceLine) -> tuple[str, ...]:
    """Return one sentence for each step that led to the amount; none where a line has kept no steps."""
    document = line.derivation
    match line.kind:
        case "licence_fee" if "given_back" in document:
            given_back = document["given_back"]
            paid = round_money(Fraction(given_back["of_minor"]), line.amount.currency)
            return (f"{given_back['share']} of the {paid} that was paid for the time to come.",)
        case "usage" | "adjustment" if "unit" in document:
            return (f"{_units(document['unit'])}, which credit in that unit pays for.",)
        case "overage":
            number, unit_amount = document["line"], _amount(document["unit_amount"], line)
            return (f"{_units(document['unit'])} of line {number} that no credit covers, at {unit_amount} each.",)
        case "licence_fee" | "usage" | "adjustment" | "one_off":
            rating = document.get("rating")
            told = explain(Derivation.from_document(rating)) if rating else ()
            return (*told, *_charged_already(line), *_billed_before(line), *_corrected(line))
        case "discount" if "of_minor" in document:
            of = _amount(document["of_minor"], line)
            if "percent_off" in document:
                return (f"{document['percent_off']}% off, of which {-line.amount} from the {of} of this line.",)
            whole = _amount(document["amount_off_minor"], line)
            return (f"{whole} off the invoice, of which {-line.amount} from the {of} of this line.",)
        case "unused_time" if "of_minor" in document:
            share, of = document["proration"], _amount(document["of_minor"], line)
            return (f"{share['fraction']} of the {UNITS[share['by']]} that {of} was for.",)
        case "credit_grant" if "unit" in document:
            return (f"{_units(document['unit'])} of line {document['line']} were paid with this credit.",)
        case "credit_grant":
            left, owed = (_amount(document[name], line) for name in ("left_minor", "owed_minor"))
            return (f"{left} was left of this credit, and {owed} of line {document['line']} was to be paid.",)
        case "credit_balance" if "balance_minor" in document:
            balance, owed = (_amount(document[name], line) for name in ("balance_minor", "owed_minor"))
            return (f"The balance was {balance}, and {owed} was to be paid.",)
        case "tax":
            return (f"{document['percent']}% of {_amount(document['base_minor'], line)}.",)
        case _:
            return ()


def _charged_already(line: InvoiceLine) -> tuple[str, ...]:
    """Say what a larger number costs less because of the number that is charged already."""
    instead = line.derivation.get("instead_of", {})
    if "amount_minor" not in instead:
        return ()
    return (f"Less {_amount(instead['amount_minor'], line)} for {instead['quantity']}, charged already.",)


def _billed_before(line: InvoiceLine) -> tuple[str, ...]:
    """Say what earlier invoices have billed of the same usage."""
    before = line.derivation.get("billed_before")
    if before is None:
        return ()
    return (f"Less {_amount(before['amount_minor'], line)} for {before['quantity']}, billed before.",)


def _corrected(line: InvoiceLine) -> tuple[str, ...]:
    """Say that the line of an invoice in whose place this one was issued was wrong."""
    said = line.derivation.get("corrected")
    if said is None:
        return ()
    return (f"{said['number']} has asked for {_amount(said['from_minor'], line)}, which was wrong.",)


def _units(said: Mapping[str, Any]) -> str:
    return f"{digits_of(Units(int(said['millionths']), said['id']).value)} {said['name']}"


def _amount(minor: str, line: InvoiceLine) -> str:
    return in_main_unit(Decimal(minor), line.amount.currency)
