"""Plans, agreements and other things for tests of the domain."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal

from billing_sdk.money import Money
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.catalog import Component, Entitlement, LicenceFee, PlanVersion, Rate
from billing_sdk.server.domain.invoicing import (
    Completion,
    InForce,
    Lines,
    Used,
    complete,
    lines_at_boundary,
    lines_at_end,
    usage_at_boundary,
    usage_at_end,
)
from billing_sdk.server.domain.metering import Counted, Measured, Place, Reading, Valued, hours_of, source_of, valued
from billing_sdk.server.domain.periods import Cadence, Period
from billing_sdk.server.domain.rating import Flat, PerUnit, Terms


def at(day: str, clock: str = "00:00:00") -> datetime:
    """Return an instant in UTC."""
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=UTC)


JANUARY = Period(at("2026-01-01"), at("2026-02-01"))


def fee(amount_minor: int = 2_900, *, key: str = "base_price", line: str = "Pro, one month") -> LicenceFee:
    """Return a licence fee in dollars."""
    return LicenceFee(f"fee_{key}", key, "Base price", "USD", Terms(Flat(Decimal(amount_minor))), line)


def rate(unit_amount: str = "0.02", *, feature_key: str = "ai_tokens") -> Rate:
    """Return a rate in cents."""
    terms = Terms(PerUnit(Decimal(unit_amount)))
    return Rate(f"rate_{feature_key}", feature_key, "AI tokens, by use", "USD", terms)


def entitlement(feature_key: str = "ai_tokens", *, limit_max: int | None = None) -> Entitlement:
    """Return an entitlement."""
    return Entitlement(f"included_{feature_key}", feature_key, feature_key.replace("_", " "), limit_max)


def completed(lines: Lines, balance: int = 0) -> Lines:
    """Return all lines of an invoice in dollars for January, of a customer with a credit balance."""
    return complete(Completion("USD", "version_1", JANUARY, JANUARY.end, Money(balance, "USD")), lines)


def version(*components: Component) -> PlanVersion:
    """Return a version of a plan `pro`."""
    return PlanVersion("version_1", "pro", 1, "USD", components, at("2026-01-01"))


def counted_of(readings: Iterable[Reading]) -> list[Counted]:
    """Return what a meter that adds up reads in the events that readings are."""
    return [
        Counted(
            one.agreement_id,
            Place(one.counted_at, one.recorded_at, source_of(one.agreement_id), one.id),
            Measured("meter_1", one.value, None, one.dimensions),
            one.kind == "absolute",
        )
        for one in readings
    ]


def used_of(readings: Iterable[Reading]) -> Valued:
    """Return what readings of one period come to."""
    return valued(hours_of(counted_of(readings)), "sum", Period(at("2020-01-01"), at("2040-01-01")))


def agreement(started_at: datetime | None = None, **changes: object) -> Agreement:
    """Return a live monthly agreement for the plan `pro`."""
    values: dict[str, object] = {
        "id": "agreement_1",
        "customer_id": "customer_1",
        "group_id": "sbg_1",
        "plan_key": "pro",
        "plan_version_id": "version_1",
        "status": "active",
        "currency": "USD",
        "cadence": Cadence("month"),
        "started_at": started_at or at("2026-01-31"),
        **changes,
    }
    values.setdefault("anchor", values["started_at"])
    values.setdefault("billed_until", values["started_at"])
    return Agreement(**values)  # type: ignore[arg-type]  # each test names only what it is about


def bill_boundary(before: InForce, used: Used, *, after: datetime, at: datetime, following: InForce) -> Lines:
    """Return what is billed at a billing date, with its usage."""
    usage = usage_at_boundary(before, used, after=after, at=at, following=following)
    return lines_at_boundary(before, usage, after=after, at=at, following=following)


def bill_end(before: InForce, used: Used, *, at: datetime, is_usage_charged: bool) -> Lines:
    """Return what is billed when an agreement ends, with its usage."""
    return lines_at_end(before, usage_at_end(before, used, at=at, is_usage_charged=is_usage_charged), at=at)
