"""The countries of the world by their names in the reader's language, in the order of its alphabet."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final

from billing_sdk.server.domain.customers.countries import COUNTRIES
from billing_sdk.server.paper.figures import Figures

# Letters that have a place of their own in an alphabet; accents of others only tell apart what is otherwise the same.
DOTLESS_I: Final = "\u0131"
ALPHABETS: Final = {
    "tr": f"abcçdefgğh{DOTLESS_I}ijklmnoöpqrsştuüvwxyz",
    "az": f"abcçdeəfgğhx{DOTLESS_I}ijkqlmnoöprsştuüvwyz",
}
ARTICLE: Final = "ال"  # of Arabic names, in the order of what follows it


@lru_cache(maxsize=32)
def countries_of(tag: str, figures: Figures) -> tuple[tuple[str, str], ...]:
    """Return the code and the name of each country, by name.

    Args:
        tag: of the language that decides about the order.
        figures: that name them.
    """
    named = [(code, figures.country(code)) for code in COUNTRIES]
    return tuple(sorted(named, key=lambda one: _place_of(one[1], tag.partition("-")[0])))


def _place_of(name: str, tag: str) -> tuple[object, ...]:
    """Return where a name stands."""
    alphabet = ALPHABETS.get(tag)
    if alphabet:
        lowered = name.replace("I", DOTLESS_I).replace("İ", "i").lower()
        return tuple((alphabet.find(letter if letter in alphabet else _bare(letter)), letter) for letter in lowered)
    return (_bare(name.removeprefix(ARTICLE).casefold()), name)


def _bare(text: str) -> str:
    """Return a text without its accents."""
    return "".join(part for part in unicodedata.normalize("NFD", text) if not unicodedata.combining(part))
