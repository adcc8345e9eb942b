"""Disputes: payments that are asked back for through the payer's bank."""

from __future__ import annotations

from typing import Literal

from billing_sdk._operation import C, Call, Flow, Resource, operation
from billing_sdk.models import Dispute
from billing_sdk.resources._base import MANAGEMENT, every, given, one, segment

PATH = f"{MANAGEMENT}/billing/disputes"
DISPUTE = one("dispute", Dispute.read)


class Disputes(Resource[C]):
    """Disputes; an extension that only our own server has. Takes the machine credentials."""

    @operation
    def list(
        self,
        *,
        customer_id: str | None = None,
        invoice_id: str | None = None,
        status: Literal["needs_response", "under_review", "won", "lost", "closed"] | None = None,
    ) -> Flow[tuple[Dispute, ...]]:
        """Return disputes, the oldest first (extension).

        Args:
            customer_id: only those of a customer.
            invoice_id: only those of the payment of an invoice.
            status: only those that stand so.

        Raises:
            NotFound: there is no such customer or invoice.
        """
        wanted = given(customer_id=customer_id, invoice_id=invoice_id, status=status)
        return every(PATH, "disputes", Dispute.read, **wanted)

    @operation
    def get(self, dispute_id: str) -> Call[Dispute]:
        """Return one dispute (extension).

        Raises:
            UnknownDispute: there is none with this id.
        """
        return Call("GET", f"{PATH}/{segment('dispute_id', dispute_id)}", DISPUTE, credential="machine")

    @operation
    def close(
        self, dispute_id: str, *, outcome: Literal["won", "lost", "closed"], idempotency_key: str | None = None
    ) -> Call[Dispute]:
        """Decide a dispute of the managed test processor, which has no bank to do so (extension).

        Args:
            dispute_id: the dispute.
            outcome: `won` or `lost`; `closed` for an inquiry or a fraud warning.
            idempotency_key: makes the call safe to repeat.

        Raises:
            UnknownDispute: there is none with this id.
            DisputeClosed: it has ended already, or can't end so.
            DisputeElsewhere: a bank decides it, through the payment processor.
        """
        path = f"{PATH}/{segment('dispute_id', dispute_id)}/close"
        body = {"outcome": outcome}
        return Call("POST", path, DISPUTE, json=body, credential="machine", idempotency_key=idempotency_key)
