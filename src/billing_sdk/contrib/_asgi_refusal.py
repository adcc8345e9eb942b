"""How a gate says no in Starlette: to a request, to a WebSocket, as an endpoint, and as a part of one.

A refusal that is returned ends an endpoint, and nothing else: a dependency, a decorator's function or a helper hands
it on as a value, and whoever has called goes on. So it is returned by an endpoint only, and raised by all others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, cast

from starlette.exceptions import HTTPException, WebSocketException
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.websockets import WebSocket, WebSocketState

from billing_sdk.contrib._answers import Answer
from billing_sdk.contrib._asgi import VISIT

POLICY_VIOLATION = 1008


class Refused(HTTPException):
    """A gate that is no endpoint has refused; an application without our handler still answers with its status."""

    def __init__(self, answer: Answer) -> None:
        headers = {name: value for name, value in answer.headers if name.lower() != "content-type"}
        super().__init__(answer.status, headers=headers)
        self.answer = answer


async def refuse(
    answer: Answer, gate: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Response | None:
    """Answer instead of the view; a WebSocket is closed before it was opened.

    Raises:
        Refused: the gate is not the endpoint itself.
        WebSocketException: the same, of a WebSocket that can't be answered.
    """
    opened = next((given for given in (*args, *kwargs.values()) if isinstance(given, WebSocket)), None)
    scope = VISIT.get().scope
    if is_asgi_call(args):
        if scope["type"] == "websocket":
            await close(WebSocket(*args), answer)
        else:
            await respond(answer)(*args)
        return None
    if scope.get("endpoint") is not gate:
        raise Refused(answer) if can_answer(scope, opened) else WebSocketException(POLICY_VIOLATION)
    if opened is None:
        return respond(answer)
    await close(opened, answer)
    return None


async def close(opened: WebSocket, answer: Answer) -> None:
    """Refuse a WebSocket."""
    if can_answer(opened.scope, opened):
        await opened.send_denial_response(respond(answer))
    else:
        await opened.close(code=POLICY_VIOLATION)


def can_answer(scope: Mapping[str, Any], opened: WebSocket | None) -> bool:
    """Whether there can be a response: always to a request, and to a WebSocket that is not open where servers can."""
    if scope["type"] != "websocket":
        return True
    is_open = opened is not None and opened.application_state is not WebSocketState.CONNECTING
    return not is_open and "websocket.http.response" in scope.get("extensions", {})


def is_asgi_call(args: tuple[Any, ...]) -> bool:
    """Whether the gate is on an application, such as one that is mounted, rather than on a view."""
    return len(args) == 3 and isinstance(args[0], dict) and "type" in args[0]


def endpoints_of(routes: Iterable[BaseRoute]) -> Iterator[Any]:
    """Yield the endpoints of routes, and of those in the applications and routers below them."""
    for route in routes:
        yield getattr(route, "endpoint", None)
        yield getattr(route, "app", None)
        # FastAPI keeps a router that was included as it is, and looks into it with each request.
        below = getattr(route, "original_router", route)
        yield from endpoints_of(getattr(below, "routes", None) or ())


async def answer_refused(_: HTTPConnection, error: Exception) -> Response:
    """Translate a refusal that was raised; Starlette hands over nothing else."""
    return respond(cast("Refused", error).answer)


def respond(answer: Answer) -> Response:
    """Translate an answer."""
    response = Response(answer.body, answer.status)
    for name, value in answer.headers:
        response.headers.append(name, value)
    return response
