"""ETag and If-Match: a change that is refused where somebody else has been faster (RFC 9110, section 13.1.1).

An extension of this door. A tag belongs to the thing, not to the address: what GET gave goes with PATCH.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Header
from starlette.responses import Response

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.api.kinde.envelope import ErrorAnswer
from billing_sdk.server.usecases.versions import version_of

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

TAG = r'(?:W/)?"[\x21\x23-\x7e]{0,128}"'
TAGS = re.compile(rf"{TAG}(?:[ \t]*,[ \t]*{TAG})*")
ANY = "*"

IfMatch = Annotated[
    str | None,
    Header(
        max_length=2_048,
        description="Extension: the ETag of what was read; the change is refused with 412 if that is out of date.",
    ),
]
TAGGED: dict[str, Any] = {
    "responses": {
        200: {
            "headers": {
                "ETag": {
                    "description": "Extension: changes with the thing; goes into If-Match.",
                    "schema": {"type": "string"},
                }
            }
        }
    }
}
GUARDED: dict[str, Any] = {
    "responses": {412: {"model": ErrorAnswer, "description": "Somebody else has changed it since it was read."}},
}


def put_etag(response: Response, thing: DataclassInstance) -> None:
    """Say which version of a thing an answer shows."""
    response.headers["ETag"] = f'"{version_of(thing)}"'


def versions_of(if_match: IfMatch = None) -> frozenset[str] | None:
    """Return the versions that the caller knows; None where any will do.

    Raises:
        InvalidRequest: the header is neither `*` nor a list of tags.
    """
    if if_match is None or if_match.strip() == ANY:
        return None
    if not TAGS.fullmatch(if_match.strip()):
        raise InvalidRequest("if-match is neither * nor a list of entity tags", parameter="if-match")
    # The comparison is the strong one: a weak tag stands for no version.
    return frozenset(tag.strip('"') for tag in re.findall(TAG, if_match) if not tag.startswith("W/"))


KnownVersions = Annotated[frozenset[str] | None, Depends(versions_of)]
