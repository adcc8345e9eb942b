"""What is charged, line by line, with the reason of each: of an invoice to come, or of a change before it is made."""

from __future__ import annotations

from dataclasses import dataclass

from billing_sdk.money import Money
from billing_sdk.server.domain.invoicing import InvoiceLine, Lines, balance_change
from billing_sdk.server.pages.line_words import line_name
from billing_sdk.server.pages.reason_words import fee_reasons, told_words
from billing_sdk.server.usecases.preview_change import Preview
from billing_sdk.server.words import Phrase


@dataclass(frozen=True, slots=True)
class Told:
    """One line, and why it comes to what it comes to."""

    name: Phrase
    amount: Money
    reasons: tuple[Phrase, ...]


def told_lines(lines: Lines) -> tuple[Told, ...]:
    """Return what is charged and given back, in its order; what comes to nothing is left out."""
    return tuple(Told(line_name(line), line.amount, reasons_of(line)) for line in lines if line.amount)


def kept_of(shown: Preview) -> Money | None:
    """Return what of a change is kept on the credit balance, because more is given back than charged; None for none."""
    kept = balance_change(shown.lines, shown.amount.currency)
    return kept if kept.minor > 0 else None


def reasons_of(line: InvoiceLine) -> tuple[Phrase, ...]:
    """Return the reasons of an amount: of a fee in short, of everything else each step."""
    if line.kind == "licence_fee" and "rating" in line.derivation:
        return fee_reasons(line)
    return told_words(line)
