"""Ids and nonces: never the same twice, whoever makes them."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

from billing_sdk.server.ids import DRAWN_OCTETS, new_id, new_nonce

MANY = 2 * DRAWN_OCTETS // 10


def test_ids_and_nonces_are_never_the_same_twice_whichever_thread_makes_them():
    with ThreadPoolExecutor(4) as threads:
        ids = list(threads.map(lambda _: new_id("req"), range(MANY)))
        nonces = list(threads.map(lambda _: new_nonce(), range(MANY)))
    assert len(set(ids)) == len(set(nonces)) == MANY
    assert {len(nonce) for nonce in nonces} == {22}


def test_a_process_that_is_forked_uses_nothing_that_its_parent_has_drawn():
    new_nonce()  # some are left
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, new_nonce().encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 100).decode() not in {new_nonce() for _ in range(MANY)}
    os.close(reading)
    os.close(writing)
