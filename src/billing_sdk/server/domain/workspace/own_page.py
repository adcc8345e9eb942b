"""Own pages: what an operator puts around the content of a page, as a draft until it is put live.

The content itself, with its forms and prices, is never an operator's to write: it stands where the placeholder is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal, TypeAlias, get_args

PageName: TypeAlias = Literal["register", "sign_in", "organization", "plans", "payment", "success"]
PAGE_NAMES: Final[tuple[PageName, ...]] = get_args(PageName)
Stage: TypeAlias = Literal["draft", "live"]

# Elements of an operator's HTML that stand for what the server writes there.
CONTENT: Final = "billing-content"
PLACEHOLDERS: Final = (CONTENT, "billing-logo", "billing-language-switch")


@dataclass(frozen=True, slots=True)
class PageCode:
    """What an operator has written for a page: HTML around its content, a style sheet and a script."""

    html: str = ""
    css: str = ""
    js: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether the page is as the server makes it."""
        return not (self.html or self.css or self.js)


@dataclass(frozen=True, slots=True)
class OwnPage:
    """One page with its draft, which only operators see, and what is live.

    Attributes:
        name: which page.
        draft: what is being written.
        live: what customers see.
        updated_at: when the draft was saved last.
        published_at: when it was put live last.
    """

    name: PageName
    draft: PageCode = PageCode()
    live: PageCode = PageCode()
    updated_at: datetime | None = None
    published_at: datetime | None = None

    @property
    def has_changes(self) -> bool:
        """Whether the draft is another than what is live."""
        return self.draft != self.live

    def code(self, stage: Stage) -> PageCode:
        """Return what is shown at one stage."""
        return self.draft if stage == "draft" else self.live

    def written(self, code: PageCode, at: datetime) -> OwnPage:
        """Return the page with another draft."""
        return replace(self, draft=code, updated_at=at)

    def published(self, at: datetime) -> OwnPage:
        """Return the page with its draft live."""
        return replace(self, live=self.draft, published_at=at)

    def reverted(self, at: datetime) -> OwnPage:
        """Return the page with a draft that is what is live."""
        return replace(self, draft=self.live, updated_at=at)
