"""Own pages: write a draft, put it live, or go back to what is live."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from billing_sdk.errors import InvalidRequest, PayloadTooLarge
from billing_sdk.server.domain.workspace import OwnPage, PageCode, PageName
from billing_sdk.server.domain.workspace.own_code import MOST_CHARACTERS
from billing_sdk.server.domain.workspace.own_html import read_own_html
from billing_sdk.server.domain.workspace.page_weight import check_code_beside
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.versions import check_version

CONTENT_ONCE: Final = "Write <billing-content></billing-content> where the form or the plans of the page are to stand."


def save_draft(
    engine: Engine,
    *,
    name: PageName,
    code: PageCode,
    versions: Collection[str] | None = None,
    actor: str = "operator",
) -> OwnPage:
    """Store what operators see of a page in its preview; customers see nothing of it yet.

    Raises:
        PreconditionFailed: the page is in none of the versions (`version_of`) that the caller knows.
        InvalidRequest: its content is not in it, or more than once.
        PayloadTooLarge: a part of it is too long, or all of it too heavy beside the files of the brand.
    """
    for part, most in MOST_CHARACTERS.items():
        if len(getattr(code, part)) > most:
            raise PayloadTooLarge(
                f"the {part} has more than {most:,} characters", parameter=part, remedy="Shorten it, and save again."
            )
    if code.html and read_own_html(code.html).content_count != 1:
        raise InvalidRequest("the content of the page has to stand in it once", parameter="html", remedy=CONTENT_ONCE)
    with engine.begin() as tx:
        # First, as whoever changes the brand does: neither of the two sees less than the other has written.
        files = tx.brand.lock().files
        before = tx.own_pages.lock(name)
        check_version(before, versions)
        check_code_beside(files, code)
        after = before.written(code, engine.now())
        tx.own_pages.save(after)
        tx.audit.record(actor, "own_page.draft", name, engine.now(), before=before, after=after)
    return after


def publish_own_page(engine: Engine, *, name: PageName, actor: str = "operator") -> OwnPage:
    """Put the draft of a page live; an empty one gives customers the page that the server makes."""
    with engine.begin() as tx:
        before = tx.own_pages.lock(name)
        after = before.published(engine.now())
        tx.own_pages.save(after)
        tx.audit.record(actor, "own_page.publish", name, engine.now(), before=before, after=after)
    return after


def revert_own_page(
    engine: Engine, *, name: PageName, versions: Collection[str] | None = None, actor: str = "operator"
) -> OwnPage:
    """Drop the draft of a page for what is live.

    Raises:
        PreconditionFailed: the page is in none of the versions (`version_of`) that the caller knows.
    """
    with engine.begin() as tx:
        before = tx.own_pages.lock(name)
        check_version(before, versions)
        after = before.reverted(engine.now())
        tx.own_pages.save(after)
        tx.audit.record(actor, "own_page.revert", name, engine.now(), before=before, after=after)
    return after
