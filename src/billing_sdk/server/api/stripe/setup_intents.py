"""Setup intents of v1: a payment method is kept for a customer, and nothing is charged.

The engine keeps payment methods and no attempts to keep one, so a setup intent is known to this door alone.
Source: Stripe documentation, API reference, SetupIntents.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Final, Literal

from fastapi import Depends
from pydantic import Field
from starlette.responses import Response

from billing_sdk.errors import NotFound
from billing_sdk.server.api.stripe.answers import Answering
from billing_sdk.server.api.stripe.bodies import FormBody, StripeRoute, View
from billing_sdk.server.api.stripe.ids import (
    CustomerId,
    PaymentMethodId,
    SetupIntentId,
    ours,
    path_id,
    shown,
)
from billing_sdk.server.api.stripe.once import OnlyOnce
from billing_sdk.server.api.stripe.paging import Filters, Listing, Wanted
from billing_sdk.server.api.stripe.payment_intent_view import PaymentError, code_of
from billing_sdk.server.api.stripe.payment_intents import AutomaticMethodsBody
from billing_sdk.server.api.stripe.payment_methods import reference_of
from billing_sdk.server.api.stripe.problems import refused
from billing_sdk.server.api.stripe.security import CallerOf, EngineOf, v1
from billing_sdk.server.api.stripe.values import Flag, Livemode, Metadata, UnixTime, merged
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.stripe_objects import StripeObject
from billing_sdk.server.usecases.ask_gateway import REFUSED
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.stripe_customers import live_stripe_customer
from billing_sdk.server.usecases.stripe_payment_methods import method_for
from billing_sdk.server.web.operations import Operations

router = Operations(route_class=StripeRoute)

KIND: Final = "setup_intent"
ENDED: Final = ("succeeded", "canceled")


class ConfirmSetup(FormBody):
    """What is kept."""

    payment_method: str | None = None
    return_url: Annotated[str, Field(max_length=2_048, pattern=r"^https?://")] | None = None
    use_stripe_sdk: Flag | None = None


class NewSetup(ConfirmSetup):
    """A setup intent, which is confirmed at once where that is said."""

    customer: str
    confirm: Flag = False
    usage: Literal["off_session", "on_session"] = "off_session"
    description: Annotated[str, Field(max_length=1_000)] | None = None
    metadata: Metadata | None = None
    automatic_payment_methods: AutomaticMethodsBody | None = None
    payment_method_types: list[str] | None = None


class CancelSetup(FormBody):
    """Why nothing is to be kept."""

    cancellation_reason: Literal["abandoned", "duplicate", "requested_by_customer"] | None = None


class SetupFilters(Filters):
    """What setup intents can be filtered by."""

    customer: str | None = None
    payment_method: str | None = None


SETUPS = Listing(SetupFilters)


class SetupIntentView(View):
    """A setup intent."""

    id: SetupIntentId
    object: Literal["setup_intent"] = "setup_intent"
    application: None = None
    cancellation_reason: str | None
    client_secret: str
    created: UnixTime
    customer: CustomerId
    description: str | None
    last_setup_error: PaymentError | None
    latest_attempt: None = None
    livemode: Livemode = None
    mandate: None = None
    metadata: dict[str, str]
    next_action: None = None
    on_behalf_of: None = None
    payment_method: PaymentMethodId | None
    payment_method_options: None = None
    payment_method_types: tuple[str, ...] = ("card",)
    single_use_mandate: None = None
    status: str
    usage: str

    @classmethod
    def of(cls, setup: StripeObject) -> SetupIntentView:
        """Show a setup intent."""
        data, code = setup.data, setup.data.get("decline_code")
        error = None
        if code is not None:
            said = f"Your card was declined ({code.replace('_', ' ')})."
            error = PaymentError(code=code_of(code), decline_code=code, message=said)
        return cls(
            id=setup.our_id,
            cancellation_reason=data.get("cancellation_reason"),
            client_secret=f"seti_{setup.our_id.rpartition('_')[2]}_secret_unused",
            created=setup.created_at,
            customer=data["customer"],
            description=data.get("description"),
            last_setup_error=error,
            metadata=dict(setup.metadata),
            payment_method=data.get("payment_method"),
            status=data["status"],
            usage=data["usage"],
        )


@router.post("/setup_intents", **v1("update:billing_customers"))
def create_setup(caller: CallerOf, body: NewSetup, once: OnlyOnce) -> Response:
    """Begin to keep a payment method, and keep it at once where that is said."""
    customer_id = ours("customer", body.customer, param="customer")

    def serve(engine: Engine) -> View:
        with engine.begin() as tx:
            try:
                customer = live_stripe_customer(tx, customer_id).customer
            except NotFound:
                raise refused(
                    "resource_missing", f"No such customer: '{body.customer[:64]}'", param="customer"
                ) from None
            at = engine.now_for(tx, customer)
            data: dict[str, Any] = {
                "customer": customer_id,
                "status": "requires_payment_method",
                "usage": body.usage,
                "description": body.description,
            }
            setup = StripeObject(KIND, new_id("intentsetup"), at, at, data=data, metadata=merged({}, body.metadata))
            _save(tx, engine, setup, caller.client_id)
        if body.payment_method is not None or body.confirm:
            setup = _choose(engine, setup, body.payment_method, caller.client_id, is_confirmed=body.confirm)
        return SetupIntentView.of(setup)

    return once(serve, body)


@router.get("/setup_intents", **v1("read:billing_customers"))
def list_setups(
    engine: EngineOf, answer: Answering, wanted: Annotated[Wanted[SetupFilters], Depends(SETUPS)]
) -> Response:
    """List setup intents, the newest first."""
    filters, is_live = wanted.filters, answer.rendering.is_live
    customer = None if filters.customer is None else ours("customer", filters.customer, param="customer")
    method = None
    if filters.payment_method is not None:
        method = ours("payment_method", filters.payment_method, param="payment_method")
    with engine.read() as tx:
        found = [
            one
            for one in reversed(tx.stripe.list(KIND))
            if customer in (None, one.data["customer"]) and method in (None, one.data.get("payment_method"))
        ]
    return answer(wanted.page(found, SetupIntentView.of, place_of=lambda one: shown(KIND, one.our_id, is_live=is_live)))


@router.get("/setup_intents/{setup_intent_id}", **v1("read:billing_customers"))
def get_setup(
    engine: EngineOf,
    answer: Answering,
    setup_intent_id: Annotated[str, path_id("setup_intent")],
    client_secret: str | None = None,
) -> Response:
    """Get a setup intent."""
    del client_secret
    with engine.read() as tx:
        return answer(SetupIntentView.of(_find(tx, setup_intent_id)))


@router.post("/setup_intents/{setup_intent_id}/confirm", **v1("update:billing_customers"))
def confirm_setup(
    caller: CallerOf, setup_intent_id: Annotated[str, path_id("setup_intent")], body: ConfirmSetup, once: OnlyOnce
) -> Response:
    """Keep the payment method."""

    def serve(engine: Engine) -> View:
        with engine.read() as tx:
            setup = _open(tx, setup_intent_id)
        return SetupIntentView.of(_choose(engine, setup, body.payment_method, caller.client_id, is_confirmed=True))

    return once(serve, body)


@router.post("/setup_intents/{setup_intent_id}/cancel", **v1("update:billing_customers"))
def cancel_setup(
    caller: CallerOf, setup_intent_id: Annotated[str, path_id("setup_intent")], body: CancelSetup, once: OnlyOnce
) -> Response:
    """Keep nothing."""

    def serve(engine: Engine) -> View:
        with engine.begin() as tx:
            setup = _open(tx, setup_intent_id)
            data = {**setup.data, "status": "canceled", "cancellation_reason": body.cancellation_reason}
            return SetupIntentView.of(_save(tx, engine, replace(setup, data=data), caller.client_id))

    return once(serve, body)


def _choose(engine: Engine, setup: StripeObject, name: str | None, actor: str, *, is_confirmed: bool) -> StripeObject:
    """Name what is to be kept, and keep it where that is confirmed; a refusal is on record, and is the answer."""
    before = setup.data.get("payment_method")
    if name is None and before is None:
        raise refused(
            "setup_intent_unexpected_state",
            "the setup intent has no payment method",
            remedy="Send payment_method, such as pm_card_visa in a test environment.",
        )
    named = before if name is None else reference_of(name, param="payment_method")
    try:
        method_id = method_for(engine, setup.data["customer"], str(named), actor=actor).id
    except NotFound:
        text = f"No such PaymentMethod: '{(name or '')[:64]}'"
        raise refused("resource_missing", text, param="payment_method") from None
    except REFUSED as refusal:
        code = str(refusal.facts.get("decline_code") or refusal.code)
        failed = replace(setup, data={**setup.data, "status": "requires_payment_method", "decline_code": code})
        with engine.begin() as tx:
            _save(tx, engine, failed, actor)
        told = refused(code_of(code), refusal.detail, status=402, type="card_error", decline_code=code)
        engine.refuse(told)
        raise told from None
    status = "succeeded" if is_confirmed else "requires_confirmation"
    data = {**setup.data, "status": status, "payment_method": method_id, "decline_code": None}
    with engine.begin() as tx:
        return _save(tx, engine, replace(setup, data=data), actor)


def _find(tx: UnitOfWork, setup_id: str) -> StripeObject:
    found = tx.stripe.find(KIND, setup_id)
    if found is None:
        raise NotFound(f"No such setup intent: '{setup_id[:64]}'", entity=KIND)
    return found


def _open(tx: UnitOfWork, setup_id: str) -> StripeObject:
    found = _find(tx, setup_id)
    if found.data["status"] in ENDED:
        raise refused("setup_intent_unexpected_state", f"the setup intent is {found.data['status']}")
    return found


def _save(tx: UnitOfWork, engine: Engine, setup: StripeObject, actor: str) -> StripeObject:
    tx.stripe.save(replace(setup, updated_at=engine.now()))
    tx.audit.record(actor, f"setup_intent.{setup.data['status']}", setup.our_id, engine.now(), after=setup)
    return setup
