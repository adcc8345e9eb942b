"""Refunds at Stripe."""

from __future__ import annotations

import stripe
from stripe import Refund

from billing_sdk.errors import GatewayUnreachable, PaymentDisputed, RefundDeclined, RefundTooLarge
from billing_sdk.money import Money
from billing_sdk.server.gateways.bills import PaidBack
from billing_sdk.server.gateways.stripe.amounts import from_stripe, to_stripe
from billing_sdk.server.gateways.stripe.asking import ask_once
from billing_sdk.server.gateways.stripe.failures import answers_of_stripe, error_for
from billing_sdk.server.gateways.stripe.keys import may_be_forgotten
from billing_sdk.server.gateways.stripe.link import StripeLink, metadata_of

PAGE = 100
# A bank that takes its time: it is asked again until it has answered.
LOOK_AGAIN_SECONDS = 3_600


def refund(link: StripeLink, *, reference: str, amount: Money, refund_id: str) -> PaidBack:
    """Pay back some or all of a payment; the same refund is paid once.

    Args:
        link: the linked account.
        reference: of the payment.
        amount: in the currency of the payment.
        refund_id: ours.

    Raises:
        RefundTooLarge: it is more than what is left of the payment.
        PaymentDisputed: the payment is disputed.
        RefundDeclined: the money can't go back to where it came from.
        GatewayUnreachable: the outcome is not known yet; asking again learns it.
    """
    made = _known(link, reference, refund_id) if may_be_forgotten(refund_id, at=link.now()) else None
    if made is None:
        made = _made(link, reference, amount, refund_id)
    if made.status == "pending":
        with answers_of_stripe(link.app):
            made = link.client.v1.refunds.retrieve(made.id)
    if made.status in ("failed", "canceled"):
        why = made.failure_reason or made.status or "failed"
        raise RefundDeclined(f"the refund came back ({why})", decline_code=why)
    if made.status != "succeeded":
        raise GatewayUnreachable("the refund is under way at the bank", retry_after_seconds=LOOK_AGAIN_SECONDS)
    return PaidBack(made.id, from_stripe(made.amount, made.currency))


def _made(link: StripeLink, reference: str, amount: Money, refund_id: str) -> Refund:
    def ask(key: str) -> Refund:
        return link.client.v1.refunds.create(
            {"payment_intent": reference, "amount": to_stripe(amount), "metadata": link.metadata(refund_id)},
            {"idempotency_key": key},
        )

    try:
        return ask_once(link.keys.key("refund", refund_id), ask, look=lambda: _known(link, reference, refund_id))
    except stripe.InvalidRequestError as error:
        if error.code == "charge_disputed":
            raise PaymentDisputed(
                f"the payment is disputed, so {amount} can't go back", asked_minor=amount.minor
            ) from None
        if error.code == "charge_already_refunded" or error.param == "amount":
            raise RefundTooLarge(
                f"{amount} is more than what is left of the payment", asked_minor=amount.minor
            ) from None
        raise error_for(error) from None
    except stripe.StripeError as error:
        raise error_for(error) from None


def _known(link: StripeLink, reference: str, refund_id: str) -> Refund | None:
    """Return the refund that a process has made that died before it could tell."""
    with answers_of_stripe(link.app):
        for one in link.client.v1.refunds.list({"payment_intent": reference, "limit": PAGE}).auto_paging_iter():
            if metadata_of(one).get("billing_id") == refund_id:
                return one
    return None
