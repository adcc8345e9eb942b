"""How a server says no: three shapes on the wire, one catalogue of errors here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from billing_sdk.errors import (
    APIError,
    Conflict,
    Forbidden,
    InvalidRequest,
    MethodNotAllowed,
    NotFound,
    PayloadTooLarge,
    PaymentRequired,
    RateLimited,
    ServerFault,
    Unauthenticated,
    UnsupportedMediaType,
    for_code,
)

LONGEST_TEXT: Final = 512
BY_STATUS: Final[Mapping[int, type[APIError]]] = {
    400: InvalidRequest,
    401: Unauthenticated,
    402: PaymentRequired,
    403: Forbidden,
    404: NotFound,
    405: MethodNotAllowed,
    409: Conflict,
    413: PayloadTooLarge,
    415: UnsupportedMediaType,
    422: InvalidRequest,
    429: RateLimited,
}
# Hosted providers have names of their own for what the catalogue knows already.
ALIASES: Final = {
    "billing_customer_exists": "customer_exists",
    "invalid_client": "unauthenticated",
    "invalid_credentials": "forbidden",
}
_MEMBERS: Final = frozenset({"type", "title", "status", "code", "detail", "remedy", "instance", "request_id", "self"})


def read_problem(data: Any, *, status: int, request_id: str | None) -> APIError:
    """Return the error that an answer stands for.

    It understands problem documents (RFC 9457), the envelope `{"errors": [{code, message}]}` and OAuth's
    `{error, error_description}` (RFC 6749, section 5.2). Whatever it does not understand is told by the status alone.

    Args:
        data: the answer's JSON document; None if there is none.
        status: the answer's HTTP status.
        request_id: under which the server's log knows the request.
    """
    document = data if isinstance(data, Mapping) else {}
    error = _problem(document, status) or _envelope(document, status) or _oauth(document, status)
    error = error or _class_for("", status)(f"the server answered {status}")
    error.request_id = request_id or _text(document, "request_id") or None
    error.http_status = status
    return error


def _problem(document: Mapping[str, Any], status: int) -> APIError | None:
    code = _text(document, "code")
    if not code or ("detail" not in document and "title" not in document):
        return None
    facts = {name: value for name, value in document.items() if name not in _MEMBERS}
    detail = _text(document, "detail") or _text(document, "title")
    return _class_for(code, status)(detail, remedy=_text(document, "remedy"), **facts)


def _envelope(document: Mapping[str, Any], status: int) -> APIError | None:
    entries = document.get("errors")
    entry = entries[0] if isinstance(entries, list) and entries else entries
    if not isinstance(entry, Mapping):
        return None
    facts = {name: value for name, value in entry.items() if name not in _MEMBERS | {"message"}}
    detail = _text(entry, "detail") or _text(entry, "message")
    return _class_for(_text(entry, "code"), status)(detail, remedy=_text(entry, "remedy"), **facts)


def _oauth(document: Mapping[str, Any], status: int) -> APIError | None:
    name = _text(document, "error")
    if not name:
        return None
    return _class_for(name, status)(_text(document, "error_description") or name, error=name)


def _class_for(code: str, status: int) -> type[APIError]:
    """Return the class of a code if the catalogue has it, else the usual one of the status."""
    code = code.lower()
    found = for_code(ALIASES.get(code, code))
    if issubclass(found, APIError) and found is not APIError:
        return found
    return ServerFault if status >= 500 else BY_STATUS.get(status, APIError)


def _text(document: Mapping[str, Any], name: str) -> str:
    found = document.get(name)
    if not isinstance(found, str):
        return ""
    return "".join(character if character.isprintable() else " " for character in found[:LONGEST_TEXT])
