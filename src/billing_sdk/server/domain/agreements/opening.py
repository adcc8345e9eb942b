"""How an agreement begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from billing_sdk.server.domain.agreements.agreement import Agreement
from billing_sdk.server.domain.agreements.pending import AgreedAddOn, AgreedDiscount
from billing_sdk.server.domain.periods import Alignment, Cadence, calendar_anchor


@dataclass(frozen=True, slots=True)
class Offer:
    """A version of a plan on the conditions on which one customer gets it.

    Attributes:
        zone: where its days are counted.
        alignment: whether periods are counted from the beginning, or follow the calendar.
        anchor: an instant that periods are counted from instead; it may lie before the beginning, or after it.
        trial_days: how many days it can be used before it is charged.
        billing_cadence_id: the cadence of the customer that cadence, anchor and zone are those of.
    """

    group_id: str
    plan_key: str
    plan_version_id: str
    currency: str
    cadence: Cadence
    zone: str = "UTC"
    alignment: Alignment = "anniversary"
    anchor: datetime | None = None
    trial_days: int = 0
    quantities: Mapping[str, int] = field(default_factory=dict)
    add_ons: tuple[AgreedAddOn, ...] = ()
    discounts: tuple[AgreedDiscount, ...] = ()
    billing_cadence_id: str | None = None


def agree(offer: Offer, *, agreement_id: str, customer_id: str, at: datetime) -> Agreement:
    """Return the agreement that begins at an instant, billed for its first period or on trial.

    With a trial, periods are counted from the trial's end; those that follow the calendar, or an instant of their own,
    begin with it as well, and the first one is as short as that makes it.
    """
    trial_ends_at = at + timedelta(days=offer.trial_days) if offer.trial_days else None
    begin = trial_ends_at or at
    aligned = offer.alignment == "calendar"
    usual = calendar_anchor(begin, offer.cadence, offer.zone) if aligned else begin
    agreement = Agreement(
        id=agreement_id,
        customer_id=customer_id,
        group_id=offer.group_id,
        plan_key=offer.plan_key,
        plan_version_id=offer.plan_version_id,
        status="trialing" if trial_ends_at else "active",
        currency=offer.currency,
        cadence=offer.cadence,
        anchor=offer.anchor or usual,
        zone=offer.zone,
        started_at=at,
        billed_until=begin,
        trial_ends_at=trial_ends_at,
        quantities=offer.quantities,
        add_ons=offer.add_ons,
        discounts=offer.discounts,
        billing_cadence_id=offer.billing_cadence_id,
    )
    return agreement if trial_ends_at else replace(agreement, billed_until=agreement.period_at(at).end)
