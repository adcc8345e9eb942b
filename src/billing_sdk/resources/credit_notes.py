"""Credit notes: some or all of an issued invoice is taken back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from billing_sdk._operation import C, Call, Flow, Resource, operation
from billing_sdk.models import CreditNote
from billing_sdk.resources._base import MANAGEMENT, every, given, one, segment

PATH = f"{MANAGEMENT}/billing/credit_notes"
NOTE = one("credit_note", CreditNote.read)


class CreditNotes(Resource[C]):
    """Credit notes; an extension that only our own server has. Takes the machine credentials."""

    @operation
    def list(self, customer_id: str) -> Flow[tuple[CreditNote, ...]]:
        """Return every credit note of a customer, the oldest first (extension).

        Raises:
            NotFound: there is no such customer.
        """
        return every(PATH, "credit_notes", CreditNote.read, customer_id=customer_id)

    @operation
    def get(self, credit_note_id: str) -> Call[CreditNote]:
        """Return one credit note, with what has become of its refund (extension).

        Raises:
            UnknownCreditNote: there is none with this id.
        """
        return Call("GET", f"{PATH}/{segment('credit_note_id', credit_note_id)}", NOTE, credential="machine")

    @operation
    def issue(
        self,
        invoice_id: str,
        *,
        reason: str,
        lines: Mapping[int, int] | None = None,
        amount_minor: int | None = None,
        destination: Literal["invoice", "refund", "balance"] | None = None,
        idempotency_key: str | None = None,
    ) -> Call[CreditNote]:
        """Take back some or all of an invoice, which itself stays as it is (extension).

        Args:
            invoice_id: the invoice.
            reason: why, in words that the customer may read.
            lines: for lines by their numbers how much, in minor units, before taxes that were added to them.
            amount_minor: or how much of the invoice, with its taxes; without either, all that is left.
            destination: off what is owed, back to where the money came from, or to the customer's balance; by default
                off what is owed, else back to the card, and to the balance what that has paid.
            idempotency_key: makes the call safe to repeat.

        Raises:
            InvoiceNotIssued, InvoiceVoid, InvoicePaid, InvoiceNotOwed, InvoiceNotPaid: it can't be corrected so.
            CreditNoteTooLarge, RefundTooLarge: there is less left of a line, of the invoice, or of what was paid.
            Conflict: a payment of the invoice is under way.
            NotFound: there is no such invoice, or it has no such line.
        """
        body: dict[str, Any] = {"reason": reason, **given(amount_minor=amount_minor, destination=destination)}
        if lines is not None:
            body["lines"] = lines_of(lines)
        path = f"{MANAGEMENT}/billing/invoices/{segment('invoice_id', invoice_id)}/credit_notes"
        return Call("POST", path, NOTE, json=body, credential="machine", idempotency_key=idempotency_key)


def lines_of(amounts_minor: Mapping[int, int]) -> list[dict[str, int]]:
    """Return amounts of lines as they are on the wire."""
    return [{"line": line, "amount_minor": amount_minor} for line, amount_minor in amounts_minor.items()]
