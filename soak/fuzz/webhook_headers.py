"""Everything that a stranger may send to the webhook endpoint: headers and a body, through the whole decision.

The input is a request as HTTP writes it: header lines, an empty line, the body. It is read as WSGI and as ASGI bring
it; both have to decide the same, and a stranger's request is never a receipt.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from jwt.algorithms import ECAlgorithm

from billing_sdk import Client, Event, Flow, KeySet, MemorySeen, WebhookPolicy
from billing_sdk.contrib import MemorySessions
from billing_sdk.contrib._answers import Answer
from billing_sdk.contrib._application import Application
from billing_sdk.contrib._claimed_path import ClaimedPath
from billing_sdk.contrib._receive import Receiver
from billing_sdk.contrib._visit import AsgiVisit, Visit, environ_name, visit_from_wsgi
from billing_sdk.errors import BillingError
from billing_sdk.webhooks import verify

ISSUER: Final = "https://billing.example"
NOW: Final = datetime(2026, 11, 21, 12, tzinfo=UTC)
POLICY: Final = WebhookPolicy(ISSUER, endpoint_id="webhook_1")
REFUSALS: Final = frozenset({400, 413, 415})
PATH: Final = ClaimedPath("/hooks")
SEEDS: tuple[bytes, ...] = (
    b"content-type: application/jwt\nwebhook-id: delivery_1\n\neyJhbGciOiJFUzI1NiIsImtpZCI6ImsxIn0.e30.c2ln",
    b"content-type: application/jwt; charset=utf-8\ncontent-encoding: identity\n\n",
    b"Content-Type: text/plain\ncookie: billing=1; billing=2\nauthorization: Bearer x\n\na.b.c",
    b"content-type: application/jose, text/html\ncontent-encoding: gzip\n\n\x1f\x8b\x08",
    b'content-type: application/jwt\n\neyJhbGciOiJub25lIn0.eyJ0eXBlIjoidXNlci51cGRhdGVkIn0.{"signatures": []}',
    b"host: evil.example\nx-forwarded-host: evil.example\ncontent-type: application/jwt\n\n..",
)


def _public_key() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(ECAlgorithm.to_jwk(generate_private_key(SECP256R1()).public_key()))
    return {**document, "kid": "k1", "alg": "ES256", "use": "sig"}


KEYS: Final = KeySet.read({"keys": [_public_key()]})


class LocalKeys:
    """Verifies with keys that are at hand, in place of the client's operation."""

    class verify:  # noqa: N801 - stands where an operation is
        """The operation."""

        @staticmethod
        def flow(body: bytes) -> Flow[Event]:
            """Return the event of a body."""
            yield from ()
            return verify(body, KEYS, NOW, policy=POLICY)


def _receiver() -> tuple[Client, Receiver]:
    client = Client(issuer=ISSUER, client_id="x", redirect_uri="https://app.example/billing/callback")
    client.webhooks = LocalKeys()  # type: ignore[assignment]
    application = Application.assemble(
        client,
        MemorySessions(),
        prefix="/billing",
        home="/",
        secret="a secret of the fuzzer",
        session_time=NOW - NOW,
        now=lambda: NOW,
    )
    return client, Receiver(application, MemorySeen())


CLIENT, RECEIVER = _receiver()
# Each refusal is logged; nobody wants to read a million of them.
logging.getLogger("billing_sdk").addHandler(logging.NullHandler())


def target(data: bytes) -> None:
    """Decide on a request, twice."""
    head, _, body = data.partition(b"\n\n")
    headers = [
        (name.strip().lower(), value.strip()) for name, _, value in (line.partition(b":") for line in head.split(b"\n"))
    ]
    from_wsgi = _decide(lambda: visit_from_wsgi(_environ(headers)), body)
    from_asgi = _decide(lambda: AsgiVisit({"method": "POST", "raw_path": b"/", "headers": headers}), body)
    if from_wsgi not in REFUSALS or from_asgi not in REFUSALS:
        raise AssertionError("a stranger's request was taken for an event")
    PATH.covers(data.decode("latin-1"), root=head.decode("latin-1"))


def _environ(headers: list[tuple[bytes, bytes]]) -> dict[str, Any]:
    found: dict[str, Any] = {"REQUEST_METHOD": "POST", "PATH_INFO": "/"}
    for name, value in headers:
        key = environ_name(name.decode("latin-1")) if len(name) < 64 else "HTTP_X"
        found[key] = f"{found[key]},{value.decode('latin-1')}" if key in found else value.decode("latin-1")
    return found


def _decide(read: Callable[[], Visit], body: bytes) -> int:
    try:
        visit = read()
        decided = CLIENT.run(RECEIVER.receive(visit, body))
        visit.cookie("billing")
        _ = visit.target, visit.is_api_client
    except BillingError as error:
        return error.status
    return decided.status if isinstance(decided, Answer) else 200
