"""A billing run that is killed anywhere and begun again ends with the books of one that was left alone.

The database is SQLite in a file. Customers of fourteen kinds are billed at four moments of two months: renewals, usage
that is waited for, retries and what follows them. The process is killed with SIGKILL before one of its statements or
commits, at fifty places drawn from all; another process goes on when the leases of the dead one are over.
"""

from __future__ import annotations

import random
from pathlib import Path
from tempfile import TemporaryDirectory

from soak.report import Bar
from tests.killed.runs import books, copy_of, differences, go_on, new_place, run as bill, run_killed

KILLS = 50


def run(scale: float) -> tuple[Bar, ...]:
    """Kill a run many times, and compare what comes of it."""
    kills = max(1, round(KILLS * scale))
    with TemporaryDirectory(prefix="billing-soak-") as folder:
        populated = new_place(Path(folder))
        left_alone = copy_of(populated, Path(folder) / "left_alone")
        statements = bill(left_alone)
        expected = books(left_alone)
        broken = []
        for kill_at in random.SystemRandom().sample(range(1, statements), kills):
            killed = copy_of(populated, Path(folder) / f"killed_at_{kill_at}")
            run_killed(killed, kill_at=kill_at)
            go_on(killed)
            if differences(books(killed), expected):
                broken.append(kill_at)
    invoices = len(expected["numbers"])
    return (
        Bar(
            f"runs of {invoices} invoices with other books after a kill before one of {statements} statements",
            f"{len(broken)} of {kills}" + (f", at {broken}" if broken else ""),
            "0",
            not broken,
        ),
    )
