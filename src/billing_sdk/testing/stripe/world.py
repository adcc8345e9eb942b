"""Answers requests: from the key in the header to the JSON of the answer, with what the script does in between."""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from billing_sdk.testing.stripe import objects as objects
from billing_sdk.testing.stripe.call import Call
from billing_sdk.testing.stripe.errors import Json, Refusal, unauthorized
from billing_sdk.testing.stripe.events import announce
from billing_sdk.testing.stripe.faults import Faults
from billing_sdk.testing.stripe.idempotency import Answer
from billing_sdk.testing.stripe.log import Entry
from billing_sdk.testing.stripe.objects.oauth import OAuthRefusal
from billing_sdk.testing.stripe.operations import Operation, find_operation
from billing_sdk.testing.stripe.pages import show
from billing_sdk.testing.stripe.state import Space, State, shown
from billing_sdk.testing.stripe.webhooks import Webhooks
from billing_sdk.testing.stripe.wire import decode_form, expanded

OAUTH = ("/oauth/token", "/oauth/deauthorize")
API_VERSION = "2026-10-28.endive"


@dataclass(frozen=True, slots=True)
class Request:
    """What came over the socket; names of headers are in small letters."""

    method: str
    path: str
    query: str
    body: str
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Response:
    """What goes back. With `breaks` the connection is closed instead, before or within the answer."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    breaks: str | None = None


@dataclass(slots=True)
class World:
    """The simulated Stripe without its socket.

    Attributes:
        base_url: under which its pages are found.
        lock: held while a request changes the state.
        hooks: called with the entry of each request before it is done, outside the lock.
    """

    state: State
    base_url: str = ""
    lock: threading.RLock = field(default_factory=threading.RLock)
    log: list[Entry] = field(default_factory=list)
    faults: Faults = field(default_factory=Faults)
    hooks: list[Callable[[Entry], None]] = field(default_factory=list)
    webhooks: Webhooks = field(default_factory=Webhooks)

    def answer(self, request: Request) -> Response:
        """Answer a request, to the API or for a page."""
        if not request.path.startswith("/v1/") and request.path not in OAUTH:
            return self._show(request)
        with self.lock:
            entry = self._enter(request)
            entry.fault = self.faults.strike(request.method, request.path)
        for hook in tuple(self.hooks):
            hook(entry)
        try:
            body = self._answer(request, entry)
            status = 200
        except Refusal as refusal:
            status, body = refusal.status, {"error": refusal.error}
            if isinstance(refusal, OAuthRefusal):
                body = {"error": refusal.error["type"], "error_description": str(refusal)}
            entry.error = refusal.error
        entry.status = status
        return self._response(entry, status, body)

    def emit(
        self, space: Space, kind: str, item: Json, *, before: Json | None = None, call: Call | None = None
    ) -> None:
        """Note that something has happened, and hand it to the endpoints that want to know."""
        event = announce(self.state, space, kind, shown(item, []), before=before, api_version=API_VERSION, call=call)
        self.webhooks.queue(self.state, space, event)

    def put_forward(self, by: timedelta) -> None:
        """Let time pass, and do what falls due in it, in its order."""
        with self.lock:
            until = self.state.clock.seconds() + int(by.total_seconds())
            while due := [each for each in self.state.later if each[0] <= until]:
                first = min(due, key=lambda each: each[0])
                self.state.later.remove(first)
                wait = max(0, first[0] - self.state.clock.seconds())
                self.state.clock.put_forward(timedelta(seconds=wait))
                first[1]()
            self.state.clock.put_forward(timedelta(seconds=max(0, until - self.state.clock.seconds())))

    def run_due(self) -> None:
        """Do what has fallen due while real time went by."""
        self.put_forward(timedelta())

    def _show(self, request: Request) -> Response:
        try:
            form = {**decode_form(request.query), **decode_form(request.body)}
        except (Refusal, ValueError):
            form = {}
        with self.lock:
            self.run_due()
            page = show(self, request.method, request.path, form)
        headers = [("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "no-store")]
        if page.location is not None:
            return Response(303, b"", (*headers, ("Location", page.location)))
        return Response(page.status, page.html.encode(), tuple(headers))

    def _enter(self, request: Request) -> Entry:
        entry = Entry(
            number=len(self.log) + 1,
            method=request.method,
            path=request.path,
            params={},
            key=request.headers.get("idempotency-key"),
            account=request.headers.get("stripe-account"),
            request_id=self.state.ids.new("req", 14),
        )
        self.log.append(entry)
        return entry

    def _answer(self, request: Request, entry: Entry) -> Json:
        if entry.fault == "unauthorized":
            raise unauthorized(_key_of(request))
        entry.params = decode_form(request.query if request.method in ("GET", "DELETE") else request.body)
        with self.lock:
            self.run_due()
            operation, ids = find_operation(request.method, request.path)
            space = self.state.space_for(_key_of(request), entry.account)
        self._be_overloaded(entry)
        first, second = (*ids, "", "")[:2]
        call = Call(self, space, entry.params, first, second, entry.request_id, entry.key)
        if entry.fault and entry.fault.startswith("decline:"):
            call.declines_as = entry.fault.partition(":")[2]
        operation.check(entry.params)
        if entry.key is None or request.method == "GET":
            return self._act(operation, call, entry)
        return self._act_once(operation, call, entry)

    def _act_once(self, operation: Operation, call: Call, entry: Entry) -> Json:
        key = entry.key or ""
        asked = (entry.method, entry.path, json.dumps(entry.params, sort_keys=True))
        with self.lock:
            kept = call.space.answers.begin(key, asked, call.now)
        if kept is not None:
            entry.is_replayed = True
            if kept.status != 200:
                raise _replayed(kept)
            return copy.deepcopy(kept.body)
        answer: Answer | None = None
        try:
            body = self._act(operation, call, entry)
            answer = Answer(asked, 200, copy.deepcopy(body), entry.request_id, call.now)
        except Refusal as refusal:
            if refusal.is_kept:
                answer = Answer(asked, refusal.status, dict(refusal.error), entry.request_id, call.now)
            raise
        else:
            return body
        finally:
            with self.lock:
                call.space.answers.end(key, answer)

    def _act(self, operation: Operation, call: Call, entry: Entry) -> Json:
        if entry.fault == "error_500":
            raise _broken()
        paths = [str(path) for path in call.items("expand")]
        if entry.fault == "timeout_before":
            # What begins to be done and is not done leaves no answer behind that a key could keep.
            raise Refusal(500, "api_error", "never sent", is_kept=False)
        with self.lock:
            body = operation.act(call)
            answer = expanded(
                shown(body, [path.removeprefix("data.") for path in paths]), paths, lambda each: _found(call, each)
            )
            if body.get("object") == "list":
                answer["data"] = [
                    shown(item, [path.removeprefix("data.") for path in paths]) for item in answer["data"]
                ]
        if entry.fault == "error_500_after":
            raise _broken()
        return answer

    def _be_overloaded(self, entry: Entry) -> None:
        if entry.fault == "rate_limit":
            raise Refusal(
                429,
                "invalid_request_error",
                "Request rate limit exceeded. Learn more about rate limits.",
                code="rate_limit",
                is_kept=False,
            )
        if entry.fault == "error_503":
            raise Refusal(503, "api_error", "Stripe is overloaded; try again.", is_kept=False)

    def _response(self, entry: Entry, status: int, body: Json) -> Response:
        headers = [
            ("Content-Type", "application/json"),
            ("Request-Id", entry.request_id),
            ("Stripe-Version", API_VERSION),
        ]
        if entry.key is not None:
            headers.append(("Idempotency-Key", entry.key))
        if entry.is_replayed:
            headers.append(("Idempotent-Replayed", "true"))
        if entry.account is not None:
            headers.append(("Stripe-Account", entry.account))
        if status == 429:
            headers.append(("Retry-After", "1"))
        breaks = {"timeout_before": "before", "timeout_after": "before", "reset": "within"}.get(entry.fault or "")
        if breaks is not None:
            entry.status = None
        return Response(status, json.dumps(body, indent=2).encode(), tuple(headers), breaks)


def _found(call: Call, object_id: str) -> Json | None:
    found: Any = call.space.find_anywhere(object_id)
    return None if found is None else shown(found, [])


def _key_of(request: Request) -> str:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not value:
        raise Refusal(
            401,
            "invalid_request_error",
            "You did not provide an API key. You need to provide your API key in the Authorization header, "
            "using Bearer auth.",
            is_kept=False,
        )
    return value


def _broken() -> Refusal:
    return Refusal(500, "api_error", "An unknown error occurred")


def _replayed(kept: Answer) -> Refusal:
    error = dict(kept.body)
    kind, message = error.pop("type"), error.pop("message", "")
    return Refusal(kept.status, kind, message, **error)
