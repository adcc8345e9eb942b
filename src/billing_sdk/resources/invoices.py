"""Invoices: what was billed, what is billed next, and what is owed to a customer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from billing_sdk._operation import C, Call, Flow, Resource, operation
from billing_sdk.models import Credit, Explanation, Invoice, InvoiceCollection, NextInvoice
from billing_sdk.resources._base import MANAGEMENT, every, one, segment
from billing_sdk.resources.credit_notes import lines_of

PATH = f"{MANAGEMENT}/billing/invoices"
INVOICE = one("invoice", Invoice.read)
EXPLANATION = one("explanation", Explanation.read)
NEXT = one("next_invoice", NextInvoice.read)
COLLECTION = one("collection", InvoiceCollection.read)


class Invoices(Resource[C]):
    """Invoices; an extension that only our own server has. Takes the machine credentials."""

    @operation
    def list(self, customer_id: str) -> Flow[tuple[Invoice, ...]]:
        """Return every invoice of a customer, the oldest first (extension).

        Raises:
            NotFound: there is no such customer.
        """
        return every(PATH, "invoices", Invoice.read, customer_id=customer_id)

    @operation
    def get(self, invoice_id: str) -> Call[Invoice]:
        """Return one invoice; each line's `derivation` and `told` say how its amount came about (extension).

        Raises:
            NotFound: there is no such invoice.
        """
        return Call("GET", f"{PATH}/{segment('invoice_id', invoice_id)}", INVOICE, credential="machine")

    @operation
    def explain(self, invoice_id: str, *, line: int) -> Call[Explanation]:
        """Return everything that the amount of a line was made of (extension).

        Args:
            invoice_id: the invoice.
            line: the line's number; the first one is 1.

        Raises:
            NotFound: there is no such invoice, or it has no such line.
        """
        path = f"{PATH}/{segment('invoice_id', invoice_id)}/lines/{int(line)}/explain"
        return Call("GET", path, EXPLANATION, credential="machine")

    @operation
    def collection(self, invoice_id: str) -> Call[InvoiceCollection]:
        """Return every attempt to collect an invoice, and what follows if it is not paid (extension).

        Raises:
            NotFound: there is no such invoice.
        """
        path = f"{PATH}/{segment('invoice_id', invoice_id)}/collection"
        return Call("GET", path, COLLECTION, credential="machine")

    @operation
    def pay(
        self,
        invoice_id: str,
        *,
        by: Literal["card", "other"] = "card",
        reference: str = "",
        idempotency_key: str | None = None,
    ) -> Call[InvoiceCollection]:
        """Charge the card on file for an owed invoice, or record that it was paid by other means (extension).

        Args:
            invoice_id: the invoice.
            by: `card`, or `other`, such as a bank transfer, where nothing is charged.
            reference: what identifies a payment by other means.
            idempotency_key: lets the call be repeated.

        Raises:
            InvoiceNotPayable: there is nothing to pay.
            PaymentMethodRequired: the customer has no card.
            CardDeclined: the charge was refused; the invoice stays owed.
            NotFound: there is no such invoice.
        """
        path = f"{PATH}/{segment('invoice_id', invoice_id)}/pay"
        body = {"by": by, "reference": reference}
        return Call("POST", path, COLLECTION, json=body, credential="machine", idempotency_key=idempotency_key)

    @operation
    def write_off(self, invoice_id: str, *, idempotency_key: str | None = None) -> Call[InvoiceCollection]:
        """Make an owed invoice uncollectible; should it be paid all the same, it is paid (extension).

        Raises:
            InvoiceNotPayable: nobody owes it.
            NotFound: there is no such invoice.
        """
        path = f"{PATH}/{segment('invoice_id', invoice_id)}/write_off"
        return Call("POST", path, COLLECTION, credential="machine", idempotency_key=idempotency_key)

    @operation
    def void(self, invoice_id: str, *, idempotency_key: str | None = None) -> Call[Invoice]:
        """Make an issued invoice void that nobody has paid; what credit has paid of it is there again (extension).

        Raises:
            InvoiceNotIssued, InvoicePaid, InvoiceVoid: it can't be.
            Conflict: a payment of it is under way.
            NotFound: there is no such invoice.
        """
        path = f"{PATH}/{segment('invoice_id', invoice_id)}/void"
        return Call("POST", path, INVOICE, credential="machine", idempotency_key=idempotency_key)

    @operation
    def reissue(
        self, invoice_id: str, *, lines: Mapping[int, int], idempotency_key: str | None = None
    ) -> Call[Invoice]:
        """Make an invoice void, and issue another one in its place (extension).

        Args:
            invoice_id: the invoice that was wrong.
            lines: for each line that was wrong, by its number, what it comes to in minor units, discounts taken off;
                zero leaves it out.
            idempotency_key: makes the call safe to repeat.

        Raises:
            InvoiceNotIssued, InvoicePaid, InvoiceVoid: it can't be made void.
            InvalidAmount: a line can't come to that, or no line is left.
            Conflict: a payment of it is under way, or some of it was credited.
            NotFound: there is no such invoice, or it has no such line.
        """
        path = f"{PATH}/{segment('invoice_id', invoice_id)}/reissue"
        body = {"lines": lines_of(lines)}
        return Call("POST", path, INVOICE, json=body, credential="machine", idempotency_key=idempotency_key)

    @operation
    def next_of(self, agreement_id: str) -> Call[NextInvoice]:
        """Return what an agreement is billed next, with what was used so far (extension).

        Raises:
            AgreementNotLive: it has ended, and is billed no more.
            NotFound: there is no such agreement.
        """
        agreement = segment("agreement_id", agreement_id)
        path = f"{MANAGEMENT}/billing/agreements/{agreement}/next_invoice"
        return Call("GET", path, NEXT, credential="machine")

    @operation
    def credit(self, customer_id: str) -> Call[Credit]:
        """Return what is owed to a customer, such as for days that were paid for and not used (extension).

        Raises:
            NotFound: there is no such customer.
        """
        params = {"customer_id": customer_id}
        return Call("GET", f"{MANAGEMENT}/billing/credit", Credit.read, params=params, credential="machine")
