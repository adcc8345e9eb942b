"""The path that a webhook middleware answers for, in every spelling that a router could take for it.

Routers differ in what they ignore: a slash at the end, two slashes, the case, a line feed at the very end, and whatever
the application is mounted below. A spelling that the router knows and the middleware does not would carry an
unverified body to the route; one too many only means that a request is verified that need not be.
"""

from __future__ import annotations

import posixpath
import re

# What some part of the way drops without a word (RFC 3986 allows none of it in a path).
DROPPED = re.compile(r"[\x00-\x20\x7f-\xa0\ufeff]+")


class ClaimedPath:
    """One path of the application.

    Args:
        path: as it was given to the router, with or without what the application is mounted below.
    """

    def __init__(self, path: str) -> None:
        self._plain = plain(path)

    def covers(self, path: str, *, root: str = "") -> bool:
        """Return whether a request for a path may end at the route, below a root or with the root as a part of it."""
        return self._plain in {plain(path), plain(path.removeprefix(root)), plain(root + path)}


def plain(path: str) -> str:
    """Return the one spelling of a path that all spellings of it have in common."""
    without_parameters = "/".join(segment.partition(";")[0] for segment in path.replace("\\", "/").split("/"))
    return posixpath.normpath(f"/{DROPPED.sub('', without_parameters)}").lstrip("/").casefold()
