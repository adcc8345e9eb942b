"""What is agreed beside the plan itself: add-ons, discounts, and a change that is to happen later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal, TypeAlias

from billing_sdk.money import Money

# When a change or a cancellation happens: at once, at the end of the period that was billed last, or at an instant.
Timing: TypeAlias = Literal["now", "period_end"] | datetime
Asker = Literal["admin", "api", "user"]


@dataclass(frozen=True, slots=True)
class AgreedAddOn:
    """An add-on that an agreement comes with.

    Attributes:
        added_at: when it was added to an agreement that was under way; None where it came with the agreement.
    """

    plan_key: str
    plan_version_id: str
    quantity: int = 1
    added_at: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class AgreedDiscount:
    """What a coupon takes off.

    Attributes:
        periods_left: how many billing periods are to come; None means all of them.
        plan_keys: the plans and add-ons whose prices it lowers; empty for all.
    """

    coupon_key: str
    percent_off: Decimal | None = None
    amount_off: Money | None = None
    periods_left: int | None = None
    plan_keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NumberChange:
    """Another number of licences, or of an add-on, within a period that is under way.

    Attributes:
        key: of the licensed fee, or of the add-on.
        is_add_on: which of the two.
        was: how many there were until then.
        becomes: how many there are from then on.
        is_charged: what it adds was charged when it happened, and not left to the next invoice.
        is_given_back: what it takes away is not charged for the time after it, or was given back.
        is_settled: a billing date has come since, and has billed the period that starts with it as things are now.
        plan_version_id: of an add-on, the version that it is or was taken in.
    """

    key: str
    is_add_on: bool
    at: datetime
    was: int
    becomes: int
    is_charged: bool
    is_given_back: bool
    is_settled: bool = False
    plan_version_id: str | None = None


@dataclass(frozen=True, slots=True)
class PendingCancellation:
    """What was asked for with a cancellation that happens later.

    Attributes:
        is_prorate: None leaves it to the policy at that time, as `is_invoice_now` does.
        source: who asked, as events name them.
        actor: who asked, as the audit names them.
    """

    is_prorate: bool | None = None
    is_invoice_now: bool | None = None
    source: Asker = "user"
    actor: str = "user"


@dataclass(frozen=True, slots=True)
class PendingChange:
    """A change that was asked for now and happens later, with all that was asked for.

    Attributes:
        at: when it happens.
        currency: that of the prices; None keeps the agreement's.
        quantities: how many of each licensed fee, by its key.
        add_ons: how many of each add-on, by its key.
        may_owe: whether a customer without a card gets the plan all the same.
        is_prorate: None leaves it to the policy at that time, as `is_invoice_now` does.
        is_alteration: the agreement itself goes on, and only its quantities change.
        anchor: what the new agreement's periods are counted from; None leaves it to the plan.
        agreement_id: the id that the new agreement will have, where somebody has to know it before.
        billing_cadence_id: the cadence of the customer that the new agreement is billed by.
        wants_trial: None takes the plan's trial where the customer has had none.
        source: who asked, as events name them.
        actor: who asked, as the audit names them.
    """

    plan_key: str
    plan_version_id: str
    at: datetime
    currency: str | None = None
    quantities: Mapping[str, int] = field(default_factory=dict)
    add_ons: Mapping[str, int] = field(default_factory=dict)
    coupon_key: str | None = None
    may_owe: bool = False
    is_prorate: bool | None = None
    is_invoice_now: bool | None = None
    wants_trial: bool | None = None
    is_alteration: bool = False
    anchor: datetime | None = None
    agreement_id: str | None = None
    billing_cadence_id: str | None = None
    source: Asker = "user"
    actor: str = "user"
