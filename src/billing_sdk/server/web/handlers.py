"""Handlers of errors for a door with a shape of its own: whatever goes wrong, the door's own words answer it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from billing_sdk.errors import BillingError, ServerFault
from billing_sdk.server.storage.outages import DATABASE_AWAY, is_outage
from billing_sdk.server.web.errors import as_billing_error
from billing_sdk.server.web.outages import database_is_away

ErrorHandler: TypeAlias = Callable[[Request, Any], Coroutine[Any, Any, Response]]
Answer: TypeAlias = Callable[[Request, BillingError], Response]
BadRequest: TypeAlias = Callable[[Request, RequestValidationError], Response]


def error_handlers(answer: Answer, bad_request: BadRequest) -> dict[int | type[Exception], ErrorHandler]:
    """Return the handlers of all errors of a door.

    Args:
        answer: gives an error the door's shape.
        bad_request: does so with what a request has of faults.
    """

    async def on_error(request: Request, error: Exception) -> Response:
        match error:
            case BillingError():
                return answer(request, error)
            case HTTPException():
                return answer(request, as_billing_error(request, error))
            case RequestValidationError():
                return bad_request(request, error)
            case _:
                return answer(request, ServerFault())

    async def on_outage(request: Request, error: Exception) -> Response:
        return outage_answer(request, error, answer)

    return {
        BillingError: on_error,
        RequestValidationError: on_error,
        HTTPException: on_error,
        **dict.fromkeys(DATABASE_AWAY, on_outage),
        # The server's edge logs what nobody expected; here it only gets the door's shape.
        Exception: on_error,
    }


def outage_answer(request: Request, error: Exception, answer: Answer) -> Response:
    """Return what is told while the database is away; whatever else is wrong with it is raised again."""
    if not is_outage(error):
        raise error
    return answer(request, database_is_away(request, error))
