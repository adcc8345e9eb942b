"""Collect: a bill is paid at Stripe, from whatever state an earlier attempt has left its invoice in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import stripe
from stripe import Invoice

from billing_sdk.errors import AuthenticationRequired, CardDeclined, GatewayRefused
from billing_sdk.server.gateways.bills import Awaited, Bill, Charge
from billing_sdk.server.gateways.stripe.amounts import from_stripe, require_chargeable
from billing_sdk.server.gateways.stripe.asking import ask_once
from billing_sdk.server.gateways.stripe.drafts import (
    finalize,
    prepare,
    remember,
    require_no_balance_used,
    retrieve,
    total_of,
)
from billing_sdk.server.gateways.stripe.failures import CONFIRMATION, answers_of_stripe, error_for
from billing_sdk.server.gateways.stripe.fees import follow_fee
from billing_sdk.server.gateways.stripe.link import StripeLink
from billing_sdk.server.gateways.stripe.lowering import lower, owed_of
from billing_sdk.server.gateways.stripe.payments import WHOLE, last_attempt
from billing_sdk.server.gateways.stripe.tax import taxes_for

Outcome = Charge | Awaited


@dataclass(frozen=True, slots=True)
class Collection:
    """One attempt at collecting a bill."""

    link: StripeLink
    bill: Bill
    attempt_id: str

    @property
    def known(self) -> Mapping[str, Any]:
        """What earlier attempts have noted."""
        found = self.link.mirror.find("invoice", self.bill.id)
        return {} if found is None else found.detail


MOST_STEPS: Final = 4


def collect(link: StripeLink, bill: Bill, *, attempt_id: str) -> Outcome:
    """Collect a bill from its payment method.

    Args:
        link: the linked account.
        bill: what is to be paid.
        attempt_id: names this attempt; the same one never takes money twice, nor gets another answer.

    Raises:
        CardDeclined: the bank refuses it; the invoice stays open there for a later attempt.
        AuthenticationRequired: the bank wants it confirmed, and nobody is there to do so; `url` is where that can be.
        GatewayRefused: Stripe does not take such a bill, or its invoice there can't be paid any more.
        TaxLocationMissing: Stripe is to work out the tax, can't, and the bill must not go without.
    """
    collection = Collection(link, bill, attempt_id)
    _repeat_decline(collection)
    invoice = prepare(link, bill)
    for _ in range(MOST_STEPS):
        step = STEPS.get(invoice.status or "")
        if step is None:
            break
        answer = step(collection, invoice)
        if not isinstance(answer, Invoice):
            return answer
        invoice = answer
    raise GatewayRefused(
        f"the invoice at Stripe is {invoice.status!r}, and can't be paid",
        remedy="Void our invoice as well, or bill what is owed anew.",
    )


def _from_draft(collection: Collection, invoice: Invoice) -> Invoice | Outcome:
    if collection.bill.finalizes == "at_once":
        return finalize(collection.link, collection.bill, invoice)
    require_chargeable(total_of(invoice))
    if not invoice.auto_advance:

        def ask(key: str) -> Invoice:
            return collection.link.client.v1.invoices.update(
                invoice.id, {"auto_advance": True}, {"idempotency_key": key}
            )

        with answers_of_stripe(collection.link.app):
            ask_once(collection.link.keys.key("advance", collection.bill.id), ask, look=lambda: None)
    # From now on it is Stripe that makes it final and charges it; this attempt has what comes of that.
    remember(collection.link, collection.bill.id, invoice, left_to_stripe=collection.attempt_id)
    return Awaited("finalization", bill_reference=invoice.id)


def _from_open(collection: Collection, invoice: Invoice) -> Invoice | Outcome:
    attempt, known = last_attempt(invoice), collection.known
    is_ours = collection.attempt_id in (known.get("awaited"), known.get("left_to_stripe"))
    if attempt.is_processing:
        return _awaited(collection, invoice, Awaited("processing", bill_reference=invoice.id))
    if is_ours and attempt.needs_action:
        return Awaited("authentication", invoice.hosted_invoice_url, invoice.id, attempt.reference)
    if is_ours and attempt.decline_code is not None:
        raise _declined(collection, CardDeclined("the payment was declined", decline_code=attempt.decline_code))
    if known.get("left_to_stripe") == collection.attempt_id:
        return Awaited("finalization", invoice.hosted_invoice_url, invoice.id)
    require_no_balance_used(invoice)
    lowered = lower(collection.link, collection.bill, invoice)
    if lowered.status != "open":
        return lowered
    follow_fee(collection.link, collection.bill, lowered, owed_of(lowered))
    return _pay(collection, lowered)


def _pay(collection: Collection, invoice: Invoice) -> Invoice | Outcome:
    params: Any = {"off_session": not collection.bill.is_present, "expand": WHOLE}
    if collection.bill.token is not None:
        params["payment_method"] = collection.bill.token
    # Whether the payer is there makes another request of it.
    key = collection.link.keys.key("pay", collection.attempt_id, *(["present"] if collection.bill.is_present else []))

    def ask(key: str) -> Invoice:
        return collection.link.client.v1.invoices.pay(invoice.id, params, {"idempotency_key": key})

    def look() -> Invoice | None:
        found = retrieve(collection.link, invoice.id)
        return found if found.status != "open" or last_attempt(found).is_processing else None

    try:
        paid = ask_once(key, ask, look=look)
    except (stripe.CardError, stripe.InvalidRequestError) as error:
        told = error_for(error)
        needs_action = error.code in CONFIRMATION or isinstance(told, AuthenticationRequired)
        if needs_action and collection.bill.is_present:
            url = invoice.hosted_invoice_url
            return _awaited(collection, invoice, Awaited("authentication", url, invoice.id))
        if isinstance(told, CardDeclined):
            if needs_action:
                told.facts["url"] = invoice.hosted_invoice_url
            raise _declined(collection, told) from None
        raise told from None
    except stripe.StripeError as error:
        raise error_for(error) from None
    if paid.status == "open":
        return _awaited(collection, paid, Awaited("processing", bill_reference=paid.id))
    return paid


def _from_paid(collection: Collection, invoice: Invoice) -> Outcome:
    attempt = last_attempt(invoice)
    if attempt.paid_by is None and owed_of(invoice):
        known = collection.known.get("paid_elsewhere")
        why = "was paid by other means" if known else "was marked as paid there without a payment"
        raise GatewayRefused(f"the invoice at Stripe {why}")
    remember(
        collection.link,
        collection.bill.id,
        invoice,
        **({} if attempt.paid_by is None else {"reference": attempt.paid_by}),
    )
    asks = collection.bill.tax != "none" and not collection.bill.is_taxed
    taxes = taxes_for(collection.link, collection.bill, invoice) if asks else ()
    return Charge(attempt.paid_by or invoice.id, from_stripe(invoice.amount_paid, invoice.currency), taxes, invoice.id)


def _awaited(collection: Collection, invoice: Invoice, awaited: Awaited) -> Awaited:
    remember(collection.link, collection.bill.id, invoice, awaited=collection.attempt_id)
    return awaited


def _declined(collection: Collection, declined: CardDeclined) -> CardDeclined:
    """Note that an attempt was declined, so that it stays so when somebody asks again after a crash."""
    known = collection.link.mirror.find("invoice", collection.bill.id)
    if known is not None and known.remote_id is not None:
        said = str(declined.facts.get("decline_code"))
        detail = {
            **known.detail,
            "declined": collection.attempt_id,
            "decline_code": said,
            "decline_class": declined.code,
        }
        collection.link.mirror.save("invoice", collection.bill.id, known.remote_id, detail=detail)
    return declined


def _repeat_decline(collection: Collection) -> None:
    known = collection.known
    if known.get("declined") != collection.attempt_id:
        return
    facts: dict[str, Any] = {"decline_code": known["decline_code"]}
    if known["decline_class"] == AuthenticationRequired.code:
        raise AuthenticationRequired("the bank wants the payment confirmed", url=known.get("url"), **facts)
    raise CardDeclined(f"the payment was declined ({facts['decline_code']})", **facts)


Step = Callable[[Collection, Invoice], Invoice | Outcome]
STEPS: Final[Mapping[str, Step]] = {"draft": _from_draft, "open": _from_open, "paid": _from_paid}
