"""What errors of the engine are called in answers about billing intents and subscriptions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from billing_sdk.errors import (
    AgreementNotLive,
    AgreementPaused,
    AgreementReserved,
    BillingError,
    CadenceCanceled,
    CadenceMismatch,
    CurrencyMismatch,
    EmptyVersion,
    IntentExpired,
    IntentPaymentRequired,
    InvalidAmount,
    InvalidEffectiveAt,
    InvalidIntentActions,
    InvalidIntentStatus,
    InvalidQuantity,
    InvalidServiceInterval,
    PaymentIntentAmountInvalid,
    PaymentIntentCustomerInvalid,
    PaymentIntentStatusInvalid,
    PaymentNotRequired,
    PlanMismatch,
    PriceChanged,
    SelectionDenied,
    TaxLocationMissing,
    TooManyCreditGrants,
    UnknownCadence,
    UnknownPaymentIntent,
    UnknownPlan,
    VersionNotFound,
)
from billing_sdk.server.api.stripe.problems import refused

CODES: Final[Mapping[type[BillingError], tuple[str, int]]] = {
    AgreementNotLive: ("pricing_plan_subscription_canceled", 400),
    AgreementPaused: ("pricing_plan_subscription_paused", 400),
    AgreementReserved: ("pricing_plan_subscriptions_already_reserved", 400),
    CadenceCanceled: ("billing_cadence_canceled", 400),
    CadenceMismatch: ("invalid_customer", 400),
    CurrencyMismatch: ("pricing_plan_currency_mismatch", 400),
    EmptyVersion: ("invalid_pricing_plan", 400),
    IntentExpired: ("billing_intent_expired", 404),
    IntentPaymentRequired: ("payment_required_to_commit", 400),
    InvalidAmount: ("amount_too_large", 400),
    InvalidEffectiveAt: ("invalid_effective_at_timestamp", 400),
    InvalidQuantity: ("component_configuration_invalid", 400),
    PaymentIntentAmountInvalid: ("payment_intent_amount_invalid", 400),
    PaymentIntentCustomerInvalid: ("payment_intent_customer_invalid", 400),
    PaymentIntentStatusInvalid: ("payment_intent_status_invalid", 400),
    PlanMismatch: ("invalid_pricing_plan", 400),
    PriceChanged: ("billing_intent_amount_changed", 400),
    SelectionDenied: ("pricing_plan_denied", 403),
    TaxLocationMissing: ("customer_tax_location_invalid", 400),
    TooManyCreditGrants: ("too_many_unused_credit_grants", 400),
    UnknownCadence: ("billing_cadence_not_found", 404),
    UnknownPaymentIntent: ("payment_intent_not_found", 404),
    UnknownPlan: ("pricing_plan_not_found", 404),
    VersionNotFound: ("pricing_plan_version_not_found", 404),
}
# Of an intent that there is already: what it was drafted for can't be billed any more.
STANDING: Final[Mapping[type[BillingError], tuple[str, int]]] = {CadenceCanceled: ("billing_cadence_inactive", 400)}
MISSING: Final = frozenset({"pricing_plan_subscription_not_found", "discount_not_found"})


@contextmanager
def published_codes(more: Mapping[type[BillingError], tuple[str, int]] | None = None) -> Iterator[None]:
    """Raise errors of the engine again as clients of Stripe know them; others pass as they are.

    Args:
        more: what comes before the table.
    """
    try:
        yield
    except BillingError as error:
        if "published_code" in error.facts:
            raise
        found = _code_of(error, {**CODES, **(more or {})})
        if found is None:
            raise
        code, status = found
        raise refused(code, error.detail, status=status, remedy=error.remedy) from error


def _code_of(error: BillingError, table: Mapping[type[BillingError], tuple[str, int]]) -> tuple[str, int] | None:
    reason = error.facts.get("reason")
    match error:
        case InvalidIntentActions():
            return str(reason), 404 if reason in MISSING else 400
        case InvalidIntentStatus():
            return f"invalid_status_for_{error.facts['event']}", 400
        case InvalidServiceInterval():
            is_fee = error.facts.get("component") == "licence_fee"
            return f"{'license_fee_' if is_fee else ''}servicing_interval_exceeds_billing_interval", 400
        case PaymentNotRequired():
            sent = reason == "send_invoice"
            return "payment_not_required_for_send_invoice" if sent else "payment_not_required", 400
    return table.get(type(error))
