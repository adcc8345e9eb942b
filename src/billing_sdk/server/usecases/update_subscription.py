"""Change what a subscription comes with, and nothing that it costs: its metadata, and an end that is planned for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from billing_sdk.errors import NotFound
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.auditing import recording_denials
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.hold_agreement import hold_agreement
from billing_sdk.server.usecases.plan_ahead import keep_plans


def current_subscription(tx: UnitOfWork, subscription_id: str) -> Agreement:
    """Return what a subscription is by now.

    Raises:
        NotFound: there is none with this id, or it is billed by no cadence.
    """
    found = tx.agreements.find_current(subscription_id)
    if found is None or found.billing_cadence_id is None:
        raise NotFound(f"there is no subscription {subscription_id[:64]!r}", entity="pricing_plan_subscription")
    return found


def update_subscription(
    engine: Engine,
    subscription_id: str,
    *,
    metadata: Mapping[str, str] | None = None,
    clears_end: bool = False,
    source: EventSource = "api",
    actor: str | None = None,
) -> Agreement:
    """Give a live subscription other metadata, and let it go on where it was planned to end.

    Args:
        engine: the engine.
        subscription_id: by the id that it keeps.
        metadata: all of it, from then on; None leaves it as it is.
        clears_end: whether a planned end is taken back, if there is one.
        source: who caused it, as events name them.
        actor: who caused it, as the audit names them.

    Raises:
        NotFound: there is no such subscription.
        AgreementNotLive: it has ended.
        AgreementReserved: a billing intent holds it still.
        Conflict: a change of the customer's plan is under way.
    """
    actor = actor or source
    with (
        recording_denials(engine, actor=actor, action="agreement.update", subject=subscription_id),
        engine.begin() as tx,
    ):
        customer, before = hold_agreement(tx, current_subscription(tx, subscription_id).id)
        after = before if metadata is None else replace(before, metadata=dict(metadata))
        if clears_end and after.cancel_at is not None:
            after = after.without_plans()
        if after == before:
            return before
        at = engine.now_for(tx, customer)
        return keep_plans(tx, customer, before, after, action="agreement.update", source=source, actor=actor, at=at)


def remove_discounts(
    engine: Engine, subscription_id: str, *, source: EventSource = "api", actor: str | None = None
) -> Agreement:
    """Take off what coupons take off a subscription; rules of its cadence stay.

    Raises:
        NotFound, AgreementNotLive, AgreementReserved, Conflict: as `update_subscription`.
    """
    actor = actor or source
    with (
        recording_denials(engine, actor=actor, action="agreement.update", subject=subscription_id),
        engine.begin() as tx,
    ):
        customer, before = hold_agreement(tx, current_subscription(tx, subscription_id).id)
        rules = {rule.id for rule in tx.cadence_discounts.of([before.billing_cadence_id or ""])}
        after = replace(before, discounts=tuple(one for one in before.discounts if one.coupon_key in rules))
        if after == before:
            return before
        at = engine.now_for(tx, customer)
        return keep_plans(tx, customer, before, after, action="agreement.update", source=source, actor=actor, at=at)
