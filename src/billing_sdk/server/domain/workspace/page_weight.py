"""What operators may put on one page together: the files of the brand, which each page loads, and the page's own code.

What the server itself sends of a page weighs less than 50 kB; with this it stays below 150.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from billing_sdk.errors import PayloadTooLarge
from billing_sdk.server.domain.workspace.brand import BrandFile, FileKind
from billing_sdk.server.domain.workspace.own_html import read_own_html
from billing_sdk.server.domain.workspace.own_page import OwnPage, PageCode

MOST_ON_A_PAGE_BYTES: Final = 100_000


def bytes_of_files(files: Mapping[FileKind, BrandFile]) -> int:
    """Return how many bytes the files of a brand have together."""
    return sum(file.size_bytes for file in files.values())


def bytes_of_code(code: PageCode) -> int:
    """Return how many bytes an operator's code has as it is sent: its HTML is written anew, and all of it in UTF-8."""
    html = "".join(piece.html for piece in read_own_html(code.html).pieces)
    return sum(len(part.encode()) for part in (html, code.css, code.js))


def check_code_beside(files: Mapping[FileKind, BrandFile], code: PageCode) -> None:
    """Let the code of a page pass that the page can carry together with the files of the brand.

    Raises:
        PayloadTooLarge: they are too heavy together.
    """
    own, together = bytes_of_code(code), bytes_of_files(files)
    if own + together > MOST_ON_A_PAGE_BYTES:
        raise PayloadTooLarge(
            f"this page has {own:,} bytes of its own, and logo, icon and font {together:,}",
            remedy=f"Shorten it to {max(0, MOST_ON_A_PAGE_BYTES - together):,} bytes, or upload smaller files.",
        )


def check_files_beside(pages: Collection[OwnPage], files: Mapping[FileKind, BrandFile], kind: FileKind) -> None:
    """Let the files of a brand pass that every page can carry together with its own code, live or a draft.

    Raises:
        PayloadTooLarge: one of them can't; the file of this kind came last.
    """
    together = bytes_of_files(files)
    codes = [(bytes_of_code(code), page.name) for page in pages for code in (page.live, page.draft)]
    own, name = max(codes, default=(0, ""))
    if own + together > MOST_ON_A_PAGE_BYTES:
        raise PayloadTooLarge(
            f"logo, icon and font have {together:,} bytes, and the page {name!r} has {own:,} of its own",
            parameter=kind,
            remedy=f"Choose files of {max(0, MOST_ON_A_PAGE_BYTES - own):,} bytes together, or shorten that page.",
        )
