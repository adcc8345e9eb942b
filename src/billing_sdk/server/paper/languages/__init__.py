"""The languages that invoices are written in."""

from __future__ import annotations

from collections.abc import Sequence

from billing_sdk.server.paper.figures import LOCALES
from billing_sdk.server.paper.languages.arabic import ARABIC
from billing_sdk.server.paper.languages.english import ENGLISH
from billing_sdk.server.paper.languages.french import FRENCH
from billing_sdk.server.paper.languages.german import GERMAN
from billing_sdk.server.paper.languages.japanese import JAPANESE
from billing_sdk.server.paper.languages.spanish import SPANISH
from billing_sdk.server.paper.languages.turkish import TURKISH
from billing_sdk.server.paper.words import Words

DEFAULT = "en"
LANGUAGES: dict[str, Words] = {
    DEFAULT: ENGLISH,
    "de": GERMAN,
    "fr": FRENCH,
    "es": SPANISH,
    "tr": TURKISH,
    "ja": JAPANESE,
    "ar": ARABIC,
}


def language_for(wanted: Sequence[str | None]) -> str:
    """Return the first of some language tags (RFC 5646) that invoices are written in.

    It is a primary language, but for those of a country that write figures in their own way.
    """
    for tag in wanted:
        primary, _, region = (tag or "").partition("-")
        if primary.lower() in LANGUAGES:
            own = f"{primary.lower()}-{region.upper()}"
            return own if own in LOCALES else primary.lower()
    return DEFAULT


def words_in(language: str) -> Words:
    """Return the words of what `language_for` has returned."""
    return LANGUAGES[language.partition("-")[0]]
