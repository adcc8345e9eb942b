"""The loop that sends: no endpoint holds up another, and it ends when it is told to."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from billing_sdk.server.domain.events import Delivery
from billing_sdk.server.outbox import Answer, Dispatcher, Letter, Sender
from tests.receiver import receiving
from tests.waiting import wait_until

AT = datetime(2026, 3, 1, tzinfo=UTC)


class Desk:
    """Letters that wait, and what came of those that were sent."""

    def __init__(self) -> None:
        self.waiting: queue.SimpleQueue[Letter] = queue.SimpleQueue()
        self.settled: dict[str, Answer] = {}

    def put(self, name: str, url: str) -> None:
        delivery = Delivery(name, "webhook_1", "event_1", "waiting", 0, AT, AT, "lease_1")
        self.waiting.put(Letter(delivery, url, "body"))

    def claim(self) -> list[Letter]:
        claimed = []
        while not self.waiting.empty():
            claimed.append(self.waiting.get())
        return claimed

    def settle(self, letter: Letter, answer: Answer) -> None:
        self.settled[letter.delivery.id] = answer


@contextmanager
def dispatching(
    desk: Desk, *, claim: Callable[[], list[Letter]] | None = None, poll_seconds: float = 0.02
) -> Iterator[Dispatcher]:
    """Run a dispatcher over a desk for the length of a `with` block."""
    dispatcher = Dispatcher(
        claim=claim or desk.claim,
        settle=desk.settle,
        make_sender=lambda: Sender(deadline_seconds=20, may_call_this_machine=True),
        poll_seconds=poll_seconds,
    )
    dispatcher.start()
    try:
        yield dispatcher
    finally:
        dispatcher.stop()


def own_threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name.startswith("billing-")}


def test_letters_are_sent_and_their_answers_settled():
    desk = Desk()
    with receiving() as receiver, dispatching(desk):
        desk.put("delivery_1", receiver.url)
        wait_until(lambda: "delivery_1" in desk.settled, what="the delivery")
    assert desk.settled["delivery_1"] == Answer(200, "")


def test_a_dispatcher_that_is_woken_does_not_wait_for_its_next_look():
    desk = Desk()
    with receiving() as receiver, dispatching(desk, poll_seconds=3_600) as dispatcher:
        desk.put("delivery_1", receiver.url)
        dispatcher.wake()
        wait_until(lambda: "delivery_1" in desk.settled, what="the delivery")
    assert desk.settled["delivery_1"] == Answer(200, "")


@pytest.mark.attack(153)
def test_endpoints_that_hang_do_not_hold_up_the_others():
    desk = Desk()
    with receiving() as hanging, receiving() as quick, dispatching(desk):
        hanging.behave = lambda _: hanging.released.wait(60)
        for number in range(40):
            desk.put(f"hanging_{number}", hanging.url)
        wait_until(lambda: len(hanging.received) == 40, what="40 deliveries under way")
        desk.put("quick", quick.url)
        wait_until(lambda: "quick" in desk.settled, what="the other endpoint's delivery")
        assert set(desk.settled) == {"quick"}
        hanging.released.set()


def test_an_outage_of_the_database_is_outlived(caplog):
    desk = Desk()
    outages = iter([ConnectionError("password=hunter2"), ConnectionError("again")])

    def claim() -> list[Letter]:
        if outage := next(outages, None):
            raise outage
        return desk.claim()

    with receiving() as receiver, dispatching(desk, claim=claim):
        desk.put("delivery_1", receiver.url)
        wait_until(lambda: "delivery_1" in desk.settled, what="the delivery")
    assert "ConnectionError" in caplog.text
    assert "hunter2" not in caplog.text


def test_a_stopped_dispatcher_leaves_no_thread_behind():
    desk = Desk()
    before = own_threads()
    with receiving() as receiver, dispatching(desk):
        desk.put("delivery_1", receiver.url)
        wait_until(lambda: "delivery_1" in desk.settled, what="the delivery")
    assert own_threads() == before


def test_waking_and_stopping_a_stopped_dispatcher_does_nothing():
    with dispatching(Desk()) as dispatcher:
        pass
    dispatcher.wake()
    dispatcher.stop()
    assert dispatcher.is_stopped
