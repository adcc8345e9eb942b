"""Phrases: sentences that are put into words when they are shown, in the language of whoever reads them.

Python code says `phrase("Wait %(time)s and try again.", time=...)`; nothing is translated before a page or a mail is
rendered. The message is the English sentence, and what a catalogue of translations knows it by (GNU gettext).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias, Union

from billing_sdk.money import Money

# An amount, a number and a time are written as the language writes them; text stands as it is.
Value: TypeAlias = Union[str, int, Decimal, Money, datetime, "Exact", "Phrase"]


@dataclass(frozen=True, slots=True)
class Exact:
    """An amount that may be finer than the smallest coin, such as what a token costs.

    Attributes:
        minor: how many minor units, with every digit that there is.
        currency: what they are units of.
    """

    minor: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """A sentence that has not been put into words yet.

    Attributes:
        message: in English, with `%(name)s` where a value goes and `%%` for a percent sign.
        values: what goes into it.
        plural: the same about several, where the number decides.
        number: how many it is about.
        in_english: what readers of English get instead, where it says more than can be translated.
    """

    message: str
    values: Mapping[str, Value] = field(default_factory=dict)
    plural: str = ""
    number: int = 1
    in_english: str = ""

    def __str__(self) -> str:
        """Refuse to become text here, where nobody knows who reads it."""
        raise TypeError(f"a phrase is put into words by a Language, not by str(): {self.message!r}")


def phrase(message: str, /, **values: Value) -> Phrase:
    """Return a sentence for a reader who is not known yet.

    Args:
        message: in English, written out where this is called, so that it can be collected for translation.
        values: what stands at `%(name)s`.
    """
    return Phrase(message, values)


def phrase_of(singular: str, plural: str, number: int, /, **values: Value) -> Phrase:
    """Return a sentence about a number of things, which stands at `%(number)s`.

    Args:
        singular: the sentence about one, in English.
        plural: the sentence about several.
        number: how many.
        values: what else stands in it.
    """
    return Phrase(singular, {"number": number, **values}, plural, number)
