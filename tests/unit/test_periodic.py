"""Work that is done again and again: it survives its own failures, and ends when it is told to."""

from __future__ import annotations

import threading

import pytest

from billing_sdk.server.periodic import Periodic, pause_after


def test_work_that_fails_is_done_again():
    calls = []
    done = threading.Event()

    def work():
        calls.append(len(calls))
        if len(calls) == 1:
            raise OSError("out of reach")
        done.set()

    periodic = Periodic("test", work, every_seconds=0.001)
    periodic.start()
    try:
        assert done.wait(30)
    finally:
        periodic.stop()

    assert len(calls) >= 2


def test_a_failure_is_logged_without_what_it_says(caplog):
    seen = threading.Event()

    def work():
        seen.set()
        raise OSError("password=hunter2")

    periodic = Periodic("sweeper", work, every_seconds=0.001)
    periodic.start()
    seen.wait(30)
    periodic.stop()

    assert "sweeper failed (OSError); trying again" in caplog.text
    assert "hunter2" not in caplog.text


def test_stopping_waits_for_the_end_of_what_is_under_way():
    begun, may_end = threading.Event(), threading.Event()
    ended = []

    def work():
        begun.set()
        may_end.wait(30)
        ended.append(True)

    periodic = Periodic("test", work, every_seconds=0.001)
    periodic.start()
    begun.wait(30)
    stopping = threading.Thread(target=periodic.stop)
    stopping.start()
    may_end.set()
    stopping.join(30)
    count = len(ended)

    assert count >= 1
    assert not stopping.is_alive()


def test_what_was_never_started_can_be_stopped():
    calls = []

    Periodic("test", lambda: calls.append(1), every_seconds=0.001).stop()

    assert calls == []


@pytest.mark.parametrize(("spent_seconds", "rest", "pause_seconds"), [(0.01, 9, 1.0), (2.0, 9, 18.0), (60.0, 0, 1.0)])
def test_work_that_takes_long_rests_in_proportion_where_it_is_told_to(spent_seconds, rest, pause_seconds):
    assert pause_after(spent_seconds, every_seconds=1.0, rest=rest) == pause_seconds
