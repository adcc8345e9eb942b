"""Connect at Stripe: an account that its owner links with this platform, by consent on Stripe's own page.

Source: Stripe documentation, "Using OAuth with Standard accounts".
"""

from __future__ import annotations

from dataclasses import dataclass

from stripe import StripeClient

from billing_sdk._secret import Secret
from billing_sdk.errors import GatewayRefused
from billing_sdk.server.gateways.stripe.failures import answers_of_stripe


@dataclass(frozen=True, slots=True)
class Consent:
    """What Stripe answers once the owner has agreed; the platform's own key goes on being the one that is used."""

    account_id: str
    is_live: bool
    refresh_token: Secret | None


def consent_url(client: StripeClient, *, state: str, return_url: str) -> str:
    """Return the address of Stripe's page on which the owner of an account agrees.

    Args:
        client: the platform's own; it knows the platform's client id.
        state: comes back with the answer.
        return_url: where the page leads to.
    """
    return client.oauth.authorize_url({"scope": "read_write", "state": state, "redirect_uri": return_url})


def redeem_code(client: StripeClient, code: str) -> Consent:
    """Exchange the code that came back; it can be used once.

    Raises:
        GatewayRefused: the code is not good, or no more.
        GatewayUnauthorized, GatewayUnreachable: Stripe did not answer as it should.
    """
    with answers_of_stripe():
        token = client.oauth.token({"grant_type": "authorization_code", "code": code})
    told = token.to_dict()
    if not told.get("stripe_user_id"):
        raise GatewayRefused("Stripe names no account that was linked")
    refresh = told.get("refresh_token")
    return Consent(str(told["stripe_user_id"]), bool(told.get("livemode")), Secret(str(refresh)) if refresh else None)


def deauthorize(client: StripeClient, account_id: str) -> None:
    """Give back the consent; nothing where that has happened at Stripe.

    Raises:
        GatewayUnauthorized, GatewayUnreachable: Stripe did not answer as it should.
    """
    try:
        with answers_of_stripe():
            client.oauth.deauthorize({"stripe_user_id": account_id})
    except GatewayRefused:
        return
