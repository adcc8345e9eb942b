"""The event stream: up to 100 meter events at once, for whoever sends very many; outside of FastAPI, as usage events.

The answer comes after the events are durable, and says nothing of single ones: what is wrong with them is reported by
events (`v1.billing.meter.error_report_triggered`, `…no_meter_found`). One that was sent before counts once, silently.
Source: Stripe documentation, "High-throughput ingestion with higher rates".
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from billing_sdk.errors import BillingError, EventConflict
from billing_sdk.server.api.stripe.meter_payloads import (
    CODES,
    Fault,
    MeterEvent,
    PayloadKeys,
    archived_meter,
    fault_of,
    no_meter,
    payload_keys,
    usage_event,
)
from billing_sdk.server.api.stripe.meter_sessions import Sessions
from billing_sdk.server.api.stripe.meter_stream_body import read_events
from billing_sdk.server.api.stripe.problems import error_answer
from billing_sdk.server.api.stripe.versions import version_of
from billing_sdk.server.domain.metering import LONGEST_MESSAGE, FaultSample, MeterFaults
from billing_sdk.server.storage.outages import DATABASE_AWAY
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.event_meters import archived_meters, meters_of_events
from billing_sdk.server.usecases.incoming_events import IncomingEvent
from billing_sdk.server.usecases.ingest_usage import Ingestion
from billing_sdk.server.usecases.report_meter_faults import note_meter_faults
from billing_sdk.server.web import pass_billing_gate
from billing_sdk.server.web.handlers import outage_answer
from billing_sdk.server.web.operations import Operations

PATH = "/billing/meter_event_stream"
# For so long may a meter be taken for known that is no more, or read other members of a payload.
STALE_SECONDS = 1.0
MOST_NAMES = 10_000
V2 = SimpleNamespace(state=SimpleNamespace(api="v2"))


def express(stream: Stream) -> Callable[[Request], Awaitable[Response]]:
    """Return what takes in requests that come by no route, and so by nothing that gives answers the request's id."""

    async def take_in(request: Request) -> Response:
        response = await stream(request)
        response.raw_headers.append((b"request-id", request.scope["state"]["request_id"].encode()))
        return response

    return take_in


async def _take_in(request: Request) -> Response:
    request.scope["state"].setdefault("body", await request.body())
    stream: Stream = request.app.state.stream
    return await stream(request)


class AsItIs(APIRoute):
    """A route whose handler gets the request as it is."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler."""
        return _take_in


router = Operations(route_class=AsItIs)


@router.post(PATH)
async def create_stream(request: Request) -> Response:
    """Record up to 100 meter events."""
    return await _take_in(request)


class Stream:
    """Takes in requests to the stream; one for each process.

    Args:
        engine: what every use case needs.
        ingestion: records events.
        seconds: a clock for how long what was looked up stays good.
    """

    def __init__(self, engine: Engine, ingestion: Ingestion, *, seconds: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._ingestion = ingestion
        self._sessions = Sessions(engine)
        self._meters = _KnownMeters(engine, seconds)

    async def __call__(self, request: Request) -> Response:
        """Record the events of a request."""
        try:
            await self._take_in(request)
        except BillingError as error:
            return error_answer(_at_v2(request), error)
        except DATABASE_AWAY as error:
            return outage_answer(_at_v2(request), error, error_answer)
        return _Taken()

    async def _take_in(self, request: Request) -> None:
        engine, ingestion = self._engine, self._ingestion
        actor = await self._sessions.actor_of(request)
        if engine.settings.usage_requests_per_second:
            engine.admit("usage", actor)
        await pass_billing_gate(engine)
        version_of(_at_v2(request))
        body: bytes = request.scope["state"]["body"]
        ingestion.require_room(len(body))
        events = read_events(body)
        keys = await self._meters.keys_of({event.event_name for event in events})
        good: list[IncomingEvent] = []
        sent: list[MeterEvent] = []
        faults: list[tuple[MeterEvent, Fault]] = []
        for event in events:
            known = keys.get(event.event_name)
            found = no_meter(event.event_name) if known is None else usage_event(event, known)
            if isinstance(found, Fault):
                faults.append((event, found))
            else:
                good.append(found)
                sent.append(event)
        if good:
            answers = await ingestion.ingest_soon(good, size_bytes=len(body))
            faults += _refused(sent, answers, keys)
        if faults:
            await run_in_threadpool(self._report, faults, keys, request.headers.get("idempotency-key"))

    def _report(
        self, faults: Sequence[tuple[MeterEvent, Fault]], keys: Mapping[str, PayloadKeys], request_key: str | None
    ) -> None:
        engine, at = self._engine, self._engine.now()
        with engine.read() as tx:
            archived = archived_meters(tx, {event.event_name for event, fault in faults if fault.name == "no_meter"})
        by_reason: defaultdict[tuple[str, str], list[FaultSample]] = defaultdict(list)
        for event, fault in faults:
            name = event.event_name
            is_archived = fault.name == "no_meter" and name in archived
            told = archived_meter(name) if is_archived else fault
            meter_id = archived[name].id if is_archived else keys[name].meter_id if name in keys else ""
            sample = FaultSample(told.message[:LONGEST_MESSAGE], event.identifier or request_key or "")
            by_reason[meter_id, CODES[told.name].reported].append(sample)
        note_meter_faults(engine, [_counted(*reason, found, at) for reason, found in by_reason.items()])


class _KnownMeters:
    """Which members of a payload the meters read, all forgotten after a second; a name of none is asked every time."""

    def __init__(self, engine: Engine, seconds: Callable[[], float]) -> None:
        self._engine = engine
        self._seconds = seconds
        self._keys: dict[str, PayloadKeys] = {}
        self._since = seconds()

    async def keys_of(self, names: set[str]) -> Mapping[str, PayloadKeys]:
        """Return them by the names of events."""
        if self._seconds() - self._since >= STALE_SECONDS or len(self._keys) > MOST_NAMES:
            self._keys, self._since = {}, self._seconds()
        keys = self._keys
        if missing := names - keys.keys():
            keys |= await run_in_threadpool(self._found, missing)
        return keys

    def _found(self, names: set[str]) -> dict[str, PayloadKeys]:
        with self._engine.read() as tx:
            return {name: payload_keys(meter) for name, meter in meters_of_events(tx, names).items()}


def _refused(
    sent: Sequence[MeterEvent], answers: Sequence[object], keys: Mapping[str, PayloadKeys]
) -> list[tuple[MeterEvent, Fault]]:
    """Return what is wrong with events that were not recorded.

    Raises:
        BillingError: something else is wrong than with events.
    """
    found = []
    for event, answer in zip(sent, answers, strict=True):
        if isinstance(answer, BillingError) and not isinstance(answer, EventConflict):
            fault = fault_of(answer, event, keys.get(event.event_name))
            if fault is None:
                raise answer
            found.append((event, fault))
    return found


def _counted(meter_id: str, code: str, samples: Sequence[FaultSample], at: datetime) -> MeterFaults:
    return MeterFaults(meter_id, code, len(samples), at, at, tuple(samples[:5]))


def _at_v2(request: Request) -> Request:
    """Return a request as one to the application that it passes by, by which errors know the shape that they have."""
    return Request({**request.scope, "app": V2})


class _Taken(Response):
    """The answer to what was taken, whose headers take no time to make."""

    def __init__(self) -> None:
        self.status_code = 200
        self.body = b"{}"
        self.background = None
        self.raw_headers = [(b"content-length", b"2"), (b"content-type", b"application/json")]
