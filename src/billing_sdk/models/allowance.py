"""What customers may use of metered features (extension of the Management API); quantities are exact."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from billing_sdk.errors import UnsafeAnswer
from billing_sdk.models._read import Document

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class AllowanceGrant:
    """Units of a metered feature that a customer may use beside what the plan includes.

    Attributes:
        feature_key: what may be used.
        amount: how many units, in all or with each recurrence.
        priority: 1 is burnt first, 255 last; what the plan includes comes before all of them.
        status: `planned`, `active`, `expired` or `voided`.
        effective_on: from then on they can be used.
        expires_on: from then on they can't any more.
        recurrence: how often there are as many again, such as `month`.
        min_rollover: how many there are at least after a usage period has ended.
        max_rollover: how many are kept at most when a usage period ends.
    """

    id: str
    customer_id: str
    feature_key: str
    amount: Decimal
    name: str = ""
    priority: int = 100
    status: str = "active"
    effective_on: datetime | None = None
    expires_on: datetime | None = None
    recurrence: str | None = None
    recurrence_anchor: datetime | None = None
    min_rollover: Decimal = ZERO
    max_rollover: Decimal = ZERO
    created_on: datetime | None = None
    voided_on: datetime | None = None

    @classmethod
    def read(cls, data: Any) -> AllowanceGrant:
        """Read one grant."""
        document = Document(data, "allowance grant")
        return cls(
            id=document.text("id"),
            customer_id=document.text("customer_id"),
            feature_key=document.text("feature_code"),
            amount=_exact(document, "amount"),
            name=document.text_or_none("name") or "",
            priority=document.whole("priority"),
            status=document.text("status"),
            effective_on=document.instant_or_none("effective_on"),
            expires_on=document.instant_or_none("expires_on"),
            recurrence=document.text_or_none("recurrence"),
            recurrence_anchor=document.instant_or_none("recurrence_anchor"),
            min_rollover=_exact(document, "min_rollover"),
            max_rollover=_exact(document, "max_rollover"),
            created_on=document.instant_or_none("created_on"),
            voided_on=document.instant_or_none("voided_on"),
        )


@dataclass(frozen=True, slots=True)
class AllowanceShare:
    """An amount of one grant; `allowance_id` is None for what the plan includes."""

    allowance_id: str | None
    amount: Decimal

    @classmethod
    def read(cls, data: Any) -> AllowanceShare:
        """Read one amount."""
        document = Document(data, "share of an allowance")
        return cls(document.text_or_none("allowance_id"), _exact(document, "amount"))


@dataclass(frozen=True, slots=True)
class AllowanceBalance:
    """What may be used of a feature in a usage period under an agreement.

    Attributes:
        has_access: whether anything may be used.
        is_soft: use goes on beyond the limit.
        limit: what the plan includes and what grants add; None is without limit.
        used: what was used in the usage period.
        held: what is set aside for uses that are not settled yet.
        remaining: what is neither used nor held; None is without limit.
        overage: what was used and nothing covers.
        resets_on: when use is counted anew.
        balances: what is left of the plan's amount and of each grant.
    """

    feature_key: str
    agreement_id: str
    has_access: bool
    is_soft: bool
    limit: Decimal | None
    used: Decimal
    held: Decimal
    remaining: Decimal | None
    overage: Decimal
    period_start: datetime | None
    resets_on: datetime | None
    balances: tuple[AllowanceShare, ...] = ()

    @classmethod
    def read(cls, data: Any) -> AllowanceBalance:
        """Read one balance."""
        document = Document(data, "allowance balance")
        return cls(
            feature_key=document.text("feature_code"),
            agreement_id=document.text("agreement_id"),
            has_access=document.flag("has_access"),
            is_soft=document.flag("is_soft"),
            limit=document.exact_or_none("limit"),
            used=_exact(document, "used"),
            held=_exact(document, "held"),
            remaining=document.exact_or_none("remaining"),
            overage=_exact(document, "overage"),
            period_start=document.instant_or_none("period_start"),
            resets_on=document.instant_or_none("resets_on"),
            balances=document.objects("balances", AllowanceShare.read),
        )


@dataclass(frozen=True, slots=True)
class AllowanceWindow:
    """What was used in a window, and what could be used at its start; None is without limit."""

    start: datetime | None
    end: datetime | None
    usage: Decimal
    balance_at_start: Decimal | None

    @classmethod
    def read(cls, data: Any) -> AllowanceWindow:
        """Read one window."""
        document = Document(data, "window of usage")
        return cls(
            start=document.instant_or_none("start"),
            end=document.instant_or_none("end"),
            usage=_exact(document, "usage"),
            balance_at_start=document.exact_or_none("balance_at_start"),
        )


@dataclass(frozen=True, slots=True)
class AllowanceSegment:
    """A stretch of time in which no grant begins, ends, is filled up or rolls over.

    Attributes:
        burnt: what of the usage each grant has covered.
    """

    start: datetime | None
    end: datetime | None
    usage: Decimal
    overage_at_start: Decimal
    overage_at_end: Decimal
    balances_at_start: tuple[AllowanceShare, ...] = ()
    balances_at_end: tuple[AllowanceShare, ...] = ()
    burnt: tuple[AllowanceShare, ...] = ()

    @classmethod
    def read(cls, data: Any) -> AllowanceSegment:
        """Read one segment."""
        document = Document(data, "segment of a history")
        return cls(
            start=document.instant_or_none("start"),
            end=document.instant_or_none("end"),
            usage=_exact(document, "usage"),
            overage_at_start=_exact(document, "overage_at_start"),
            overage_at_end=_exact(document, "overage_at_end"),
            balances_at_start=document.objects("balances_at_start", AllowanceShare.read),
            balances_at_end=document.objects("balances_at_end", AllowanceShare.read),
            burnt=document.objects("burnt", AllowanceShare.read),
        )


@dataclass(frozen=True, slots=True)
class AllowanceHistory:
    """How a balance came about: by windows, and from one change of the grants to the next."""

    windows: tuple[AllowanceWindow, ...]
    segments: tuple[AllowanceSegment, ...]

    @classmethod
    def read(cls, data: Any) -> AllowanceHistory:
        """Read a history."""
        document = Document(data, "history")
        return cls(
            windows=document.objects("windows", AllowanceWindow.read),
            segments=document.objects("segments", AllowanceSegment.read),
        )


@dataclass(frozen=True, slots=True)
class UsageThresholds:
    """At how much use of a feature a customer is told, such as `80%` of the limit or `5000` units."""

    feature_key: str
    thresholds: tuple[str, ...]

    @classmethod
    def read(cls, data: Any) -> UsageThresholds:
        """Read the thresholds of a feature."""
        document = Document(data, "usage thresholds")
        return cls(document.text("feature_code"), document.texts("thresholds"))


def _exact(document: Document, name: str) -> Decimal:
    found = document.exact_or_none(name)
    if found is None:
        raise UnsafeAnswer(f"{name} is missing or of the wrong type")
    return found
