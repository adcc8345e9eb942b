"""Settle the charges that processes have left over which died, or lost the gateway's answer."""

from __future__ import annotations

import logging
from collections import Counter

from billing_sdk.server.usecases.ask_gateway import ON_RECORD
from billing_sdk.server.usecases.collect_charge import collect_charge
from billing_sdk.server.usecases.engine import Engine

logger = logging.getLogger(__name__)


def settle_left_over_charges(engine: Engine) -> None:
    """Learn the outcome of every charge that nobody is working on any more.

    Any number of processes may do so at once: the gateway answers the same to each, and one of them records it. A
    charge whose outcome can't be learnt stays where it is, and holds up none of the others.
    """
    with engine.read() as tx:
        left_over = tx.charges.list_left_over(at=engine.now())
    failures: Counter[str] = Counter()
    for charge in left_over:
        try:
            collect_charge(engine, charge)
        except ON_RECORD:
            continue
        except Exception as error:  # noqa: BLE001 - what a gateway raises that is out of reach is its own affair
            failures[type(error).__name__] += 1
    if failures:  # without tracebacks, which could show what the gateway was asked
        why = ", ".join(f"{name} {count}" for name, count in sorted(failures.items()))
        logger.error("%d of %d charges left over are still open (%s)", failures.total(), len(left_over), why)
