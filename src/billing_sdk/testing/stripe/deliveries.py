"""Sends what is due: at once when told to, or by a thread that wakes when something has happened."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from billing_sdk.testing.stripe.webhooks import Delivery, Send, post
from billing_sdk.testing.stripe.world import World

MAX_ROUNDS = 100
LOOK_AGAIN_SECONDS = 1


def deliver(world: World, send: Send = post) -> list[Delivery]:
    """Deliver all that is due, and what that brings about, outside the lock; return the attempts."""
    attempts: list[Delivery] = []
    for _ in range(MAX_ROUNDS):
        with world.lock:
            world.run_due()
            now = world.state.clock.seconds()
            due = world.webhooks.take_due(now)
        if not due:
            break
        for delivery in due:
            world.webhooks.attempt(delivery, now, send)
        attempts += due
    return attempts


@contextmanager
def delivering(world: World, *, is_on: bool) -> Iterator[None]:
    """Deliver by itself for the length of a `with` block."""
    if not is_on:
        yield
        return
    woken, ended = threading.Event(), threading.Event()

    def work() -> None:
        while not ended.is_set():
            woken.wait(LOOK_AGAIN_SECONDS if world.webhooks.waiting else None)
            woken.clear()
            if not ended.is_set() and world.webhooks.on_queued is not None:
                deliver(world)

    world.webhooks.on_queued = woken.set
    thread = threading.Thread(target=work, name="stripe-simulator-webhooks", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        woken.set()
        thread.join()
