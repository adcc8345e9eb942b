"""Request ids: the name under which support finds a request in the log."""

from __future__ import annotations

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from billing_sdk.server.ids import new_id
from billing_sdk.server.occasion import ServingRequest

HEADER = "X-Request-Id"
FIELD = HEADER.lower().encode()


class RequestId:
    """Give each request an id of this server's own making and return it with the answer.

    An id that the caller sends is ignored: it would end up in the log as the caller wrote it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = new_id("req")
        scope.setdefault("state", {})["request_id"] = request_id

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [header for header in message.get("headers", ()) if header[0] != FIELD]
                message["headers"] = [*headers, (FIELD, request_id.encode())]
            await send(message)

        with ServingRequest(request_id):
            await self._app(scope, receive, send_with_id)


def request_id_of(connection: HTTPConnection) -> str:
    """Return the id of the request that is being served."""
    request_id: str = connection.state.request_id
    return request_id
