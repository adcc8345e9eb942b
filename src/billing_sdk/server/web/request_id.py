"""Request ids: the name under which support finds a request in the log."""

from __future__ import annotations

from starlette.requests import HTTPConnection

HEADER = "X-Request-Id"
FIELD = HEADER.lower().encode()


def request_id_of(connection: HTTPConnection) -> str:
    """Return the id of the request that is being served."""
    request_id: str = connection.state.request_id
    return request_id
