"""What billing cadences are sent as, and what they mean to the engine."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Any, Final, Literal

from fastapi import Query
from pydantic import Field

from billing_sdk.errors import (
    BillingError,
    InvalidBillingCycle,
    InvalidCadence,
    InvalidRequest,
    MonthNotSupported,
    NotFound,
)
from billing_sdk.server.api.stripe.bodies import Body
from billing_sdk.server.api.stripe.ids import ours
from billing_sdk.server.api.stripe.problems import refused
from billing_sdk.server.api.stripe.setting_bodies import Interval
from billing_sdk.server.api.stripe.values import Int64, LookupKey, Metadata
from billing_sdk.server.domain.agreements import BillingCycle, SettingRef
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.storage import UnitOfWork

Include = Literal["settings_data", "invoice_discount_rules"]
INCLUDES: Final = frozenset({"settings_data", "invoice_discount_rules"})


class TimeBody(Body):
    """A time of the day, in UTC."""

    hour: Annotated[Int64, Field(ge=0, le=23)]
    minute: Annotated[Int64, Field(ge=0, le=59)]
    second: Annotated[Int64, Field(ge=0, le=59)] = 0


class DayBody(Body):
    """When a cycle of days comes back."""

    time: TimeBody | None = None


class WeekBody(Body):
    """When a cycle of weeks comes back."""

    day_of_week: Int64
    time: TimeBody | None = None


class MonthBody(Body):
    """When a cycle of months comes back."""

    day_of_month: Int64
    month_of_year: Int64 | None = None
    time: TimeBody | None = None


class YearBody(Body):
    """When a cycle of years comes back."""

    day_of_month: Int64 | None = None
    month_of_year: Int64 | None = None
    time: TimeBody | None = None


class CycleBody(Body):
    """How often somebody is billed, and when."""

    type: Interval
    interval_count: Int64 = 1
    day: DayBody | None = None
    week: WeekBody | None = None
    month: MonthBody | None = None
    year: YearBody | None = None


class PayerBody(Body):
    """Who pays: a billing profile, or a customer, who is given one where there is none."""

    type: Literal["customer"] | None = None
    customer: str | None = None
    billing_profile: str | None = None


class SettingRefBody(Body):
    """A setting, or a version of it."""

    id: str
    version: str | None = None


class SettingsBody(Body):
    """The settings that a cadence follows."""

    bill: SettingRefBody | None = None
    collection: SettingRefBody | None = None


class NewCadence(Body):
    """A cadence."""

    billing_cycle: CycleBody
    payer: PayerBody
    settings: SettingsBody = SettingsBody()
    lookup_key: LookupKey | None = None
    metadata: Metadata | None = None
    include: list[Include] = Field(default_factory=list)


class ProfileDataBody(Body):
    """A profile that is made with a cadence."""

    customer: str
    default_payment_method: str | None = None


class InlinePayerBody(Body):
    """Who pays a cadence that is made with something else: a profile, or one that is made with it."""

    billing_profile: str | None = None
    billing_profile_data: ProfileDataBody | None = None


class InlineCadence(Body):
    """A cadence that is made with something else, such as an intent."""

    billing_cycle: CycleBody
    payer: InlinePayerBody
    settings: SettingsBody = SettingsBody()


class ChangedPayer(Body):
    """Another profile to pay by, of the same customer."""

    billing_profile: str | None = None


class ChangedCadence(Body):
    """What changes of a cadence; what is left out stays as it is."""

    payer: ChangedPayer | None = None
    settings: SettingsBody = SettingsBody()
    lookup_key: LookupKey | None = None
    metadata: Metadata | None = None
    include: list[Include] = Field(default_factory=list)


class CancelBody(Body):
    """What the answer to a cancellation shows."""

    include: list[Include] = Field(default_factory=list)


async def included(
    include: Annotated[list[str] | None, Query()] = None,
    many: Annotated[list[str] | None, Query(alias="include[]")] = None,
    first: Annotated[str | None, Query(alias="include[0]")] = None,
    second: Annotated[str | None, Query(alias="include[1]")] = None,
) -> frozenset[str]:
    """Return what else a query asks to be shown, however its client writes lists.

    Raises:
        InvalidRequest: there is no such thing to show.
    """
    return check_include([*(include or ()), *(many or ()), *(one for one in (first, second) if one is not None)])


def check_include(named: list[str]) -> frozenset[str]:
    """Return what else is asked to be shown.

    Raises:
        InvalidRequest: there is no such thing to show.
    """
    unknown = next((one for one in named if one not in INCLUDES), None)
    if unknown is not None:
        raise InvalidRequest(f"there is no {unknown[:40]!r} to include", parameter="include")
    return frozenset(named)


def cycle_of(body: CycleBody) -> BillingCycle:
    """Return when somebody wants to be billed.

    Raises:
        InvalidRequest: the members of another type of cycle were sent, the cycle is too long, or there are no such
            days.
    """
    for unit in ("day", "week", "month", "year"):
        if unit != body.type and getattr(body, unit) is not None:
            raise refused(
                "invalid_billing_cycle_dates",
                f"A cycle of type {body.type} has no member {unit}",
                param=f"billing_cycle.{unit}",
            )
    named: dict[str, Any] = {}
    if (days := getattr(body, body.type)) is not None:
        named = {name: getattr(days, name) for name in type(days).model_fields}
        clock = named.pop("time")
        named["time"] = None if clock is None else time(clock.hour, clock.minute, clock.second)
    try:
        cadence = Cadence(body.type, body.interval_count)
    except InvalidCadence as error:
        raise refused("invalid_billing_cycle_dates", error.detail, param="billing_cycle.interval_count") from None
    try:
        return BillingCycle(cadence, **named)
    except (InvalidBillingCycle, MonthNotSupported) as error:
        name = error.facts.get("parameter", "month_of_year")
        raise refused(error.code, error.detail, param=f"billing_cycle.{body.type}.{name}") from None


def payer_of(tx: UnitOfWork, body: PayerBody) -> tuple[str, str | None]:
    """Return the ids of the customer and of the profile that were named; None for the profile where none was.

    Raises:
        NotFound: there is no such customer.
        InvalidRequest: neither was named, or they do not belong together, or there is no such profile.
    """
    customer_id = None if body.customer is None else ours("customer", body.customer, param="payer.customer")
    if body.billing_profile is None:
        if customer_id is None:
            raise InvalidRequest(
                "name a billing_profile or a customer", parameter="payer", published_code="parameter_missing"
            )
        return customer_id, None
    profile_id = profile_of(tx, body.billing_profile)
    owner = tx.payer_profiles.get(profile_id).customer_id
    if customer_id not in (None, owner):
        raise refused("invalid_customer", "The profile is one of another customer", param="payer.customer")
    return owner, profile_id


def profile_of(tx: UnitOfWork, text: str) -> str:
    """Return the id of the profile that a client names for a cadence.

    Raises:
        InvalidRequest: there is no such profile, or it is inactive.
    """
    try:
        profile = tx.payer_profiles.get(ours("billing_profile", text))
    except NotFound:
        profile = None
    if profile is None or profile.status != "active":
        raise refused(
            "billing_profile_not_found_for_cadence",
            f"No such active billing profile: '{text[:80]}'",
            param="payer.billing_profile",
        )
    return profile.id


def ref_of(tx: UnitOfWork, body: SettingsBody, name: Literal["bill", "collection"]) -> SettingRef | None:
    """Return a setting that a cadence is to follow; None where none was named.

    Raises:
        NotFound: there is no such setting, or version of it.
    """
    sent: SettingRefBody | None = getattr(body, name)
    if sent is None:
        return None
    settings = tx.bill_settings if name == "bill" else tx.collection_settings
    try:
        setting_id = ours("bill_setting" if name == "bill" else "collection_setting", sent.id)
        settings.get(setting_id)
    except NotFound:
        raise _unknown(f"{name}_settings_not_found", sent.id, f"settings.{name}.id") from None
    if sent.version is None:
        return SettingRef(setting_id)
    try:
        version_id = ours("bill_setting_version" if name == "bill" else "collection_setting_version", sent.version)
        settings.get_version(setting_id, version_id)
    except NotFound:
        raise _unknown(f"{name}_settings_version_not_found", sent.version, f"settings.{name}.version") from None
    return SettingRef(setting_id, version_id)


def _unknown(code: str, text: str, param: str) -> BillingError:
    return refused(code, f"There is no {text[:80]!r}", status=404, param=param)
