"""Reserve a billing intent: fix what it comes to, and hold still what it touches; release it; cancel it."""

from __future__ import annotations

from billing_sdk.server.domain.agreements import BillingIntent, Modify, Subscribe
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.ask_hooks import check_selection
from billing_sdk.server.usecases.auditing import recording_denials
from billing_sdk.server.usecases.collect_charge import settle_left_over
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.work_out_intent import work_out_intent


def reserve_intent(
    engine: Engine, *, intent_id: str, source: EventSource = "api", actor: str | None = None
) -> BillingIntent:
    """Fix what a draft comes to and when it takes effect, until it is committed, released or canceled.

    Nobody else can change the customer's plans that it is about meanwhile; renewals go on, and so does what was planned
    before.

    Args:
        engine: the engine.
        intent_id: which one.
        source: who caused it, as events name them.
        actor: who caused it, as the audit names them; the source by default.

    Raises:
        NotFound: there is no such intent.
        InvalidIntentStatus: it is no draft.
        IntentExpired: it has been one for too long.
        AgreementReserved: another intent holds one of the plans.
        SelectionDenied: the seller's own rules keep the customer from a plan.
        AgreementNotLive, InvalidIntentActions, InvalidEffectiveAt, UnknownPlan, VersionNotFound, EmptyVersion,
            PlanMismatch, CurrencyMismatch, InvalidQuantity, InvalidServiceInterval, CadenceCanceled, Conflict: it
            can't be made as things are.
    """
    actor = actor or source
    with recording_denials(engine, actor=actor, action="intent.reserve", subject=intent_id):
        with engine.read() as tx:
            found = tx.billing_intents.get(intent_id)
            _ask(tx, engine, found, source=source, actor=actor)
        settle_left_over(engine, customer_id=found.customer_id)
        with engine.begin() as tx:
            customer, intent = hold_intent(tx, intent_id)
            at = engine.now_for(tx, customer)
            intent.reserved(intent.actions, intent.amounts, at=at)  # else it is the state that is refused, not the rest
            prospect = work_out_intent(tx, customer, intent, at=at)
            tx.billing_intents.hold(intent, prospect.group_ids)
            reserved = intent.reserved(tuple(step.action for step in prospect.steps), prospect.amounts, at=at)
            tx.billing_intents.save(reserved)
            tx.audit.record(actor, "intent.reserve", intent.id, at, before=intent, after=reserved)
    return reserved


def release_intent(
    engine: Engine, *, intent_id: str, source: EventSource = "api", actor: str | None = None
) -> BillingIntent:
    """Make a draft of a reserved intent again, and let go of what it has held.

    Raises:
        NotFound: there is no such intent.
        InvalidIntentStatus: it is not reserved.
    """
    actor = actor or source
    with (
        recording_denials(engine, actor=actor, action="intent.release", subject=intent_id),
        engine.begin() as tx,
    ):
        customer, intent = hold_intent(tx, intent_id)
        at = engine.now_for(tx, customer)
        released = intent.released(at=at)
        tx.billing_intents.let_go(intent.id)
        tx.billing_intents.save(released)
        tx.audit.record(actor, "intent.release", intent.id, at, before=intent, after=released)
    return released


def cancel_intent(
    engine: Engine, *, intent_id: str, source: EventSource = "api", actor: str | None = None
) -> BillingIntent:
    """Let nothing come of an intent.

    Raises:
        NotFound: there is no such intent.
        InvalidIntentStatus: it is committed or canceled.
    """
    actor = actor or source
    with (
        recording_denials(engine, actor=actor, action="intent.cancel", subject=intent_id),
        engine.begin() as tx,
    ):
        customer, intent = hold_intent(tx, intent_id)
        at = engine.now_for(tx, customer)
        canceled = intent.canceled(at=at)
        tx.billing_intents.let_go(intent.id)
        tx.billing_intents.save(canceled)
        tx.audit.record(actor, "intent.cancel", intent.id, at, before=intent, after=canceled)
    return canceled


def hold_intent(tx: UnitOfWork, intent_id: str) -> tuple[Customer, BillingIntent]:
    """Return an intent and its customer, which nobody else changes until the transaction ends.

    Raises:
        NotFound: there is no such intent.
    """
    customer = tx.customers.lock(tx.billing_intents.get(intent_id).customer_id)
    return customer, tx.billing_intents.get(intent_id)


def _ask(tx: UnitOfWork, engine: Engine, intent: BillingIntent, *, source: EventSource, actor: str) -> None:
    """Ask the seller's own rules about the plans that the customer would get."""
    for action in intent.actions:
        if isinstance(action.act, Subscribe | Modify):
            plan_key = action.act.plan_key
            check_selection(engine, tx, customer_id=intent.customer_id, plan_key=plan_key, source=source, actor=actor)
