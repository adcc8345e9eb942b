"""How a bill stands at Stripe, and what is done there because of what became of it here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final, cast

from stripe import Invoice

from billing_sdk.errors import Conflict, UnknownPayer
from billing_sdk.money import zero
from billing_sdk.server.gateways.bills import Bill, BillState, BillStatus
from billing_sdk.server.gateways.protocol import BillEvent
from billing_sdk.server.gateways.stripe.amounts import from_stripe
from billing_sdk.server.gateways.stripe.asking import ask_once
from billing_sdk.server.gateways.stripe.drafts import finalize, find, prepare, remember, retrieve
from billing_sdk.server.gateways.stripe.failures import answers_of_stripe
from billing_sdk.server.gateways.stripe.fees import follow_fee
from billing_sdk.server.gateways.stripe.link import StripeLink, metadata_of
from billing_sdk.server.gateways.stripe.lowering import lower, owed_of
from billing_sdk.server.gateways.stripe.payments import WHOLE, last_attempt
from billing_sdk.server.gateways.stripe.tax import taxes_of

NOTHING: Final[Mapping[str, bool]] = MappingProxyType({})


def look_up(link: StripeLink, bill_id: str) -> BillState | None:
    """Return how a bill stands, fetched from Stripe; None where it has none."""
    known = link.mirror.find("invoice", bill_id)
    if known is None or known.remote_id is None:
        return None
    try:
        invoice = retrieve(link, known.remote_id)
    except UnknownPayer:  # what Stripe says of any id that it does not have
        nothing = zero(str(known.detail.get("currency", "USD")))
        return BillState("deleted", nothing, nothing, known.remote_id)
    return state_of(link, invoice)


def state_of(link: StripeLink, invoice: Invoice) -> BillState:
    """Read an invoice that was fetched with its payments."""
    attempt = last_attempt(invoice)
    known = link.mirror.find("invoice", metadata_of(invoice).get("billing_id", ""))
    sent = None if known is None else known.detail.get("sent_at")
    is_taken = invoice.status == "paid" and attempt.paid_by is not None
    return BillState(
        status=cast("BillStatus", invoice.status or "draft"),
        # What was taken, should that be another sum than was asked for.
        amount=from_stripe(invoice.amount_paid, invoice.currency) if is_taken else owed_of(invoice),
        paid=from_stripe(invoice.amount_paid, invoice.currency),
        bill_reference=invoice.id,
        reference=attempt.paid_by if invoice.status == "paid" else attempt.reference,
        decline_code=attempt.decline_code,
        taxes=taxes_of(link, invoice),
        url=invoice.hosted_invoice_url,
        number=invoice.number,
        is_overdue=_is_overdue(link, invoice),
        sent_at=None if not sent else datetime.fromisoformat(sent),
    )


def send(link: StripeLink, bill: Bill) -> BillState:
    """Make a bill final and have Stripe send it; one of nothing is paid with that, and stays with us."""
    invoice = _final(link, bill)
    if invoice.status == "open":
        follow_fee(link, bill, invoice, owed_of(invoice))
    known = link.mirror.find("invoice", bill.id)
    is_sent = known is not None and "sent_at" in known.detail
    if invoice.status == "open" and invoice.collection_method == "send_invoice" and not is_sent:

        def ask(key: str) -> Invoice:
            return link.client.v1.invoices.send_invoice(invoice.id, {"expand": WHOLE}, {"idempotency_key": key})

        with answers_of_stripe(link.app):
            invoice = ask_once(link.keys.key("send", bill.id), ask, look=lambda: None)
        remember(link, bill.id, invoice, sent_at=link.now().isoformat())
    return state_of(link, invoice)


def withdraw(link: StripeLink, bill_id: str) -> None:
    """Let nobody pay a bill that came to nothing: its draft is deleted, its invoice void.

    Raises:
        Conflict: it was paid meanwhile.
    """
    invoice = find(link, bill_id)
    if invoice is None or invoice.status == "void":
        return
    if invoice.status == "paid":
        if last_attempt(invoice).paid_by is None:
            return  # somebody has marked it as paid there: no payment can come of it any more
        raise Conflict("the invoice at Stripe was paid meanwhile", bill=bill_id)
    if invoice.status == "draft":
        with answers_of_stripe(link.app):
            link.client.v1.invoices.delete(invoice.id)
        return
    _void(link, bill_id, invoice)


def follow(link: StripeLink, bill: Bill, event: BillEvent) -> BillState:
    """Make known at Stripe what has become of a bill here, and return how it stands there then.

    What is paid or void there stays so.
    """
    invoice = _final(link, bill)
    if invoice.status not in ("paid", "void"):
        invoice = FOLLOWED[event](link, bill.id, invoice)
    return state_of(link, invoice)


def _final(link: StripeLink, bill: Bill) -> Invoice:
    """Return the final invoice of a bill, for which no more is owed than for the bill."""
    invoice = prepare(link, bill)
    if invoice.status == "draft":
        invoice = finalize(link, bill, invoice)
    return lower(link, bill, invoice)


def _void(link: StripeLink, bill_id: str, invoice: Invoice) -> Invoice:
    return _moved(link, invoice, link.keys.key("void", bill_id), link.client.v1.invoices.void_invoice)


def _written_off(link: StripeLink, bill_id: str, invoice: Invoice) -> Invoice:
    if invoice.status != "open":
        return invoice
    return _moved(link, invoice, link.keys.key("uncollectible", bill_id), link.client.v1.invoices.mark_uncollectible)


def _paid_elsewhere(link: StripeLink, bill_id: str, invoice: Invoice) -> Invoice:
    remember(link, bill_id, invoice, paid_elsewhere="yes")
    pay = link.client.v1.invoices.pay
    return _moved(link, invoice, link.keys.key("elsewhere", bill_id), pay, {"paid_out_of_band": True})


def _moved(
    link: StripeLink, invoice: Invoice, key: str, ask: Callable[..., Invoice], params: Mapping[str, bool] = NOTHING
) -> Invoice:
    def look() -> Invoice | None:
        found = retrieve(link, invoice.id)
        return None if found.status == invoice.status else found

    sent = {**params, "expand": WHOLE}
    with answers_of_stripe(link.app):
        return ask_once(key, lambda key: ask(invoice.id, sent, {"idempotency_key": key}), look=look)


def _is_overdue(link: StripeLink, invoice: Invoice) -> bool:
    due = invoice.due_date
    return invoice.status == "open" and due is not None and due < link.now().timestamp()


FOLLOWED = {"void": _void, "uncollectible": _written_off, "paid_elsewhere": _paid_elsewhere}
