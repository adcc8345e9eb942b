"""Collect many invoices that were issued together: ask for each, and record all outcomes in one transaction."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from billing_sdk.server.domain.customers import PaymentMethod
from billing_sdk.server.domain.invoicing import PendingCharge
from billing_sdk.server.gateways import Awaited, Bill, Charge
from billing_sdk.server.usecases.ask_gateway import Answer, agrees, ask_gateway
from billing_sdk.server.usecases.collect_charge import collect_issued, record
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.gateway_of import bills_of
from billing_sdk.server.usecases.redeem_coupon import name_of_plan

# A gateway takes its time to answer, and answers several questions at once.
QUESTIONS_AT_ONCE = 8

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A charge that the gateway was asked for, with its answer."""

    charge: PendingCharge
    method: PaymentMethod
    bill: Bill
    answer: Answer

    @property
    def is_outcome(self) -> bool:
        """Whether the charge is over with it."""
        if isinstance(self.answer, Charge):
            return agrees(self.bill, self.answer)
        return not isinstance(self.answer, Awaited)


def collect_together(engine: Engine, charges: Sequence[PendingCharge]) -> None:
    """Collect invoices that have been issued, and are there whatever comes of it.

    What comes of each is what `collect_issued` makes of it. Where the gateway gives no answer, or all outcomes can't be
    recorded at once, each is collected by itself: asking again for the same charge collects nothing twice.
    """
    if len(charges) < 2:
        for charge in charges:
            collect_issued(engine, charge)
        return
    with engine.read() as tx:
        methods = tx.customers.list_payment_methods({charge.payment_method_id for charge in charges})
        bills = bills_of(tx, charges, methods)
    asked = _ask(engine, [charge for charge in charges if charge.agreement is not None], methods, bills)
    try:
        _record(engine, asked)
    except Exception as error:  # noqa: BLE001 - one outcome that can't be recorded must not hold up the others
        logger.warning("%d outcomes are recorded one by one (%s)", len(asked), type(error).__name__)
        asked = []
    recorded = {one.charge.id for one in asked}
    for charge in charges:
        if charge.id not in recorded:
            collect_issued(engine, charge)


def _ask(
    engine: Engine, charges: Sequence[PendingCharge], methods: dict[str, PaymentMethod], bills: dict[str, Bill]
) -> list[_Asked]:
    def ask(charge: PendingCharge) -> _Asked | None:
        bill = bills[charge.id]
        try:
            answer = ask_gateway(engine, charge, bill, at=charge.started_at)
        except Exception as error:  # noqa: BLE001 - what a gateway raises that is out of reach is its own affair
            logger.warning("%s got no answer (%s)", charge.id, type(error).__name__)
            return None
        return _Asked(charge, methods[charge.payment_method_id], bill, answer)

    with ThreadPoolExecutor(QUESTIONS_AT_ONCE, thread_name_prefix="billing-gateway") as pool:
        return [one for one in pool.map(ask, charges) if one is not None]


def _record(engine: Engine, asked: Sequence[_Asked]) -> None:
    agreement_ids = [one.charge.agreement_id for one in asked if one.charge.agreement_id is not None]
    with engine.begin() as tx:
        tx.read_ahead(agreement_ids, planned_ids=[name_of_plan(agreement_id) for agreement_id in agreement_ids])
        tx.invoices.read_ahead([one.charge.invoice_id or "" for one in asked], agreement_ids)
        tx.charges.remove_ahead([one.charge.id for one in asked if one.is_outcome])
        for one in asked:
            record(tx, engine, one.charge, one.method, one.bill, one.answer)
