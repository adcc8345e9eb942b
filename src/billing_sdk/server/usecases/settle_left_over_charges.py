"""Settle the charges that processes have left over which died, or lost the gateway's answer."""

from __future__ import annotations

from billing_sdk.server.usecases.collect_charge import collect_issued
from billing_sdk.server.usecases.engine import Engine


def settle_left_over_charges(engine: Engine) -> None:
    """Learn the outcome of every charge that nobody is working on any more.

    Any number of processes may do so at once: the gateway answers the same to each, and one of them records it. A
    charge whose outcome can't be learnt stays where it is, and holds up none of the others.
    """
    with engine.read() as tx:
        left_over = tx.charges.list_left_over(at=engine.now())
    for charge in left_over:
        collect_issued(engine, charge)
