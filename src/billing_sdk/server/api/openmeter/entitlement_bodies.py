"""Entitlements and grants as OpenMeter clients send them."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.api.openmeter.calling import Sent
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.ids import ulid_of
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.own_entitlements import WantedEntitlement

NAMES = {"DAY": "day", "WEEK": "week", "MONTH": "month", "YEAR": "year"}
ISO = re.compile(r"P([1-9][0-9]{0,3})([DWMY])", re.ASCII)
LETTERS = {"D": "day", "W": "week", "M": "month", "Y": "year"}
DURATIONS = {"HOUR": "PT{}H", "DAY": "P{}D", "WEEK": "P{}W", "MONTH": "P{}M", "YEAR": "P{}Y"}


def cadence_of(interval: str) -> Cadence:
    """Return an interval, which is a name such as `MONTH` or a duration of ISO 8601 such as `P3M`.

    Raises:
        ValueError: it is neither, or has more than one part.
        InvalidCadence: it is more than ten years.
    """
    if interval.upper() in NAMES:
        return Cadence.from_text(NAMES[interval.upper()])
    found = ISO.fullmatch(interval)
    if found is None:
        raise ValueError("an interval is DAY, WEEK, MONTH or YEAR, or a duration of one part, such as P3M")
    return Cadence(LETTERS[found[2]], int(found[1]))  # type: ignore[arg-type]  # the expression lets only units pass


def iso_of(cadence: Cadence) -> str:
    """Return an interval as a duration of ISO 8601."""
    return f"P{cadence.count}{cadence.unit[0].upper()}"


def name_of(cadence: Cadence) -> str:
    """Return an interval by its name, where it has one."""
    return cadence.unit.upper() if cadence.count == 1 else iso_of(cadence)


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("the time has no zone")
    return at


Moment = Annotated[datetime, AfterValidator(_aware)]
# What a client sends as a double counts with the digits that it was written with.
Units = Annotated[Decimal, BeforeValidator(lambda value: Decimal(str(value)) if type(value) is float else value)]


class Recurring(Sent):
    """How often something comes again."""

    interval: Annotated[str, AfterValidator(lambda text: (cadence_of(text), text)[1])]
    anchor: Moment | None = None
    interval_iso: Any = Field(default=None, alias="intervalISO")

    @property
    def cadence(self) -> Cadence:
        """The interval."""
        return cadence_of(self.interval)


class Expiration(Sent):
    """How long something lasts."""

    duration: Literal["HOUR", "DAY", "WEEK", "MONTH", "YEAR"]
    count: int = Field(ge=1, le=1_000)

    @property
    def text(self) -> str:
        """The same as a duration of ISO 8601."""
        return DURATIONS[self.duration].format(self.count)


class Issue(Sent):
    """What is issued with each usage period."""

    amount: Units = Field(ge=0)
    priority: int | None = Field(default=None, ge=1, le=255)


class NewGrant(Sent):
    """Units that are granted beside."""

    amount: Units = Field(gt=0)
    priority: int = Field(default=1, ge=1, le=255)
    effective_at: Moment
    expiration: Expiration | None = None
    max_rollover_amount: Units | None = Field(default=None, ge=0)
    min_rollover_amount: Units | None = Field(default=None, ge=0)
    recurrence: Recurring | None = None
    metadata: dict[str, str] | None = None
    annotations: dict[str, Any] | None = None


class NewEntitlement(Sent):
    """An entitlement that is to be made, of any type."""

    type: Literal["metered", "static", "boolean"]
    feature_key: str | None = Field(default=None, max_length=64)
    feature_id: str | None = Field(default=None, max_length=64)
    metadata: dict[str, str] | None = None
    usage_period: Recurring | None = None
    config: str | None = Field(default=None, max_length=4_096)
    is_soft_limit: bool = False
    is_unlimited: bool = False
    measure_usage_from: Literal["CURRENT_PERIOD_START", "NOW"] | Moment | None = None
    issue_after_reset: Units | None = Field(default=None, ge=0)
    issue_after_reset_priority: int | None = Field(default=None, ge=1, le=255)
    issue: Issue | None = None
    preserve_overage_at_reset: bool = False
    grants: list[NewGrant] = Field(default_factory=list, max_length=20)

    def wanted(self, tx: UnitOfWork) -> WantedEntitlement:
        """Return it as the use case takes it.

        Raises:
            InvalidRequest: something of it does not belong to its type, or is missing.
        """
        if self.type == "metered" and self.usage_period is None:
            raise InvalidRequest("a metered entitlement has a usage period", parameter="usagePeriod")
        if (self.type == "static") is (self.config is None):
            raise InvalidRequest("a static entitlement, and no other, has a config", parameter="config")
        period = self.usage_period
        issued = self.issue.amount if self.issue is not None else self.issue_after_reset
        starts = self.measure_usage_from
        return WantedEntitlement(
            feature_key=self._feature(tx),
            type=self.type,
            config=self.config,
            cadence=None if period is None else period.cadence,
            anchor=None if period is None else period.anchor,
            measured_from=starts if isinstance(starts, datetime) else None,
            from_period_start=starts == "CURRENT_PERIOD_START",
            issue=issued or Decimal(0),
            is_unlimited=self.is_unlimited,
            is_soft=self.is_soft_limit,
            keeps_overage=self.preserve_overage_at_reset,
            metadata=self.metadata or {},
        )

    def _feature(self, tx: UnitOfWork) -> str:
        if self.feature_key is not None:
            return self.feature_key
        for feature in tx.features.list():
            if self.feature_id == ulid_of(feature.id):
                return feature.key
        raise InvalidRequest("there is no such feature", parameter="featureId")


class Reset(Sent):
    """How a usage period is ended by hand."""

    effective_at: Moment | None = None
    retain_anchor: bool = False
    preserve_overage: bool | None = None
