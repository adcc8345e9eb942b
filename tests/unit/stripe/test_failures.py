"""What Stripe's errors mean here."""

from __future__ import annotations

import traceback

import pytest
import stripe

from billing_sdk import errors
from billing_sdk.server.gateways.stripe.asking import MOST_KEYS, ask_once
from billing_sdk.server.gateways.stripe.failures import answers_of_stripe, error_for, is_told_again

LEAKY = "Invalid API Key provided: sk_test_4eC39HqLyjWDarjtT1zdp7dc"


def refused(code: str | None, param: str | None = None) -> stripe.StripeError:
    return stripe.InvalidRequestError(LEAKY, param, code, http_status=400)


def declined(code: str, decline_code: str | None = None) -> stripe.StripeError:
    told = {"error": {"code": code, "decline_code": decline_code}}
    return stripe.CardError(LEAKY, None, code, json_body=told, http_status=402)


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        (declined("card_declined", "insufficient_funds"), errors.CardDeclined),
        (declined("authentication_required", "authentication_required"), errors.AuthenticationRequired),
        (declined("invoice_payment_intent_requires_action"), errors.AuthenticationRequired),
        (stripe.AuthenticationError(LEAKY, http_status=401), errors.GatewayUnauthorized),
        (stripe.PermissionError(LEAKY, http_status=403), errors.GatewayUnauthorized),
        (stripe.APIConnectionError(LEAKY), errors.GatewayUnreachable),
        (stripe.RateLimitError(LEAKY, http_status=429), errors.GatewayUnreachable),
        (stripe.APIError(LEAKY, http_status=500), errors.GatewayUnreachable),
        (stripe.IdempotencyError(LEAKY, http_status=409), errors.GatewayUnreachable),
        (refused("resource_missing", "customer"), errors.UnknownPayer),
        (refused("resource_missing", "payment_method"), errors.UnknownPayerMethod),
        (refused("resource_missing", "price"), errors.GatewayRefused),
        (refused("amount_too_small"), errors.AmountTooSmall),
        (refused(None, "currency"), errors.CurrencyNotSupported),
        (refused("customer_tax_location_invalid"), errors.TaxLocationMissing),
        (refused("parameter_unknown", "colour"), errors.GatewayRefused),
    ],
)
def test_each_error_of_stripe_is_one_of_ours(told: stripe.StripeError, meant: type[errors.BillingError]) -> None:
    assert type(error_for(told)) is meant


def test_a_decline_says_why() -> None:
    assert error_for(declined("card_declined", "lost_card")).facts == {"decline_code": "lost_card"}
    assert error_for(declined("expired_card")).facts == {"decline_code": "expired_card"}


def test_who_is_told_to_wait_learns_for_how_long() -> None:
    told = stripe.RateLimitError(LEAKY, http_status=429, headers={"retry-after": "7"})
    assert error_for(told).facts == {"retry_after_seconds": 7}


def test_nothing_of_a_message_of_stripe_goes_on_neither_in_the_error_nor_in_its_traceback() -> None:
    def ask() -> None:
        with answers_of_stripe():
            raise stripe.AuthenticationError(LEAKY, http_status=401)

    with pytest.raises(errors.GatewayUnauthorized) as told:
        ask()
    shown = "".join(traceback.format_exception(told.value.__class__, told.value, None))
    assert "sk_test" not in shown + repr(told.value) + str(told.value.problem())
    assert told.value.__suppress_context__


def replayed() -> stripe.StripeError:
    return stripe.APIError(LEAKY, http_status=500, headers={"idempotent-replayed": "true"})


def test_only_a_repeated_fault_and_a_key_of_another_request_are_of_no_use() -> None:
    assert is_told_again(replayed())
    assert is_told_again(stripe.IdempotencyError(LEAKY, http_status=400))
    assert not is_told_again(stripe.IdempotencyError(LEAKY, http_status=409))
    assert not is_told_again(stripe.APIError(LEAKY, http_status=500))
    assert not is_told_again(declined("card_declined"))


def test_a_fault_that_is_repeated_is_asked_about_with_the_next_key_of_a_fixed_row() -> None:
    keys: list[str] = []

    def ask(key: str) -> str:
        keys.append(key)
        if len(keys) < 3:
            raise replayed()
        return "done"

    assert ask_once("pay-charge_1", ask, look=lambda: None) == "done"
    assert keys == ["pay-charge_1", "pay-charge_1-2", "pay-charge_1-3"]


def test_what_a_repeated_fault_has_left_is_taken_and_nothing_is_asked_again() -> None:
    keys: list[str] = []

    def ask(key: str) -> str:
        keys.append(key)
        raise replayed()

    assert ask_once("pay", ask, look=lambda: "there already") == "there already"
    assert keys == ["pay"]


def test_who_meets_faults_with_every_key_gives_up_for_now() -> None:
    keys: list[str] = []

    def ask(key: str) -> str:
        keys.append(key)
        raise replayed()

    with pytest.raises(errors.GatewayUnreachable):
        ask_once("pay", ask, look=lambda: None)
    assert len(keys) == MOST_KEYS


def test_a_fault_that_was_not_repeated_is_raised_as_it_is() -> None:
    def ask(key: str) -> str:
        raise stripe.APIError(key, http_status=500)

    with pytest.raises(stripe.APIError):
        ask_once("pay", ask, look=lambda: None)
