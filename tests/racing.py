"""Processes that race for what is left of a limit, each until it is refused; for tests and for the long proofs."""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from billing_sdk import Client
from billing_sdk.errors import BillingError, LimitReached

FEATURE = "ai_tokens"
END = b"end".ljust(256)


def race(client: Client, agreement_id: str, *, units: int, lease: int | None) -> int:
    """Use up what is left until the limit is reached, and return how many units were let in."""
    taking = client.usage.lease(feature_code=FEATURE, agreement_id=agreement_id, units=lease or units)
    let_in = 0
    while True:
        try:
            if lease is None:
                reserved = client.usage.reserve(feature_code=FEATURE, agreement_id=agreement_id, units=units)
                client.usage.commit(reserved)
            else:
                taking.use(units).done()
        except LimitReached:
            client.run(client.usage.leases.give_back())
            return let_in
        let_in += units


class Racers:
    """Processes with a client each, which were forked off and race when they are told to."""

    def __init__(self, make_clients: list[Callable[[], Client]]) -> None:
        self._racers = [_fork_off(make) for make in make_clients]

    def race(self, agreement_id: str, *, units: int, lease: int | None) -> list[int]:
        """Let all of them race at once, and return how many units each has let in."""
        for tell, _, _ in self._racers:
            os.write(tell, f"{agreement_id} {units} {lease or 0}\n".ljust(256).encode())
        return [struct.unpack("q", os.read(hear, 8))[0] for _, hear, _ in self._racers]

    def end(self) -> None:
        """End the processes."""
        for tell, hear, process in self._racers:
            # Said, because a pipe does not end: the processes that were forked off later hold it, too.
            os.write(tell, END)
            os.close(tell)
            os.waitpid(process, 0)
            os.close(hear)


@contextmanager
def racers(make_clients: list[Callable[[], Client]]) -> Iterator[Racers]:
    """Have processes that race for the length of a `with` block."""
    found = Racers(make_clients)
    try:
        yield found
    finally:
        found.end()


def _fork_off(make_client: Callable[[], Client]) -> tuple[int, int, int]:
    """Return where to tell a new process what to do, where to hear from it, and its id."""
    told, tell = os.pipe()
    hear, heard = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(tell)
        try:
            _obey(make_client(), told, heard)
        finally:
            # Nothing of what the parent would do at its end is to be done here.
            os._exit(0)
    os.close(told)
    os.close(heard)
    return tell, hear, process


def _obey(client: Client, told: int, heard: int) -> None:
    while (line := os.read(told, 256)) not in (b"", END):
        agreement_id, units, lease = line.decode().split()
        try:
            let_in = race(client, agreement_id, units=int(units), lease=int(lease) or None)
        except BillingError as error:
            sys.stderr.write(f"a process that races was stopped: {error!r}\n")
            let_in = -1
        os.write(heard, struct.pack("q", let_in))
