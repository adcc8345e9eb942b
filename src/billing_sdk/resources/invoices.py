"""Invoices: what was billed, what is billed next, and what is owed to a customer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from billing_sdk._operation import C, Call, Flow, Resource, operation
from billing_sdk.models import Credit, Document, Explanation, Invoice, InvoiceCollection, NextInvoice, UpcomingInvoice
from billing_sdk.money import Money
from billing_sdk.resources._base import MANAGEMENT, done, every, given, one, segment, wire_time
from billing_sdk.resources.credit_notes import lines_of

PATH = f"{MANAGEMENT}/billing/invoices"
INVOICE = one("invoice", Invoice.read)
EXPLANATION = one("explanation", Explanation.read)
NEXT = one("next_invoice", NextInvoice.read)
COLLECTION = one("collection", InvoiceCollection.read)


def _upcoming(data: Any) -> tuple[UpcomingInvoice, ...]:
    return Document(data, "answer").objects("upcoming_invoices", UpcomingInvoice.read)


class Invoices(Resource[C]):
    """Invoices; an extension that only our own server has. Takes the machine credentials."""

    @operation
    def list(self, customer_id: str, *, status: str | None = None) -> Flow[tuple[Invoice, ...]]:
        """Return every invoice of a customer, what was begun first coming first (extension).

        Args:
            customer_id: whose.
            status: only those of it; `gathering` gives what is billed next.

        Raises:
            NotFound: there is no such customer.
        """
        return every(PATH, "invoices", Invoice.read, customer_id=customer_id, **given(status=status))

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
    def upcoming(self, customer_id: str) -> Call[tuple[UpcomingInvoice, ...]]:
        """Return a customer's invoices that are to come, by the code that will bill them, the first first (extension).

        Raises:
            NotFound: there is no such customer.
        """
        path = f"{MANAGEMENT}/billing/upcoming_invoices"
        return Call("GET", path, _upcoming, params={"customer_id": customer_id}, credential="machine")

    @operation
    def charge(
        self,
        customer_id: str,
        *,
        description: str,
        amount: Money,
        bill_now: bool = False,
        period: tuple[datetime, datetime] | None = None,
        tax_code: str | None = None,
        tax_behavior: Literal["exclusive", "inclusive"] | None = None,
        agreement_id: str | None = None,
        idempotency_key: str | None = None,
    ) -> Call[Invoice]:
        """Charge a customer once, and return the invoice that says it (extension).

        Args:
            customer_id: who pays.
            description: what for, in a line.
            amount: more than nothing.
            bill_now: issue an invoice for it at once; else it is billed with what is billed next.
            period: start and end of what it pays for, over which it is earned.
            tax_code: what kind of thing it is.
            tax_behavior: whether the amount includes tax; as the billing profile says by default.
            agreement_id: what it is charged under, if anything.
            idempotency_key: makes the call safe to repeat.

        Raises:
            NotFound: there is no such customer, or the agreement is not the customer's.
            InvalidAmount: the amount is not above zero.
            UnknownTaxCode: there is no such tax code.
            TaxLocationMissing: tax is insisted on, and nobody knows where the customer is.
        """
        body = {
            "customer_id": customer_id,
            "currency": amount.currency,
            "bill_now": bill_now,
            **_line(description, amount, period, tax_code, tax_behavior, agreement_id),
        }
        path = f"{MANAGEMENT}/billing/charges"
        return Call("POST", path, INVOICE, json=body, credential="machine", idempotency_key=idempotency_key)

    @operation
    def draft(self, customer_id: str, *, currency: str, idempotency_key: str | None = None) -> Call[Invoice]:
        """Make a draft, which is billed to nobody before it is finalized (extension).

        Raises:
            NotFound: there is no such customer.
            InvalidAmount: there is no such currency.
        """
        body = {"customer_id": customer_id, "currency": currency}
        return Call("POST", PATH, INVOICE, json=body, credential="machine", idempotency_key=idempotency_key)

    @operation
    def add_line(
        self,
        invoice_id: str,
        *,
        description: str,
        amount: Money,
        period: tuple[datetime, datetime] | None = None,
        tax_code: str | None = None,
        tax_behavior: Literal["exclusive", "inclusive"] | None = None,
        agreement_id: str | None = None,
        idempotency_key: str | None = None,
    ) -> Call[Invoice]:
        """Put a one-off charge on a draft, or on what gathers for a customer's next invoice; see `charge` (extension).

        Raises:
            InvoiceLocked: it is neither of the two any more.
            InvalidAmount: the amount is not above zero.
            InvalidRequest: the invoice is in another currency.
            UnknownTaxCode: there is no such tax code.
            NotFound: there is no such invoice, or the agreement is not the customer's.
        """
        body = {"currency": amount.currency, **_line(description, amount, period, tax_code, tax_behavior, agreement_id)}
        path = f"{PATH}/{segment('invoice_id', invoice_id)}/lines"
        return Call("POST", path, INVOICE, json=body, credential="machine", idempotency_key=idempotency_key)

    @operation
    def remove_line(self, invoice_id: str, *, line: int, idempotency_key: str | None = None) -> Call[Invoice]:
        """Take a one-off charge off a draft, or off what gathers for a customer's next invoice (extension).

        Args:
            invoice_id: the invoice.
            line: the line's number; the first one is 1.
            idempotency_key: makes the call safe to repeat.

        Raises:
            InvoiceLocked: it is neither of the two any more, or the line is for what was agreed or used.
            NotFound: there is no such invoice, or it has no such line.
        """
        path = f"{PATH}/{segment('invoice_id', invoice_id)}/lines/{int(line)}"
        return Call("DELETE", path, INVOICE, credential="machine", idempotency_key=idempotency_key)

    @operation
    def finalize(self, invoice_id: str, *, idempotency_key: str | None = None) -> Call[Invoice]:
        """Issue a draft, or what gathers or waits for a customer, now; a declined card leaves it owed (extension).

        Raises:
            InvoiceLocked: it has been issued.
            EmptyInvoice: it has no lines.
            TaxLocationMissing: tax is insisted on, and nobody knows where the customer is.
            NotFound: there is no such invoice.
        """
        path = f"{PATH}/{segment('invoice_id', invoice_id)}/finalize"
        return Call("POST", path, INVOICE, credential="machine", idempotency_key=idempotency_key)

    @operation
    def discard(self, invoice_id: str, *, idempotency_key: str | None = None) -> Call[None]:
        """Throw a draft away, or the one-off charges that gather for a customer's next invoice (extension).

        Raises:
            InvoiceLocked: it is neither of the two any more, or says what was agreed or used.
            NotFound: there is no such invoice.
        """
        path = f"{PATH}/{segment('invoice_id', invoice_id)}"
        return Call("DELETE", path, done, credential="machine", idempotency_key=idempotency_key)

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


def _line(
    description: str,
    amount: Money,
    period: tuple[datetime, datetime] | None,
    tax_code: str | None,
    tax_behavior: str | None,
    agreement_id: str | None,
) -> dict[str, Any]:
    start, end = period or (None, None)
    return {
        "description": description,
        "amount_minor": amount.minor,
        **given(
            period_start=None if start is None else wire_time(start, "period"),
            period_end=None if end is None else wire_time(end, "period"),
            tax_code=tax_code,
            tax_behavior=tax_behavior,
            agreement_id=agreement_id,
        ),
    }
