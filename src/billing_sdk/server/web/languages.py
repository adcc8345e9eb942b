"""Which languages a visitor reads, and the one that a page is in."""

from __future__ import annotations

import re
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from billing_sdk.server.settings import Settings
from billing_sdk.server.web.cookies import read_language, set_language
from billing_sdk.server.words import Language, Languages, languages_in

MAX_LANGUAGES = 10
LANGUAGE = "lang"
TAG = r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8}){0,7}"
RANGE = re.compile(rf"\s*({TAG})\s*(?:;\s*q\s*=\s*([01](?:\.[0-9]{{0,3}})?))?\s*", re.ASCII)


def languages_of(request: Request, chosen: str | None = None) -> tuple[str, ...]:
    """Return language tags in the order of preference: what was asked for, then those of the browser.

    Args:
        request: its `lang` parameter, the choice that this browser has made before, and its `Accept-Language`
            (RFC 9110, section 12.5.4) are read.
        chosen: what the application asked for when it sent the visitor.
    """
    asked = (request.query_params.get(LANGUAGE, ""), read_language(request), chosen or "")
    known = tuple(tag for tag in asked if re.fullmatch(TAG, tag, re.ASCII))
    return (*known, *_accepted(request.headers.get("accept-language", "")))


def languages_for_anybody(request: Request) -> tuple[str, ...]:
    """Return what an answer that others may be given from a cache can go by: the address and `Accept-Language`."""
    asked = request.query_params.get(LANGUAGE, "")
    known = (asked,) if re.fullmatch(TAG, asked, re.ASCII) else ()
    return (*known, *_accepted(request.headers.get("accept-language", "")))


def language_of(request: Request, chosen: str | None = None, written_in: Sequence[str] = ()) -> Language:
    """Return the language that a page is shown in.

    Args:
        request: what was asked for.
        chosen: as in `languages_of`.
        written_in: the languages of what the page is about, the best first, such as a customer's for an invoice; only
            the address itself can ask for another one.
    """
    asked = (request.query_params.get(LANGUAGE, ""),) if written_in else ()
    about = tuple(tag for tag in (*asked, *written_in) if re.fullmatch(TAG, tag, re.ASCII))
    return known_languages(request).best((*about, *languages_of(request, chosen)))


def language_read(request: Request, chosen: str | None = None) -> str | None:
    """Return the tag of the language that somebody reads a page in; None where nobody has said what they read."""
    return language_of(request, chosen).tag if languages_of(request, chosen) else None


def known_languages(request: Request) -> Languages:
    """Return the languages of this server; those that it comes with where a door has no engine at hand."""
    engine = getattr(request.app.state, "engine", None)
    return languages_in(engine.settings.locale_directory if engine else None)


def remember_language(request: Request, response: Response) -> None:
    """Let the browser keep the language that the address of a page asks for, where it asks for one that there is."""
    asked = request.query_params.get(LANGUAGE, "")
    if re.fullmatch(TAG, asked, re.ASCII):
        set_language(response, _settings(request), known_languages(request).best([asked]).tag)


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.engine.settings
    return settings


def _accepted(header: str) -> tuple[str, ...]:
    ranges = [RANGE.fullmatch(part) for part in header[:1_000].split(",")[:MAX_LANGUAGES]]
    weighed = [(float(found[2] or 1), found[1]) for found in ranges if found]
    return tuple(tag for weight, tag in sorted(weighed, key=lambda one: -one[0]) if weight)
