"""Headers that every answer of this door carries: the request's id, and its idempotency key once more."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class StripeHeaders:
    """Adds the headers to what an application answers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        keys = [value for name, value in scope["headers"] if name == b"idempotency-key"]
        added = [(b"request-id", scope["state"]["request_id"].encode())]
        if len(keys) == 1 and len(keys[0]) <= 255:
            added.append((b"idempotency-key", keys[0]))

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *added]
            await send(message)

        await self._app(scope, receive, send_with_headers)
