"""Payment intents as v1 shows them, and the refusals that show one."""

from __future__ import annotations

import json
from typing import Any, Final, Literal

from billing_sdk.errors import BillingError, CardDeclined
from billing_sdk.server.api.stripe.answers import Answer, rendered
from billing_sdk.server.api.stripe.bodies import View
from billing_sdk.server.api.stripe.ids import ChargeId, CustomerId, PaymentIntentId, PaymentMethodId
from billing_sdk.server.api.stripe.problems import refused
from billing_sdk.server.api.stripe.values import Livemode, LowerCurrency, UnixTime
from billing_sdk.server.domain.invoicing import PaymentIntent
from billing_sdk.server.storage import UnitOfWork

# Decline codes that are codes of their own.
OWN_CODES: Final = frozenset(
    {"expired_card", "incorrect_cvc", "incorrect_number", "processing_error", "authentication_required"}
)


class RedirectToUrl(View):
    """The page where the payer goes on."""

    return_url: str | None
    url: str


class NextAction(View):
    """What the payer has to do."""

    type: Literal["redirect_to_url"] = "redirect_to_url"
    redirect_to_url: RedirectToUrl


class PaymentError(View):
    """Why the last attempt was refused."""

    type: Literal["card_error"] = "card_error"
    code: str
    decline_code: str
    message: str
    payment_method: None = None


class AutomaticMethods(View):
    """Which payment methods there are is not for the client to say."""

    enabled: bool = True
    allow_redirects: str = "always"


class PaymentIntentView(View):
    """A payment intent."""

    id: PaymentIntentId
    object: Literal["payment_intent"] = "payment_intent"
    amount: int
    amount_capturable: int = 0
    amount_received: int
    application: None = None
    application_fee_amount: None = None
    automatic_payment_methods: AutomaticMethods = AutomaticMethods()
    canceled_at: UnixTime | None
    cancellation_reason: str | None
    capture_method: str = "automatic"
    client_secret: str
    confirmation_method: str = "automatic"
    created: UnixTime
    currency: LowerCurrency
    customer: CustomerId
    description: str | None
    last_payment_error: PaymentError | None
    latest_charge: ChargeId | None
    livemode: Livemode = None
    metadata: dict[str, str]
    next_action: NextAction | None
    on_behalf_of: None = None
    payment_method: PaymentMethodId | None
    payment_method_options: None = None
    payment_method_types: tuple[str, ...] = ("card",)
    processing: None = None
    receipt_email: None = None
    review: None = None
    setup_future_usage: None = None
    shipping: None = None
    source: None = None
    statement_descriptor: None = None
    statement_descriptor_suffix: None = None
    status: str
    transfer_data: None = None
    transfer_group: None = None

    @classmethod
    def of(cls, tx: UnitOfWork, intent: PaymentIntent) -> PaymentIntentView:
        """Show a payment intent; its client secret opens nothing, since no page of a client's talks to this server."""
        digits = intent.id.rpartition("_")[2]
        code = intent.decline_code
        return cls(
            id=intent.id,
            amount=intent.amount.minor,
            amount_received=intent.received.minor,
            canceled_at=intent.canceled_at,
            cancellation_reason=intent.cancellation,
            client_secret=f"pi_{digits}_secret_unused",
            created=intent.created_at,
            currency=intent.amount.currency,
            customer=intent.customer_id,
            description=intent.description or None,
            last_payment_error=None if code is None else _error_of(code),
            latest_charge=intent.payment_id,
            metadata=dict(intent.metadata),
            next_action=_next_action(tx, intent),
            payment_method=None if code is not None else intent.payment_method_id,
            status=intent.status,
        )


def declined(answer: Answer, view: PaymentIntentView, refusal: BillingError) -> BillingError:
    """Return a refused payment as this API tells it: with its decline code, and the payment intent as it is now."""
    decline_code = str(refusal.facts.get("decline_code") or refusal.code)
    shown: dict[str, Any] = json.loads(rendered(view, answer.rendering))
    return refused(
        code_of(decline_code),
        refusal.detail,
        status=402 if isinstance(refusal, CardDeclined) or refusal.status == 402 else 400,
        type="card_error",
        remedy=refusal.remedy,
        decline_code=decline_code,
        payment_intent=shown,
    )


def code_of(decline_code: str) -> str:
    """Return the code of an error that has a decline code."""
    return decline_code if decline_code in OWN_CODES else "card_declined"


def _error_of(decline_code: str) -> PaymentError:
    said = decline_code.replace("_", " ")
    return PaymentError(
        code=code_of(decline_code), decline_code=decline_code, message=f"Your card was declined ({said})."
    )


def _next_action(tx: UnitOfWork, intent: PaymentIntent) -> NextAction | None:
    charge = None if intent.charge_id is None else tx.charges.by_id(intent.charge_id)
    if intent.status != "requires_action" or charge is None or charge.awaits is None or charge.awaits.url is None:
        return None
    return NextAction(redirect_to_url=RedirectToUrl(return_url=intent.return_url or None, url=charge.awaits.url))
