"""How an agreement is shown: what is published of it, and what only this server tells."""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias

from pydantic import BaseModel

from billing_sdk.money import digits_of
from billing_sdk.server.api.kinde.envelope import Answer
from billing_sdk.server.domain.agreements import AgreedDiscount, Agreement
from billing_sdk.server.domain.catalog import PlanVersion
from billing_sdk.server.domain.entitlements import GrantedEntitlement, entitlements_of
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine

Agreed: TypeAlias = tuple[Agreement, PlanVersion, tuple[GrantedEntitlement, ...]]


class AgreedEntitlementView(BaseModel):
    """A feature that an agreement includes."""

    feature_code: str
    entitlement_id: str


class PendingChangeView(BaseModel):
    """A change of plan that comes later."""

    plan_code: str
    changes_on: datetime


class AgreedAddOnView(BaseModel):
    """An add-on beside the plan, and how many of it."""

    plan_code: str
    quantity: int


class AgreedDiscountView(BaseModel):
    """A coupon that was redeemed; `periods_left` of null is for ever."""

    coupon_code: str
    percent_off: str | None
    amount_off_minor: int | None
    periods_left: int | None

    @classmethod
    def of(cls, discount: AgreedDiscount) -> AgreedDiscountView:
        """Show a discount."""
        percent, amount = discount.percent_off, discount.amount_off
        return cls(
            coupon_code=discount.coupon_key,
            percent_off=None if percent is None else digits_of(percent),
            amount_off_minor=None if amount is None else amount.minor,
            periods_left=discount.periods_left,
        )


class AgreementView(BaseModel):
    """A customer's contract for a plan.

    Extension: everything from `status` on. `cadence` is how often it is billed, such as `month` or `3 months`;
    `next_version` takes over from `plan_version` when it is billed next; `quantities` counts units of licensed fees
    (seats) by the fee's key.
    """

    id: str
    plan_code: str
    expires_on: datetime | None
    billing_group_id: str | None
    current_period_start: datetime | None
    current_period_end: datetime | None
    entitlements: list[AgreedEntitlementView]
    status: str
    currency: str
    cadence: str
    plan_version: int
    next_version: int | None
    started_on: datetime
    ended_on: datetime | None
    trial_ends_on: datetime | None
    cancels_on: datetime | None
    paused_on: datetime | None
    suspended_on: datetime | None
    pending_change: PendingChangeView | None
    quantities: dict[str, int]
    add_ons: list[AgreedAddOnView]
    discounts: list[AgreedDiscountView]
    is_unpaid: bool

    @classmethod
    def of(cls, agreed: Agreed, *, at: datetime, next_version: int | None) -> AgreementView:
        """Show an agreement in the Management API's words, in the period that contains `at`, or in its last one."""
        agreement, version, granted = agreed
        period = agreement.period_at(at) if agreement.ended_at is None else agreement.billed_period
        pending = agreement.pending_change
        return cls(
            id=agreement.id,
            plan_code=agreement.plan_key,
            expires_on=agreement.ended_at or agreement.cancel_at,
            billing_group_id=agreement.group_id,
            current_period_start=period.start,
            current_period_end=period.end,
            entitlements=[
                AgreedEntitlementView(feature_code=one.feature_key, entitlement_id=one.id) for one in granted
            ],
            status=agreement.status,
            currency=agreement.currency,
            cadence=str(agreement.cadence),
            plan_version=version.number,
            next_version=next_version,
            started_on=agreement.started_at,
            ended_on=agreement.ended_at,
            trial_ends_on=agreement.trial_ends_at,
            cancels_on=agreement.cancel_at,
            paused_on=agreement.paused_at,
            suspended_on=agreement.suspended_at,
            pending_change=PendingChangeView(plan_code=pending.plan_key, changes_on=pending.at) if pending else None,
            quantities=dict(agreement.quantities),
            add_ons=[AgreedAddOnView(plan_code=one.plan_key, quantity=one.quantity) for one in agreement.add_ons],
            discounts=[AgreedDiscountView.of(discount) for discount in agreement.discounts],
            is_unpaid=agreement.is_unpaid,
        )


class WholeAgreementAnswer(Answer):
    """One agreement."""

    agreement: AgreementView

    @classmethod
    def of(cls, engine: Engine, agreement_id: str) -> WholeAgreementAnswer:
        """Show an agreement as it is now.

        Raises:
            NotFound: there is no such agreement.
        """
        with engine.read() as tx:
            agreement = tx.agreements.get(agreement_id)
            version = tx.agreements.version_included(agreement)
            coming = tx.agreements.coming_version(agreement)
            at = engine.now_for(tx, tx.customers.get(agreement.customer_id))
        agreed = agreement, version, entitlements_of(agreement, version)
        return cls(agreement=AgreementView.of(agreed, at=at, next_version=coming))


def agreements_of(tx: UnitOfWork, customer_id: str) -> tuple[Agreed, ...]:
    """Return the live agreements of a customer, the oldest first, each with what it includes.

    Raises:
        NotFound: there is no such customer.
    """
    customer = tx.customers.get(customer_id)
    found = tx.agreements.live_with_plans(customer_id=customer.id)
    return tuple((agreement, version, entitlements_of(agreement, version)) for agreement, version, _ in found)
