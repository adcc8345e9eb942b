"""The other languages of a page: links to the same address that ask for one of them.

The address of a form answers GET with the page that the form is on, so a form that was refused has these links as well.
"""

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


def language_links(
    request: Request, present: Language, *, is_refusal: bool = False, link_key: str = ""
) -> tuple[LanguageLink, ...]:
    """Return where a page is in each language; nothing where a form was acted upon, or there is one language only.

    Args:
        request: it is shown for.
        present: what it is shown in.
        is_refusal: it shows again a form that was sent, and what is wrong with it.
        link_key: what lets whoever has a link see the page; a form sends it in its body, and an address in its query.
    """
    known = known_languages(request)
    can_be_read = is_refusal or request.method in ("GET", "HEAD")
    if not can_be_read or len(known.offered) < 2:
        return ()
    its = known.offered_as(present)
    asked = request.query_params
    kept = [(name, value) for name, value in asked.multi_items() if name not in PASSING]
    if link_key and "key" not in asked:
        kept.append(("key", link_key))
    return tuple(
        LanguageLink(one.tag, one.name, f"?{urlencode([*kept, (LANGUAGE, one.tag)])}", is_present=one == its)
        for one in known.offered
    )
