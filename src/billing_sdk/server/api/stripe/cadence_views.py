"""How billing cadences are shown."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Literal

from billing_sdk.server.api.stripe.bodies import View
from billing_sdk.server.api.stripe.ids import (
    BillSettingId,
    BillSettingVersionId,
    CadenceId,
    CollectionSettingId,
    CollectionSettingVersionId,
    CustomerId,
    DiscountRuleId,
    PayerProfileId,
    TestClockId,
)
from billing_sdk.server.api.stripe.setting_views import SettingsDataView
from billing_sdk.server.api.stripe.values import DecimalText, Instant, Livemode
from billing_sdk.server.domain.agreements import BillingCadence
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.storage import UnitOfWork


class TimeView(View):
    """A time of the day, in UTC."""

    hour: int
    minute: int
    second: int


class DayView(View):
    """When a cycle of days comes back."""

    time: TimeView


class WeekView(DayView):
    """When a cycle of weeks comes back."""

    day_of_week: int


class MonthView(DayView):
    """When a cycle of months comes back."""

    day_of_month: int
    month_of_year: int | None


class YearView(DayView):
    """When a cycle of years comes back."""

    day_of_month: int
    month_of_year: int


class CycleView(View):
    """How often somebody is billed, and when."""

    type: str
    interval_count: int
    day: DayView | None = None
    week: WeekView | None = None
    month: MonthView | None = None
    year: YearView | None = None

    @classmethod
    def of(cls, cadence: BillingCadence) -> CycleView:
        """Show the cycle of a cadence; what was not named is that of its anchor."""
        unit, anchor = cadence.cadence.unit, cadence.anchor
        shown = cls(type=unit, interval_count=cadence.cadence.count)
        clock = TimeView(hour=anchor.hour, minute=anchor.minute, second=anchor.second)
        day_of_month = anchor.day
        if unit == "day":
            shown.day = DayView(time=clock)
        elif unit == "week":
            shown.week = WeekView(day_of_week=anchor.isoweekday(), time=clock)
        elif unit == "month":
            shown.month = MonthView(day_of_month=day_of_month, month_of_year=cadence.month_of_year, time=clock)
        else:
            shown.year = YearView(day_of_month=day_of_month, month_of_year=anchor.month, time=clock)
        return shown


class PayerView(View):
    """Who pays."""

    type: Literal["customer"] = "customer"
    customer: CustomerId
    billing_profile: PayerProfileId


class BillRefView(View):
    """A bill setting that a cadence follows."""

    id: BillSettingId
    version: BillSettingVersionId | None


class CollectionRefView(View):
    """A collection setting that a cadence follows."""

    id: CollectionSettingId
    version: CollectionSettingVersionId | None


class SettingsView(View):
    """The settings that a cadence follows."""

    bill: BillRefView | None
    collection: CollectionRefView | None


class ApplicationsView(View):
    """How often a rule counts."""

    type: Literal["indefinite"] = "indefinite"


class PercentOffView(View):
    """A discount in per cent."""

    maximum_applications: ApplicationsView = ApplicationsView()
    percent_off: DecimalText


class DiscountRuleView(View):
    """A discount on all invoices of a cadence."""

    id: DiscountRuleId
    percent_off: PercentOffView
    type: Literal["percent_off"] = "percent_off"


class CadenceView(View):
    """A cadence."""

    id: CadenceId
    object: Literal["v2.billing.cadence"] = "v2.billing.cadence"
    billing_cycle: CycleView
    created: Instant
    invoice_discount_rules: list[DiscountRuleView] | None
    livemode: Livemode = None
    lookup_key: str | None
    metadata: dict[str, str]
    next_billing_date: Instant | None
    payer: PayerView
    settings: SettingsView | None
    settings_data: SettingsDataView | None
    status: str
    test_clock: TestClockId | None

    @classmethod
    def of(
        cls, tx: UnitOfWork, cadence: BillingCadence, customer: Customer, *, at: datetime, include: Collection[str] = ()
    ) -> CadenceView:
        """Show a cadence.

        Args:
            tx: reads what counts for it.
            cadence: to be shown.
            customer: whose it is.
            at: the customer's present.
            include: what else is to be shown.
        """
        rules = None
        if "invoice_discount_rules" in include:
            rules = [
                DiscountRuleView(id=rule.id, percent_off=PercentOffView(percent_off=rule.percent_off))
                for rule in tx.cadence_discounts.of([cadence.id])
            ]
        data = None
        if "settings_data" in include:
            data = SettingsDataView.of(
                tx.billing_profiles.of(customer, cadence.id),
                tx.bill_settings.terms_of(cadence.bill),
                tx.collection_settings.terms_of(cadence.collection),
            )
        return cls(
            id=cadence.id,
            billing_cycle=CycleView.of(cadence),
            created=cadence.created_at,
            invoice_discount_rules=rules,
            lookup_key=cadence.lookup_key,
            metadata=dict(cadence.metadata),
            next_billing_date=cadence.next_billing_at(at),
            payer=PayerView(customer=cadence.customer_id, billing_profile=cadence.profile_id),
            settings=_settings(cadence),
            settings_data=data,
            status=cadence.status,
            test_clock=customer.clock_id,
        )


def _settings(cadence: BillingCadence) -> SettingsView | None:
    bill, collection = cadence.bill, cadence.collection
    if bill is None and collection is None:
        return None
    return SettingsView(
        bill=None if bill is None else BillRefView(id=bill.setting_id, version=bill.version_id),
        collection=None
        if collection is None
        else CollectionRefView(id=collection.setting_id, version=collection.version_id),
    )
