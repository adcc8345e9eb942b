"""Draft a billing intent: write down what is to change, and work out what it would come to."""

from __future__ import annotations

from dataclasses import replace

from billing_sdk.errors import InvalidIntentActions
from billing_sdk.server.domain.agreements import LASTS, Act, BillingIntent, IntentAction, Subscribe
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.auditing import recording_denials
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.work_out_intent import Prospect, no_amounts, work_out_intent

MOST_ACTIONS = 20
# Of one cadence: an invoice has a line for each of their fees.
MOST_SUBSCRIPTIONS = 100


def draft_intent(
    engine: Engine,
    *,
    billing_cadence_id: str,
    currency: str,
    acts: tuple[Act, ...],
    source: EventSource = "api",
    actor: str | None = None,
) -> BillingIntent:
    """Write down a change of what a customer has agreed to, without making it.

    All that keeps it from being made as things are is said now already; nothing is held still.

    Args:
        engine: the engine.
        billing_cadence_id: the cadence that everything is about; it says who the customer is.
        currency: of all prices.
        acts: what is to happen, 1 to 20 things, in their order.
        source: who caused it, as events name them.
        actor: who caused it, as the audit names them; the source by default.

    Raises:
        UnknownCadence, CadenceCanceled: nothing can be billed by the cadence.
        InvalidIntentActions: there are none, too many, or two that are about the same plan of the customer; the fact
            `reason` says which.
        InvalidEffectiveAt: an action can't take effect then.
        NotFound, AgreementNotLive, UnknownPlan, VersionNotFound, EmptyVersion, PlanMismatch, CurrencyMismatch,
            InvalidQuantity, InvalidServiceInterval, AgreementPaused, Conflict: as `work_out_intent`.
    """
    actor = actor or source
    with (
        recording_denials(engine, actor=actor, action="intent.draft", subject=billing_cadence_id),
        engine.begin() as tx,
    ):
        intent, _ = add_draft(
            tx,
            engine,
            billing_cadence_id=billing_cadence_id,
            currency=currency,
            acts=acts,
            actor=actor,
        )
        return intent


def add_draft(
    tx: UnitOfWork, engine: Engine, *, billing_cadence_id: str, currency: str, acts: tuple[Act, ...], actor: str
) -> tuple[BillingIntent, Prospect]:
    """Do the same within somebody's transaction, and return what it means, too."""
    if not 1 <= len(acts) <= MOST_ACTIONS:
        raise InvalidIntentActions(
            f"an intent has 1 to {MOST_ACTIONS} actions, not {len(acts)}", reason="too_many_billing_intent_actions"
        )
    customer = tx.customers.lock(tx.billing_cadences.get(billing_cadence_id).customer_id)
    at = engine.now_for(tx, customer)
    _check_for_sale(tx, acts)
    _check_cadence(tx, customer.id, billing_cadence_id, currency, acts)
    intent = BillingIntent(
        id=new_id("intent"),
        customer_id=customer.id,
        billing_cadence_id=billing_cadence_id,
        currency=currency,
        actions=tuple(IntentAction(new_id("intentaction"), act) for act in acts),
        amounts=no_amounts(currency),
        created_at=at,
        drafted_at=at,
        expires_at=at + LASTS,
    )
    prospect = work_out_intent(tx, customer, intent, at=at)
    intent = replace(intent, amounts=prospect.amounts)
    tx.billing_intents.add(intent)
    tx.audit.record(actor, "intent.draft", intent.id, at, after=intent)
    return intent, prospect


def _check_for_sale(tx: UnitOfWork, acts: tuple[Act, ...]) -> None:
    """Let plans pass that are for sale; what is archived keeps its customers, and gets no new ones.

    Raises:
        InvalidIntentActions: one of them was archived.
    """
    for act in acts:
        plan = tx.catalog.find_plan(act.plan_key) if isinstance(act, Subscribe) else None
        if plan is not None and plan.status == "archived":
            raise InvalidIntentActions(f"the plan {plan.key!r} is archived", reason="pricing_plan_inactive")


def _check_cadence(
    tx: UnitOfWork, customer_id: str, billing_cadence_id: str, currency: str, acts: tuple[Act, ...]
) -> None:
    """Let an intent pass that is in the currency of what its cadence bills, and does not make it bill too much.

    Raises:
        InvalidIntentActions: it does not.
    """
    live = [one for one in tx.agreements.live_of(customer_id) if one.billing_cadence_id == billing_cadence_id]
    others = {one.currency for one in live} - {currency}
    if others:
        raise InvalidIntentActions(
            f"the cadence bills in {', '.join(sorted(others))}, not in {currency}", reason="cadence_currency_mismatch"
        )
    if len(live) + sum(isinstance(act, Subscribe) for act in acts) > MOST_SUBSCRIPTIONS:
        raise InvalidIntentActions(
            f"a cadence bills at most {MOST_SUBSCRIPTIONS} subscriptions",
            reason="too_many_active_pricing_plan_subscriptions",
        )
