"""Billing intents of v2: create, reserve, release, commit and cancel; and their actions.

Source: Stripe API reference, Billing intents and Intent actions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Protocol

from fastapi import Depends
from starlette.responses import Response

from billing_sdk.server.api.stripe.answers import Answering
from billing_sdk.server.api.stripe.bodies import Body, StripeRoute, View
from billing_sdk.server.api.stripe.cadences import inline
from billing_sdk.server.api.stripe.ids import ours, path_id
from billing_sdk.server.api.stripe.intent_acts import acts_of
from billing_sdk.server.api.stripe.intent_bodies import CommitBody, IntentBody
from billing_sdk.server.api.stripe.intent_codes import STANDING, published_codes
from billing_sdk.server.api.stripe.intent_views import IntentActionView, IntentView
from billing_sdk.server.api.stripe.labels import known_currency
from billing_sdk.server.api.stripe.once import OnlyOnce
from billing_sdk.server.api.stripe.paging import Listing, NoFilters, Wanted
from billing_sdk.server.api.stripe.problems import refused
from billing_sdk.server.api.stripe.security import CallerOf, EngineOf, v2
from billing_sdk.server.api.stripe.standing_views import cut_of
from billing_sdk.server.domain.agreements import BillingIntent
from billing_sdk.server.usecases.billing_cadences import create_cadence
from billing_sdk.server.usecases.commit_intent import commit_intent
from billing_sdk.server.usecases.draft_intent import draft_intent
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.reserve_intent import cancel_intent, release_intent, reserve_intent
from billing_sdk.server.web.operations import Operations

router = Operations(route_class=StripeRoute)

READ = v2("read:billing_agreements")
WRITE = v2("create:billing_agreements")
INTENTS = Listing(NoFilters, limit=10)
ACTIONS = Listing(NoFilters, limit=10)
IntentPath = Annotated[str, path_id("billing_intent", "intent_id")]


class NoBody(Body):
    """An object without members."""


class Verb(Protocol):
    """What happens to an intent."""

    def __call__(self, engine: Engine, *, intent_id: str, actor: str) -> BillingIntent:
        """Do it."""


@router.post("/billing/intents", **WRITE)
def create_intent(caller: CallerOf, body: IntentBody, once: OnlyOnce) -> Response:
    """Write a change down, and work out what it comes to."""

    def serve(engine: Engine) -> View:
        with published_codes():
            cadence_id = _cadence(engine, body, actor=caller.client_id)
            with engine.read() as tx:
                acts = acts_of(tx, body, at=engine.now())
            made = draft_intent(
                engine,
                billing_cadence_id=cadence_id,
                currency=known_currency(body.currency),
                acts=acts,
                actor=caller.client_id,
            )
        return IntentView.of(made)

    return once(serve, body, again=_again)


@router.get("/billing/intents", **READ)
def list_intents(
    engine: EngineOf, answer: Answering, wanted: Annotated[Wanted[NoFilters], Depends(INTENTS)]
) -> Response:
    """List intents, the newest first."""
    with engine.read() as tx:
        found = tx.billing_intents.newest(limit=wanted.limit + 1, after=wanted.after, before=wanted.before)
    cut = cut_of(wanted, found, [one.id for one in found])
    return answer(wanted.shown(cut, [IntentView.of(one) for one in cut.items]))


@router.get("/billing/intents/{intent_id}", **READ)
def get_intent(engine: EngineOf, answer: Answering, intent_id: IntentPath) -> Response:
    """Get an intent."""
    with engine.read() as tx:
        return answer(IntentView.of(tx.billing_intents.get(intent_id)))


@router.post("/billing/intents/{intent_id}/reserve", **WRITE)
def reserve(caller: CallerOf, intent_id: IntentPath, body: NoBody, once: OnlyOnce) -> Response:
    """Fix what an intent comes to, and hold still what it is about."""
    return once(_doing(reserve_intent, intent_id, caller.client_id), body, again=_again)


@router.post("/billing/intents/{intent_id}/release_reservation", **WRITE)
def release(caller: CallerOf, intent_id: IntentPath, body: NoBody, once: OnlyOnce) -> Response:
    """Make a draft of a reserved intent again."""
    return once(_doing(release_intent, intent_id, caller.client_id), body, again=_again)


@router.post("/billing/intents/{intent_id}/cancel", **WRITE)
def cancel(caller: CallerOf, intent_id: IntentPath, body: NoBody, once: OnlyOnce) -> Response:
    """Let nothing come of an intent."""
    return once(_doing(cancel_intent, intent_id, caller.client_id), body, again=_again)


@router.post("/billing/intents/{intent_id}/commit", **WRITE)
def commit(caller: CallerOf, intent_id: IntentPath, body: CommitBody, once: OnlyOnce) -> Response:
    """Do all that a reserved intent is for."""

    def serve(engine: Engine) -> View:
        paid_by = None
        if body.payment_intent is not None:
            paid_by = ours("payment_intent", body.payment_intent, param="payment_intent")
        with published_codes(STANDING):
            done = commit_intent(engine, intent_id=intent_id, payment_intent_id=paid_by, actor=caller.client_id)
        return IntentView.of(done)

    return once(serve, body, again=_again)


@router.get("/billing/intents/{intent_id}/actions", **READ)
def list_actions(
    engine: EngineOf,
    answer: Answering,
    intent_id: IntentPath,
    wanted: Annotated[Wanted[NoFilters], Depends(ACTIONS)],
) -> Response:
    """List the actions of an intent, in their order."""
    with engine.read() as tx:
        intent = tx.billing_intents.get(intent_id)
    views = [IntentActionView.of(intent, action) for action in intent.actions]
    return answer(wanted.page(views, lambda one: one, place_of=lambda one: one.id))


@router.get("/billing/intents/{intent_id}/actions/{action_id}", **READ)
def get_action(
    engine: EngineOf,
    answer: Answering,
    intent_id: IntentPath,
    action_id: Annotated[str, path_id("billing_intent_action", "action_id")],
) -> Response:
    """Get an action of an intent."""
    with engine.read() as tx:
        intent = tx.billing_intents.get(intent_id)
    for action in intent.actions:
        if action.id == action_id:
            return answer(IntentActionView.of(intent, action))
    raise refused("billing_intent_action_not_found", "The intent has no such action", status=404)


def _cadence(engine: Engine, body: IntentBody, *, actor: str) -> str:
    """Return the cadence of an intent; one that comes with it is made now."""
    kinds = {action.type for action in body.actions}
    if body.cadence is not None and body.cadence_data is not None:
        raise refused("parameter_invalid", "An intent has a cadence, or the data of one", param="cadence")
    if body.cadence is None and "remove" in kinds:
        raise refused("require_cadence", "Only a cadence that there is has something to remove", param="cadence")
    if body.cadence is None and body.cadence_data is None:
        code = "require_cadence_or_data" if "apply" in kinds else "parameter_missing"
        raise refused(code, "An intent has a cadence, or the data of one", param="cadence")
    if body.cadence_data is not None:
        customer_id, cycle, options = inline(engine, body.cadence_data, param="cadence_data")
        return create_cadence(engine, customer_id=customer_id, cycle=cycle, options=options, actor=actor).id
    cadence_id = ours("billing_cadence", body.cadence or "", param="cadence")
    with engine.read() as tx:
        return tx.billing_cadences.get(cadence_id).id


def _doing(verb: Verb, intent_id: str, actor: str) -> Callable[[Engine], View]:
    def serve(engine: Engine) -> View:
        with published_codes(STANDING):
            return IntentView.of(verb(engine, intent_id=intent_id, actor=actor))

    return serve


def _again(engine: Engine, shown_id: str) -> View:
    with engine.read() as tx:
        return IntentView.of(tx.billing_intents.get(ours("billing_intent", shown_id)))
