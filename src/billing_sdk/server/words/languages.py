"""Languages: which there are, how each writes figures, and what each says for a phrase.

Translations are gettext catalogues (`locale/de.po`), read as they are. An operator adds a language, or changes words
of one, by a file in a directory of their own.
"""

from __future__ import annotations

import gettext
import io
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

from babel import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po

from billing_sdk.errors import InvalidSetting
from billing_sdk.money import Money
from billing_sdk.server.paper.figures import LOCALES, Figures
from billing_sdk.server.paper.text import from_the_left, isolated
from billing_sdk.server.words.countries import countries_of
from billing_sdk.server.words.phrases import Exact, Phrase, Value

DEFAULT = "en"
SUFFIX = ".po"
VALUE = re.compile(r"%\(\w+\)s|%%")


@dataclass(frozen=True, slots=True)
class Language:
    """One language of the pages.

    Attributes:
        tag: its language tag (RFC 5646).
        figures: how it writes amounts, quantities and days.
        translations: what it says for an English message.
    """

    tag: str
    figures: Figures = field(repr=False)
    translations: gettext.NullTranslations = field(repr=False)

    @property
    def direction(self) -> Literal["ltr", "rtl"]:
        """Where a line begins."""
        return self.figures.direction

    @property
    def name(self) -> str:
        """What its speakers call it."""
        # Not by how it writes figures: those of English are of no country ("English (world)").
        name = Locale.parse(self.tag, sep="-").get_display_name() or self.tag
        return name[0].upper() + name[1:]

    @property
    def countries(self) -> tuple[tuple[str, str], ...]:
        """The code and the name of each country, in the order of its alphabet."""
        return countries_of(self.tag, self.figures)

    def say(self, said: Phrase) -> str:
        """Put a phrase into words; one that has none in this language says nothing."""
        if said.in_english and self.tag in LOCALES:
            return said.in_english
        if not said.message:
            return ""
        if said.plural:
            words = self.translations.ngettext(said.message, said.plural, said.number)
        else:
            words = self.translations.gettext(said.message)
        return words % {name: self.write(value) for name, value in said.values.items()}

    def say_apart(self, said: Phrase) -> str:
        """Put a phrase into words; where lines begin on the right, marks keep each value's direction to itself."""
        return self.say(self._apart(said) if self.direction == "rtl" else said)

    def _apart(self, said: Phrase) -> Phrase:
        marked: dict[str, Value] = {}
        for name, value in said.values.items():
            if isinstance(value, Phrase):
                marked[name] = self._apart(
                    value
                )  # says words of this language, so only what stands in it is kept apart
            else:
                mark = isolated if isinstance(value, str | datetime) else from_the_left
                marked[name] = mark(self.write(value))
        return replace(said, values=marked)

    def write(self, value: Value) -> str:
        """Write one value as the language writes it."""
        match value:
            case Phrase():
                return self.say(value)
            case Money():
                return self.figures.money(value)
            case Exact():
                return self.figures.exact(value.minor, value.currency)
            case datetime():
                return self.figures.day(value)
            case int() | Decimal():
                return self.figures.quantity(Decimal(value))
            case str():
                return value


class Languages:
    """The languages that pages can be read in."""

    def __init__(self, by_tag: Mapping[str, Language], with_words: Collection[str]) -> None:
        """Take the languages, the default one first, and the tags of those that have words of their own."""
        self._by_tag = {tag.lower(): language for tag, language in by_tag.items()}
        self._with_words = frozenset(with_words)

    @property
    def all(self) -> tuple[Language, ...]:
        """Every language, the default one first."""
        return tuple(self._by_tag.values())

    @property
    def offered(self) -> tuple[Language, ...]:
        """The languages to choose from, the default one first: a region is one of them if it has words of its own."""
        return tuple(one for one in self.all if one.tag in self._with_words)

    def offered_as(self, language: Language) -> Language:
        """Return the one to choose from that says the words of a language: itself, or what it is a region of."""
        return language if language.tag in self._with_words else self.best([language.tag.partition("-")[0]])

    def best(self, wanted: Sequence[str]) -> Language:
        """Return the first language that fits a list of tags, or the default one (RFC 4647, section 3.4).

        Args:
            wanted: tags in the order of preference; `de-AT` is also served by `de`.
        """
        for tag in wanted:
            parts = tag.lower().split("-")
            while parts:
                found = self._by_tag.get("-".join(parts))
                if found is not None:
                    return found
                parts.pop()
        return self._by_tag[DEFAULT]


@lru_cache(maxsize=8)
def languages_in(directory: str | None = None) -> Languages:
    """Return the languages of this package, and those of a directory, whose words come first.

    A file for a region, such as `de-CH.po`, needs to say only what is said differently there.

    Args:
        directory: has files such as `nl.po` or `pt-BR.po`; None where an operator has none.

    Raises:
        InvalidSetting: there is no such directory, a file is no catalogue or named by no language, or a translation has
            values that its message has not.
    """
    if directory and not Path(directory).is_dir():
        raise InvalidSetting(f"locale_directory: there is no directory {directory!r}")
    known = {tag: Language(tag, Figures.of(tag), gettext.NullTranslations()) for tag in LOCALES}
    own = sorted(Path(directory).glob(f"*{SUFFIX}")) if directory else []
    built_in = sorted(files("billing_sdk.server.words").joinpath("locale").iterdir(), key=lambda one: one.name)
    sources = [(one.name, one.read_bytes()) for one in (*built_in, *own) if one.name.endswith(SUFFIX)]
    for name, content in sorted(sources, key=lambda one: "-" in one[0]):  # regions after what they vary
        tag = name.removesuffix(SUFFIX)
        before = known.get(tag) or known.get(tag.partition("-")[0])
        known[tag] = _language(tag, content, before.translations if before else None)
    return Languages(known, {DEFAULT, *(name.removesuffix(SUFFIX) for name, _ in sources)})


def _language(tag: str, content: bytes, before: gettext.NullTranslations | None) -> Language:
    compiled = io.BytesIO()
    try:
        figures = Figures.of(tag)
        catalogue = read_po(io.BytesIO(content), locale=str(figures.locale), abort_invalid=True)
        write_mo(compiled, catalogue)
        compiled.seek(0)
        translations = gettext.GNUTranslations(compiled)
    except (ValueError, UnknownLocaleError, PoFileError) as error:
        raise InvalidSetting(f"locale_directory: {tag}{SUFFIX} can't be read: {error}") from None
    _check(tag, catalogue)
    if before is not None:
        translations.add_fallback(before)
    return Language(tag, figures, translations)


def _check(tag: str, catalogue: Catalog) -> None:
    """Refuse translations that no page could be shown with, when the server starts and not when somebody reads one."""
    for message in catalogue:
        if not message.id:
            continue
        said = [message.string] if isinstance(message.string, str) else list(message.string or ())
        source = "".join([message.id] if isinstance(message.id, str) else message.id)
        for one in said:
            rest = VALUE.sub("", one)
            if "%" in rest or not set(VALUE.findall(one)) <= {*VALUE.findall(source), "%%"}:
                raise InvalidSetting(
                    f"locale_directory: {tag}{SUFFIX}: the values of {one[:80]!r} are not those of its message"
                )
