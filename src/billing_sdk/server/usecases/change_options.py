"""What can be asked for with a change of plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from billing_sdk.server.domain.agreements import AgreedDiscount, Agreement, Timing


@dataclass(frozen=True, slots=True)
class ChangeOptions:
    """What can be asked for with a change of plan; by default what the business has decided for everybody.

    Attributes:
        timing: now, at the end of the period that was paid last, or at an instant.
        version: the number of a version of the plan; the live one by default.
        currency: what it is paid in; by default what the customer pays in already, if the plan is sold in it.
        quantities: how many of each licensed fee, such as seats, by the fee's key.
        add_ons: how many of each add-on, by its key.
        coupon_key: a coupon to redeem.
        wants_trial: True insists on the plan's trial, False goes without; by default it is given to those who had no
            trial of the plan and are on none of its group that costs something.
        is_prorate: give back what was paid for days that are not used, first as a deduction from the new price and
            what is left on the credit balance; the policy `unused_days` by default.
        counts_owed: what was invoiced and not paid yet is given back like what was paid.
        is_invoice_now: charge usage of service intervals that are not complete; the policy `unpaid_usage` by default.
        anchor: an instant that billing periods are counted from, before or after the start; the plan decides by
            default.
        billing_cadence_id: a cadence of the customer that it is billed by, in whose rhythm its periods come; by default
            that of the agreement which it takes the place of, if that has one, and else the plan decides.
        takes_place_of: an agreement of another plan group that it takes the place of; by default the live one of its
            own group, if there is one.
        discounts: what is taken off besides what is agreed already and what a coupon takes off.
        charges_partial: whether fees are charged for the rest of a service interval that has begun before.
        metadata: the seller's own; by default that of the agreement which it takes the place of.
        replaces: whether it takes the place of an agreement of the same group; else it is refused where there is one.
        agreement_id: the id of the new agreement; a new one by default.
        may_owe: whether a customer without a card gets the plan all the same, and is asked for one later.
    """

    timing: Timing = "now"
    version: int | None = None
    currency: str | None = None
    quantities: Mapping[str, int] = field(default_factory=dict)
    add_ons: Mapping[str, int] = field(default_factory=dict)
    coupon_key: str | None = None
    wants_trial: bool | None = None
    is_prorate: bool | None = None
    counts_owed: bool = False
    is_invoice_now: bool | None = None
    anchor: datetime | None = None
    billing_cadence_id: str | None = None
    takes_place_of: Agreement | None = None
    discounts: tuple[AgreedDiscount, ...] = ()
    charges_partial: bool = True
    metadata: Mapping[str, str] | None = None
    replaces: bool = True
    agreement_id: str | None = None
    may_owe: bool = False


AS_DECIDED = ChangeOptions()
