"""The brand: whose pages these are, as customers see it.

Operators choose colours as they like; the palette that pages use is worked out from them, so that everything stays
readable in the light scheme and in the dark one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, Literal, TypeAlias, get_args

from billing_sdk.server.domain.workspace.colours import BLACK, WHITE, Colour, least_contrast, readable, text_on

FontStack: TypeAlias = Literal["system", "humanist", "geometric", "serif", "own"]
FONT_STACKS: Final[tuple[FontStack, ...]] = get_args(FontStack)
Corners: TypeAlias = Literal["square", "soft", "round"]
CORNERS: Final[tuple[Corners, ...]] = get_args(Corners)
FileKind: TypeAlias = Literal["logo", "icon", "font"]
FILE_KINDS: Final[tuple[FileKind, ...]] = get_args(FileKind)
Scheme: TypeAlias = Literal["light", "dark"]

USUAL_ACCENT: Final = "#24509f"
USUAL_DARK_ACCENT: Final = "#9dbdf7"
# What the style sheet shows an accent on: its canvas, its surfaces, and what is raised from them.
LIGHT_GROUNDS: Final = (Colour.of("#f5f5f3"), Colour.of("#ffffff"), Colour.of("#fafaf8"))
DARK_GROUNDS: Final = (Colour.of("#111316"), Colour.of("#1a1c20"), Colour.of("#202329"))


@dataclass(frozen=True, slots=True)
class BrandFile:
    """A picture or a font that was uploaded; its content is kept apart, since hardly anything needs it.

    Attributes:
        media_type: what it was found to be, by its content.
        digest: of its content, so that an address never has to be asked for again.
        size_bytes: how long it is.
    """

    media_type: str
    digest: str
    size_bytes: int

    @classmethod
    def of(cls, media_type: str, content: bytes) -> BrandFile:
        """Return what is known of a content."""
        return cls(media_type, hashlib.sha256(content).hexdigest()[:16], len(content))


@dataclass(frozen=True, slots=True)
class BrandTexts:
    """What the pages say in an operator's own words, in one language; empty where they say nothing.

    Attributes:
        welcome: above the forms of sign-up and sign-in.
        footer: at the end of every page.
    """

    welcome: str = ""
    footer: str = ""


@dataclass(frozen=True, slots=True)
class Brand:
    """How the pages look that customers see.

    Attributes:
        name: stands at the top of pages; where it is empty, that of the application does.
        accent: the one colour, on light pages; as it was chosen.
        dark_accent: the same on dark pages; where it is empty, made of the other one.
        font: which letters.
        corners: how round they are.
        support_url: where customers find help: a page, or an address to write to (`mailto:`).
        terms_url: the terms of service.
        privacy_url: the privacy policy.
        texts: own words, by language tag.
        files: what was uploaded.
    """

    name: str = ""
    accent: str = USUAL_ACCENT
    dark_accent: str = ""
    font: FontStack = "system"
    corners: Corners = "soft"
    support_url: str = ""
    terms_url: str = ""
    privacy_url: str = ""
    texts: Mapping[str, BrandTexts] = field(default_factory=dict)
    files: Mapping[FileKind, BrandFile] = field(default_factory=dict)

    def texts_in(self, languages: Sequence[str]) -> tuple[str, BrandTexts]:
        """Return the words for whoever reads these languages, in the order of preference, and the tag they are in.

        A language stands in for its regions; without any that fits, it is the first language that there are words in.
        """
        for tag in languages:
            for candidate in (tag, tag.partition("-")[0]):
                if candidate in self.texts:
                    return candidate, self.texts[candidate]
        return next(iter(self.texts.items()), ("", BrandTexts()))

    def palette(self, scheme: Scheme) -> Palette:
        """Return the colours of the pages in one scheme."""
        return light_palette(self.accent) if scheme == "light" else dark_palette(self.dark_accent, self.accent)


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours that are made of one accent, for one scheme.

    Attributes:
        chosen: what the operator has chosen.
        accent: links, buttons and the ring of the focus; read on every ground with 4.5 to 1.
        strong: the same under a pointer, and on `soft`.
        soft: the ground of what is chosen in a list.
        on_accent: text on the accent.
        contrast: of the chosen colour with the ground that it is hardest to see on.
    """

    chosen: Colour
    accent: Colour
    strong: Colour
    soft: Colour
    on_accent: Colour
    contrast: Decimal

    @property
    def is_adjusted(self) -> bool:
        """Whether the chosen colour could not be read as it is."""
        return self.accent != self.chosen


def light_palette(accent: str) -> Palette:
    """Return the colours of light pages: an accent that is too bright is darkened until it can be read."""
    chosen = Colour.of(accent)
    made = readable(chosen, LIGHT_GROUNDS, BLACK)
    soft = WHITE.mixed(made, 10)
    strong = readable(made.mixed(BLACK, 20), (soft, *LIGHT_GROUNDS), BLACK)
    on_accent = text_on(made)
    return Palette(chosen, made, strong, soft, on_accent, least_contrast(chosen, LIGHT_GROUNDS))


def dark_palette(dark_accent: str, accent: str) -> Palette:
    """Return the colours of dark pages: an accent that is too dark is lightened until it can be read."""
    usual = USUAL_DARK_ACCENT if accent == USUAL_ACCENT else accent
    chosen = Colour.of(dark_accent or usual)
    made = readable(chosen, DARK_GROUNDS, WHITE)
    soft = DARK_GROUNDS[1].mixed(made, 15)
    strong = readable(made.mixed(WHITE, 30), (soft, *DARK_GROUNDS), WHITE)
    on_accent = text_on(made, made.mixed(BLACK, 85))
    return Palette(chosen, made, strong, soft, on_accent, least_contrast(chosen, DARK_GROUNDS))
