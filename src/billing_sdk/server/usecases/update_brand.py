"""Update the brand: how the pages look that customers see."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Final

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.domain.identity.application import origin_of
from billing_sdk.server.domain.workspace import (
    CORNERS,
    FONT_STACKS,
    Brand,
    BrandFile,
    FileKind,
)
from billing_sdk.server.domain.workspace.colours import Colour
from billing_sdk.server.domain.workspace.page_weight import check_files_beside
from billing_sdk.server.domain.workspace.uploads import check_weight, uploaded_file
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.people import MAX_NAME_LENGTH
from billing_sdk.server.usecases.versions import check_version

MAX_TEXT_LENGTH: Final = 500
MAX_LANGUAGES: Final = 20
MAX_URL_LENGTH: Final = 500
MAIL: Final = re.compile(r"mailto:[^\s@<>\"'?&]+@[^\s@<>\"'?&]+", re.ASCII)
URLS: Final = ("support_url", "terms_url", "privacy_url")


def update_brand(
    engine: Engine,
    *,
    brand: Brand,
    files: Mapping[FileKind, bytes] | None = None,
    dropped: tuple[FileKind, ...] = (),
    versions: Collection[str] | None = None,
    actor: str = "operator",
) -> Brand:
    """Store how pages look from now on.

    Args:
        engine: the engine.
        brand: all of it but its files, which stay as they are where none are given.
        files: new contents by what they are for.
        dropped: what goes without another one in its place.
        versions: those that a change may be made to (`version_of`); any by default.
        actor: who does it.

    Raises:
        PreconditionFailed: it is in none of the versions any more.
        InvalidRequest: a value is none that there is, or a file is of another kind.
        PayloadTooLarge: a file is too heavy, all of them together are, or they are beside what a page has of its own.
    """
    _check(brand)
    contents = dict(files or {})
    found: dict[FileKind, BrandFile] = {kind: uploaded_file(kind, content) for kind, content in contents.items()}
    with engine.begin() as tx:
        before = tx.brand.lock()
        check_version(before, versions)
        kept = {kind: file for kind, file in before.files.items() if kind not in dropped}
        after = replace(brand, files={**kept, **found})
        for kind in found:
            check_weight(after.files, kind)
            check_files_beside(tx.own_pages.list().values(), after.files, kind)
        if after.font == "own" and "font" not in after.files:
            raise InvalidRequest(
                "there is no font of your own", parameter="font", remedy="Upload a WOFF2 file as well."
            )
        tx.brand.save(after)
        for kind, file in found.items():
            tx.brand.save_file(kind, file, contents[kind])
        tx.audit.record(actor, "brand.update", "brand", engine.now(), before=before, after=after)
    return after


def _check(brand: Brand) -> None:
    _check_colour("accent", brand.accent)
    if brand.dark_accent:
        _check_colour("dark_accent", brand.dark_accent)
    if brand.font not in FONT_STACKS or brand.corners not in CORNERS:
        raise InvalidRequest("there are no such letters, or no such corners", parameter="font")
    if len(brand.name) > MAX_NAME_LENGTH or not brand.name.isprintable():
        raise InvalidRequest(f"a name has at most {MAX_NAME_LENGTH} characters, in one line", parameter="name")
    for name in URLS:
        _check_url(name, getattr(brand, name))
    if len(brand.texts) > MAX_LANGUAGES:
        raise InvalidRequest(f"texts are in at most {MAX_LANGUAGES} languages", parameter="texts")
    for texts in brand.texts.values():
        if max(len(texts.welcome), len(texts.footer)) > MAX_TEXT_LENGTH:
            raise InvalidRequest(f"a text has at most {MAX_TEXT_LENGTH} characters", parameter="texts")


def _check_colour(name: str, written: str) -> None:
    try:
        Colour.of(written)
    except InvalidRequest as error:
        raise InvalidRequest(error.detail, parameter=name, remedy=error.remedy) from None


def _check_url(name: str, url: str) -> None:
    """Let a link pass that customers can follow: a page, or an address to write to; never a script."""
    if not url:
        return
    is_page = len(url) <= MAX_URL_LENGTH and url.isprintable() and origin_of(url) is not None
    if not is_page and not (name == "support_url" and MAIL.fullmatch(url)):
        raise InvalidRequest(
            "a link begins with https://, or with mailto: where customers write for help",
            parameter=name,
            remedy="Give the whole address, such as https://example.com/help.",
        )
