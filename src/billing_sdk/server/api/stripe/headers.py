"""Headers that every answer of this door carries: the request's id, and its idempotency key once more."""

from __future__ import annotations

from starlette.types import Message, Receive, Scope, Send

from billing_sdk.server.web.operations import Door

LONGEST_KEY = 255


class StripeApp(Door):
    """One of the door's APIs, which adds the headers to whatever it answers, also where nobody expected an error."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        keys = [value for name, value in scope.get("headers", ()) if name == b"idempotency-key"]
        added = [(b"request-id", scope["state"]["request_id"].encode())]
        if len(keys) == 1 and len(keys[0]) <= LONGEST_KEY:
            added.append((b"idempotency-key", keys[0]))

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *added]
            await send(message)

        await super().__call__(scope, receive, send_with_headers)
