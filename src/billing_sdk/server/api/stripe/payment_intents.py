"""Payment intents of v1: money that is taken before it is known which invoice it pays.

Source: Stripe documentation, API reference, PaymentIntents.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Depends
from pydantic import Field
from starlette.responses import Response

from billing_sdk.errors import (
    AuthenticationRequired,
    BillingError,
    InvalidAmount,
    NotFound,
    PaymentMethodRequired,
    UnknownPaymentIntent,
)
from billing_sdk.money import Money
from billing_sdk.server.api.stripe.answers import Answer, Answering
from billing_sdk.server.api.stripe.bodies import FormBody, StripeRoute, View
from billing_sdk.server.api.stripe.ids import ours, path_id, shown
from billing_sdk.server.api.stripe.once import OnlyOnce
from billing_sdk.server.api.stripe.paging import Filters, Listing, Wanted
from billing_sdk.server.api.stripe.payment_intent_view import PaymentIntentView, declined
from billing_sdk.server.api.stripe.payment_methods import reference_of
from billing_sdk.server.api.stripe.problems import refused
from billing_sdk.server.api.stripe.security import CallerOf, EngineOf, v1
from billing_sdk.server.api.stripe.values import Flag, LowerCurrency, Metadata, Whole, merged
from billing_sdk.server.storage.paging import PageRequest
from billing_sdk.server.usecases.ask_gateway import REFUSED
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.payment_intents import (
    MOST_MINOR,
    cancel_payment_intent,
    confirm_payment_intent,
    create_payment_intent,
    find_payment_intent,
    note_refused_method,
    update_payment_intent,
)
from billing_sdk.server.usecases.stripe_customers import live_stripe_customer
from billing_sdk.server.usecases.stripe_payment_methods import method_for
from billing_sdk.server.web.operations import Operations

router = Operations(route_class=StripeRoute)

CODES: dict[type[BillingError], str] = {UnknownPaymentIntent: "resource_missing"}
Text = Annotated[str, Field(max_length=1_000)]
Url = Annotated[str, Field(max_length=2_048, pattern=r"^https?://")]


class AutomaticMethodsBody(FormBody):
    """Which payment methods there are is for the gateway to say."""

    enabled: Flag
    allow_redirects: Literal["always", "never"] | None = None


class ConfirmBody(FormBody):
    """How a payment intent is confirmed."""

    payment_method: str | None = None
    off_session: Flag | None = None
    return_url: Url | None = None
    error_on_requires_action: Flag | None = None
    use_stripe_sdk: Flag | None = None
    setup_future_usage: Literal["on_session", "off_session"] | None = None
    receipt_email: Text | None = None
    payment_method_types: list[str] | None = None
    payment_method_options: dict[str, Any] | None = None


class IntentBody(ConfirmBody):
    """What can be said of a payment intent."""

    amount: Whole | None = None
    currency: LowerCurrency | None = None
    customer: str | None = None
    description: Text | None = None
    metadata: Metadata | None = None
    statement_descriptor: Text | None = None
    statement_descriptor_suffix: Text | None = None


class NewIntent(IntentBody):
    """A payment intent, which is confirmed at once where that is said."""

    amount: Whole
    currency: LowerCurrency
    customer: str
    confirm: Flag = False
    automatic_payment_methods: AutomaticMethodsBody | None = None
    capture_method: Literal["automatic", "automatic_async"] | None = None
    confirmation_method: Literal["automatic", "manual"] | None = None


class CancelBody(FormBody):
    """Why nobody is to pay."""

    cancellation_reason: Literal["duplicate", "fraudulent", "requested_by_customer", "abandoned"] | None = None


class IntentFilters(Filters):
    """What payment intents can be filtered by."""

    customer: str | None = None


INTENTS = Listing(IntentFilters)


@router.post("/payment_intents", **v1("update:billing_invoices", codes=CODES))
def create_intent(caller: CallerOf, body: NewIntent, answer: Answering, once: OnlyOnce) -> Response:
    """Write down what a customer is to pay, and take it at once where that is said."""
    customer_id = ours("customer", body.customer, param="customer")

    def serve(engine: Engine) -> View:
        made = None if engine.call is None else engine.call.effect_id
        if made is None:
            made = _create(engine, customer_id, body, caller.client_id)
        if body.confirm:
            return _confirm(engine, made, body, answer, caller.client_id)
        if body.payment_method is not None:
            _choose(engine, made, body.payment_method, answer, caller.client_id)
        return _shown(engine, made)

    return once(serve, body)


@router.get("/payment_intents", **v1("read:billing_invoices"))
def list_intents(
    engine: EngineOf, answer: Answering, wanted: Annotated[Wanted[IntentFilters], Depends(INTENTS)]
) -> Response:
    """List payment intents, the newest first."""
    customer = wanted.filters.customer
    customer_id = None if customer is None else ours("customer", customer, param="customer")
    is_live = answer.rendering.is_live
    with engine.read() as tx:
        found = tx.payment_intents.page(PageRequest(500), customer_id=customer_id).items[::-1]
        page = wanted.page(
            found,
            lambda one: PaymentIntentView.of(tx, one),
            place_of=lambda one: shown("payment_intent", one.id, is_live=is_live),
        )
    return answer(page)


@router.get("/payment_intents/{payment_intent_id}", **v1("read:billing_invoices", codes=CODES))
def get_intent(
    engine: EngineOf,
    answer: Answering,
    payment_intent_id: Annotated[str, path_id("payment_intent")],
    client_secret: str | None = None,
) -> Response:
    """Get a payment intent."""
    del client_secret
    return answer(_shown(engine, payment_intent_id))


@router.post("/payment_intents/{payment_intent_id}", **v1("update:billing_invoices", codes=CODES))
def update_intent(
    caller: CallerOf,
    payment_intent_id: Annotated[str, path_id("payment_intent")],
    body: IntentBody,
    answer: Answering,
    once: OnlyOnce,
) -> Response:
    """Change what is given of a payment intent."""

    def serve(engine: Engine) -> View:
        before = find_payment_intent(engine, payment_intent_id)
        if body.customer is not None and ours("customer", body.customer, param="customer") != before.customer_id:
            raise refused("parameter_invalid", "a payment intent stays with its customer", param="customer")
        amount = None
        if body.amount is not None or body.currency is not None:
            minor = before.amount.minor if body.amount is None else body.amount
            amount = _amount(minor, body.currency or before.amount.currency)
        metadata = None
        if "metadata" in body.model_fields_set:
            metadata = merged(before.metadata, body.metadata)
        update_payment_intent(
            engine,
            payment_intent_id,
            amount=amount,
            description=(body.description or "") if "description" in body.model_fields_set else None,
            metadata=metadata,
            actor=caller.client_id,
        )
        if body.payment_method is not None:
            _choose(engine, payment_intent_id, body.payment_method, answer, caller.client_id)
        return _shown(engine, payment_intent_id)

    return once(serve, body)


@router.post("/payment_intents/{payment_intent_id}/confirm", **v1("update:billing_invoices", codes=CODES))
def confirm_intent(
    caller: CallerOf,
    payment_intent_id: Annotated[str, path_id("payment_intent")],
    body: ConfirmBody,
    answer: Answering,
    once: OnlyOnce,
) -> Response:
    """Take the money of a payment intent."""

    def serve(engine: Engine) -> View:
        return _confirm(engine, payment_intent_id, body, answer, caller.client_id)

    return once(serve, body)


@router.post("/payment_intents/{payment_intent_id}/cancel", **v1("update:billing_invoices", codes=CODES))
def cancel_intent(
    caller: CallerOf, payment_intent_id: Annotated[str, path_id("payment_intent")], body: CancelBody, once: OnlyOnce
) -> Response:
    """Let nobody pay a payment intent any more."""

    def serve(engine: Engine) -> View:
        reason = body.cancellation_reason
        cancel_payment_intent(engine, payment_intent_id, reason=reason, actor=caller.client_id)
        return _shown(engine, payment_intent_id)

    return once(serve, body)


def _create(engine: Engine, customer_id: str, body: NewIntent, actor: str) -> str:
    with engine.read() as tx:
        try:
            live_stripe_customer(tx, customer_id)
        except NotFound:
            raise refused("resource_missing", f"No such customer: '{body.customer[:64]}'", param="customer") from None
    intent = create_payment_intent(
        engine,
        customer_id=customer_id,
        amount=_amount(body.amount, body.currency),
        description=body.description or "",
        metadata=merged({}, body.metadata),
        actor=actor,
    )
    return intent.id


def _amount(minor: int, currency: str) -> Money:
    if not 0 < minor <= MOST_MINOR:
        code = "amount_too_large" if minor > 0 else "amount_too_small"
        raise refused(code, f"An amount is between 1 and {MOST_MINOR}", param="amount")
    try:
        return Money(minor, currency)
    except InvalidAmount:
        raise refused("parameter_invalid", f"Invalid currency: {currency.lower()}", param="currency") from None


def _confirm(engine: Engine, intent_id: str, body: ConfirmBody, answer: Answer, actor: str) -> View:
    """Confirm a payment intent; a refusal of the bank is on record, and is the answer of the call."""
    method_id = None
    if body.payment_method is not None:
        method_id = _method(engine, intent_id, body.payment_method, answer, actor)
    try:
        confirm_payment_intent(
            engine,
            intent_id,
            payment_method_id=method_id,
            is_present=not body.off_session,
            fails_on_action=bool(body.error_on_requires_action or body.off_session),
            return_url=body.return_url or "",
            actor=actor,
        )
    except (*REFUSED, AuthenticationRequired) as refusal:
        raise _on_record(engine, intent_id, refusal, answer) from None
    except PaymentMethodRequired as error:
        remedy = "Send payment_method, such as pm_card_visa in a test environment."
        raise refused("payment_intent_unexpected_state", error.detail, remedy=remedy) from None
    return _shown(engine, intent_id)


def _choose(engine: Engine, intent_id: str, name: str, answer: Answer, actor: str) -> None:
    method_id = _method(engine, intent_id, name, answer, actor)
    update_payment_intent(engine, intent_id, payment_method_id=method_id, actor=actor)


def _method(engine: Engine, intent_id: str, name: str, answer: Answer, actor: str) -> str:
    """Return what a payment intent is to be paid with; a card that the bank refuses already is an attempt as well."""
    customer_id = find_payment_intent(engine, intent_id).customer_id
    named = reference_of(name, param="payment_method")
    try:
        return method_for(engine, customer_id, named, actor=actor).id
    except NotFound:
        raise refused("resource_missing", f"No such PaymentMethod: '{name[:64]}'", param="payment_method") from None
    except REFUSED as refusal:
        note_refused_method(engine, intent_id, str(refusal.facts.get("decline_code") or refusal.code), actor=actor)
        raise _on_record(engine, intent_id, refusal, answer) from None


def _on_record(engine: Engine, intent_id: str, refusal: BillingError, answer: Answer) -> BillingError:
    """Return a refusal as it is answered, once it is committed together with what it has left behind."""
    told = declined(answer, _shown(engine, intent_id), refusal)
    engine.refuse(told)
    return told


def _shown(engine: Engine, intent_id: str) -> PaymentIntentView:
    with engine.read() as tx:
        return PaymentIntentView.of(tx, tx.payment_intents.get(intent_id))
