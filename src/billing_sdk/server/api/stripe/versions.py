"""Versions of the API: the header `Stripe-Version`, such as `2026-10-14.preview;some_flag=v1`.

Every version from 2025-05-28 on is accepted. A request is read as any of them, since they differ in names that exclude
each other; it is answered in the shape that its own version has, see `View`. Versions are dates, so a shape that came
or went at one date is told by `ApiVersion.is_before`.
Source: Stripe documentation, Versioning; API v2, Versioning.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Final

from fastapi import Depends
from starlette.requests import Request

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.web.operations import asked_often

HEADER: Final = "stripe-version"
OLDEST: Final = "2025-05-28"
GRAMMAR: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:\.[a-z]{1,32})?((?:; ?[a-z0-9_]{1,100}=v[0-9]{1,4}){0,20})", re.ASCII
)


@dataclass(frozen=True, slots=True)
class ApiVersion:
    """A version of the API.

    Attributes:
        date: its name, such as `2026-10-14`.
        flags: the previews that the client takes part in.
    """

    date: str
    flags: Mapping[str, str] = field(default_factory=dict)

    def is_before(self, other: str) -> bool:
        """Tell whether it is older than the version of a date."""
        return self.date < other


NEWEST: Final = ApiVersion("2026-10-28")


def read_version(text: str) -> ApiVersion:
    """Return the version that a header names.

    Raises:
        InvalidRequest: it names none, or one that is older than all that are known here.
    """
    match = GRAMMAR.fullmatch(text)
    if match is None or not _is_date(match[1]):
        raise _refused("it is a date and, where one takes part in previews, their flags: 2026-10-14.preview;name=v1")
    if match[1] < OLDEST:
        raise _refused(f"the oldest version that is known here is {OLDEST}")
    flags = dict(flag.strip().split("=", 1) for flag in match[2].split(";") if flag)
    return ApiVersion(match[1], flags)


def version_of(request: Request) -> ApiVersion:
    """Return the version of a request; the newest, where a request to v1 names none.

    Raises:
        InvalidRequest: it names none that is known, or two; or it is one to v2 and names none.
    """
    given = request.headers.getlist(HEADER)
    if len(given) > 1:
        raise _refused("it is given twice")
    if given:
        return read_version(given[0])
    if request.app.state.api == "v2":
        raise _refused("every request to v2 needs it", code="missing_stripe_version")
    return NEWEST


@asked_often
async def _version_of(request: Request) -> ApiVersion:
    return version_of(request)


VersionOf = Annotated[ApiVersion, Depends(_version_of)]


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _refused(why: str, *, code: str = "invalid_stripe_version") -> InvalidRequest:
    return InvalidRequest(
        f"Invalid Stripe-Version header: {why}",
        remedy="Send the version that the client was made for.",
        published_code=code,
    )
