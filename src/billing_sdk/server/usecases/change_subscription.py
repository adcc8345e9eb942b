"""Make, change and end subscriptions, as the Konnect door asks for it.

One subscription at a time; a change is an end and a beginning at the same instant, and the one that begins later has
its id from the start. What a plan of this door leaves to nobody's policy: usage until an end is charged, and days that
were paid for are given back where the plan prorates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from billing_sdk.errors import (
    Conflict,
    InvalidRequest,
    PlanArchived,
    PlanNotPublished,
    TransitionNotAllowed,
    UnknownPlan,
)
from billing_sdk.server.domain.agreements import Agreement, Timing
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.konnect import Extras
from billing_sdk.server.usecases.accounts import live_account
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.change_options import ChangeOptions
from billing_sdk.server.usecases.change_plan import change_plan
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.konnect_plans import get_record, records_of
from billing_sdk.server.usecases.konnect_subscriptions import (
    ALLOWED,
    KIND,
    Subscription,
    SubscriptionEvent,
    get_subscription,
    subscription_of,
)
from billing_sdk.server.usecases.plan_ahead import undo_plans
from billing_sdk.server.usecases.require_collectable import require_collectable
from billing_sdk.server.usecases.subscribe import subscribe


@dataclass(frozen=True, slots=True)
class PlanWanted:
    """A plan by its id, or by its key and version; the id counts where both are given, and the version has to fit."""

    id: str | None = None
    key: str | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class SubscriptionWanted:
    """What is asked for with a subscription.

    Attributes:
        anchor: an instant that billing periods are counted from; None is its beginning, or that of the one before.
    """

    customer_id: str
    plan: PlanWanted
    anchor: datetime | None = None
    labels: Mapping[str, str] | None = None
    settlement_mode: str | None = None


def create_subscription(engine: Engine, wanted: SubscriptionWanted, *, actor: str) -> Subscription:
    """Put a customer without a subscription on a plan.

    Args:
        engine: within a call, so that it all happens or nothing does.
        wanted: what is asked for.
        actor: who does it, as the audit names them.

    Raises:
        NotFound, Gone: there is no such customer, or it was deleted.
        UnknownPlan: there is no such plan.
        PlanNotPublished, PlanArchived: the plan is not for sale.
        Conflict: the customer has a subscription.
        InvalidRequest: a phase of the plan would be shortened by the anchor.
        CurrencyMismatch: the plan is not sold in the customer's currency.
        PaymentMethodRequired, CustomerNotCollectable: nothing can be collected from the customer; see `subscribe`.
    """
    with engine.read() as tx:
        _require_none(tx, wanted)
    _require_collectable(engine, wanted)
    with engine.begin() as tx:
        account = live_account(tx, wanted.customer_id)
        # Locked, so that two that are made at once do not take each other's place.
        tx.customers.lock(account.customer.id)
        _require_none(tx, wanted)
        key, number = _plan_of(tx, wanted.plan)
        _require_whole_phases(tx, wanted, key, number)
        # Kept before money is collected, which may take until somebody has confirmed it.
        agreement_id = new_id("agreement")
        _keep(tx, engine, agreement_id, wanted, actor)
    agreement = subscribe(
        engine,
        customer_id=wanted.customer_id,
        plan_key=key,
        # Asked once more where it is decided: a charge that was under way may have made one meanwhile.
        options=ChangeOptions(
            version=number,
            anchor=wanted.anchor,
            replaces=False,
            agreement_id=agreement_id,
            currency=account.extras.more.get("currency"),
        ),
        source="api",
        actor=actor,
    )
    with engine.read() as tx:
        return get_subscription(tx, agreement.id)


def change_subscription(
    engine: Engine, subscription_id: str, wanted: SubscriptionWanted, *, timing: Timing, actor: str
) -> tuple[Subscription, Subscription]:
    """Put a customer on another plan, now or later; return the one that ends and the one that begins.

    Raises:
        NotFound: there is no such subscription.
        InvalidRequest: it is another customer's, or the instant can't be taken.
        TransitionNotAllowed: it has ended, is about to, or has not begun.
        UnknownPlan: there is no such plan.
        PlanNotPublished, PlanArchived: the plan is not for sale.
        Conflict: the plan is of another group.
        PaymentMethodRequired, CustomerNotCollectable: nothing can be collected from the customer; see `change_plan`.
    """
    with engine.read() as tx:
        standing = _allowed(tx, subscription_id, "change").agreement
    if standing.customer_id == wanted.customer_id:
        _require_collectable(engine, wanted)
    with engine.begin() as tx:
        before = _allowed(tx, subscription_id, "change").agreement
        if before.customer_id != wanted.customer_id:
            raise InvalidRequest("the subscription is another customer's", parameter="customer")
        key, number = _plan_of(tx, wanted.plan)
        plan = tx.catalog.get_plan(key)
        if plan.group.id != before.group_id:
            raise Conflict(
                f"the plan {key!r} is of another group than {before.plan_key!r}",
                remedy="Cancel the subscription, and make another one.",
            )
        is_prorate, is_invoice_now = _ending(tx, before)
        planned_id = new_id("agreement")
        _keep(tx, engine, planned_id, wanted, actor, parent_id=before.id)
    made = change_plan(
        engine,
        customer_id=before.customer_id,
        plan_key=key,
        options=ChangeOptions(
            timing=timing,
            version=number,
            is_prorate=is_prorate,
            is_invoice_now=is_invoice_now,
            anchor=wanted.anchor or before.anchor,
            agreement_id=planned_id,
        ),
        source="api",
        actor=actor,
    )
    with engine.read() as tx:
        next_id = planned_id if made.id == before.id else made.id
        return get_subscription(tx, before.id), get_subscription(tx, next_id)


def cancel_subscription(engine: Engine, subscription_id: str, *, timing: Timing, actor: str) -> Subscription:
    """End a subscription, now or later.

    Raises:
        NotFound: there is no such subscription.
        TransitionNotAllowed: it has ended, is about to, or has not begun.
        InvalidRequest: the instant is no boundary between billing periods.
        InvalidTiming: the instant has passed.
    """
    with engine.begin() as tx:
        agreement = _allowed(tx, subscription_id, "cancel").agreement
        if isinstance(timing, datetime):
            check_boundary(agreement, timing)
        is_prorate, is_invoice_now = _ending(tx, agreement)
    ended = cancel_agreement(
        engine,
        agreement_id=agreement.id,
        timing=timing,
        is_prorate=is_prorate,
        is_invoice_now=is_invoice_now,
        source="api",
        actor=actor,
    )
    return _touched(engine, ended)


def continue_subscription(engine: Engine, subscription_id: str, *, actor: str) -> Subscription:
    """Take back that a subscription ends, and what was to begin then.

    Raises:
        NotFound: there is no such subscription.
        TransitionNotAllowed: it is not about to end.
    """
    with engine.begin() as tx:
        agreement = _allowed(tx, subscription_id, "continue").agreement
    return _touched(engine, undo_plans(engine, agreement_id=agreement.id, source="api", actor=actor))


def _require_none(tx: UnitOfWork, wanted: SubscriptionWanted) -> None:
    live_account(tx, wanted.customer_id)
    if tx.agreements.live_of(wanted.customer_id):
        raise Conflict("the customer has a subscription already", remedy="Change it, or cancel it first.")


def _require_collectable(engine: Engine, wanted: SubscriptionWanted) -> None:
    """Ask before anything is kept: a question to a processor commits what the call has done so far."""
    with engine.read() as tx:
        key, _ = _plan_of(tx, wanted.plan)
    require_collectable(engine, customer_id=wanted.customer_id, plan_keys=[key])


def check_boundary(agreement: Agreement, at: datetime) -> None:
    """Let an instant pass at which a billing period begins.

    Raises:
        InvalidRequest: none does.
    """
    schedule = agreement.schedule
    if schedule.boundary(schedule.index_at(at)) != at:
        raise InvalidRequest("the instant is no boundary between billing periods", parameter="timing")


def _plan_of(tx: UnitOfWork, wanted: PlanWanted) -> tuple[str, int | None]:
    """Return the key of a plan and the number of its version that is meant."""
    if wanted.id is not None:
        record = get_record(tx, "plan", wanted.id)
        if wanted.version not in (None, record.number):
            raise UnknownPlan(f"the plan of that id is not version {wanted.version} of {record.key!r}", entity="plan")
    else:
        found = [
            one
            for one in records_of(tx, "plan", wanted.key or "")
            if (one.status == "active" if wanted.version is None else one.number == wanted.version)
        ]
        if not found:
            raise UnknownPlan(f"there is no plan {str(wanted.key)[:64]!r} of that version", entity="plan")
        record = found[0]
    if record.status == "draft" or record.version is None:
        raise PlanNotPublished(f"version {record.number} of {record.key!r} is a draft")
    if record.status == "archived":
        raise PlanArchived(f"version {record.number} of {record.key!r} is archived")
    return record.key, record.number


def _require_whole_phases(tx: UnitOfWork, wanted: SubscriptionWanted, plan_key: str, number: int | None) -> None:
    """Let nobody's first phase be shortened: it lasts a number of billing periods, of which the first would be short.

    Raises:
        InvalidRequest: an anchor is named for a plan with phases.
    """
    if wanted.anchor is not None and tx.catalog.get_version_of(plan_key, number=number).opening_phases:
        raise InvalidRequest("the first phase of the plan would be shortened by it", parameter="billing_anchor")


def _allowed(tx: UnitOfWork, subscription_id: str, event: SubscriptionEvent) -> Subscription:
    found = get_subscription(tx, subscription_id)
    if (found.status, event) not in ALLOWED:
        raise TransitionNotAllowed(
            f"transition {event} in state {found.status} not allowed", state=found.status, transition=event
        )
    return found


def _ending(tx: UnitOfWork, agreement: Agreement) -> tuple[bool | None, bool | None]:
    """Return whether days are given back and unfinished usage is charged; None leaves it to the policies."""
    record = get_record(tx, "plan", agreement.plan_version_id)
    if record.sent is None:
        return None, None
    return bool(record.sent.get("pro_rating_enabled", True)), True


def _keep(
    tx: UnitOfWork,
    engine: Engine,
    subscription_id: str,
    wanted: SubscriptionWanted,
    actor: str,
    *,
    parent_id: str | None = None,
) -> None:
    """Keep what only this door knows of a subscription that is about to be made."""
    at = engine.now()
    more = {} if wanted.settlement_mode is None else {"settlement_mode": wanted.settlement_mode}
    extras = Extras(KIND, subscription_id, at, at, parent_id=parent_id, labels=wanted.labels or {}, more=more)
    tx.konnect.save(extras)
    tx.audit.record(actor, "subscription.describe", subscription_id, at, after=extras)


def _touched(engine: Engine, agreement: Agreement) -> Subscription:
    """Return a subscription that has changed just now."""
    at = engine.now()
    with engine.begin() as tx:
        extras = tx.konnect.find(KIND, agreement.id) or Extras(KIND, agreement.id, agreement.started_at, at)
        extras = replace(extras, updated_at=at)
        tx.konnect.save(extras)
        return subscription_of(agreement, extras)
