"""Errors of the catalogue, for people.

What exactly is wrong is said in English, with facts in it; readers of other languages get the title and the usual
remedy of the error's class, which are translated.
"""

from __future__ import annotations

from billing_sdk.errors import BillingError
from billing_sdk.server.words.phrases import Phrase, phrase


def title_of(error: BillingError) -> Phrase:
    """Return what kind of thing is wrong."""
    return Phrase(error.title)


def detail_of(error: BillingError) -> Phrase | None:
    """Return what exactly is wrong, for readers of English; None where the title says it already."""
    if error.detail == error.title:
        return None
    return Phrase("", in_english=sentence(error.detail))


def remedy_of(error: BillingError) -> Phrase:
    """Return what to do next."""
    usual = type(error).default_remedy
    return Phrase(usual, in_english="" if error.remedy == usual else error.remedy)


def told(error: BillingError) -> Phrase:
    """Return what is wrong and what to do next, as one text beside a field or above a form."""
    whole = phrase("%(title)s. %(remedy)s", title=title_of(error), remedy=remedy_of(error))
    return Phrase(whole.message, whole.values, in_english=f"{sentence(error.detail)} {error.remedy}")


def sentence(text: str) -> str:
    """Return a detail, which starts in lower case, as a sentence."""
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith(".") else ".")
