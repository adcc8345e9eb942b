"""Names from outside, made fit to stand in a document."""

from __future__ import annotations

import re
import unicodedata

NO_CHARACTERS = frozenset({"Cc", "Cs", "Cn", "Co"})
# Bidirectional controls, characters without width and fillers without ink (Unicode Technical Report 36, section 2.6);
# all other text stays as it was written. The joiners stay, because words of several scripts are wrong without them.
INVISIBLE = dict.fromkeys(
    [
        *(0x00AD, 0x034F, 0x061C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180E, 0x200B, 0x200E, 0x200F),
        *range(0x2028, 0x202F),
        *range(0x2060, 0x2070),
        *(0x2800, 0x3164, 0xFEFF, 0xFFA0),
        *range(0xFFF9, 0xFFFC),
        *range(0xE0000, 0xE0080),
    ]
)


def plain(text: str) -> str:
    """Return a text in one line, without what can't be seen and what would rearrange the text around it.

    Control characters, lone surrogates and code points that are not characters become spaces.
    """
    kept = (" " if unicodedata.category(one) in NO_CHARACTERS else one for one in text.translate(INVISIBLE))
    return re.sub(" +", " ", "".join(kept)).strip()


def isolated(text: str) -> str:
    """Return a plain text so that it keeps its own direction within a sentence (Unicode Standard Annex 9, FSI, PDI)."""
    return f"\u2068{text}\u2069"


def from_the_right(text: str) -> str:
    """Return a text so that it runs from the right wherever it stands (Unicode Standard Annex 9, RLI, PDI)."""
    return f"\u2067{text}\u2069"


def from_the_left(text: str) -> str:
    """Return a figure so that it runs from the left within any sentence (Unicode Standard Annex 9, LRI, PDI).

    Figures of languages that run from the right begin with a mark that would turn them round.
    """
    return f"\u2066{text}\u2069"
