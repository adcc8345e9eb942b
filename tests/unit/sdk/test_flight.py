"""Single flight: one fetches, the others wait, and nobody is left waiting."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest

from billing_sdk._flight import Flight
from billing_sdk._operation import Flow, Wait
from billing_sdk.errors import Forbidden, Unreachable
from tests.unit.sdk.kit import Monotonic


def answering(value: Any, count: list[Any]) -> Callable[[], Flow[Any]]:
    """Return a fetch that waits for a future first, then answers or raises."""

    def fetch() -> Flow[Any]:
        count.append(value)
        yield from Wait(Future())
        if isinstance(value, BaseException):
            raise value
        return value

    return fetch


def end_of(flow: Flow[Any], *sent: Any) -> Any:
    """Send a flow what it waits for and return what it gives."""
    *before, last = sent
    for value in before:
        flow.send(value)
    with pytest.raises(StopIteration) as stop:
        flow.send(last)
    return stop.value.value


def test_who_comes_second_waits_for_the_first() -> None:
    flight: Flight[str] = Flight()
    asked: list[Any] = []
    first, second = flight.share("key", answering("a", asked)), flight.share("key", answering("b", asked))
    next(first)
    waiting = next(second)
    assert isinstance(waiting, Wait)
    assert flight.is_flying("key")
    assert end_of(first, None) == "a"
    assert end_of(second, waiting.future.result(0)) == "a"
    assert asked == ["a"]
    assert not flight.is_flying("key")


def test_another_key_flies_by_itself() -> None:
    flight: Flight[str] = Flight()
    asked: list[Any] = []
    flows = [flight.share(key, answering(key, asked)) for key in ("a", "b")]
    for flow in flows:
        next(flow)
    assert [end_of(flow, None) for flow in flows] == ["a", "b"]


def test_who_asks_under_another_name_waits_too_and_gets_the_answer_afterwards() -> None:
    flight: Flight[str] = Flight(linger_seconds=1, monotonic=Monotonic())
    asked: list[Any] = []
    first = flight.share("old", answering("a", asked))
    next(first)
    flight.also("old", "new")
    flight.also("nobody", "asks")
    second = flight.share("new", answering("b", asked))
    waiting = next(second)
    assert isinstance(waiting, Wait)
    assert end_of(first, None) == "a"
    assert end_of(second, waiting.future.result(0)) == "a"
    late = next(flight.share("new", answering("c", asked)))
    assert isinstance(late, Wait)
    assert late.future.result(0) == "a"
    assert asked == ["a"]
    assert not flight.is_flying("new")
    assert not flight.is_flying("asks")


def test_everybody_gets_the_error_and_the_next_one_tries_again() -> None:
    flight: Flight[str] = Flight()
    asked: list[Any] = []
    first, second = flight.share("key", answering(Forbidden(), asked)), flight.share("key", answering("b", asked))
    next(first)
    waiting = next(second)
    assert isinstance(waiting, Wait)
    with pytest.raises(Forbidden):
        first.send(None)
    assert isinstance(waiting.future.exception(0), Forbidden)
    with pytest.raises(Forbidden):
        second.throw(Forbidden())
    third = flight.share("key", answering("c", asked))
    next(third)
    assert end_of(third, None) == "c"


def test_when_the_first_is_cancelled_the_second_takes_over() -> None:
    flight: Flight[str] = Flight()
    asked: list[Any] = []
    first, second = flight.share("key", answering("a", asked)), flight.share("key", answering("b", asked))
    next(first)
    waiting = next(second)
    assert isinstance(waiting, Wait)
    first.close()
    abandoned = waiting.future.exception(0)
    assert abandoned is not None
    second.throw(abandoned)
    assert end_of(second, None) == "b"
    assert asked == ["a", "b"]


def test_a_waiting_task_that_is_cancelled_does_not_cancel_the_flight() -> None:
    flight: Flight[str] = Flight()
    asked: list[Any] = []
    first, second = flight.share("key", answering("a", asked)), flight.share("key", answering("b", asked))
    next(first)
    waiting = next(second)
    assert isinstance(waiting, Wait)
    assert not waiting.future.cancel()
    second.close()
    assert end_of(first, None) == "a"


def test_who_comes_late_gets_an_answer_that_lingers() -> None:
    clock = Monotonic()
    flight: Flight[str] = Flight(linger_seconds=30, monotonic=clock)
    asked: list[Any] = []
    first = flight.share("key", answering("a", asked))
    next(first)
    end_of(first, None)
    clock.advance(29)
    late = flight.share("key", answering("b", asked))
    waiting = next(late)
    assert isinstance(waiting, Wait)
    assert waiting.future.result(0) == "a"
    clock.advance(1)
    later = flight.share("key", answering("c", asked))
    next(later)
    assert end_of(later, None) == "c"


def test_a_child_process_does_not_wait_for_threads_that_did_not_come_along() -> None:
    flight: Flight[str] = Flight()
    begun = flight.share("key", answering(Unreachable(), []))
    next(begun)
    flight._lock.acquire()
    child = os.fork()
    if child == 0:
        is_free = flight._lock.acquire(blocking=False) and not flight.is_flying("key")
        os._exit(0 if is_free else 1)
    flight._lock.release()
    _, status = os.waitpid(child, 0)
    begun.close()
    assert os.waitstatus_to_exitcode(status) == 0
