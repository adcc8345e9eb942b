"""Record usage: a reading of a metered feature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from billing_sdk.errors import (
    AgreementNotLive,
    AgreementPaused,
    AgreementSuspended,
    IdempotencyMismatch,
    InvalidRequest,
    UnknownFeature,
)
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.catalog import LateUsage
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.metering import (
    MeasuredEvent,
    Meter,
    Reading,
    ReadingKind,
    UsageEvent,
    checked_dimensions,
    counted_at,
    parse_quantity,
    told,
)
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.usage_stores import fingerprint_of
from billing_sdk.server.usecases import event_data
from billing_sdk.server.usecases.accrue import accrue_later
from billing_sdk.server.usecases.alert_on_usage import alert_on_usage
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.follow_usage import follow_feature
from billing_sdk.server.usecases.late_usage import is_past, note_late_usage
from billing_sdk.server.usecases.load_in_force import policies_of
from billing_sdk.server.usecases.watch_soon import watch_soon
from billing_sdk.server.usecases.watch_threshold import watch_threshold

# How far the clocks of those who report may be ahead of this one.
SKEW_SECONDS = 300
MAX_KEY_LENGTH = 255


@dataclass(frozen=True, slots=True)
class RecordedReading(Reading):
    """A reading, and the total of its period with it."""

    total: Decimal = field(kw_only=True)


def record_usage(
    engine: Engine,
    *,
    agreement_id: str,
    feature_key: str,
    value: str,
    kind: ReadingKind = "delta",
    used_at: datetime | None = None,
    dimensions: Mapping[str, str] | None = None,
    idempotency_key: str | None = None,
    source: EventSource = "api",
) -> RecordedReading:
    """Add to what was used in a period (`delta`), or say what its total is (`absolute`).

    Usage counts when it was used, unless the policy `late_usage` says otherwise. Where that has been billed already,
    what is billed is adjusted a day later. Usage of an agreement that has ended or is paused can be reported with the
    instant at which it was used.

    Args:
        engine: the engine.
        agreement_id: under which agreement it was used.
        feature_key: a metered feature of the agreement's plan.
        value: plain decimal digits, zero or more.
        kind: how the value is meant.
        used_at: when it was used, in the customer's time; now by default.
        dimensions: what the usage is marked with, such as the model that answered; prices can depend on it.
        idempotency_key: a report that is sent again with its key is recorded once.
        source: who caused it, as events name them.

    Raises:
        NotFound: there is no such agreement.
        AgreementNotLive: it has ended, before it was used.
        AgreementPaused: it is paused, since before it was used.
        UnknownFeature: its plan has no metered feature with this key.
        InvalidQuantity: the value is not a plain decimal number.
        InvalidRequest: the time has no zone, lies ahead, or is before the agreement; the key is unusable, or a
            dimension is out of its bounds.
        UnsupportedByMeter: the feature's meter does not read quantities, or can't be told what its total is.
        IdempotencyMismatch: the key was used for another report.
    """
    quantity = parse_quantity(value)
    _check(kind, used_at, idempotency_key)
    marks = checked_dimensions(dimensions or {}, kind)
    with engine.begin() as tx:
        customer = tx.customers.lock(tx.agreements.get(agreement_id).customer_id)
        at = engine.now_for(tx, customer)
        if used_at is not None and used_at > at + timedelta(seconds=SKEW_SECONDS):
            raise InvalidRequest("used_at lies ahead", parameter="used_at")
        agreement = tx.agreements.get(agreement_id)
        reading = Reading(
            id=idempotency_key or new_id("reading"),
            agreement_id=agreement_id,
            feature_key=feature_key,
            kind=kind,
            value=quantity,
            used_at=used_at or at,
            recorded_at=at,
            counted_at=min(used_at or at, at),
            dimensions=marks,
        )
        earlier = tx.usage.find(agreement_id, idempotency_key) if idempotency_key else None
        if earlier is not None:
            return _again(tx, agreement, reading, earlier.event, has_time=used_at is not None)
        is_late = used_at is not None and used_at < at
        policy: LateUsage = policies_of(tx).late_usage if is_late else "rerate"
        require_metered(tx, agreement, feature_key, used_at=used_at if policy == "rerate" else None)
        if is_late and policy == "rerate":
            _require_begun(agreement, used_at or at)
        reading = replace(reading, counted_at=counted_at(reading.counted_at, at, agreement, policy))
        return count_reading(tx, customer, agreement, reading, source=source, has_time=used_at is not None)


def count_reading(
    tx: UnitOfWork,
    customer: Customer,
    agreement: Agreement,
    reading: Reading,
    *,
    source: EventSource,
    has_time: bool = False,
) -> RecordedReading:
    """Count a reading in, announce it, and have what was billed adjusted; the customer is locked by the caller.

    Args:
        tx: the transaction.
        customer: whose usage it is.
        agreement: under which it counts.
        reading: what was used; of one with the same id nothing is counted again.
        source: who caused it, as events name them.
        has_time: whether the time of the use was reported.

    Raises:
        UnknownFeature: no meter counts the feature.
        UnsupportedByMeter: its meter does not read quantities.
    """
    meter = _meter_of(tx, reading.feature_key)
    intake = tx.usage.intake_of(meter)
    intake.require_kind(reading.kind)
    event = told(reading, meter, has_time=has_time)
    tx.usage.add(MeasuredEvent(event, intake.measure(event.data)), intake.meters)
    period = agreement.period_at(reading.counted_at)
    total = tx.usage.total(agreement.id, reading.feature_key, period)
    tx.outbox.announce(
        type="customer.meter_usage_updated",
        data=event_data.of_usage(reading, total),
        customer=customer,
        source=source,
        at=reading.recorded_at,
    )
    note_late_usage(tx, customer, agreement, reading)
    accrue_later(tx, customer, agreement, reading.feature_key, at=reading.recorded_at)
    watch_threshold(tx, customer, agreement, at=reading.recorded_at)
    watch_soon(tx, customer, at=reading.recorded_at)
    alert_on_usage(
        tx,
        customer,
        agreement,
        reading.feature_key,
        since=reading.counted_at,
        at=reading.recorded_at,
        known=(period, total),
    )
    _follow_others(tx, customer, agreement, reading, meter)
    return _with_total(reading, total)


def _follow_others(tx: UnitOfWork, customer: Customer, agreement: Agreement, reading: Reading, meter: Meter) -> None:
    """Attend to the other features of the agreement that the same event counts for, as they share its meter.

    Of a level that has changed late all later intervals have, too.
    """
    done = set() if meter.aggregation == "weighted_sum" else {reading.feature_key}
    others = tx.meters.features_of((meter.event_type,)).keys() - done
    version = tx.agreements.version_included(agreement) if others else None
    for key in sorted(others):
        if version is not None and version.measures(key):
            follow_feature(tx, customer, agreement, key, since=reading.counted_at, at=reading.recorded_at)


def _again(
    tx: UnitOfWork, agreement: Agreement, reading: Reading, earlier: UsageEvent, *, has_time: bool
) -> RecordedReading:
    """Answer a report that was sent before as it was answered then, with the total of today.

    Raises:
        IdempotencyMismatch: it says something else.
    """
    meter = _meter_of(tx, reading.feature_key)
    same = replace(
        reading,
        used_at=reading.used_at if has_time else earlier.time,
        recorded_at=earlier.recorded_at,
        counted_at=earlier.counted_at,
    )
    # The time may have been left out of one of the two.
    alike = {fingerprint_of(told(same, meter, has_time=known)) for known in (True, False)}
    is_other = meter.event_type != earlier.type or same.used_at != earlier.time
    if is_other or fingerprint_of(earlier) not in alike:
        raise IdempotencyMismatch(f"the key {reading.id[:64]!r} was used for another report")
    return _with_total(same, tx.usage.total(agreement.id, same.feature_key, agreement.period_at(same.counted_at)))


def _meter_of(tx: UnitOfWork, feature_key: str) -> Meter:
    meter = tx.usage.meter_of(feature_key)
    if meter is None:
        raise UnknownFeature(f"no meter counts {feature_key[:64]!r}")
    return meter


def _check(kind: str, used_at: datetime | None, idempotency_key: str | None) -> None:
    if kind not in ("delta", "absolute"):
        raise InvalidRequest("kind is neither delta nor absolute", parameter="kind")
    if used_at is not None and used_at.tzinfo is None:
        raise InvalidRequest("used_at has no time zone", parameter="used_at")
    if idempotency_key is not None and not 0 < len(idempotency_key) <= MAX_KEY_LENGTH:
        raise InvalidRequest(f"an idempotency key has 1 to {MAX_KEY_LENGTH} characters", parameter="idempotency_key")


def _require_begun(agreement: Agreement, used_at: datetime) -> None:
    """Check that there was an agreement about what was used: else nobody had agreed to its price."""
    if used_at < agreement.started_at - timedelta(seconds=SKEW_SECONDS):
        raise InvalidRequest(
            "used_at is before the agreement has begun",
            parameter="used_at",
            remedy="Report it under the agreement that was in force then.",
        )


def require_metered(tx: UnitOfWork, agreement: Agreement, feature_key: str, *, used_at: datetime | None = None) -> None:
    """Check that usage of a feature can be counted under an agreement.

    Args:
        tx: the transaction.
        agreement: under which agreement.
        feature_key: what is used.
        used_at: when it was used, where that may be past; now if it is not given.

    Raises:
        AgreementNotLive: the agreement has ended.
        AgreementPaused: it is paused.
        AgreementSuspended: an invoice was not paid in time.
        UnknownFeature: its plan has no metered feature with this key.
    """
    was_included = used_at is not None and is_past(agreement, used_at)
    if not agreement.is_live and not was_included:
        raise AgreementNotLive(f"the agreement is {agreement.status}")
    if agreement.suspended_at is not None and agreement.status != "paused" and not was_included:
        raise AgreementSuspended("what is used can't be counted before what is owed is paid")
    if not agreement.grants and not was_included:
        raise AgreementPaused("what is used can't be counted while the agreement is paused")
    feature = tx.features.find(feature_key) if tx.agreements.version_included(agreement).measures(feature_key) else None
    if feature is None or not feature.is_metered:
        raise UnknownFeature(f"the plan {agreement.plan_key!r} has no metered feature {feature_key[:64]!r}")


def _with_total(reading: Reading, total: Decimal) -> RecordedReading:
    return RecordedReading(
        id=reading.id,
        agreement_id=reading.agreement_id,
        feature_key=reading.feature_key,
        kind=reading.kind,
        value=reading.value,
        used_at=reading.used_at,
        recorded_at=reading.recorded_at,
        counted_at=reading.counted_at,
        dimensions=reading.dimensions,
        total=total,
    )
