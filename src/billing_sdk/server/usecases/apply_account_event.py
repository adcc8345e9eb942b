"""Apply an event about a linked account: what Stripe still asks for, and that its owner has ended the link."""

from __future__ import annotations

from typing import Final

from billing_sdk.errors import GatewayNotConnected, GatewayUnauthorized
from billing_sdk.server.domain.workspace import PaymentApp
from billing_sdk.server.gateways.stripe.objects import GatewayObject
from billing_sdk.server.usecases.bring_in_line import NOTHING
from billing_sdk.server.usecases.connect_account import note_disconnected, refresh_connection
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.take_outside_dispute import NOT_MANAGED

DISCONNECTED: Final = "disconnected"


def apply_account(engine: Engine, app: PaymentApp, _about: GatewayObject) -> str:
    """Ask what a connected account still lacks."""
    if app.gateway != "stripe_connect":
        return NOTHING
    try:
        return refresh_connection(engine).connection
    except GatewayNotConnected:
        return NOTHING


def apply_deauthorized(engine: Engine, app: PaymentApp, _about: GatewayObject) -> str:
    """Note that an account is linked no more, where Stripe does not let us act for it any more."""
    if app.gateway != "stripe_connect" or app.account_id is None:
        return NOT_MANAGED
    try:
        return refresh_connection(engine).connection  # it has been linked again since
    except GatewayUnauthorized:
        return note_disconnected(engine, account_id=app.account_id).connection
    except GatewayNotConnected:
        return DISCONNECTED
