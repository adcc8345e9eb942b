"""Endpoints: plain functions that run in the thread pool and know the engine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import TypeAlias
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from billing_sdk.errors import InvalidRequest, UnsupportedMediaType
from billing_sdk.server.usecases.engine import Engine

Endpoint: TypeAlias = Callable[[Request, Engine], Response]

# A role may have hundreds of permissions, each a box of its own; the size of a body is bounded besides.
MAX_FIELDS = 1_000
FORM_TYPE = "application/x-www-form-urlencoded"


def endpoint(serve: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    """Make a Starlette endpoint of a synchronous `serve(request, engine)`; its body has been read already."""

    @wraps(serve)
    async def run(request: Request) -> Response:
        return await run_in_threadpool(serve, request, request.app.state.engine)

    return run


def body_of(request: Request) -> bytes:
    """Return the body of a request, which the bound on bodies has read."""
    body: bytes = request.state.body
    return body


def form_of(request: Request) -> dict[str, str]:
    """Return the fields of a form, each named once.

    Raises:
        UnsupportedMediaType: the body is not a URL-encoded form.
        InvalidRequest: a field is repeated, is not UTF-8, or there are too many.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != FORM_TYPE:
        raise UnsupportedMediaType(f"the body must be {FORM_TYPE}")
    try:
        text = body_of(request).decode()
    except UnicodeDecodeError:
        raise InvalidRequest("the form is not UTF-8") from None
    return _fields(text)


def query_of(request: Request) -> dict[str, str]:
    """Return the parameters of the address, each named once (RFC 6749, section 3.1, forbids repeating them).

    Raises:
        InvalidRequest: a parameter is repeated, is not UTF-8, or there are too many.
    """
    return _fields(request.url.query)


def _fields(text: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
    except ValueError:  # not UTF-8 (UnicodeDecodeError is one), or more fields than allowed
        raise InvalidRequest("the fields can't be read") from None
    fields: dict[str, str] = {}
    for name, value in pairs:
        if name in fields:
            raise InvalidRequest(f"{name[:64]!r} is given twice", parameter=name[:64])
        if "\x00" in value:
            raise InvalidRequest(f"{name[:64]!r} contains a NUL", parameter=name[:64])
        fields[name] = value
    return fields
