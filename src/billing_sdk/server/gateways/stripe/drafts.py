"""Drafts: a bill becomes an invoice at Stripe, with its lines, and with the sum that we have.

Every step looks at what is there first, so that it may be taken again from any point on: a process can die between a
request and its answer, and after a day Stripe has forgotten the keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from stripe import Invoice

from billing_sdk.errors import GatewayRefused, UnknownPayer
from billing_sdk.money import Money
from billing_sdk.server.gateways.bills import Bill
from billing_sdk.server.gateways.stripe.amounts import from_stripe, require_chargeable, to_stripe
from billing_sdk.server.gateways.stripe.asking import ask_once
from billing_sdk.server.gateways.stripe.customers import ensure_customer
from billing_sdk.server.gateways.stripe.failures import answers_of_stripe
from billing_sdk.server.gateways.stripe.fees import fee_of, follow_fee
from billing_sdk.server.gateways.stripe.filling import fill
from billing_sdk.server.gateways.stripe.keys import made_at, may_be_forgotten
from billing_sdk.server.gateways.stripe.lines import fingerprint, lines_to_send
from billing_sdk.server.gateways.stripe.link import StripeLink, metadata_of
from billing_sdk.server.gateways.stripe.payments import WHOLE
from billing_sdk.server.gateways.stripe.tax import settle_automatic_tax, tax_added

if TYPE_CHECKING:
    from stripe.params import InvoiceCreateParams, InvoiceListParams

PAGE = 20
SLACK = timedelta(days=1)
LONGEST_NUMBER = 140
# What of a draft can still change when its bill is issued.
HEAD = ("collection_method", "due_date", "default_payment_method", "custom_fields")


def prepare(link: StripeLink, bill: Bill) -> Invoice:
    """Return the invoice at Stripe that stands for a bill, as it stands now; a draft has all its lines.

    Raises:
        GatewayRefused: Stripe does not take such a bill, or its sum there is not ours; nothing has become final.
        TaxLocationMissing: Stripe is to work out the tax, can't, and the bill must not go without.
    """
    for line in lines_to_send(bill):
        to_stripe(line.amount)  # refused before anything is made
    to_stripe(bill.amount)
    invoice = find(link, bill.id)
    is_new = invoice is None
    if invoice is None:
        invoice = _made(link, bill)
    if invoice.status != "draft":
        return invoice
    try:
        return _completed(link, bill, invoice, is_new=is_new)
    except GatewayRefused:
        # Another process may have made it final meanwhile: then it is not to be changed any more, and needs not be.
        found = retrieve(link, invoice.id)
        if found.status == "draft":
            raise
        return found


def finalize(link: StripeLink, bill: Bill, invoice: Invoice) -> Invoice:
    """Make a draft final, so that it can be paid; Stripe does nothing more about it by itself.

    Raises:
        AmountTooSmall: Stripe would charge nothing of it, and carry it over to the customer's next invoice.
    """
    if bill.token is not None:
        require_chargeable(total_of(invoice))
    # Whether tax goes with it may be decided anew; the request is another one then.
    taxed = "taxed" if invoice.automatic_tax.enabled else "plain"

    def ask(key: str) -> Invoice:
        return link.client.v1.invoices.finalize_invoice(
            invoice.id, {"auto_advance": False, "expand": WHOLE}, {"idempotency_key": key}
        )

    def look() -> Invoice | None:
        found = retrieve(link, invoice.id)
        return None if found.status == "draft" else found

    with answers_of_stripe(link.app):
        found = ask_once(link.keys.key("finalize", bill.id, taxed), ask, look=look)
    remember(link, bill.id, found)
    return found


def require_same_total(bill: Bill, invoice: Invoice) -> None:
    """Let an invoice pass whose sum is that of the bill, and of which nothing else than that is asked for.

    Raises:
        GatewayRefused: it is another one.
    """
    there, ours = total_of(invoice), expected_of(bill, invoice)
    if there != ours:
        raise GatewayRefused(
            f"the invoice at Stripe comes to {there}, and ours to {ours}",
            remedy="Nothing was charged. Delete the draft at Stripe; it is made anew.",
            ours_minor=ours.minor,
            theirs_minor=there.minor,
        )
    due = from_stripe(invoice.amount_due, invoice.currency)
    if due != there:
        raise GatewayRefused(
            f"of {there} Stripe would ask for {due}, since the customer has a balance there",
            remedy="Set the customer's balance at Stripe to zero; what a customer has to its credit is kept here.",
            ours_minor=ours.minor,
            theirs_minor=due.minor,
        )


def require_no_balance_used(invoice: Invoice) -> None:
    """Let a final invoice pass to which no balance of the customer at Stripe was put.

    Raises:
        GatewayRefused: one was, so another sum would be taken than is owed.
    """
    if invoice.ending_balance is not None and invoice.ending_balance != invoice.starting_balance:
        raise GatewayRefused(
            "the invoice at Stripe has used a balance that the customer has there",
            remedy="Void the invoice, which gives the balance back, set that to zero, and bill what is owed anew.",
        )


def expected_of(bill: Bill, invoice: Invoice) -> Money:
    """Return what an invoice is to come to.

    An invoice of ours that has its number has its taxes as well; else those are added that Stripe has worked out.
    """
    return bill.amount if bill.is_taxed else bill.amount + tax_added(invoice)


def find(link: StripeLink, bill_id: str) -> Invoice | None:
    """Return the invoice that is known to stand for a bill, fetched with its payments; None where none is known."""
    known = link.mirror.find("invoice", bill_id)
    if known is None or known.remote_id is None:
        return None
    try:
        return retrieve(link, known.remote_id)
    except UnknownPayer:  # what Stripe says of any id that it does not have: somebody has deleted the draft
        return None


def retrieve(link: StripeLink, invoice_id: str) -> Invoice:
    """Return an invoice as it stands at Stripe."""
    with answers_of_stripe(link.app):
        return link.client.v1.invoices.retrieve(invoice_id, {"expand": WHOLE})


def remember(link: StripeLink, bill_id: str, invoice: Invoice, **more: str) -> None:
    """Note what is known of an invoice: where the payer sees it, and what else a later attempt has to know."""
    known = link.mirror.find("invoice", bill_id)
    before = {} if known is None else dict(known.detail)
    told = {"url": invoice.hosted_invoice_url, "number": invoice.number}
    detail = {**before, **{name: value for name, value in told.items() if value}, **more}
    if known is None or detail != before:
        link.mirror.save("invoice", bill_id, invoice.id, detail=detail)


def total_of(invoice: Invoice) -> Money:
    """Return what an invoice comes to, with tax."""
    return from_stripe(invoice.total, invoice.currency)


def _completed(link: StripeLink, bill: Bill, invoice: Invoice, *, is_new: bool) -> Invoice:
    if not is_new:
        invoice = _brought_up_to_date(link, bill, invoice)
    invoice = fill(link, bill, invoice, is_new=is_new)
    if invoice.status != "draft":
        return invoice
    invoice = settle_automatic_tax(link, bill, invoice)
    require_same_total(bill, invoice)
    to_stripe(total_of(invoice))  # with its tax it may be an amount that can't be charged
    follow_fee(link, bill, invoice, total_of(invoice))
    return invoice


def _made(link: StripeLink, bill: Bill) -> Invoice:
    customer = ensure_customer(link, bill.payer)
    params = _params(link, bill, customer)

    def ask(key: str) -> Invoice:
        return link.client.v1.invoices.create(params, {"idempotency_key": key})

    with answers_of_stripe(link.app):
        forgotten = may_be_forgotten(bill.id, at=link.now())
        invoice = _left_behind(link, bill, customer) if forgotten else None
        if invoice is None:
            # One that was deleted there is made anew, and Stripe would repeat what it has answered for the first.
            gone = link.mirror.find("invoice", bill.id)
            again = [] if gone is None or gone.remote_id is None else [gone.remote_id]
            key = link.keys.key("invoice", bill.id, *again)
            invoice = ask_once(key, ask, look=lambda: _left_behind(link, bill, customer))
    fee = params.get("application_fee_amount")
    remember(link, bill.id, invoice, **({} if fee is None else {"fee": str(fee)}))
    return invoice


def _left_behind(link: StripeLink, bill: Bill, customer: str) -> Invoice | None:
    """Return the invoice that a process has made for a bill before it could note so; the newest come first."""
    params: InvoiceListParams = {"customer": customer, "limit": PAGE}
    page = link.client.v1.invoices.list(params)
    since = _since(bill.id)
    while True:
        for invoice in page.data:
            if metadata_of(invoice).get("billing_id") == bill.id:
                return retrieve(link, invoice.id)
        if not page.data or not page.has_more or page.data[-1].created < since:
            return None
        page = link.client.v1.invoices.list({**params, "starting_after": page.data[-1].id})


def _since(bill_id: str) -> float:
    """Return the second before which nothing was made for a bill."""
    made: datetime | None = made_at(bill_id)
    return 0 if made is None else (made - SLACK).timestamp()


def _params(link: StripeLink, bill: Bill, customer: str) -> InvoiceCreateParams:
    params: InvoiceCreateParams = {
        "customer": customer,
        "currency": bill.currency.lower(),
        "auto_advance": False,
        "pending_invoice_items_behavior": "exclude",
        "metadata": link.metadata(bill.id, bill.payer.customer_id),
        "automatic_tax": {"enabled": bill.tax != "none"},
        "collection_method": "charge_automatically",
    }
    if bill.number is not None:
        params["custom_fields"] = [{"name": "Invoice", "value": bill.number[:LONGEST_NUMBER]}]
    if bill.token is not None:
        params["default_payment_method"] = bill.token
    elif bill.amount:
        params["collection_method"] = "send_invoice"
        if bill.due_at is not None and bill.due_at > link.now():
            params["due_date"] = int(bill.due_at.timestamp())
        else:
            params["days_until_due"] = 0
    fee = fee_of(link, bill.amount)
    if fee is not None:
        params["application_fee_amount"] = fee
    return params


def _brought_up_to_date(link: StripeLink, bill: Bill, invoice: Invoice) -> Invoice:
    """Return a draft with what is known of its bill since it was made to learn the tax, or for an earlier attempt."""
    wanted: Mapping[str, Any] = {**_params(link, bill, "")}
    there = invoice.to_dict()
    changes: Any = {name: wanted[name] for name in HEAD if name in wanted and wanted[name] != there.get(name)}
    if "days_until_due" in wanted and invoice.due_date is None:
        changes["days_until_due"] = wanted["days_until_due"]
    is_taxed = bill.tax != "none"
    # One that went without tax because it may stays so, until its bill insists on tax, or has it.
    if is_taxed != invoice.automatic_tax.enabled and (bill.tax != "by_gateway_or_none" or bill.is_taxed):
        changes["automatic_tax"] = {"enabled": is_taxed}
    elif is_taxed and invoice.automatic_tax.status != "complete":
        # The payer may have said meanwhile where that is; a draft is worked out anew when something about it is sent.
        ensure_customer(link, bill.payer)
        changes["automatic_tax"] = {"enabled": invoice.automatic_tax.enabled}
    if not changes:
        return invoice

    def ask(key: str) -> Invoice:
        return link.client.v1.invoices.update(invoice.id, changes, {"idempotency_key": key})

    was = {name: there.get(name) for name in (*HEAD, "automatic_tax")} | {"address": str(bill.payer.address)}
    with answers_of_stripe(link.app):
        # What it was before tells a change from the same one that was made and taken back.
        return ask_once(link.keys.key("head", bill.id, fingerprint([changes, was])), ask, look=lambda: None)
