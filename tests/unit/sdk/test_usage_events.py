"""Usage events of the SDK: recorded at once or by way of a buffer, each once, or reported once as refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from weakref import WeakMethod, ref

import httpx
import pytest
import respx

from billing_sdk import RecordedEvent, UsageEvent
from billing_sdk._event_ids import new_event_id
from billing_sdk.errors import (
    BufferFull,
    DeadlineExceeded,
    Forbidden,
    InvalidQuantity,
    InvalidRequest,
    NotFound,
    Unreachable,
    UnsafeAnswer,
)
from billing_sdk.resources import _backlog
from billing_sdk.resources._backlog import Backlog
from billing_sdk.resources._buffers import _close_at_exit, _tell_at_exit
from tests.unit.sdk.conftest import Driver
from tests.unit.sdk.test_fork import holds_in_a_child

PATH = "/api/v1/billing/usage_events"
AT = "2026-11-21T12:00:00Z"


class Door:
    """A server that records events as ours does, and fails when it is told to.

    Attributes:
        recorded: the ids, in the order in which they came.
        bodies: what was sent.
        failures: what to answer first.
        refuses: ids that are refused.
    """

    def __init__(self, issuer: respx.MockRouter) -> None:
        self.recorded: list[str] = []
        self.bodies: list[Any] = []
        self.failures: list[httpx.Response | Exception] = []
        self.refuses: set[str] = set()
        self.unfit: set[str] = set()
        self.route = issuer.post(PATH).mock(side_effect=self.answer)

    def answer(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        self.bodies.append(body)
        if self.failures:
            failure = self.failures.pop(0)
            if isinstance(failure, Exception):
                raise failure
            return failure
        events = body if isinstance(body, list) else [body]
        if any(event["id"] in self.unfit for event in events):
            return httpx.Response(413, json=problem("payload_too_large", 413))
        return httpx.Response(200, json={"results": [self.result(event) for event in events]})

    def result(self, event: Mapping[str, Any]) -> Mapping[str, Any]:
        named = {"source": event["source"], "id": event["id"]}
        if event["id"] in self.refuses:
            return {**named, "status": "refused", "code": "not_found", "message": "nobody", "remedy": "Look."}
        self.recorded.append(event["id"])
        return {**named, "status": "accepted", "recorded_at": AT}


def problem(code: str, status: int) -> dict[str, Any]:
    return {"code": code, "title": code, "detail": code, "status": status}


@pytest.fixture
def door(issuer: respx.MockRouter) -> Door:
    return Door(issuer)


def test_an_event_is_sent_with_what_makes_it_the_same_one_again(driver: Driver, door: Door) -> None:
    at = datetime(2026, 11, 21, 13, tzinfo=timezone(timedelta(hours=1)))
    found = driver.run(
        lambda c: c.usage.record(
            "ai_tokens", Decimal("1E+2"), subject="customer_1", dimensions={"model": "large"}, id="e1", time=at
        )
    )
    assert found == RecordedEvent("machine_1", "e1", datetime(2026, 11, 21, 12, tzinfo=UTC))
    assert door.bodies == [
        {
            "specversion": "1.0",
            "id": "e1",
            "source": "machine_1",
            "type": "ai_tokens",
            "subject": "customer_1",
            "time": AT,
            "data": {"value": "100", "dimensions": {"model": "large"}},
        }
    ]


def test_an_event_that_was_not_answered_is_sent_again_as_it_was(driver: Driver, door: Door) -> None:
    door.failures = [httpx.Response(503)]
    driver.run(lambda c: c.usage.record("ai_tokens", subject="customer_1"))
    assert door.bodies[0] == door.bodies[1]
    assert door.recorded == [door.bodies[0]["id"]]


def test_a_refused_event_raises_the_error_of_the_catalogue(driver: Driver, door: Door) -> None:
    door.refuses = {"e1"}
    with pytest.raises(NotFound, match="nobody"):
        driver.run(lambda c: c.usage.record("ai_tokens", subject="x", id="e1"))


def test_many_events_are_answered_one_by_one(driver: Driver, door: Door) -> None:
    events = [UsageEvent.of("ai_tokens", subject="customer_1", id=f"e{number}") for number in range(2_500)]
    door.refuses = {"e7", "e2001"}
    answers = driver.run(lambda c: c.usage.record_many(events))
    assert [answer.id for answer in answers] == [event.id for event in events]
    assert [answer.id for answer in answers if not answer.is_recorded] == ["e7", "e2001"]
    assert [len(body) for body in door.bodies] == [1_000, 1_000, 500]


def test_many_long_events_are_sent_in_requests_that_a_server_takes(driver: Driver, door: Door) -> None:
    events = [UsageEvent.of("t", subject="s", data={"text": "x" * 400_000}) for _ in range(5)]
    assert len(driver.run(lambda c: c.usage.record_many(events))) == 5
    assert [len(body) for body in door.bodies] == [2, 2, 1]


@pytest.mark.parametrize(
    ("event", "error"),
    [
        (UsageEvent.of("t", 1.5, subject="s"), InvalidQuantity),  # type: ignore[arg-type]
        (UsageEvent.of("t", Decimal("NaN"), subject="s"), InvalidQuantity),
        (UsageEvent.of("t", Decimal("1E+999999"), subject="s"), InvalidQuantity),
        (UsageEvent.of("t", subject="s", data={"share": [{"of": 0.1}]}), InvalidQuantity),
        (UsageEvent.of("t", subject="s", time=datetime(2026, 1, 1)), InvalidRequest),  # noqa: DTZ001 - the mistake
        (UsageEvent.of("t", subject="s", data={"at": object()}), InvalidRequest),
        (UsageEvent.of("t", subject="s", data={1: "x"}), InvalidRequest),  # type: ignore[dict-item]
        (UsageEvent.of("t", subject="s", data={"text": "x" * 1_000_000}), InvalidRequest),
    ],
)
def test_what_is_not_exact_or_no_json_is_not_sent(
    driver: Driver, door: Door, event: UsageEvent, error: type[Exception]
) -> None:
    with pytest.raises(error):
        driver.run(lambda c: c.usage.record_many([UsageEvent.of("t", subject="s"), event]))
    assert door.bodies == []


def test_a_value_within_the_data_counts_and_two_values_are_refused() -> None:
    assert UsageEvent.of("t", subject="s", data={"value": 7}).data == {"value": 7}
    assert UsageEvent.of("t", subject="s").data == {"value": 1}
    with pytest.raises(InvalidRequest, match="twice"):
        UsageEvent.of("t", 1, subject="s", data={"value": 7})


def test_ids_are_ordered_by_time_and_never_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    at = iter(range(0, 1_000_000_000, 1_000_000))
    monkeypatch.setattr("time.time_ns", lambda: next(at))
    ids = [new_event_id() for _ in range(1_000)]
    assert ids == sorted(ids)
    assert len(set(ids)) == 1_000
    assert {(found[14], found[19] in "89ab", len(found)) for found in ids} == {("7", True, 36)}


def backlog(report: Callable[[RecordedEvent], None] = lambda _: None, **options: Any) -> Backlog:
    """Return a backlog whose calls are the batches themselves."""
    bounds = {"max_events": 5_000, "max_bytes": 5_000_000}
    return Backlog(json.loads, report, **{**bounds, **options})


def put(into: Backlog, *ids: str) -> list[bool]:
    events = [{"source": "s", "id": found} for found in ids]
    return [into.add(event, into.encode(event)) for event in events]


def deliver(waiting: Backlog, *answers: Any) -> tuple[list[list[str]], float]:
    """Run one delivery, and return the ids of what it sends and the pause that it asks for."""
    sent: list[list[str]] = []
    flow = waiting.deliver()
    waiting.send = lambda batch: _Sent(json.loads(batch), sent, answers[0])  # type: ignore[assignment, return-value]
    try:
        next(flow)
    except StopIteration as end:
        return sent, end.value
    raise AssertionError("a delivery is one call")


class _Sent:
    """A call that is answered at once."""

    def __init__(self, events: list[Any], sent: list[list[str]], answer: Any) -> None:
        sent.append([event["id"] for event in events])
        self.events, self.answer = events, answer

    def __iter__(self) -> Iterator[Any]:
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self._given()

    def _given(self) -> Any:
        refused = self.answer if isinstance(self.answer, set) else set()
        yield from ()
        at = datetime(2026, 1, 1, tzinfo=UTC)
        return tuple(
            RecordedEvent("s", event["id"], error=NotFound("no")) if event["id"] in refused
            else RecordedEvent("s", event["id"], at)
            for event in self.events[: None if self.answer != "short" else -1]
        )  # fmt: skip


def http(error: Any, status: int) -> Any:
    error.http_status = status
    return error


def test_a_backlog_sends_a_thousand_at_a_time_in_their_order() -> None:
    waiting = backlog()
    put(waiting, *map(str, range(1_500)))
    assert deliver(waiting, "all") == ([[str(number) for number in range(1_000)]], 0.0)
    assert deliver(waiting, "all") == ([[str(number) for number in range(1_000, 1_500)]], 0.0)
    assert waiting.is_done
    assert (waiting.counts.added, waiting.counts.recorded) == (1_500, 1_500)


@pytest.mark.parametrize(
    "failure",
    [
        Unreachable("gone"),
        DeadlineExceeded("slow"),
        http(Forbidden("no scope"), 403),
        http(NotFound("busy"), 503),
        UnsafeAnswer("strange"),
        "short",
        KeyboardInterrupt(),
    ],
    ids=repr,
)
def test_what_was_not_answered_is_kept_in_its_order(failure: Any) -> None:
    waiting = backlog()
    put(waiting, "a", "b", "c")
    if isinstance(failure, KeyboardInterrupt):
        with pytest.raises(KeyboardInterrupt):
            deliver(waiting, failure)
    else:
        _, pause = deliver(waiting, failure)
        assert 0 < pause <= 0.25
    put(waiting, "d")
    assert deliver(waiting, "all") == ([["a", "b", "c", "d"]], 0.0)


def test_pauses_grow_and_a_server_that_asks_for_one_gets_it() -> None:
    waiting = backlog()
    put(waiting, "a")
    pauses = [deliver(waiting, Unreachable("gone"))[1] for _ in range(12)]
    longest = [0.25, 0.5, 1, 2, 4, 8, 16, *[30] * 5]
    assert all(0.75 * limit <= pause <= limit for pause, limit in zip(pauses, longest, strict=True))
    asked = http(Forbidden("busy", retry_after_seconds=20), 503)
    fresh = backlog()
    put(fresh, "a")
    assert 15 <= deliver(fresh, asked)[1] <= 20


def test_the_one_that_a_request_is_refused_for_is_found_and_reported_and_the_others_are_recorded() -> None:
    reported: list[RecordedEvent] = []
    waiting = backlog(reported.append)
    put(waiting, *map(str, range(100)))
    recorded: list[str] = []
    for _ in range(60):
        if waiting.is_done:
            break
        is_unfit = "63" in [json.loads(one.document)["id"] for one in list(waiting._waiting)[: waiting._most]]
        (batch,), _ = deliver(waiting, http(InvalidRequest("too long"), 413) if is_unfit else "all")
        recorded += [] if is_unfit else batch
    assert [answer.id for answer in reported] == ["63"]
    assert sorted(recorded, key=int) == [str(number) for number in range(100) if number != 63]


def test_each_refused_event_is_reported_once_whatever_the_report_does(caplog: pytest.LogCaptureFixture) -> None:
    reported: list[str] = []

    def report(answer: RecordedEvent) -> None:
        reported.append(answer.id)
        raise ValueError("a mistake of the application")

    waiting = backlog(report)
    put(waiting, "a", "b", "c")
    deliver(waiting, {"a", "c"})
    assert reported == ["a", "c"]
    assert waiting.is_done
    assert (waiting.counts.recorded, waiting.counts.refused) == (1, 2)
    assert "has failed" in caplog.text


def test_a_backlog_is_bounded_by_events_and_by_bytes() -> None:
    assert put(backlog(max_events=2), "a", "b", "c") == [True, True, False]
    assert put(backlog(max_bytes=50), "a", "b", "c") == [True, True, False]
    with pytest.raises(InvalidRequest):
        put(backlog(max_bytes=5), "a")
    with pytest.raises(InvalidRequest):
        backlog(max_events=0)


class Journal:
    """Keeps events in a list."""

    def __init__(self, *kept: Mapping[str, Any]) -> None:
        self.kept = dict(enumerate(kept))
        self.last = len(kept)

    def append(self, event: Mapping[str, Any]) -> int:
        self.last += 1
        self.kept[self.last] = event
        return self.last

    def pending(self) -> Iterator[tuple[int, Mapping[str, Any]]]:
        return iter(list(self.kept.items()))

    def done(self, *numbers: int) -> None:
        for number in numbers:
            del self.kept[number]


def test_what_a_journal_has_kept_is_sent_first_and_given_up_when_it_was_answered() -> None:
    journal = Journal(*({"source": "s", "id": f"old{number}"} for number in range(5)))
    waiting = backlog(journal=journal, max_events=2)
    assert deliver(waiting, Unreachable("gone"))[0] == [["old0", "old1"]]
    assert len(journal.kept) == 5
    assert deliver(waiting, "all")[0] == [["old0", "old1"]]
    assert deliver(waiting, {"old2"})[0] == [["old2", "old3"]]
    assert put(waiting, "new") == [True]
    assert deliver(waiting, "all")[0] == [["old4", "new"]]
    assert (journal.kept, waiting.is_done) == ({}, True)


async def _in_a_buffer(usage: Any, count: int) -> None:
    async with usage.buffer() as buffer:
        for number in range(count):
            await buffer.add("ai_tokens", number, subject="customer_1", id=f"e{number}")


def test_a_buffer_records_what_was_added_by_its_end_although_the_server_fails_at_first(
    driver: Driver, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_backlog, "FIRST_PAUSE_SECONDS", 0.001)
    door.failures = [httpx.Response(500), httpx.ConnectError("gone")]

    def fill(client: Any) -> Any:
        if driver._runner is not None:
            return _in_a_buffer(client.usage, 1_200)
        with client.usage.buffer() as buffer:
            for number in range(1_200):
                buffer.add("ai_tokens", number, subject="customer_1", id=f"e{number}")
        return None

    driver.run(fill)
    assert door.recorded == [f"e{number}" for number in range(1_200)]
    sent = [event for body in door.bodies for event in body]
    assert {event["time"][-1] for event in sent} == {"Z"}  # of the use, not of its arrival


def test_a_buffer_without_room_says_so_and_a_closed_one_takes_no_more(driver: Driver, door: Door) -> None:
    async def fill_async(usage: Any) -> None:
        door.failures = [httpx.Response(403, json=problem("forbidden", 403))] * 100
        buffer = usage.buffer(max_events=2, wait_seconds=0.0)
        await buffer.add("t", subject="s")
        await buffer.add("t", subject="s")
        with pytest.raises(BufferFull):
            await buffer.add("t", subject="s")
        with pytest.raises(DeadlineExceeded):
            await buffer.close(deadline_seconds=0.0)
        with pytest.raises(BufferFull):
            await buffer.add("t", subject="s")

    def fill(client: Any) -> Any:
        if driver._runner is not None:
            return fill_async(client.usage)
        door.failures = [httpx.Response(403, json=problem("forbidden", 403))] * 100
        buffer = client.usage.buffer(max_events=2, wait_seconds=0.0)
        buffer.add("t", subject="s")
        buffer.add("t", subject="s")
        with pytest.raises(BufferFull):
            buffer.add("t", subject="s")
        with pytest.raises(DeadlineExceeded):
            buffer.close(deadline_seconds=0.0)
        with pytest.raises(BufferFull):
            buffer.add("t", subject="s")
        buffer._thread.join()
        return None

    driver.run(fill)
    assert door.recorded == []


@pytest.mark.parametrize("colour", ["sync"])
def test_a_buffer_waits_for_room_while_the_server_takes_its_time(driver: Driver, door: Door) -> None:
    with driver.client.usage.buffer(max_events=3) as buffer:
        for number in range(50):
            buffer.add("t", subject="s", id=str(number))
    assert door.recorded == [str(number) for number in range(50)]


@pytest.mark.parametrize("colour", ["sync"])
def test_the_end_of_the_program_sends_what_waits(driver: Driver, door: Door) -> None:
    buffer = driver.client.usage.buffer(flush_seconds=60.0)
    buffer.add("t", subject="s", id="last")
    _close_at_exit(WeakMethod(buffer.close))
    assert door.recorded == ["last"]
    buffer._thread.join()


@pytest.mark.parametrize("colour", ["async"])
def test_what_an_event_loop_leaves_behind_is_told(driver: Driver, door: Door, caplog: pytest.LogCaptureFixture) -> None:
    async def leave(usage: Any) -> Any:
        buffer = usage.buffer(flush_seconds=60.0)
        await buffer.add("t", subject="s")
        buffer._task.cancel()
        return buffer

    buffer = driver.run(lambda client: leave(client.usage))
    _tell_at_exit(ref(buffer))
    assert "1 usage events are not recorded" in caplog.text
    assert door.recorded == []


@pytest.mark.parametrize("colour", ["sync"])
def test_a_forked_process_does_not_send_what_its_parent_will(driver: Driver, door: Door) -> None:
    buffer = driver.client.usage.buffer(flush_seconds=60.0)
    buffer.add("t", subject="s", id="parent")

    def child() -> bool:
        buffer.add("t", subject="s", id="child")
        buffer.flush()
        return door.recorded == ["child"]

    assert holds_in_a_child(child)
    buffer.close()
    assert door.recorded == ["parent"]
    buffer._thread.join()
