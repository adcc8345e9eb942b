"""Objects of v1 as snapshots show them: the same views that a client gets who fetches them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from billing_sdk.errors import NotFound
from billing_sdk.server.api.stripe import checkout_view, invoice_view
from billing_sdk.server.api.stripe.bodies import View
from billing_sdk.server.api.stripe.credit_grants import CreditGrantView
from billing_sdk.server.api.stripe.customer_view import shown_customer
from billing_sdk.server.api.stripe.meters import MeterView
from billing_sdk.server.api.stripe.payment_intent_view import PaymentIntentView
from billing_sdk.server.api.stripe.payment_method_view import MethodView
from billing_sdk.server.api.stripe.setup_intents import KIND as SETUP, SetupIntentView
from billing_sdk.server.api.stripe.test_clocks import ClockView, DeletedClock
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.checkout_sessions import find_session
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.event_meters import find_meter
from billing_sdk.server.usecases.stripe_credit import stripe_grant
from billing_sdk.server.usecases.stripe_customers import stripe_customer
from billing_sdk.server.usecases.stripe_payment_methods import find_stripe_method

Shower = Callable[[UnitOfWork, Engine, str], View]


def _customer(tx: UnitOfWork, _engine: Engine, our_id: str) -> View:
    return shown_customer(stripe_customer(tx, our_id))


def _checkout_session(tx: UnitOfWork, engine: Engine, our_id: str) -> View:
    session = find_session(tx, our_id)
    intent = None if session.intent_id is None else tx.billing_intents.get(session.intent_id)
    return checkout_view.view_of(tx, engine, session, None if intent is None else intent.amounts)


def _credit_grant(tx: UnitOfWork, _engine: Engine, our_id: str) -> View:
    return CreditGrantView.of(stripe_grant(tx, our_id))


def _invoice(tx: UnitOfWork, engine: Engine, our_id: str) -> View:
    return invoice_view.view_of(tx, engine, tx.invoices.get(our_id))


def _meter(tx: UnitOfWork, _engine: Engine, our_id: str) -> View:
    return MeterView.of(find_meter(tx, our_id))


def _payment_intent(tx: UnitOfWork, _engine: Engine, our_id: str) -> View:
    return PaymentIntentView.of(tx, tx.payment_intents.get(our_id))


def _payment_method(tx: UnitOfWork, _engine: Engine, our_id: str) -> View:
    return MethodView.of(find_stripe_method(tx, our_id))


def _setup_intent(tx: UnitOfWork, _engine: Engine, our_id: str) -> View:
    known = tx.stripe.find(SETUP, our_id)
    if known is None:
        raise NotFound("there is no such setup intent", entity=SETUP)
    return SetupIntentView.of(known)


def _test_clock(tx: UnitOfWork, _engine: Engine, our_id: str) -> View:
    """Show a clock, or what is left of it; one on its way is shown as such, whoever moves it."""
    try:
        clock = tx.clocks.get(our_id)
    except NotFound:
        return DeletedClock(id=our_id)
    return ClockView.of(clock, clock.created_at)


SHOWERS: Final[Mapping[str, Shower]] = {
    "billing.credit_grant": _credit_grant,
    "billing.meter": _meter,
    "checkout.session": _checkout_session,
    "customer": _customer,
    "invoice": _invoice,
    "payment_intent": _payment_intent,
    "payment_method": _payment_method,
    "setup_intent": _setup_intent,
    "test_helpers.test_clock": _test_clock,
}


def shown_thing(tx: UnitOfWork, engine: Engine, subject: str) -> View | None:
    """Return what a snapshot is about as it is now; None where this door does not show such a thing."""
    kind, _, our_id = subject.partition("/")
    shower = SHOWERS.get(kind)
    return None if shower is None else shower(tx, engine, our_id)
