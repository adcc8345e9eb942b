"""The way to the server, and the only place where HTTP is spoken.

An exchange is described once, as a generator of attempts and pauses; `SyncTransport` and `AsyncTransport` carry them
out. No exchange outlives its deadline, no answer is read further than its bound, no redirect is followed.
"""

from __future__ import annotations

import asyncio
import os
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from json import dumps
from random import random
from typing import Any, Final, TypeVar
from urllib.parse import quote_plus, urlencode, urlsplit
from weakref import WeakKeyDictionary

import httpx

from billing_sdk._config import Config, is_loopback
from billing_sdk._deadline import DeadlineBackend, deadline
from billing_sdk._fork import new_lock
from billing_sdk._operation import Async, Call, Sync, shorter
from billing_sdk._strict_json import parse_object
from billing_sdk._version import __version__
from billing_sdk.errors import DeadlineExceeded, InvalidRequest, Unreachable, UnsafeAnswer
from billing_sdk.models import read_problem

R = TypeVar("R")

MOST_RETRIES: Final = 2
LONGEST_PAUSE_SECONDS: Final = 5.0
PAUSE_SECONDS: Final = 0.2
SHORTEST_SECRET: Final = 6
SECRET_FIELDS: Final = ("client_secret", "code", "code_verifier", "refresh_token", "token")
RETRIED_STATUSES: Final = frozenset({429, 502, 503, 504})
HEADERS: Final = {
    "Accept": "application/json, application/problem+json",
    "Accept-Encoding": "identity",  # a compressed answer could grow without bound while it is read
    "User-Agent": f"billing-sdk/{__version__}",
}
CLOSED: Final = "the client was closed"
LIMITS: Final = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=30.0)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request, to be answered before `ends_at` of the monotonic clock."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    content: bytes | None = field(repr=False)
    max_bytes: int
    ends_at: float


@dataclass(frozen=True, slots=True)
class Pause:
    """Do nothing for a while before the next attempt."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


Exchange = Generator[Attempt | Pause, Any, R]


def exchange(call: Call[R], config: Config) -> Exchange[R]:
    """Send a call, again where that is safe, and read its answer.

    Raises:
        APIError: the server refused.
        Unreachable: it did not answer.
        UnsafeAnswer: it answered what can't be used.
    """
    attempt = encode(call, config, ends_at=time.monotonic() + shorter(config.deadline_seconds, call.deadline_seconds))
    is_repeatable = call.method == "GET" or call.is_repeatable or call.idempotency_key is not None
    retries = MOST_RETRIES if is_repeatable and not call.is_sent_once else 0
    count = 0
    while True:
        try:
            answer: Answer = yield attempt
        except DeadlineExceeded:
            raise
        except Unreachable:
            seconds = _backoff(count)
            if count == retries or not _has_time(attempt, seconds):
                raise
        else:
            seconds = _asked_pause(answer, count)
            if answer.status not in RETRIED_STATUSES or count == retries or not _has_time(attempt, seconds):
                return decode(call, answer)
        count += 1
        yield Pause(seconds)


def encode(call: Call[Any], config: Config, *, ends_at: float) -> Attempt:
    """Make a request of a call; a call never leaves the issuer's origin."""
    url = call.path if call.path.startswith(("https://", "http://")) else config.issuer + call.path
    if not url.startswith(config.origin + "/"):
        raise InvalidRequest("a call may not leave the issuer")
    if call.params:
        url = f"{url}?{_encoded(call.params)}"
    headers = dict(HEADERS)
    content: bytes | None = None
    if call.json is not None:
        headers["Content-Type"] = "application/json"
        content = dumps(call.json, allow_nan=False).encode("ascii")
    elif call.content is not None:
        headers["Content-Type"] = "application/json"
        content = call.content
    elif call.form is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        content = _encoded(call.form).encode("ascii")
    if call.token is not None:
        headers["Authorization"] = f"Bearer {_header_value(call.token)}"
    elif call.basic is not None:
        headers["Authorization"] = f"Basic {_basic(*call.basic)}"
    if call.idempotency_key is not None:
        headers["Idempotency-Key"] = _header_value(call.idempotency_key)
    return Attempt(call.method, url, headers, content, call.max_bytes, ends_at)


