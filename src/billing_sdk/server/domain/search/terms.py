"""Terms: the words that a thing is filed under, folded so that neither case nor accents nor points matter.

Source: the Unicode Standard, section 5.18 (caseless matching) and Unicode Standard Annex 15 (compatibility
decomposition). Letters that do not decompose are listed in `UNDECOMPOSED`; the two letters i of Turkish become one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

# How good a hit is: by what identifies a thing, by its name, or by a part of an address.
EXACT_RANK, NAME_RANK, PART_RANK = 0, 1, 2
LONGEST_TERM = 120
MOST_TERMS = 40
MOST_ASKED = 6
UNDECOMPOSED = str.maketrans({"\u0131": "i", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "æ": "ae", "œ": "oe", "þ": "th"})
WORD = re.compile(r"[^\W_]+")

# The rank of each term; a better rank is a smaller one.
Terms: TypeAlias = Mapping[str, int]


def folded(text: str) -> str:
    """Return a text without case, accents and the differences that letters have in one language only."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(UNDECOMPOSED))
    bare = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return "".join(letter for letter in bare if letter.isprintable())[:LONGEST_TERM]


def terms_for(
    *, keys: Iterable[str | None] = (), names: Iterable[str | None] = (), emails: Iterable[str] = ()
) -> Terms:
    """Return what a thing is filed under.

    Args:
        keys: what identifies it, such as a key or a code.
        names: what people call it; each of its words counts.
        emails: addresses; the words before the sign count, and the host as a whole.
    """
    terms: dict[str, int] = {}
    whole = [*(folded(key or "") for key in keys), *(folded(email) for email in emails)]
    _file(terms, whole, EXACT_RANK)
    for name in names:
        _file(terms, _words(folded(name or "")), NAME_RANK)
    for text in whole:
        before, _, host = text.rpartition("@")
        _file(terms, [host, *_words(before)] if before else _words(text), PART_RANK)
    return dict(list(terms.items())[:MOST_TERMS])


def asked_words(text: str) -> tuple[str, ...]:
    """Return what somebody looks for, each of which a thing has to be filed under; the longest one comes first."""
    words = dict.fromkeys(word for word in folded(text).split() if WORD.search(word))
    return tuple(sorted(words, key=len, reverse=True)[:MOST_ASKED])


def _words(text: str) -> Iterator[str]:
    """Yield each word of a text: as it is written, without its marks, and each part between them."""
    for written in text.split():
        parts = WORD.findall(written)
        if parts:
            yield written
            yield "".join(parts)
            yield from parts


def _file(terms: dict[str, int], words: Iterable[str], rank: int) -> None:
    for word in words:
        if word and word not in terms:
            terms[word] = rank
