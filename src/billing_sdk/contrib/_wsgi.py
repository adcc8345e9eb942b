"""Webhook verification in front of an existing route, for WSGI applications (PEP 3333)."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from contextlib import closing
from http import HTTPStatus
from typing import Any, TypeAlias

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wsgi import ClosingIterator, get_input_stream

from billing_sdk.contrib._answers import Answer
from billing_sdk.contrib._billing import BillingBase
from billing_sdk.contrib._claimed_path import ClaimedPath
from billing_sdk.contrib._receive import Receipt, not_posted, too_large
from billing_sdk.contrib._visit import visit_from_wsgi
from billing_sdk.webhooks import LONGEST_BODY

EVENT = "billing_sdk.event"
StartResponse: TypeAlias = Callable[..., Any]
WsgiApp: TypeAlias = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]


class WebhookMiddleware:
    """Lets only verified events that are new reach a route: `app.wsgi_app = WebhookMiddleware(app.wsgi_app, ...)`.

    It reads the raw body before anybody else does, and hands it on. The event is `billing.event` in the view, and
    counts as handled once the view has answered with a 2xx.

    Args:
        app: what comes after.
        billing: of the same application.
        path: of the route, which is answered with POST only, in every spelling; every other one is left alone.
    """

    def __init__(self, app: WsgiApp, *, billing: BillingBase, path: str) -> None:
        self._app = app
        self._billing = billing
        self._path = ClaimedPath(path)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Handle one request."""
        if not self._path.covers(environ.get("PATH_INFO", ""), root=environ.get("SCRIPT_NAME", "")):
            return self._app(environ, start_response)
        if environ["REQUEST_METHOD"] != "POST":
            return send(not_posted(), start_response)
        body = read_body(environ)
        if body is None:
            return send(too_large(), start_response)
        client: Any = self._billing.application.client
        receipt = client.run(self._billing.receiver.receive(visit_from_wsgi(environ), body))
        if isinstance(receipt, Answer):
            return send(receipt, start_response)
        replayed = {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body)), EVENT: receipt.event}
        return self._hand_on({**environ, **replayed}, start_response, receipt)

    def _hand_on(self, environ: dict[str, Any], start_response: StartResponse, receipt: Receipt) -> Iterable[bytes]:
        statuses: list[str] = []

        def note_status(status: str, *rest: Any) -> Any:
            statuses.append(status)
            return start_response(status, *rest)

        is_handled = False
        try:
            # Read to its end: a view that fails half way has not handled the event, whatever its status said.
            with closing(ClosingIterator(self._app(environ, note_status))) as body:
                sent = list(body)
            is_handled = bool(statuses) and statuses[-1].startswith("2")
        finally:
            receipt.settle(is_handled=is_handled)
        return sent


def read_body(environ: dict[str, Any]) -> bytes | None:
    """Return a request's body; None as soon as it is longer than a webhook may be."""
    try:
        # One byte more than allowed tells a body that is cut off here from one that ends here.
        body = get_input_stream(environ, max_content_length=LONGEST_BODY + 1).read()
    except RequestEntityTooLarge:
        return None
    return body if len(body) <= LONGEST_BODY else None


def send(answer: Answer, start_response: StartResponse) -> Iterable[bytes]:
    """Translate an answer."""
    body = answer.body.encode()
    headers = [*answer.headers, ("Content-Length", str(len(body)))]
    start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", headers)
    return [body]
