"""How a pricing table looks to visitors, for operators: in any language and width, saved or not, live or not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from babel import Locale, UnknownLocaleError
from markupsafe import Markup

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.domain.catalog import PricingTable
from billing_sdk.server.domain.catalog.pricing_table import TAG
from billing_sdk.server.pages.dashboard.listing import asked, one_of
from billing_sdk.server.pages.dashboard.seat import Seat
from billing_sdk.server.pages.rendering import PACKAGE
from billing_sdk.server.pages.shown_table import shown_table
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.web.languages import known_languages
from billing_sdk.server.words import Language, Phrase, environment, phrase

LANGUAGE = "language"
WIDTHS: dict[str, Phrase] = {
    "desktop": phrase("Desktop"),
    "tablet": phrase("Tablet"),
    "phone": phrase("Phone"),
}


@dataclass(frozen=True, slots=True)
class Preview:
    """A table as it is shown.

    Attributes:
        html: the table, as the template of all tables has made it.
        language: the one that prices are written in.
        width: one of `WIDTHS`.
    """

    html: Markup
    language: Language
    width: str


def preview_of(seat: Seat, tx: UnitOfWork, table: PricingTable, tag: str) -> Preview:
    """Return a table as a visitor sees it who reads one language.

    Args:
        seat: whose address may ask for a width and a cadence.
        tx: the transaction.
        table: as it would be; nothing of it needs to be saved.
        tag: the tag of the language.
    """
    language = known_languages(seat.request).best([tag])
    shown = shown_table(tx, table, [tag], cadence=asked(seat.request, "cadence"))
    template = environment(PACKAGE, language).get_template("dashboard/pricing_tables/shown.html")
    return Preview(template.module.shown(shown), language, one_of(seat.request, "width", WIDTHS) or "desktop")  # type: ignore[attr-defined] # macros are attributes of a module


def language_asked(seat: Seat, table: PricingTable) -> str:
    """Return the tag of the language that an address is about; that of the table where it names none.

    Raises:
        InvalidRequest: what it names is no language tag.
    """
    tag = asked(seat.request, LANGUAGE)
    if not tag:
        return table.language
    if not TAG.fullmatch(tag):
        raise InvalidRequest(f"{tag[:40]!r} is no language tag, such as de or pt-BR", parameter=LANGUAGE)
    known = {other.lower(): other for other in table.languages}
    return known.get(tag.lower(), tag)


def direction_of(tag: str) -> Literal["ltr", "rtl", "auto"]:
    """Return where lines of a language begin; `auto`, by what is written, where that is not known."""
    try:
        return "rtl" if Locale.parse(tag, sep="-").text_direction == "rtl" else "ltr"
    except (UnknownLocaleError, ValueError):
        return "auto"


def languages_to_choose(seat: Seat, tags: Iterable[str]) -> list[tuple[str, str]]:
    """Return language tags with the names of the languages: those that are given, and those of the pages."""
    every = dict.fromkeys((*tags, *(language.tag for language in known_languages(seat.request).offered)))
    return [(tag, name_of_language(tag)) for tag in every]


def name_of_language(tag: str) -> str:
    """Return what speakers of a language call it; the tag where that is not known."""
    try:
        name = Locale.parse(tag, sep="-").get_display_name()
    except (UnknownLocaleError, ValueError):
        return tag
    return f"{name[0].upper()}{name[1:]} ({tag})" if name else tag
