"""Recover: finish what processes that died have left over."""

from __future__ import annotations

import logging
from datetime import timedelta

from billing_sdk.errors import BillingError
from billing_sdk.server.usecases.collect_charge import settle_left_over
from billing_sdk.server.usecases.engine import Engine

logger = logging.getLogger(__name__)

# Longer than any client goes on sending the same call again.
IDEMPOTENCY_DAYS = 7


def recover(engine: Engine) -> None:
    """Learn the outcome of charges that were under way, and forget old idempotency keys.

    A gateway that is out of reach is no reason not to start: what is left stays where it is, and is settled by
    the customer's next change of plan or by the next start.
    """
    at = engine.now()
    with engine.begin() as tx:
        tx.idempotency.forget_before(at - timedelta(days=IDEMPOTENCY_DAYS))
        customer_ids = {charge.agreement.customer_id for charge in tx.charges.list_left_over(at=at)}
    for customer_id in sorted(customer_ids):
        try:
            settle_left_over(engine, customer_id=customer_id)
        except BillingError as error:
            logger.warning("a charge of %s is still open (%s)", customer_id, error.code)
