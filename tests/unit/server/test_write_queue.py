"""Who writes comes in turn, and whoever writes again at once is the last of them."""

from __future__ import annotations

import threading

from billing_sdk.server.storage.write_queue import WriteQueue
from tests.waiting import wait_until


def test_turns_are_given_in_the_order_in_which_they_were_asked_for():
    queue = WriteQueue()
    order: list[int] = []

    def write(number: int) -> None:
        assert queue.enter(30)
        order.append(number)
        queue.leave()

    assert queue.enter(30)
    threads = []
    for number in range(3):
        threads.append(threading.Thread(target=write, args=(number,)))
        threads[-1].start()
        wait_until(lambda expected=number + 1: len(queue._waiting) == expected)
    queue.leave()
    write(3)
    for thread in threads:
        thread.join()

    assert order == [0, 1, 2, 3]


def test_who_waits_in_vain_gives_up_and_keeps_nobody_waiting():
    queue = WriteQueue()
    assert queue.enter(0)

    assert not queue.enter(0)
    queue.leave()

    assert queue.enter(0)
