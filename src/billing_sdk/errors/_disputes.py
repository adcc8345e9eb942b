"""What a billing server refuses because a payment is disputed."""

from __future__ import annotations

from billing_sdk.errors._answers import Conflict, NotFound
from billing_sdk.errors._corrections import RefundTooLarge


class PaymentDisputed(RefundTooLarge):
    """What is to be given back is asked back for through the bank already, or was lost to it.

    Its facts are `asked_minor`, `left_minor` and `disputed_minor`.
    """

    code = "payment_disputed"
    title = "Payment is disputed"
    default_remedy = "Wait until the dispute is decided, or give back what is not disputed at most."


class DisputeClosed(Conflict):
    """A dispute was decided already, or can't end in such a way; the fact `status` says how it stands."""

    code = "dispute_closed"
    title = "Dispute can't end so"
    default_remedy = "A dispute that goes on is won or lost; an inquiry and a fraud warning are closed."


class DisputeElsewhere(Conflict):
    """A dispute is decided by a bank, through the payment processor, and not by this server."""

    code = "dispute_elsewhere"
    title = "Dispute is decided elsewhere"
    default_remedy = "Answer it in the processor's dashboard; what is decided is known here then."


class UnknownDispute(NotFound):
    """There is no dispute with this id."""

    code = "unknown_dispute"
    title = "Unknown dispute"
    default_remedy = "List the disputes."
