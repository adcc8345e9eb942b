"""Accounts at Stripe: whose key it is, what Stripe still asks for, and the endpoint that events are sent to.

Source: Stripe documentation, "API keys", "Accounts" and "Receive Stripe events in your webhook endpoint".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from stripe import Account as StripesAccount, StripeClient

from billing_sdk._secret import Secret
from billing_sdk.errors import StripeKeyMismatch
from billing_sdk.server.gateways.stripe.failures import answers_of_stripe
from billing_sdk.server.settings import Environment

KEY: Final = re.compile(r"([sr]k_(test|live)_)[A-Za-z0-9_]{3,240}", re.ASCII)
SHOWN_OF_KEY: Final = 3

# What changes here because of something that has happened there. The package has a type for each name.
EVENTS: Final[Any] = (
    "account.application.deauthorized",
    "account.updated",
    "charge.dispute.closed",
    "charge.dispute.created",
    "charge.dispute.funds_reinstated",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.updated",
    "charge.refunded",
    "checkout.session.async_payment_failed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.completed",
    "checkout.session.expired",
    "credit_note.created",
    "customer.deleted",
    "customer.subscription.created",
    "customer.subscription.deleted",
    "customer.subscription.paused",
    "customer.subscription.resumed",
    "customer.subscription.trial_will_end",
    "customer.subscription.updated",
    "customer.updated",
    "invoice.created",
    "invoice.finalization_failed",
    "invoice.finalized",
    "invoice.marked_uncollectible",
    "invoice.overdue",
    "invoice.paid",
    "invoice.payment_action_required",
    "invoice.payment_failed",
    "invoice.payment_succeeded",
    "invoice.sent",
    "invoice.voided",
    "payment_method.attached",
    "payment_method.automatically_updated",
    "payment_method.detached",
    "radar.early_fraud_warning.created",
    "radar.early_fraud_warning.updated",
    "refund.created",
    "refund.failed",
    "refund.updated",
    "setup_intent.setup_failed",
    "setup_intent.succeeded",
)


@dataclass(frozen=True, slots=True)
class AccountState:
    """What Stripe tells of an account.

    Attributes:
        missing: what Stripe asks for before it takes charges and pays out, in its own words.
    """

    id: str
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WebhookEndpoint:
    """Where Stripe sends events to, and what it signs them with."""

    id: str
    secret: Secret


def check_key(key: Secret, environment: Environment) -> bool:
    """Check a secret or restricted key, and return whether real money moves with it.

    Raises:
        StripeKeyMismatch: it is no such key, or it is of the other environment.
    """
    match = KEY.fullmatch(key.reveal())
    if match is None:
        raise StripeKeyMismatch(
            "that is no secret key of Stripe",
            remedy="Use the key that begins with sk_ or rk_ on Stripe's page of API keys.",
        )
    if match[2] != environment:
        raise StripeKeyMismatch(f"that is a {match[2]} key, and this is a {environment} environment")
    return match[2] == "live"


def mask(key: Secret) -> str:
    """Return what may be shown of a key, to tell it from others by."""
    match = KEY.fullmatch(key.reveal())
    return f"{match[1] if match else ''}***{key.reveal()[-SHOWN_OF_KEY:]}"


def look_up_account(client: StripeClient) -> AccountState:
    """Return the account that a client speaks for.

    Raises:
        GatewayUnauthorized: Stripe refuses the key.
        GatewayUnreachable: Stripe can't be reached.
    """
    with answers_of_stripe():
        return _state_of(client.v1.accounts.retrieve_current())


def register_endpoint(
    client: StripeClient, *, url: str, is_connect: bool, metadata: dict[str, str], idempotency_key: str
) -> WebhookEndpoint:
    """Have events sent to an address; Stripe tells what it signs them with this once.

    Args:
        client: speaks for the account that has the endpoint.
        url: where to.
        is_connect: events of the accounts that are connected with this one, in place of its own.
        metadata: says whose endpoint it is.
        idempotency_key: names the attempt.

    Raises:
        GatewayUnauthorized, GatewayUnreachable, GatewayRefused: Stripe did not do so.
    """
    with answers_of_stripe():
        made = client.v1.webhook_endpoints.create(
            {"url": url, "enabled_events": list(EVENTS), "connect": is_connect, "metadata": metadata},
            {"idempotency_key": idempotency_key},
        )
    return WebhookEndpoint(made.id, Secret(made.secret or ""))


def remove_endpoint(client: StripeClient, endpoint_id: str) -> None:
    """Have no more events sent.

    Raises:
        GatewayUnauthorized, GatewayUnreachable: Stripe did not do so.
        GatewayRefused: there is no such endpoint.
    """
    with answers_of_stripe():
        client.v1.webhook_endpoints.delete(endpoint_id)


def _state_of(account: StripesAccount) -> AccountState:
    told = account.to_dict()
    due = (told.get("requirements") or {}).get("currently_due") or ()
    disabled = (name for name in ("charges_enabled", "payouts_enabled") if told.get(name) is False)
    return AccountState(account.id, tuple(dict.fromkeys((*map(str, due), *disabled))))
