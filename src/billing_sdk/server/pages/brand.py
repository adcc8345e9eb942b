"""The brand on a page: the addresses of its style sheet and pictures, its links, and its words in one language.

The style sheet is made of the brand alone; its address names a digest of it, so that browsers keep it until it changes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from billing_sdk.server.domain.workspace import Brand, BrandTexts, Corners, FileKind, FontStack, Palette
from billing_sdk.server.words import DEFAULT, Language

SHEET: Final = "/static/brand.css"
FILES: Final = "/static/brand"
OWN_FONT: Final = "Own"
SANS: Final = '"Noto Sans", "Helvetica Neue", Arial, sans-serif'
FONTS: Final[Mapping[FontStack, str]] = {
    "system": f'system-ui, -apple-system, "Segoe UI", Roboto, {SANS}',
    "humanist": f'Seravek, "Gill Sans Nova", Ubuntu, Calibri, "DejaVu Sans", {SANS}',
    "geometric": f'Avenir, Montserrat, Corbel, "URW Gothic", {SANS}',
    "serif": 'Charter, "Bitstream Charter", "Sitka Text", Cambria, "Noto Serif", Georgia, serif',
    "own": f'"{OWN_FONT}", system-ui, {SANS}',
}
RADII: Final[Mapping[Corners, tuple[str, str]]] = {
    "square": ("0", "0"),
    "soft": ("0.5rem", "0.875rem"),
    "round": ("1.25rem", "1.5rem"),
}


@dataclass(frozen=True, slots=True)
class BrandOnPage:
    """What a template names of the brand.

    Attributes:
        name: stands at the top of pages; empty where the application's name does.
        sheet_url: of the style sheet.
        logo_url: of the logo; empty where there is none.
        icon_url: of the icon that stands beside the title of a window.
        font_url: of a font that is loaded early; empty where there is none.
        support_url: where help is found; empty where nothing was said, like the other links.
        texts: the operator's own words.
        texts_language: the tag of the language that they are in.
    """

    name: str
    sheet_url: str
    logo_url: str
    icon_url: str
    font_url: str
    support_url: str
    terms_url: str
    privacy_url: str
    texts: BrandTexts
    texts_language: str


def brand_on_page(brand: Brand, language: Language, sheet_url: str = "") -> BrandOnPage:
    """Return the brand for a page in a language.

    Args:
        brand: the brand.
        language: the reader's.
        sheet_url: where its style sheet is, unless it is the one of the workspace.
    """
    texts_language, texts = brand.texts_in([language.tag, DEFAULT])
    return BrandOnPage(
        name=brand.name,
        sheet_url=sheet_url or f"{SHEET}?v={sheet_version(brand)}",
        logo_url=_file_url(brand, "logo"),
        icon_url=_file_url(brand, "icon"),
        font_url=_file_url(brand, "font") if brand.font == "own" else "",
        support_url=brand.support_url,
        terms_url=brand.terms_url,
        privacy_url=brand.privacy_url,
        texts=texts,
        texts_language=texts_language,
    )


def sheet_version(brand: Brand) -> str:
    """Return what changes whenever the style sheet does."""
    return _digest(brand_sheet(brand))


def brand_sheet(brand: Brand) -> str:
    """Return the style sheet of a brand: its colours in both schemes, its letters and its corners."""
    return _sheet(brand.accent, brand.dark_accent, brand.font, brand.corners, _file_url(brand, "font"))


@lru_cache(maxsize=16)
def _sheet(accent: str, dark_accent: str, font: FontStack, corners: Corners, font_url: str) -> str:
    look = Brand(accent=accent, dark_accent=dark_accent)
    radius, large = RADII[corners]
    face = (
        f'@font-face {{ font-family: "{OWN_FONT}"; src: url("{font_url}") format("woff2"); font-display: swap; }}\n'
        if font == "own" and font_url
        else ""
    )
    light, dark = _colours(look.palette("light")), _colours(look.palette("dark"))
    return (
        f"{face}:root {{ {light} --font: {FONTS[font]}; --radius: {radius}; --radius-large: {large}; }}\n"
        f"@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n"
    )


def _colours(palette: Palette) -> str:
    named = {
        "--accent": palette.accent,
        "--accent-strong": palette.strong,
        "--accent-soft": palette.soft,
        "--on-accent": palette.on_accent,
    }
    return " ".join(f"{name}: {colour};" for name, colour in named.items())


def _file_url(brand: Brand, kind: FileKind) -> str:
    file = brand.files.get(kind)
    return f"{FILES}/{kind}?v={file.digest}" if file else ""


@lru_cache(maxsize=16)
def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
