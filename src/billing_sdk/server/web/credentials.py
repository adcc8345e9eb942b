"""The credential in the header of a request."""

from __future__ import annotations

from starlette.requests import HTTPConnection

from billing_sdk.errors import InvalidRequest


def authorization_of(connection: HTTPConnection) -> str | None:
    """Return the Authorization header; None where there is none.

    Raises:
        InvalidRequest: there are two of them. It holds one credential (RFC 9110, section 11.6.2), and a proxy may have
            looked at the other one.
    """
    values = [value for name, value in connection.scope["headers"] if name == b"authorization"]
    if len(values) > 1:
        raise InvalidRequest("the header Authorization is given twice")
    return values[0].decode("latin-1") if values else None


def has_bearer_token(connection: HTTPConnection) -> bool:
    """Tell whether a header brings a bearer token, good or not."""
    return any(header.lower().startswith("bearer ") for header in connection.headers.getlist("authorization"))
