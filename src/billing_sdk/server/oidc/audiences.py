"""Audiences: which APIs a token may be asked for (RFC 8707, section 2)."""

from __future__ import annotations

from authlib.oauth2.rfc6749 import OAuth2Error


def read_audience(asked: str | None, *, known: tuple[str, ...], default: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return the audience of a token: what was asked for, separated by spaces, or else the default.

    Raises:
        OAuth2Error: `invalid_target`, for an API that is not of this server.
    """
    wanted = default if asked is None else tuple(dict.fromkeys(asked.split()))
    if not set(wanted) <= set(known) or (asked is not None and not wanted):
        raise OAuth2Error(error="invalid_target", description="there is no such API here")
    return wanted
