"""A billing cadence: the rhythm in which one customer gets its invoices, whatever they are for."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from typing import Literal

from billing_sdk.errors import CadenceCanceled, CadenceMismatch, InvalidBillingCycle, MonthNotSupported
from billing_sdk.server.domain.catalog.labels import checked_lookup_key, checked_metadata
from billing_sdk.server.domain.periods import Cadence, Schedule, calendar_anchor

CadenceStatus = Literal["active", "canceled"]
# Counts of months that come back in the same months of every year, so that one of them can be named.
COUNTS_WITH_MONTH = (2, 3, 4, 6)
A_LEAP_YEAR = 2000


@dataclass(frozen=True, slots=True)
class BillingCycle:
    """When somebody wants to be billed; what is not named is taken from the instant at which it is asked for.

    Attributes:
        cadence: how often.
        day_of_week: 1 is Monday; of weeks.
        day_of_month: 1 to 31, of months and years; the last day where a month is shorter.
        month_of_year: 1 is January; of years, and of months that come back in the same ones every year.
        time: of the day, in UTC.

    Raises:
        InvalidBillingCycle: a day is named that is none of this kind of cycle, or that no month of it has.
        MonthNotSupported: the cycle comes back in other months every year.

    Source: Stripe API reference, Create a billing cadence.
    """

    cadence: Cadence
    day_of_week: int | None = None
    day_of_month: int | None = None
    month_of_year: int | None = None
    time: time | None = None

    def __post_init__(self) -> None:
        unit = self.cadence.unit
        _check("day_of_week", self.day_of_week, 7, unit == "week")
        _check("day_of_month", self.day_of_month, 31, unit in ("month", "year"))
        _check("month_of_year", self.month_of_year, 12, unit in ("month", "year"))
        if self.month_of_year is None:
            return
        if unit == "month" and self.cadence.count not in COUNTS_WITH_MONTH:
            raise MonthNotSupported(f"every {self.cadence} is not in the same months every year")
        if unit == "year" and (self.day_of_month or 1) > calendar.monthrange(A_LEAP_YEAR, self.month_of_year)[1]:
            detail = f"month {self.month_of_year} has no day {self.day_of_month}"
            raise InvalidBillingCycle(detail, parameter="day_of_month")

    def anchor(self, at: datetime) -> datetime:
        """Return the instant that the periods are counted from: the latest such boundary not after `at`."""
        at = at.replace(microsecond=0)
        named = self.time or at.time()
        midnight = timedelta(hours=named.hour, minutes=named.minute, seconds=named.second)
        return midnight + calendar_anchor(
            at - midnight,
            self.cadence,
            "UTC",
            day_of_week=self.day_of_week or at.isoweekday(),
            day_of_month=self.day_of_month or at.day,
            month_of_year=self.month_of_year or at.month,
        )


@dataclass(frozen=True, slots=True)
class SettingRef:
    """A setting that a cadence follows.

    Attributes:
        version_id: None follows whichever version is live.
    """

    setting_id: str
    version_id: str | None = None


@dataclass(frozen=True, slots=True)
class BillingCadence:
    """A rhythm of invoices that belongs to one customer, who may have several.

    What is due by it at one instant is one invoice, whatever agreements it is for.

    Attributes:
        id: starts with `cadence_`.
        anchor: what its boundaries are counted from, not after it was made.
        created_at: on the customer's time line.
        profile_id: the payer's profile, which says by what card it is paid.
        month_of_year: the month that was named with it, of a cycle of months.
        bill: how its invoices are made; None leaves it to the customer's billing profile.
        collection: how they are collected; likewise.
        canceled_at: since when nothing is billed by it.

    Source: Stripe documentation, "How advanced usage-based billing works", Billing interval (cadence).
    """

    id: str
    customer_id: str
    cadence: Cadence
    anchor: datetime
    created_at: datetime
    profile_id: str
    month_of_year: int | None = None
    status: CadenceStatus = "active"
    bill: SettingRef | None = None
    collection: SettingRef | None = None
    lookup_key: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    canceled_at: datetime | None = None

    def __post_init__(self) -> None:
        checked_lookup_key(self.lookup_key)
        checked_metadata(self.metadata)

    @property
    def schedule(self) -> Schedule:
        """The boundaries between its billing periods, in UTC."""
        return Schedule(self.anchor, self.cadence, "UTC")

    def next_billing_at(self, at: datetime) -> datetime | None:
        """Return when it is billed next after an instant; None where it is canceled."""
        return None if self.status == "canceled" else self.schedule.period_at(at).end

    def check(self, customer_id: str) -> None:
        """Let a customer be billed by it.

        Raises:
            CadenceMismatch: it belongs to another one.
            CadenceCanceled: nothing is billed by it any more.
        """
        if self.customer_id != customer_id:
            raise CadenceMismatch(f"{self.id} is a cadence of another customer", cadence=self.id)
        if self.status == "canceled":
            raise CadenceCanceled(f"{self.id} is canceled", cadence=self.id)

    def canceled(self, at: datetime) -> BillingCadence:
        """Return the cadence when nothing is billed by it any more.

        Raises:
            CadenceCanceled: it was canceled before.
        """
        self.check(self.customer_id)
        return replace(self, status="canceled", canceled_at=at)


def _check(name: str, value: int | None, most: int, belongs: bool) -> None:
    if value is None:
        return
    if not belongs:
        raise InvalidBillingCycle(f"{name} is none of this type of cycle", parameter=name)
    if not 1 <= value <= most:
        raise InvalidBillingCycle(f"{name} is between 1 and {most}", parameter=name)
