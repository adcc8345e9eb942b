"""Settle the charges that processes have left over which died, or lost the gateway's answer."""

from __future__ import annotations

import logging

from billing_sdk.server.usecases.collect_charge import settle_left_over
from billing_sdk.server.usecases.engine import Engine

logger = logging.getLogger(__name__)


def settle_left_over_charges(engine: Engine) -> None:
    """Learn the outcome of every charge that nobody is working on any more.

    Any number of processes may do so at once: the gateway answers the same to each, and one of them records it. A
    charge whose outcome can't be learnt stays where it is, and holds up none of the others.
    """
    with engine.read() as tx:
        left_over = tx.charges.list_left_over(at=engine.now())
    for customer_id in sorted({charge.customer_id for charge in left_over}):
        try:
            settle_left_over(engine, customer_id=customer_id)
        except Exception as error:  # noqa: BLE001 - what a gateway raises that is out of reach is its own affair
            logger.error("a charge of %s is still open (%s)", customer_id, type(error).__name__)  # noqa: TRY400 - a traceback could show what the gateway was asked
