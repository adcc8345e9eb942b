"""What is uploaded for a brand: what it is, which its content says and not its name, and how much it may weigh.

Source: PNG specification, section 5.2; JPEG File Interchange Format, SOI marker; WebP Container Specification; WOFF
File Format 2.0, section 4.1; SVG 2, section 5.1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from billing_sdk.errors import InvalidRequest, PayloadTooLarge
from billing_sdk.server.domain.workspace.brand import BrandFile, FileKind
from billing_sdk.server.domain.workspace.page_weight import bytes_of_files

# Each page loads all of them, and together with the style sheets it has to stay light.
MOST_BYTES: Final[Mapping[FileKind, int]] = {"logo": 60_000, "icon": 20_000, "font": 60_000}
MOST_TOGETHER_BYTES: Final = 80_000
SVG_TYPE: Final = "image/svg+xml"
FONT_TYPE: Final = "font/woff2"
PICTURES: Final = (
    ("image/png", re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("image/jpeg", re.compile(rb"\xff\xd8\xff")),
    ("image/webp", re.compile(rb"RIFF....WEBP", re.DOTALL)),
)
FONT: Final = re.compile(rb"wOF2")
# An SVG file begins with its element; a document type could name other files, and is not needed.
SVG: Final = re.compile(r"\ufeff?(?:\s|<\?xml[^>]*\?>|<!--.*?-->)*<svg[\s>]", re.DOTALL)
KINDS: Final = {
    "logo": "a PNG, JPEG, WebP or SVG file",
    "icon": "a PNG, JPEG, WebP or SVG file",
    "font": "a WOFF2 file",
}


def uploaded_file(kind: FileKind, content: bytes) -> BrandFile:
    """Return what an upload is.

    Args:
        kind: what it is for.
        content: all of it.

    Raises:
        InvalidRequest: its content is of no kind that can be shown.
        PayloadTooLarge: it is too heavy.
    """
    if len(content) > MOST_BYTES[kind]:
        raise PayloadTooLarge(
            f"the {kind} has {len(content):,} bytes",
            parameter=kind,
            remedy=f"Choose a file of at most {MOST_BYTES[kind]:,} bytes.",
        )
    media_type = _media_type(kind, content)
    if media_type is None:
        raise InvalidRequest(f"the {kind} is not {KINDS[kind]}", parameter=kind, remedy=f"Choose {KINDS[kind]}.")
    return BrandFile.of(media_type, content)


def check_weight(files: Mapping[FileKind, BrandFile], kind: FileKind) -> None:
    """Let files pass that pages can carry together.

    Raises:
        PayloadTooLarge: they are too heavy; the one of this kind came last.
    """
    together = bytes_of_files(files)
    if together > MOST_TOGETHER_BYTES:
        raise PayloadTooLarge(
            f"logo, icon and font have {together:,} bytes together",
            parameter=kind,
            remedy=f"Choose smaller files: they may have {MOST_TOGETHER_BYTES:,} bytes together.",
        )


def _media_type(kind: FileKind, content: bytes) -> str | None:
    if kind == "font":
        return FONT_TYPE if FONT.match(content) else None
    for media_type, beginning in PICTURES:
        if beginning.match(content):
            return media_type
    return SVG_TYPE if _is_svg(content) else None


def _is_svg(content: bytes) -> bool:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return False
    return SVG.match(text) is not None and "<!" not in re.sub(r"<!--.*?-->|<!\[CDATA\[", "", text, flags=re.DOTALL)
