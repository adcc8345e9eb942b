"""Pay an invoice: from a payment method, or by recording that it was paid by other means."""

from __future__ import annotations

from typing import Final

from billing_sdk.errors import AuthenticationRequired, BillingError, NotFound, PaymentMethodRequired
from billing_sdk.server.api.stripe.bodies import FormBody
from billing_sdk.server.api.stripe.payment_intent_view import code_of
from billing_sdk.server.api.stripe.payment_methods import reference_of
from billing_sdk.server.api.stripe.problems import refused
from billing_sdk.server.api.stripe.values import Flag
from billing_sdk.server.domain.customers import PaymentMethod
from billing_sdk.server.domain.invoicing import Invoice
from billing_sdk.server.usecases.ask_gateway import REFUSED
from billing_sdk.server.usecases.draft_invoice import finalize_invoice
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.pay_now import pay_now
from billing_sdk.server.usecases.settle_by_hand import pay_by_other_means
from billing_sdk.server.usecases.stripe_payment_methods import method_for

SETTLED: Final = ("paid", "void")


class NewPayment(FormBody):
    """How an invoice is paid."""

    payment_method: str | None = None
    paid_out_of_band: Flag = False
    off_session: Flag | None = None
    forgive: Flag | None = None


def pay(engine: Engine, invoice_id: str, body: NewPayment, *, actor: str) -> Invoice:
    """Pay an invoice, and return it as it is then; a draft is issued first.

    Raises:
        NotFound: there is no such invoice.
        BillingError: it can't be paid so; a refused card is a card error.
    """
    with engine.read() as tx:
        invoice = tx.invoices.get(invoice_id)
    if invoice.status in SETTLED:
        told = "Invoice is already paid" if invoice.status == "paid" else "Invoice is void"
        raise refused("invoice_not_editable", told, remedy="There is nothing to pay.")
    if not invoice.is_issued:
        invoice = finalize_invoice(engine, invoice_id=invoice_id, source="api", actor=actor)
        if invoice.status == "paid":
            return invoice
    if body.paid_out_of_band:
        return pay_by_other_means(engine, invoice_id, actor=actor)
    method = None if body.payment_method is None else _method(engine, invoice, body.payment_method, actor)
    try:
        return pay_now(
            engine,
            invoice_id=invoice_id,
            method=method,
            source="api" if body.off_session else "user",
            actor=actor,
        )
    except PaymentMethodRequired:
        raise refused(
            "resource_missing",
            "There is no payment method to charge",
            param="payment_method",
            remedy="Attach one to the customer, or send payment_method.",
        ) from None
    except AuthenticationRequired as asked:
        raise refused(
            "invoice_payment_intent_requires_action",
            "The payment is to be confirmed by its payer",
            status=402,
            type="card_error",
            remedy=f"Send the payer to {asked.facts.get('url')}." if asked.facts.get("url") else asked.remedy,
        ) from None
    except REFUSED as refusal:
        raise _as_card_error(refusal) from None


def _method(engine: Engine, invoice: Invoice, name: str, actor: str) -> PaymentMethod:
    named = reference_of(name, param="payment_method")
    try:
        return method_for(engine, invoice.customer_id, named, actor=actor)
    except NotFound:
        raise refused("resource_missing", f"No such PaymentMethod: '{name[:64]}'", param="payment_method") from None
    except REFUSED as refusal:
        raise _as_card_error(refusal) from None


def _as_card_error(refusal: BillingError) -> BillingError:
    code = str(refusal.facts.get("decline_code") or refusal.code)
    return refused(
        code_of(code), refusal.detail, status=402, type="card_error", decline_code=code, remedy=refusal.remedy
    )
