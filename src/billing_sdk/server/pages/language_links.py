"""The other languages of a page: links to the same address that ask for one of them."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.requests import Request

from billing_sdk.server.web.languages import LANGUAGE, known_languages, language_of

# What a page says once, after a form was sent: it is not said again in another language.
PASSING = frozenset({LANGUAGE, "done", "refused"})


@dataclass(frozen=True, slots=True)
class LanguageLink:
    """One language that the page can be read in."""

    tag: str
    name: str
    url: str


def language_links(request: Request) -> tuple[LanguageLink, ...]:
    """Return where this page is in each language; nothing where it answers a form, or there is one language only.

    Of a language that is written in several countries the one without a country is shown, and that of the page.
    """
    present = language_of(request).tag
    known = [one for one in known_languages(request).all if "-" not in one.tag or one.tag == present]
    if request.method not in ("GET", "HEAD") or len(known) < 2:
        return ()
    kept = [(name, value) for name, value in request.query_params.multi_items() if name not in PASSING]
    return tuple(
        LanguageLink(language.tag, language.name, f"?{urlencode([*kept, (LANGUAGE, language.tag)])}")
        for language in known
    )
