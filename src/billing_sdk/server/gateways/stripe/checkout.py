"""Checkout at Stripe in setup mode: a payer leaves a payment method there, and pays nothing yet.

Source: Stripe documentation, "Save and reuse payment methods: Checkout, setup mode".
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from stripe import PaymentMethod as StripesMethod, SetupIntent
from stripe.checkout import Session

from billing_sdk.errors import GatewayRefused, NotFound
from billing_sdk.server.gateways.bills import Payer
from billing_sdk.server.gateways.setups import SetupMode, SetupSession, SetupStatus, SetupWanted
from billing_sdk.server.gateways.stripe.asking import ask_once
from billing_sdk.server.gateways.stripe.customers import ensure_customer
from billing_sdk.server.gateways.stripe.failures import answers_of_stripe
from billing_sdk.server.gateways.stripe.link import StripeLink, metadata_of
from billing_sdk.server.gateways.stripe.methods import stored_card

UI_MODES: Final[dict[SetupMode, str]] = {"hosted": "hosted_page", "embedded": "embedded_page"}
STATUSES: Final[dict[str, SetupStatus]] = {"complete": "complete", "expired": "expired", "open": "open"}
TOLD: Final = (
    "cancel_url",
    "client_reference_id",
    "currency",
    "customer_email",
    "livemode",
    "metadata",
    "return_url",
    "success_url",
)
EXPANDED: Final = ["setup_intent.payment_method"]


def begin_setup(link: StripeLink, payer: Payer, wanted: SetupWanted) -> SetupSession:
    """Begin a session for a payer, whom Stripe gets to know if need be.

    Raises:
        GatewayUnauthorized, GatewayUnreachable, GatewayRefused: Stripe did not begin one.
    """
    params = _params(link, payer, wanted, ensure_customer(link, payer))
    with answers_of_stripe(link.app):
        # A session that a fault has left behind lapses by itself, so nobody has to look for it.
        made = ask_once(
            link.keys.key("setup", wanted.nonce),
            lambda key: link.client.v1.checkout.sessions.create(params, {"idempotency_key": key}),
            look=lambda: None,
        )
    return _session(made)


def look_up_setup(link: StripeLink, session_id: str) -> SetupSession:
    """Return a session as it stands at Stripe now, with what was left in it.

    Raises:
        NotFound: the account has no such session, or it is none of ours.
        GatewayUnauthorized, GatewayUnreachable: Stripe did not answer as it should.
    """
    unknown = NotFound(f"there is no checkout session {session_id[:80]!r}")
    if session_id.startswith("seti_"):
        return _look_up_intent(link, session_id, unknown)
    if not session_id.startswith("cs_"):
        raise unknown
    try:
        with answers_of_stripe(link.app):
            found = link.client.v1.checkout.sessions.retrieve(session_id, {"expand": EXPANDED})
    except GatewayRefused:
        raise unknown from None
    if metadata_of(found).get("billing_environment") != link.keys.deployment:
        raise unknown
    return _session(found)


def _look_up_intent(link: StripeLink, intent_id: str, unknown: NotFound) -> SetupSession:
    try:
        with answers_of_stripe(link.app):
            intent = link.client.v1.setup_intents.retrieve(intent_id, {"expand": ["payment_method"]})
    except GatewayRefused:
        raise unknown from None
    if metadata_of(intent).get("billing_environment") != link.keys.deployment:
        raise unknown
    method, customer = intent.payment_method, intent.to_dict().get("customer")
    made_at = datetime.fromtimestamp(intent.created, UTC)
    is_done = intent.status == "succeeded"
    return SetupSession(
        id=intent.id,
        mode="hosted",
        status="complete" if is_done else "open",
        payer_reference=str(customer.get("id") if isinstance(customer, dict) else customer),
        created_at=made_at,
        expires_at=made_at,
        setup_intent_id=intent.id,
        method=stored_card(method) if is_done and isinstance(method, StripesMethod) else None,
    )


def _params(link: StripeLink, payer: Payer, wanted: SetupWanted, reference: str) -> Any:
    metadata = {**wanted.metadata, **link.metadata(wanted.nonce, payer.customer_id)}
    params: dict[str, Any] = {
        **wanted.options,
        "mode": "setup",
        "ui_mode": UI_MODES[wanted.mode],
        "customer": reference,
        "metadata": metadata,
        "setup_intent_data": {"metadata": metadata},
    }
    if wanted.mode == "embedded":
        if wanted.options.get("redirect_on_completion") != "never":
            params["return_url"] = wanted.success_url
    else:
        params["success_url"] = wanted.success_url
    given = {
        "cancel_url": wanted.cancel_url,
        "client_reference_id": wanted.reference,
        "currency": None if wanted.currency is None else wanted.currency.lower(),
        "locale": wanted.language,
        "expires_at": None if wanted.expires_at is None else int(wanted.expires_at.timestamp()),
        "allowed_payment_method_types": list(wanted.method_kinds) or None,
    }
    return params | {name: value for name, value in given.items() if value is not None}


def _session(session: Session) -> SetupSession:
    told = session.to_dict()
    intent = session.setup_intent
    method = intent.payment_method if isinstance(intent, SetupIntent) else None
    customer = told.get("customer")
    return SetupSession(
        id=session.id,
        mode="embedded" if told.get("ui_mode") == UI_MODES["embedded"] else "hosted",
        status=STATUSES.get(str(told.get("status")), "open"),
        payer_reference=str(customer.get("id") if isinstance(customer, dict) else customer),
        created_at=datetime.fromtimestamp(session.created, UTC),
        expires_at=datetime.fromtimestamp(session.expires_at, UTC),
        url=told.get("url"),
        client_secret=told.get("client_secret"),
        setup_intent_id=intent.id if isinstance(intent, SetupIntent) else intent,
        method=stored_card(method) if isinstance(method, StripesMethod) else None,
        told={name: told.get(name) for name in TOLD},
    )
