"""Agreements: a customer's contract for a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from billing_sdk.models._read import Document


@dataclass(frozen=True, slots=True)
class AgreedEntitlement:
    """A feature that an agreement includes."""

    feature_code: str
    entitlement_id: str

    @classmethod
    def read(cls, data: Any) -> AgreedEntitlement:
        """Read one entitlement of an agreement."""
        document = Document(data, "agreement entitlement")
        return cls(document.text("feature_code"), document.text("entitlement_id"))


@dataclass(frozen=True, slots=True)
class AgreedAddOn:
    """An add-on beside the plan, and how many of it (extension)."""

    plan_code: str
    quantity: int = 1

    @classmethod
    def read(cls, data: Any) -> AgreedAddOn:
        """Read one add-on of an agreement."""
        document = Document(data, "agreement add-on")
        quantity = document.whole_or_none("quantity")
        return cls(document.text("plan_code"), 1 if quantity is None else quantity)


@dataclass(frozen=True, slots=True)
class AgreedDiscount:
    """A coupon that was applied (extension).

    Attributes:
        percent_off: how much of each charge is taken off, from 0 to 100; None where an amount is.
        amount_off_minor: what is taken off each invoice, in minor units of the agreement's currency.
        periods_left: for how many more billing periods; None is for ever.
    """

    coupon_code: str
    percent_off: Decimal | None = None
    amount_off_minor: int | None = None
    periods_left: int | None = None

    @classmethod
    def read(cls, data: Any) -> AgreedDiscount:
        """Read one discount of an agreement."""
        document = Document(data, "agreement discount")
        return cls(
            coupon_code=document.text("coupon_code"),
            percent_off=document.exact_or_none("percent_off"),
            amount_off_minor=document.whole_or_none("amount_off_minor"),
            periods_left=document.whole_or_none("periods_left"),
        )


@dataclass(frozen=True, slots=True)
class PendingChange:
    """A change of plan that has been agreed to and comes later (extension)."""

    plan_code: str
    changes_on: datetime | None = None

    @classmethod
    def read(cls, data: Any) -> PendingChange:
        """Read the pending change of an agreement."""
        document = Document(data, "pending change")
        return cls(document.text("plan_code"), document.instant_or_none("changes_on"))


@dataclass(frozen=True, slots=True)
class Agreement:
    """A customer's contract for a plan; the period fields are None while there is no cycle.

    Everything from `status` on is an extension: None, or empty, where a provider does not say.

    Attributes:
        expires_on: when it ends, or has ended.
        status: `trialing`, `active`, `paused`, `replaced` or `cancelled`.
        currency: three letters, such as `USD`.
        cadence: how often it is billed: `month`, `3 months`, `year`.
        plan_version: number of the plan's version that the customer agreed to.
        next_version: number of the version that takes over when it is billed next; None where none does.
        trial_ends_on: the end of a free trial.
        cancels_on: it was cancelled, and ends then.
        paused_on: since when nothing is granted and nothing charged.
        suspended_on: since when nothing is granted because nothing was paid in time; a payment brings it back.
        pending_change: the plan that follows, and when.
        quantities: how many units of each licensed fee (seats), by the fee's key.
        is_unpaid: the plan was assigned to somebody who had no card, and is not paid for yet.
    """

    id: str
    plan_code: str
    expires_on: datetime | None = None
    billing_group_id: str | None = None
    current_period_start: datetime | None = None
    current_period_end: datetime | None = None
    entitlements: tuple[AgreedEntitlement, ...] = ()
    status: str | None = None
    currency: str | None = None
    cadence: str | None = None
    plan_version: int | None = None
    next_version: int | None = None
    started_on: datetime | None = None
    ended_on: datetime | None = None
    trial_ends_on: datetime | None = None
    cancels_on: datetime | None = None
    paused_on: datetime | None = None
    suspended_on: datetime | None = None
    pending_change: PendingChange | None = None
    quantities: Mapping[str, int] = field(default_factory=dict, hash=False)
    add_ons: tuple[AgreedAddOn, ...] = ()
    discounts: tuple[AgreedDiscount, ...] = ()
    is_unpaid: bool = False

    @classmethod
    def read(cls, data: Any) -> Agreement:
        """Read one agreement."""
        document = Document(data, "agreement")
        pending = document.object_or_none("pending_change")
        return cls(
            id=document.text("id"),
            plan_code=document.text("plan_code"),
            expires_on=document.instant_or_none("expires_on"),
            billing_group_id=document.text_or_none("billing_group_id"),
            current_period_start=document.instant_or_none("current_period_start"),
            current_period_end=document.instant_or_none("current_period_end"),
            entitlements=document.objects("entitlements", AgreedEntitlement.read),
            status=document.text_or_none("status"),
            currency=document.text_or_none("currency"),
            cadence=document.text_or_none("cadence"),
            plan_version=document.whole_or_none("plan_version"),
            next_version=document.whole_or_none("next_version"),
            started_on=document.instant_or_none("started_on"),
            ended_on=document.instant_or_none("ended_on"),
            trial_ends_on=document.instant_or_none("trial_ends_on"),
            cancels_on=document.instant_or_none("cancels_on"),
            paused_on=document.instant_or_none("paused_on"),
            suspended_on=document.instant_or_none("suspended_on"),
            pending_change=PendingChange.read(pending.members) if pending else None,
            quantities=document.wholes("quantities"),
            add_ons=document.objects("add_ons", AgreedAddOn.read),
            discounts=document.objects("discounts", AgreedDiscount.read),
            is_unpaid=document.flag("is_unpaid"),
        )
