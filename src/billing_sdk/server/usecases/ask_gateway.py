"""Ask a gateway for a charge, and tell apart what it says: an outcome, that there is none yet, or nothing at all."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Final

from billing_sdk.errors import (
    AuthenticationRequired,
    BillingError,
    BillingNotEnabled,
    CardDeclined,
    GatewayNotConnected,
    GatewayRefused,
    GatewayUnauthorized,
    GatewayUnreachable,
    PaymentPending,
    TaxLocationMissing,
)
from billing_sdk.money import total
from billing_sdk.server.domain.invoicing import Awaits, PendingCharge
from billing_sdk.server.gateways import Awaited, Bill, Charge
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.gateway_of import gateway_of

logger = logging.getLogger(__name__)

# The outcome is that nothing was collected, and nothing will be under this key.
REFUSED: Final = (CardDeclined, GatewayRefused, TaxLocationMissing)
# Nothing is known, and asking again at once would be of no use.
RESTING: Final = (GatewayUnreachable, GatewayUnauthorized, GatewayNotConnected, BillingNotEnabled)
# What becomes of a charge is on record already, and no reason for others to stop.
ON_RECORD: Final = (*REFUSED, PaymentPending)
Answer = Charge | Awaited | CardDeclined | GatewayRefused | TaxLocationMissing


def ask_gateway(engine: Engine, charge: PendingCharge, bill: Bill, *, at: datetime) -> Answer:
    """Ask for a charge, outside any transaction; asking again collects nothing twice.

    A bill that was to be paid with a change and is not is withdrawn, so that nobody pays for what nobody gets.

    Args:
        engine: the engine.
        charge: what is asked for.
        bill: what the gateway is told of it.
        at: the present of the customer, who has some time to confirm a payment.

    Raises:
        Exception: nothing is known; one of `RESTING` where that may last.
    """
    gateway = gateway_of(engine, charge.gateway)
    answer: Answer
    try:
        answer = gateway.collect(bill, idempotency_key=charge.id)
    except AuthenticationRequired as refusal:
        # The bill of a change is withdrawn below, and its page with it.
        url = None if charge.invoice_id is None else refusal.facts.get("url")
        answer = unconfirmed(refusal.detail, url=url)
    except REFUSED as refusal:
        answer = refusal
    is_still_to_confirm = isinstance(answer, Awaited) and answer.reason == "authentication"
    if is_still_to_confirm and charge.awaits is not None and charge.awaits.is_given_up(at):
        answer = unconfirmed("nobody has confirmed the payment")
    if charge.invoice_id is None and isinstance(answer, REFUSED):
        gateway.withdraw(bill.id)
    return answer


def agrees(bill: Bill, receipt: Charge) -> bool:
    """Tell whether what was taken is what was to be paid: the bill, with taxes that the processor has added to it."""
    expected = bill.amount
    if not bill.is_taxed:
        added = [tax.amount for tax in receipt.taxes or () if not tax.is_inclusive]
        expected += total(added, bill.currency)
    return receipt.amount == expected


def unconfirmed(said: str, *, url: str | None = None) -> CardDeclined:
    """Return the refusal of a payment that its payer has not confirmed, with the page where that can still be done."""
    facts = {} if url is None else {"url": url}
    return CardDeclined(said, decline_code=AuthenticationRequired.code, **facts)


def pending(awaits: Awaits) -> BillingError:
    """Return what is said of a payment that has no outcome yet, with the page where the payer goes on, if any."""
    facts = {} if awaits.url is None else {"url": awaits.url}
    if awaits.reason == "authentication":
        return AuthenticationRequired("the payment is to be confirmed by its payer", **facts)
    return PaymentPending("the outcome of the payment is not known yet", **facts)
