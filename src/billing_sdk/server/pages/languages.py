"""Which languages a visitor reads."""

from __future__ import annotations

import re

from starlette.requests import Request

MAX_LANGUAGES = 10
TAG = r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8}){0,7}"
RANGE = re.compile(rf"\s*({TAG})\s*(?:;\s*q\s*=\s*([01](?:\.[0-9]{{0,3}})?))?\s*", re.ASCII)


def languages_of(request: Request, chosen: str | None = None) -> tuple[str, ...]:
    """Return language tags in the order of preference: the one that was asked for, then those of the browser.

    Args:
        request: its `lang` parameter and its `Accept-Language` (RFC 9110, section 12.5.4) are read.
        chosen: what the application asked for when it sent the visitor.
    """
    asked = chosen or request.query_params.get("lang", "")
    first = (asked,) if re.fullmatch(TAG, asked, re.ASCII) else ()
    return (*first, *_accepted(request.headers.get("accept-language", "")))


def _accepted(header: str) -> tuple[str, ...]:
    ranges = [RANGE.fullmatch(part) for part in header[:1_000].split(",")[:MAX_LANGUAGES]]
    weighed = [(float(found[2] or 1), found[1]) for found in ranges if found]
    return tuple(tag for weight, tag in sorted(weighed, key=lambda one: -one[0]) if weight)
