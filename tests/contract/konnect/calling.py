"""The door without a socket, with a token that opens it, and the calls that tests make of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from billing_sdk.server.usecases.api_tokens import create_api_token
from tests.in_process import InProcess

PREFIX = "/v3/openmeter"


class Door:
    """Sends requests with an API token that has every scope."""

    def __init__(self, client: InProcess) -> None:
        self.client = client
        self.engine = client.engine
        self.token = create_api_token(client.engine, name="tests").secret.reveal()
        self._count = 0

    def send(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **options: Any
    ) -> httpx.Response:
        """Send one request below the door's prefix."""
        headers = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        return self.client.request(method, f"{PREFIX}{path}", headers=headers, **options)

    def get(self, path: str, **options: Any) -> httpx.Response:
        """Read something."""
        return self.send("GET", path, **options)

    def made(self, path: str, body: Any) -> dict[str, Any]:
        """Return what a POST of a good body makes."""
        answer = self.send("POST", path, json=body)
        assert answer.status_code in (200, 201), answer.text
        found: dict[str, Any] = answer.json()
        return found

    def name(self, prefix: str) -> str:
        """Return a key that nobody has had."""
        self._count += 1
        return f"{prefix}_{self._count}"

    def customer(self, **fields: Any) -> dict[str, Any]:
        """Return a new customer."""
        key = self.name("acme")
        return self.made("/customers", {"name": f"Company {key}", "key": key, "currency": "USD", **fields})


@dataclass(frozen=True)
class Sent:
    """A request: `path` below the door's prefix."""

    path: str
    body: Any = None
    query: str = ""
    media_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """A good call of an operation: what it needs is made by `of`, and it answers `status`.

    `is_linked` where it needs a workspace whose gateway is Stripe.
    """

    of: Callable[[Door], Sent]
    status: int = 200
    is_linked: bool = False
