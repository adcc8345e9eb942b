"""Stripe's own portal, where a payer looks after payment methods.

Source: Stripe documentation, "Customer portal: API integration".
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from billing_sdk.server.gateways.bills import Payer
from billing_sdk.server.gateways.setups import PortalSession, PortalWanted
from billing_sdk.server.gateways.stripe.customers import ensure_customer
from billing_sdk.server.gateways.stripe.failures import answers_of_stripe
from billing_sdk.server.gateways.stripe.link import StripeLink


def open_portal(link: StripeLink, payer: Payer, wanted: PortalWanted) -> PortalSession:
    """Open the portal for a payer.

    Raises:
        GatewayUnauthorized, GatewayUnreachable, GatewayRefused: Stripe did not open it.
    """
    params: Any = {"customer": ensure_customer(link, payer)}
    given = {"return_url": wanted.return_url, "configuration": wanted.configuration_id, "locale": wanted.language}
    params |= {name: value for name, value in given.items() if value is not None}
    with answers_of_stripe(link.app):
        opened = link.client.v1.billing_portal.sessions.create(params)
    told = opened.to_dict()
    configuration = told.get("configuration")
    return PortalSession(
        id=opened.id,
        url=opened.url,
        return_url=told.get("return_url"),
        configuration_id=configuration.get("id") if isinstance(configuration, dict) else configuration,
        is_live=bool(told.get("livemode")),
        language=told.get("locale"),
        created_at=datetime.fromtimestamp(opened.created, UTC),
    )