def decode(call: Call[R], answer: Answer) -> R:
    """Read an answer: a value of the call, or the error that it stands for."""
    if 300 <= answer.status < 400:
        raise UnsafeAnswer("the server answered with a redirect, which is not followed")
    is_json = _is_json(answer.headers.get("content-type", ""))
    if answer.status >= 400:
        data = _without(_secrets_of(call), _parse_or_none(answer.body)) if is_json else None
        error = read_problem(data, status=answer.status, request_id=answer.headers.get("x-request-id"))
        pause = _whole_seconds(answer.headers)
        if pause is not None:
            error.facts.setdefault("retry_after_seconds", pause)
        raise error
    if not answer.body.strip():
        return call.read(None)
    if not is_json:
        raise UnsafeAnswer("the server answered something else than JSON")
    try:
        data = parse_object(answer.body)
    except ValueError:
        raise UnsafeAnswer("the server's answer is not acceptable JSON") from None
    return call.read(data)


class SyncTransport(Sync):
    """Sends calls one after the other, from any number of threads.

    Args:
        config: where to, and how long at most.
        sleep: waits between two attempts.
    """

    def __init__(self, config: Config, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._config = config
        self._sleep = sleep
        self._lock = new_lock()
        self._http: httpx.Client | None = None
        self._process_id = os.getpid()
        self._is_closed = False

    def send(self, call: Call[R]) -> R:
        """Send a call and return what its answer means."""
        return self.run(exchange(call, self._config))

    def take(self, step: Attempt | Pause, /) -> Any:
        """Carry out one attempt, or wait."""
        if isinstance(step, Pause):
            self._sleep(step.seconds)
            return None
        http = self._client()
        try:
            with _failures(), deadline(step.ends_at), http.stream(**_request(step)) as response:
                return _collect(response, step, response.iter_raw())
        except RuntimeError:
            if http.is_closed:  # by another thread, in the meantime
                raise Unreachable(CLOSED) from None
            raise

    def close(self) -> None:
        """Close the connections; the transport can't be used afterwards."""
        with self._lock:
            self._is_closed = True
            if self._http is not None and self._process_id == os.getpid():
                self._http.close()

    def _client(self) -> httpx.Client:
        with self._lock:
            if self._is_closed:
                raise Unreachable(CLOSED)
            # Two processes that talk through one connection would read each other's answers.
            if self._http is None or self._process_id != os.getpid():
                self._http = httpx.Client(**_settings(self._config))
                self._process_id = os.getpid()
                _keep_deadlines(self._http)
            return self._http


class AsyncTransport(Async):
    """Sends calls from any number of tasks, and from several event loops.

    Args:
        config: where to, and how long at most.
        sleep: waits between two attempts.
    """

    def __init__(self, config: Config, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._config = config
        self._sleep = sleep
        self._lock = new_lock()
        self._https: WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient] = WeakKeyDictionary()
        self._is_closed = False

    async def send(self, call: Call[R]) -> R:
        """Send a call and return what its answer means."""
        return await self.run(exchange(call, self._config))

    async def take(self, step: Attempt | Pause, /) -> Any:
        """Carry out one attempt, or wait."""
        if isinstance(step, Pause):
            await self._sleep(step.seconds)
            return None
        remaining = step.ends_at - time.monotonic()
        with _failures():
            async with asyncio.timeout(remaining), self._client().stream(**_request(step)) as response:
                return await _collect_async(response, step, response.aiter_raw())

    async def close(self) -> None:
        """Close the connections of this event loop; the transport can't be used afterwards."""
        with self._lock:
            self._is_closed = True
            http = self._https.pop(asyncio.get_running_loop(), None)
        if http is not None:
            await http.aclose()

    def _client(self) -> httpx.AsyncClient:
        with self._lock:
            if self._is_closed:
                raise Unreachable(CLOSED)
            # A connection belongs to the event loop that opened it.
            loop = asyncio.get_running_loop()
            http = self._https.get(loop)
            if http is None:
                http = self._https[loop] = httpx.AsyncClient(**_settings(self._config))
            return http


def _keep_deadlines(http: httpx.Client) -> None:
    # httpx has no public place for a network backend; its version is pinned, and a test drips bytes to prove this.
    for transport in (http._transport, *http._mounts.values()):
        if isinstance(transport, httpx.HTTPTransport):
            transport._pool._network_backend = DeadlineBackend(transport._pool._network_backend)


def _settings(config: Config) -> dict[str, Any]:
    # A proxy for the outside world has no business with a server on this machine.
    is_outside = not is_loopback(urlsplit(config.issuer).hostname or "")
    return {"limits": LIMITS, "follow_redirects": False, "trust_env": is_outside}


def _request(attempt: Attempt) -> dict[str, Any]:
    seconds = max(attempt.ends_at - time.monotonic(), 0.001)
    return {
        "method": attempt.method,
        "url": attempt.url,
        "headers": attempt.headers,
        "content": attempt.content,
        "timeout": httpx.Timeout(seconds, connect=min(seconds, 5.0)),
    }


@contextmanager
def _failures() -> Iterator[None]:
    try:
        yield
    except (httpx.ReadTimeout, httpx.WriteTimeout, httpx.PoolTimeout, TimeoutError):
        raise DeadlineExceeded("the billing server did not answer in time") from None
    except (httpx.TransportError, httpx.StreamError, OSError, UnicodeError) as error:
        # The message could hold an address with a secret in it; the kind of failure is enough.
        raise Unreachable(f"the billing server could not be reached ({type(error).__name__})") from None
    except httpx.InvalidURL:
        raise InvalidRequest("the address of the call is not valid") from None


def _collect(response: httpx.Response, attempt: Attempt, chunks: Iterable[bytes]) -> Answer:
    body = bytearray(_admitted(response, attempt))
    for chunk in chunks:
        body += chunk
        _require_short(len(body), attempt)
    return Answer(response.status_code, dict(response.headers), bytes(body))


async def _collect_async(response: httpx.Response, attempt: Attempt, chunks: AsyncIterator[bytes]) -> Answer:
    body = bytearray(_admitted(response, attempt))
    async for chunk in chunks:
        body += chunk
        _require_short(len(body), attempt)
    return Answer(response.status_code, dict(response.headers), bytes(body))


def _admitted(response: httpx.Response, attempt: Attempt) -> bytes:
    """Return the empty start of a body, or refuse it by its headers."""
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsafeAnswer("the server compressed its answer although that was ruled out")
    length = response.headers.get("content-length", "0")
    _require_short(int(length) if length.isdecimal() and len(length) < 20 else 0, attempt)
    return b""


def _require_short(length: int, attempt: Attempt) -> None:
    if length > attempt.max_bytes:
        raise UnsafeAnswer(f"the server's answer is longer than {attempt.max_bytes} bytes")


def _has_time(attempt: Attempt, seconds: float) -> bool:
    return time.monotonic() + seconds < attempt.ends_at


def _backoff(count: int) -> float:
    """Return a pause that doubles, with jitter, so that many clients do not come back at once."""
    return PAUSE_SECONDS * (1 << count) * (0.5 + random() / 2)  # noqa: S311 - spreads load, guards nothing


def _asked_pause(answer: Answer, count: int) -> float:
    asked = _whole_seconds(answer.headers)
    return _backoff(count) if asked is None else min(float(asked), LONGEST_PAUSE_SECONDS)


def _whole_seconds(headers: Mapping[str, str]) -> int | None:
    """Return for how many seconds the server asks to be left alone, by either header."""
    found = headers.get("retry-after") or headers.get("ratelimit-reset") or ""
    return int(found) if found.isdecimal() and found.isascii() and len(found) <= 9 else None


def _is_json(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def _parse_or_none(body: bytes) -> Any:
    try:
        return parse_object(body)
    except ValueError:
        return None


def _secrets_of(call: Call[Any]) -> tuple[str, ...]:
    sent = {call.token, *((call.form or {}).get(name) for name in SECRET_FIELDS)}
    if call.basic is not None:
        sent |= {call.basic[1], _basic(*call.basic)}
    # A word of a few letters is no secret, and would be found in every text.
    plain = [secret for secret in sent if secret and len(secret) >= SHORTEST_SECRET]
    return (*plain, *map(quote_plus, plain))


def _without(secrets: tuple[str, ...], data: Any) -> Any:
    """Return a refusal without what it repeats of the request: its text ends in logs and on pages."""
    if isinstance(data, Mapping):
        return {_without(secrets, name): _without(secrets, value) for name, value in data.items()}
    if isinstance(data, list):
        return [_without(secrets, item) for item in data]
    if isinstance(data, str):
        for secret in secrets:
            data = data.replace(secret, "***")
    return data


def _basic(client_id: str, secret: str) -> str:
    """Return id and secret as HTTP Basic; each is encoded before, so that a colon in one is none."""
    return b64encode(f"{quote_plus(client_id)}:{quote_plus(secret)}".encode()).decode("ascii")


def _encoded(parameters: Mapping[str, str | tuple[str, ...]]) -> str:
    try:
        return urlencode(parameters, doseq=True)
    except UnicodeEncodeError:
        raise InvalidRequest("a parameter has half a character") from None


def _header_value(text: str) -> str:
    if not text.isascii() or not text.isprintable() or len(text) > 16_384 or not text:
        raise InvalidRequest("a token or idempotency key is not plain text")
    return text
