"""Take an event of a payment processor: verified, claimed by its id, and handled by what is fetched again.

An event only says that something has happened to an object. So it does no harm that events come twice, late, in
another order, or from whoever has caught one: what follows is what is true at the processor by then. Each is noted
before it is handled, and noted as handled afterwards; what lies between can be done again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Final

from billing_sdk._strict_json import parse
from billing_sdk.errors import (
    BillingError,
    Conflict,
    GatewayUnreachable,
    NotFound,
    PaymentPending,
    WebhookRefused,
)
from billing_sdk.server.domain.workspace import PaymentApp
from billing_sdk.server.gateways.stripe.objects import GatewayObject, read_event
from billing_sdk.server.gateways.stripe.signatures import verify_signature
from billing_sdk.server.storage.gateway_events import GatewayEvent
from billing_sdk.server.usecases.apply_account_event import apply_account, apply_deauthorized
from billing_sdk.server.usecases.apply_bill_event import (
    apply_credit_note,
    apply_dispute,
    apply_invoice,
    apply_payment,
    apply_refund,
    apply_refunds,
)
from billing_sdk.server.usecases.apply_method_event import (
    apply_customer,
    apply_deleted_customer,
    apply_method,
    apply_session,
    apply_setup,
)
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.take_outside_dispute import NOT_MANAGED

logger = logging.getLogger(__name__)

Handler = Callable[[Engine, PaymentApp, GatewayObject], str]

BILLING_OFF: Final = "billing_off"
# It was taken, and is looked at again in a minute: somebody else is busy with what it is about.
LATER: Final = "later"
NOTED: Final = "noted"
ASK_AGAIN_AFTER_SECONDS: Final = 60


def _noted(_engine: Engine, _app: PaymentApp, _about: GatewayObject) -> str:
    """Do nothing: it says nothing that is not known here, or is told by another event as well."""
    return NOTED


def _not_ours(_engine: Engine, _app: PaymentApp, _about: GatewayObject) -> str:
    """Do nothing: subscriptions are kept here, and whoever has made one there looks after it there."""
    return NOT_MANAGED


HANDLERS: Final[Mapping[str, Handler]] = {
    "account.application.deauthorized": apply_deauthorized,
    "account.updated": apply_account,
    "charge.dispute.closed": apply_dispute,
    "charge.dispute.created": apply_dispute,
    "charge.dispute.funds_reinstated": apply_dispute,
    "charge.dispute.funds_withdrawn": apply_dispute,
    "charge.dispute.updated": apply_dispute,
    "charge.failed": apply_payment,
    "charge.refunded": apply_refunds,
    "charge.succeeded": apply_payment,
    "checkout.session.async_payment_failed": _noted,
    "checkout.session.async_payment_succeeded": apply_session,
    "checkout.session.completed": apply_session,
    "checkout.session.expired": _noted,
    "credit_note.created": apply_credit_note,
    "customer.deleted": apply_deleted_customer,
    "customer.subscription.created": _not_ours,
    "customer.subscription.deleted": _not_ours,
    "customer.subscription.paused": _not_ours,
    "customer.subscription.resumed": _not_ours,
    "customer.subscription.trial_will_end": _not_ours,
    "customer.subscription.updated": _not_ours,
    "customer.updated": apply_customer,
    "invoice.created": _noted,
    "invoice.finalization_failed": apply_invoice,
    "invoice.finalized": _noted,
    "invoice.marked_uncollectible": apply_invoice,
    "invoice.overdue": apply_invoice,
    "invoice.paid": apply_invoice,
    "invoice.payment_action_required": apply_invoice,
    "invoice.payment_failed": apply_invoice,
    "invoice.payment_succeeded": apply_invoice,
    "invoice.sent": _noted,
    "invoice.voided": apply_invoice,
    "payment_intent.canceled": apply_payment,
    "payment_intent.payment_failed": apply_payment,
    "payment_intent.processing": apply_payment,
    "payment_intent.requires_action": apply_payment,
    "payment_intent.succeeded": apply_payment,
    "payment_method.attached": apply_method,
    "payment_method.automatically_updated": apply_method,
    "payment_method.detached": apply_method,
    "payment_method.updated": apply_method,
    "radar.early_fraud_warning.created": apply_dispute,
    "radar.early_fraud_warning.updated": apply_dispute,
    "refund.created": apply_refund,
    "refund.failed": apply_refund,
    "refund.updated": apply_refund,
    "setup_intent.requires_action": _noted,
    "setup_intent.setup_failed": _noted,
    "setup_intent.succeeded": apply_setup,
}


def take_gateway_event(engine: Engine, *, app_id: str, body: bytes, signature: str) -> str:
    """Take an event as it was sent, and return what became of it.

    Args:
        engine: the engine; no transaction is open.
        app_id: whose endpoint it was sent to.
        body: exactly as it was received.
        signature: what it was signed with, as the processor writes it.

    Returns:
        What its handler has done; `later` where it is handled in a minute, `not_managed` where it is none of ours, and
        `billing_off` where nothing is done while billing is off.

    Raises:
        NotFound: no app has this id, or none any more.
        WebhookRefused: its signature, its age, its mode or its account is not the app's.
        GatewayUnreachable: it could not be handled; it has to be sent again.
    """
    with engine.read() as tx:
        app = tx.payment_apps.find(app_id)
        if app is None or app.deleted_at is not None or app.type != "stripe":
            raise NotFound("no app takes events here")
        # An endpoint that an operator has registered by hand is signed with the secret of the settings.
        secret = tx.payment_apps.secret_of(app.id, "webhook_secret") or engine.settings.stripe_webhook_secret
    verify_signature(body, signature, [] if secret is None else [secret], at=engine.now())
    about = _read(body)
    _require_of(app, about)
    if not engine.workspace.is_billing_enabled:
        return BILLING_OFF
    return take(engine, app, about)


def take(engine: Engine, app: PaymentApp, about: GatewayObject) -> str:
    """Handle an event that is known to be the app's, unless that was done before.

    Raises:
        GatewayUnreachable: it could not be handled; it is on record, and can be taken again.
    """
    handle = HANDLERS.get(about.event_type)
    if handle is None:
        return NOT_MANAGED
    at = engine.now()
    event = GatewayEvent(app.id, about.event_id, about.event_type, about.id or None, about.created_at, received_at=at)
    with engine.begin() as tx:
        claimed = tx.gateway_events.claim(event)
    if claimed.handled_at is not None:
        return claimed.outcome or NOTED
    outcome = _handled(engine, app, about, handle)
    if outcome != LATER:
        with engine.begin() as tx:
            tx.gateway_events.done(event, outcome, engine.now())
    return outcome


def _handled(engine: Engine, app: PaymentApp, about: GatewayObject, handle: Handler) -> str:
    try:
        return handle(engine, app, about)
    except (PaymentPending, Conflict):
        # The processor need not send it again: whoever recovers takes it up.
        return LATER
    except GatewayUnreachable:
        raise
    except BillingError as error:
        logger.warning("the event %s (%s) waits (%s)", about.event_id, about.event_type, error.code)
    except Exception as error:  # noqa: BLE001 - whatever it is, the processor has to send the event again
        logger.error("the event %s (%s) failed (%s)", about.event_id, about.event_type, type(error).__name__)  # noqa: TRY400 - a traceback could show what the gateway was asked
    raise GatewayUnreachable("the event can't be handled yet", retry_after_seconds=ASK_AGAIN_AFTER_SECONDS)


def _read(body: bytes) -> GatewayObject:
    try:
        told = parse(body)
    except ValueError:
        raise WebhookRefused("the body can't be read") from None
    return read_event(told)


def _require_of(app: PaymentApp, about: GatewayObject) -> None:
    """Let an event pass that has happened in the app's account, in the mode that it is linked in."""
    if about.is_live != app.is_live:
        raise WebhookRefused("the event is of Stripe's other mode")
    own = {app.account_id} if app.gateway == "stripe_connect" else {None, app.account_id}
    if about.account_id not in own:
        raise WebhookRefused("the event is of another account")
