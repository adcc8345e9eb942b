"""What is done at a processor about a payment that was made: it is disputed there, or paid back there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from billing_sdk.money import Money
from billing_sdk.server.domain.invoicing import ToldDispute

# One that waits for somebody has moved no money yet, and one that is under way at the bank has.
RefundOutcome = Literal["waiting", "under_way", "succeeded", "failed"]


@dataclass(frozen=True, slots=True)
class PaymentDispute:
    """A dispute, fetched from the processor.

    Attributes:
        payment_reference: the processor's own id of the payment.
    """

    payment_reference: str
    told: ToldDispute


@dataclass(frozen=True, slots=True)
class PaymentRefund:
    """A refund, fetched from the processor, whoever has asked for it.

    Attributes:
        reference: the processor's own id of the refund.
        payment_reference: of the payment.
        our_id: of the refund, where this server has asked for it.
        decline_code: why it has failed.
    """

    reference: str
    payment_reference: str
    amount: Money
    outcome: RefundOutcome
    our_id: str | None = None
    decline_code: str | None = None
