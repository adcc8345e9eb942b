"""What a billing server refuses when an invoice is to be corrected."""

from __future__ import annotations

from billing_sdk.errors._answers import APIError, Conflict, NotFound


class InvoiceNotIssued(Conflict):
    """An invoice has not been issued yet, so there is nothing to correct; it can be changed or discarded."""

    code = "invoice_not_issued"
    title = "Invoice not issued"
    default_remedy = "Change or discard the invoice instead."


class InvoicePaid(Conflict):
    """An invoice is paid, so it can't be made void, and nothing is taken off what is owed."""

    code = "invoice_paid"
    title = "Invoice is paid"
    default_remedy = "Issue a credit note that is refunded or goes to the customer's balance."


class InvoiceNotPaid(Conflict):
    """An invoice has not been paid with money, so none of it can be refunded."""

    code = "invoice_not_paid"
    title = "Invoice not paid"
    default_remedy = "Issue a credit note that lowers what is owed, or goes to the customer's balance."


class InvoiceVoid(Conflict):
    """An invoice is void: it asks for nothing, and is not corrected any more."""

    code = "invoice_void"
    title = "Invoice is void"
    default_remedy = "Correct the invoice that took its place, if there is one."


class InvoiceNotOwed(Conflict):
    """An invoice was given up for lost, so nothing can be taken off what is owed for it."""

    code = "invoice_not_owed"
    title = "Nobody owes the invoice"
    default_remedy = "Make the invoice void, or wait until it is paid."


class CreditNoteTooLarge(APIError):
    """A credit note is for more than what is left of an invoice, or of one of its lines.

    Its facts are `asked_minor` and `left_minor`, and `line` where it is about one.
    """

    code = "credit_note_too_large"
    status = 400
    title = "More than what is left to credit"
    default_remedy = "Credit what is left at most."


class RefundTooLarge(APIError):
    """A refund is for more than what is left of what was paid; its facts are `asked_minor` and `left_minor`."""

    code = "refund_too_large"
    status = 400
    title = "More than what was paid"
    default_remedy = "Refund what is left of the payment at most."


class RefundDeclined(APIError):
    """The payment processor can't refund a charge, for example because the card is closed; `decline_code` says why."""

    code = "refund_declined"
    status = 402
    title = "Refund declined"
    default_remedy = "Give the amount back in another way; it is on the customer's balance."


class UnknownCreditNote(NotFound):
    """There is no credit note with this id."""

    code = "unknown_credit_note"
    title = "Unknown credit note"
    default_remedy = "List the credit notes of the invoice or the customer."
