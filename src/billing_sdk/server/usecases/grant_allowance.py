"""Grant an allowance: let a customer use more of a feature than the plan includes; and take it back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.domain.catalog import UsageThreshold, thresholds_from
from billing_sdk.server.domain.entitlements import (
    USUAL_PRIORITY,
    AllowanceGrant,
    check_allowance,
    check_number_of_allowances,
)
from billing_sdk.server.domain.metering import parse_quantity
from billing_sdk.server.domain.periods import Cadence, Duration
from billing_sdk.server.ids import new_id
from billing_sdk.server.usecases.alert_on_usage import look_at_customer
from billing_sdk.server.usecases.customer_time import check_times, zone_of
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.grant_credit import require_metered_features


def grant_allowance(
    engine: Engine,
    *,
    customer_id: str,
    feature_key: str,
    amount: str,
    name: str = "",
    priority: int = USUAL_PRIORITY,
    effective_at: datetime | None = None,
    expires_at: datetime | None = None,
    expires_after: str | None = None,
    recurrence: str | None = None,
    recurrence_anchor: datetime | None = None,
    min_rollover: str = "0",
    max_rollover: str | None = None,
    actor: str = "admin",
) -> AllowanceGrant:
    """Let a customer use units of a metered feature beside what the plan includes.

    Args:
        engine: the engine.
        customer_id: who may use them.
        feature_key: a metered feature.
        amount: how many, in plain decimal digits; more than zero.
        name: what the customer reads.
        priority: 1 is burnt first, 255 last; what the plan includes comes before all of them.
        effective_at: from when on they can be used, in the customer's time; now by default.
        expires_at: from when on they can't any more; never by default. Or
        expires_after: how long they can, as a duration of ISO 8601.
        recurrence: how often there are as many again, such as `month`; never by default.
        recurrence_anchor: one of the instants at which there are; when they take effect by default.
        min_rollover: how many there are at least after a usage period has ended.
        max_rollover: how many of them are kept at most when a usage period ends; all by default.
        actor: who causes it, as the audit names them.

    Raises:
        NotFound: there is no such customer.
        UnknownFeature: there is no such feature, or it is not metered.
        InvalidAllowance: it would begin in the past or end before it begins, or something is out of its bounds.
        InvalidQuantity, InvalidCadence, InvalidDuration: a number, a recurrence or a duration can't be read.
        InvalidRequest: a time has no zone, or both ends are given.
        TooManyAllowances: the customer has a hundred of the feature that have not ended.
    """
    check_times(effective_at=effective_at, expires_at=expires_at, recurrence_anchor=recurrence_anchor)
    if expires_at is not None and expires_after is not None:
        raise InvalidRequest("it ends at an instant or after a while, not both", parameter="expires_after")
    units = parse_quantity(amount)
    with engine.begin() as tx:
        customer = tx.customers.lock(customer_id)
        at = engine.now_for(tx, customer)
        require_metered_features(tx, [feature_key])
        zone, starts_at = zone_of(tx, customer_id), effective_at or at
        grant = AllowanceGrant(
            id=new_id("allowance"),
            customer_id=customer.id,
            feature_key=feature_key,
            amount=units,
            effective_at=starts_at,
            created_at=at,
            name=name.strip(),
            priority=priority,
            expires_at=expires_at if expires_after is None else Duration.parse(expires_after).after(starts_at, zone),
            recurrence=None if recurrence is None else Cadence.from_text(recurrence),
            recurrence_anchor=recurrence_anchor,
            min_rollover=parse_quantity(min_rollover),
            max_rollover=units if max_rollover is None else parse_quantity(max_rollover),
            zone=zone,
        )
        check_allowance(grant, at=at)
        check_number_of_allowances(feature_key, tx.allowances.count_unended(customer.id, feature_key, at=at))
        tx.allowances.add(grant)
        tx.audit.record(actor, "allowance.grant", grant.id, at, after=grant)
        look_at_customer(tx, customer, feature_key, at=at)
    return grant


def void_allowance(engine: Engine, *, customer_id: str, allowance_id: str, actor: str = "admin") -> AllowanceGrant:
    """Take back what is left of a grant; what it has covered stays covered.

    Raises:
        NotFound: there is no such customer.
        UnknownAllowance: the customer has no such grant.
        AllowanceEnded: it has expired or was taken back before.
    """
    with engine.begin() as tx:
        customer = tx.customers.lock(customer_id)
        at = engine.now_for(tx, customer)
        before = tx.allowances.get(allowance_id, customer_id=customer.id)
        voided = before.voided(at)
        tx.allowances.save(voided)
        tx.audit.record(actor, "allowance.void", voided.id, at, before=before, after=voided)
        look_at_customer(tx, customer, before.feature_key, at=at)
    return voided


def save_usage_thresholds(
    engine: Engine, *, customer_id: str, feature_key: str, thresholds: Sequence[str], actor: str = "admin"
) -> tuple[UsageThreshold, ...]:
    """Say at how much use of a feature a customer is told, in place of what the plan says; none is a choice, too.

    What is reached by now is told at once.

    Args:
        engine: the engine.
        customer_id: who is told.
        feature_key: a metered feature.
        thresholds: ten at most, such as `80%` of the limit or `5000` units.
        actor: who causes it, as the audit names them.

    Raises:
        NotFound: there is no such customer.
        UnknownFeature: there is no such feature, or it is not metered.
        InvalidRequest: a threshold can't be read, or there are too many.
    """
    found = thresholds_from(thresholds)
    with engine.begin() as tx:
        customer = tx.customers.lock(customer_id)
        at = engine.now_for(tx, customer)
        require_metered_features(tx, [feature_key])
        before = tx.allowances.thresholds_of(customer.id, feature_key)
        tx.allowances.save_thresholds(customer.id, feature_key, found)
        said = {"feature": feature_key, "thresholds": [*map(str, found)]}
        were = None if before is None else {"feature": feature_key, "thresholds": [*map(str, before)]}
        tx.audit.record(actor, "usage_thresholds.save", customer.id, at, before=were, after=said)
        look_at_customer(tx, customer, feature_key, at=at)
    return found


def delete_usage_thresholds(engine: Engine, *, customer_id: str, feature_key: str, actor: str = "admin") -> None:
    """Let the plan say again at how much use a customer is told; without thresholds of their own nothing changes.

    Raises:
        NotFound: there is no such customer.
    """
    with engine.begin() as tx:
        customer = tx.customers.lock(customer_id)
        before = tx.allowances.thresholds_of(customer.id, feature_key)
        if before is None:
            return
        tx.allowances.delete_thresholds(customer.id, feature_key)
        were = {"feature": feature_key, "thresholds": [*map(str, before)]}
        at = engine.now_for(tx, customer)
        tx.audit.record(actor, "usage_thresholds.delete", customer.id, at, before=were)
