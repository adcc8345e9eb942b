"""What stands on an invoice, ready to be shown: texts in one language, in the order in which they are read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from billing_sdk.server.paper.words import Words

Direction = Literal["ltr", "rtl"]
Tone = Literal["good", "note", "bad"]


@dataclass(frozen=True, slots=True)
class Party:
    """One of the two whom an invoice is between; `lines` are address, tax ids and e-mail address."""

    title: str
    name: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing about the invoice as a whole."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the invoice.

    Attributes:
        number: by which the line is addressed, the first is 1.
        details: what stands below the description, such as the period.
        quantity: empty where the amount depends on none.
    """

    number: int
    description: str
    details: tuple[str, ...]
    quantity: str
    amount: str


@dataclass(frozen=True, slots=True)
class Section:
    """Lines of one kind; the title is empty where charges are all there is."""

    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Sum:
    """An amount below the lines."""

    label: str
    amount: str
    is_strong: bool = False


@dataclass(frozen=True, slots=True)
class InvoicePaper:
    """An invoice as it is read; the page and the file are made from nothing else.

    Attributes:
        language: of the words, a primary language tag; with its region where figures are written as there.
        heading: what kind of document it is.
        name: what it is called: its number, or that it is a draft.
        issued_at: when the document became what it is; its file bears this time, so that it is always the same.
        is_void: it is owed by nobody and was paid by nobody.
    """

    language: str
    direction: Direction
    words: Words
    heading: str
    name: str
    status: str
    tone: Tone
    is_void: bool
    issued_at: datetime
    supplier: Party
    customer: Party
    facts: tuple[Fact, ...]
    sections: tuple[Section, ...]
    sums: tuple[Sum, ...]
    due: Sum
    notes: tuple[str, ...]

    @property
    def file_name(self) -> str:
        """A name for the file, of letters that every system takes."""
        kept = "".join(one if one.isascii() and (one.isalnum() or one in "-_") else "-" for one in self.name)
        return f"{kept.strip('-') or 'invoice'}.pdf"
