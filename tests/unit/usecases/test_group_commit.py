"""Group commit: many callers, few commits, and nobody answered before their own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait

import pytest

from billing_sdk.errors import ServerBusy
from billing_sdk.server.usecases.group_commit import GroupCommit
from tests.waiting import wait_until


class Disk:
    """Writes numbers when it is told that it may, and says of each that it was written."""

    def __init__(self) -> None:
        self.written: list[list[int]] = []
        self.has_begun = threading.Semaphore(0)
        self.may_go_on = threading.Semaphore(0)
        self.error: Exception | None = None

    def write(self, items: Sequence[int]) -> list[str]:
        self.has_begun.release()
        assert self.may_go_on.acquire(timeout=30)
        self.written.append(list(items))
        if self.error is not None and (len(self.written[-1]) > 1 or items[0] < 0):
            raise self.error
        return [f"wrote {item}" for item in items]


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
def callers(disk: Disk) -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(16) as pool:
        yield pool
        disk.may_go_on.release(100)  # for whomever a test that has failed leaves waiting


def come(group, callers, disk, *batches):
    """Have the first batch written, and the others come while it is."""
    first = callers.submit(group.commit, batches[0])
    assert disk.has_begun.acquire(timeout=30)
    others = []
    for batch in batches[1:]:
        before = group.waiting
        others.append(callers.submit(group.commit, batch))
        wait_until(lambda before=before: group.waiting > before, what="the arrival")
    return [first, *others]


def test_what_comes_while_a_commit_is_under_way_shares_the_next_one(disk, callers):
    group = GroupCommit(disk.write)
    waiting = come(group, callers, disk, [1], [2, 3], [4])
    disk.may_go_on.release(2)
    assert [one.result(30) for one in waiting] == [["wrote 1"], ["wrote 2", "wrote 3"], ["wrote 4"]]
    assert disk.written == [[1], [2, 3, 4]]
    group.close()


def test_a_group_of_many_is_followed_by_one_that_waits_for_who_is_on_the_way(disk, callers):
    pauses = []

    def bring(_seconds):
        pauses.append(len(pauses))
        if len(pauses) == 1:
            late.append(callers.submit(group.commit, [5]))
            wait_until(lambda: group.waiting > 1, what="the arrival")

    late = []
    group = GroupCommit(disk.write, pause=bring)
    waiting = come(group, callers, disk, [1], [2], [3])
    disk.may_go_on.release(2)
    wait(waiting, 30)
    fourth = callers.submit(group.commit, [4])
    disk.may_go_on.release(1)
    assert [fourth.result(30), late[0].result(30)] == [["wrote 4"], ["wrote 5"]]
    assert disk.written == [[1], [2, 3], [4, 5]]
    assert len(pauses) == 2
    group.close()


@pytest.mark.attack(145)
def test_nobody_is_answered_before_the_commit(disk, callers):
    group = GroupCommit(disk.write)
    first, second = come(group, callers, disk, [1], [2])
    assert not first.done()
    disk.may_go_on.release()
    assert first.result(30) == ["wrote 1"]
    assert disk.has_begun.acquire(timeout=30)
    assert not second.done()
    disk.may_go_on.release()
    assert second.result(30) == ["wrote 2"]
    group.close()


def test_a_group_that_is_large_enough_takes_in_nothing_more(disk, callers):
    group = GroupCommit(disk.write, most_at_once=3)
    waiting = come(group, callers, disk, [1], [2, 3], [4, 5], [6])
    disk.may_go_on.release(3)
    wait(waiting, 30)
    assert disk.written == [[1], [2, 3, 4, 5], [6]]
    group.close()


@pytest.mark.attack(146)
@pytest.mark.parametrize("bounds", [{"most_waiting": 2}, {"most_waiting_bytes": 20}])
def test_who_comes_when_too_much_waits_is_told_when_to_come_back(disk, callers, bounds):
    group = GroupCommit(disk.write, **bounds)
    first = callers.submit(group.commit, [1, 2], size_bytes=20)
    assert disk.has_begun.acquire(timeout=30)
    refused = callers.submit(group.commit, [3], size_bytes=1).exception(5)
    assert isinstance(refused, ServerBusy)
    assert refused.facts["retry_after_seconds"] >= 1
    with pytest.raises(ServerBusy):
        group.require_room(1)
    disk.may_go_on.release(2)
    first.result(30)
    group.close()
    assert disk.written == [[1, 2]]


def test_a_batch_of_any_size_is_taken_when_nothing_waits(disk):
    disk.may_go_on.release()
    group = GroupCommit(disk.write, most_waiting=2)
    assert group.commit([1, 2, 3]) == ["wrote 1", "wrote 2", "wrote 3"]
    group.close()


@pytest.mark.attack(143)
def test_what_can_not_be_written_fails_alone(disk, callers):
    disk.error = ValueError("the disk does not take it")
    group = GroupCommit(disk.write)
    waiting = come(group, callers, disk, [1], [2], [-3], [4])
    disk.may_go_on.release(5)
    assert [waiting[place].result(30) for place in (0, 1, 3)] == [["wrote 1"], ["wrote 2"], ["wrote 4"]]
    assert isinstance(waiting[2].exception(30), ValueError)
    group.close()


@pytest.mark.attack(146)
def test_what_nobody_could_write_is_tried_once_and_everybody_hears_of_it(disk, callers):
    disk.error = ConnectionError("the disk is away")
    group = GroupCommit(disk.write, is_common=lambda error: isinstance(error, ConnectionError))
    waiting = come(group, callers, disk, [-1], [2], [3])
    disk.may_go_on.release(2)
    assert [type(one.exception(30)) for one in waiting] == [ConnectionError] * 3
    assert disk.written == [[-1], [2, 3]]
    group.close()


def test_the_end_comes_after_what_waits_and_before_what_comes_later(disk, callers):
    group = GroupCommit(disk.write)
    waiting = come(group, callers, disk, [1], [2])
    disk.may_go_on.release(2)
    group.close()
    assert [one.result(30) for one in waiting] == [["wrote 1"], ["wrote 2"]]
    with pytest.raises(ServerBusy):
        group.commit([3])


def test_tasks_of_an_event_loop_wait_as_threads_do_and_may_go_away(disk):
    group = GroupCommit(disk.write)

    async def many() -> list[list[str]]:
        tasks = [asyncio.ensure_future(group.commit_soon([number])) for number in range(4)]
        await asyncio.sleep(0)
        tasks[1].cancel()
        disk.may_go_on.release(4)
        return [await task for place, task in enumerate(tasks) if place != 1]

    assert asyncio.run(many()) == [["wrote 0"], ["wrote 2"], ["wrote 3"]]
    group.close()
    assert sorted(number for part in disk.written for number in part) == [0, 1, 2, 3]
