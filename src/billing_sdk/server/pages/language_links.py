"""The other languages of a page: links to the same address that ask for one of them."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.requests import Request

from billing_sdk.server.web.languages import LANGUAGE, known_languages
from billing_sdk.server.words import Language

# What a page says once, after a form was sent: it is not said again in another language.
PASSING = frozenset({LANGUAGE, "done", "refused"})


@dataclass(frozen=True, slots=True)
class LanguageLink:
    """One language that the page can be read in; `is_present` is said of the one whose words it has."""

    tag: str
    name: str
    url: str
    is_present: bool


def language_links(request: Request, present: Language) -> tuple[LanguageLink, ...]:
    """Return where a page is in each language; nothing where it answers a form, or there is one language only.

    Args:
        request: it is shown for.
        present: what it is shown in.
    """
    known = known_languages(request)
    if request.method not in ("GET", "HEAD") or len(known.offered) < 2:
        return ()
    its = known.offered_as(present)
    kept = [(name, value) for name, value in request.query_params.multi_items() if name not in PASSING]
    return tuple(
        LanguageLink(one.tag, one.name, f"?{urlencode([*kept, (LANGUAGE, one.tag)])}", is_present=one == its)
        for one in known.offered
    )
