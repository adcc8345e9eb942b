"""What Stripe's errors mean here.

Nothing of what Stripe writes is passed on but its codes and the name of the parameter: its sentences may hold part of a
key, and ids that are nobody's business.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import stripe

from billing_sdk.errors import (
    AmountTooSmall,
    AuthenticationRequired,
    BillingError,
    CardDeclined,
    CurrencyNotSupported,
    GatewayRefused,
    GatewayUnauthorized,
    GatewayUnreachable,
    RefundDeclined,
    TaxLocationMissing,
    UnknownPayer,
    UnknownPayerMethod,
)
from billing_sdk.server.domain.workspace import PaymentApp

logger = logging.getLogger(__name__)

ASK_AGAIN_AFTER_SECONDS: Final = 30
LONGEST_WAIT_SECONDS: Final = 3_600
# Codes with which a bank or a payer wants the payment confirmed.
CONFIRMATION = frozenset({"authentication_required", "invoice_payment_intent_requires_action"})
UNKNOWN_METHOD_PARAMETERS = frozenset({"payment_method", "default_payment_method"})


@contextmanager
def answers_of_stripe(app: PaymentApp | None = None) -> Iterator[None]:
    """Raise, in place of an error of Stripe's client, the error of ours that says the same.

    Raises:
        CardDeclined: the bank refuses the payment.
        AuthenticationRequired: the bank asks the cardholder to confirm it.
        GatewayUnauthorized: Stripe refuses the key.
        GatewayUnreachable: no answer, or one of Stripe's own faults; ask again with the same key.
        GatewayRefused: the request is one that Stripe does not take; there are classes for what is common.
    """
    try:
        yield
    except stripe.StripeError as error:
        told = error_for(error)
        name = "an account" if app is None else app.id
        logger.info("Stripe answered %s for %s (request %s)", told.code, name, error.request_id)
        # Without its cause: that one holds the whole answer, and a traceback would show it.
        raise told from None


def error_for(error: stripe.StripeError) -> BillingError:
    """Return the error of ours that says the same as one of Stripe's client."""
    if isinstance(error, stripe.CardError):
        return _declined(error)
    if isinstance(error, (stripe.AuthenticationError, stripe.PermissionError)):
        return GatewayUnauthorized("Stripe refuses the key of the linked account")
    if isinstance(error, stripe.InvalidRequestError):
        return _refused(error)
    if isinstance(error, stripe.IdempotencyError):
        return GatewayUnreachable("Stripe still works on the same request", retry_after_seconds=_wait(error))
    return GatewayUnreachable("Stripe can't be reached, or has a fault of its own", retry_after_seconds=_wait(error))


def is_told_again(error: stripe.StripeError) -> bool:
    """Tell whether asking with the same key is of no use: Stripe repeats a fault, or knows the key otherwise.

    Stripe remembers the answer to a key for a day, its own faults as well. Whether the request had an effect has to be
    looked up before it is asked with another key.
    """
    if isinstance(error, stripe.IdempotencyError):
        return error.http_status != 409
    replayed = (error.headers or {}).get("idempotent-replayed", "") == "true"
    return replayed and (error.http_status or 0) >= 500


def _declined(error: stripe.CardError) -> CardDeclined:
    known = error.error
    decline = (None if known is None else known.decline_code) or error.code or "generic_decline"
    if error.code in CONFIRMATION or decline in CONFIRMATION:
        return AuthenticationRequired("the bank wants the payment confirmed", decline_code="authentication_required")
    return CardDeclined(f"the payment was declined ({decline})", decline_code=decline)


def _refused(error: stripe.InvalidRequestError) -> BillingError:
    make = BY_CODE.get(error.code or "")
    if make is not None:
        return make(error)
    if error.param == "currency" or error.param == "line[currency]":
        return CurrencyNotSupported("the linked account does not take this currency")
    named = "" if error.param is None else f", about its {str(error.param)[:60]!r}"
    return GatewayRefused(f"Stripe does not take the request ({error.code or 'invalid_request'}{named})")


def _missing(error: stripe.InvalidRequestError) -> BillingError:
    if error.param in UNKNOWN_METHOD_PARAMETERS:
        return UnknownPayerMethod("the linked account has no such payment method")
    if error.param == "customer" or error.param == "id":
        return UnknownPayer("the linked account has no such customer")
    return GatewayRefused(f"the linked account does not have what the request names as {str(error.param)[:60]!r}")


def _wait(error: stripe.StripeError) -> int:
    """Return how many seconds to wait before asking again."""
    told = (error.headers or {}).get("retry-after", "")
    return min(int(told), LONGEST_WAIT_SECONDS) if told.isascii() and told.isdigit() else ASK_AGAIN_AFTER_SECONDS


BY_CODE: Final[dict[str, Callable[[stripe.InvalidRequestError], BillingError]]] = {
    "resource_missing": _missing,
    "amount_too_small": lambda _: AmountTooSmall("the amount is less than what Stripe charges at least"),
    "currency_not_supported": lambda _: CurrencyNotSupported("the linked account does not take this currency"),
    "customer_tax_location_invalid": lambda _: TaxLocationMissing("Stripe does not know where the customer is"),
    "invoice_payment_intent_requires_action": lambda _: AuthenticationRequired(
        "the bank wants the payment confirmed", decline_code="authentication_required"
    ),
    "charge_disputed": lambda _: RefundDeclined("the charge is disputed", decline_code="charge_disputed"),
}
