"""What a line is called: the words that somebody chose for what it is about, and what is said around them.

A line keeps its subject as the catalogue, or whoever charges it, has named it, and frames: what the engine says of
that, from the inside out. Pages, documents and mail put the frames into the reader's words; programs read English,
which is composed here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

Form = Literal[
    "instead_of",
    "adjusted",
    "discount",
    "unused_time",
    "credited",
    "credit_grant",
    "top_up_used",
    "overage",
    "tax",
    "balance_used",
    "balance_kept",
    "credits",
    "top_up",
    "payment",
]

# What bought credit is called where nobody gives it a name.
TOP_UP: Final = "Credit top-up"

# `of` is what is framed; the last ones stand for themselves, and frame nothing.
ENGLISH: Final[Mapping[Form, str]] = {
    "instead_of": "%(of)s, %(now)s instead of %(before)s",
    "adjusted": "%(of)s, adjusted",
    "discount": "Discount %(coupon)s: %(of)s",
    "unused_time": "Unused time on %(of)s",
    "credited": "Credited: %(of)s",
    "credit_grant": "%(grant)s: %(of)s",
    "top_up_used": f"{TOP_UP}: %(of)s",
    "overage": "%(rate)s: %(of)s",
    "tax": "%(of)s %(percent)s %%",
    "balance_used": "Credit balance",
    "balance_kept": "Kept as credit balance",
    "credits": "Credited",
    "top_up": TOP_UP,
    "payment": "Payment",
}


@dataclass(frozen=True, slots=True)
class Frame:
    """What is said around a name.

    Attributes:
        form: which words.
        facts: what stands in them beside the name: names as they were given, and numbers in digits.
    """

    form: Form
    facts: Mapping[str, str] = field(default_factory=dict)


Frames: TypeAlias = tuple[Frame, ...]


def framed(form: Form, **facts: str) -> Frame:
    """Return a frame of a form."""
    return Frame(form, facts)


def in_english(subject: str, frames: Iterable[Frame]) -> str:
    """Return what a line is called on the wire."""
    said = subject
    for frame in frames:
        said = ENGLISH[frame.form] % {**frame.facts, "of": said}
    return said


def bought_as(grant_name: str) -> tuple[str, Frames]:
    """Return the subject and the frames of credit that is sold: its name, where somebody gave it one."""
    return ("", (framed("top_up"),)) if grant_name == TOP_UP else (grant_name, ())


def paid_with(grant_name: str) -> Frame:
    """Return what is said around a line that credit pays for."""
    return framed("top_up_used") if grant_name == TOP_UP else framed("credit_grant", grant=grant_name)
