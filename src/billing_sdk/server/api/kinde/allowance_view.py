"""How allowances, balances and their history are shown; every quantity is an exact decimal text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel

from billing_sdk.money import digits_of
from billing_sdk.server.domain.catalog import UsageThreshold
from billing_sdk.server.domain.entitlements import AllowanceGrant, Segment, Standing
from billing_sdk.server.usecases.look_up_allowances import AllowanceBalance, WindowOfUsage


class AllowanceView(BaseModel):
    """Units that a customer may use; `status` is `planned`, `active`, `expired` or `voided`."""

    id: str
    customer_id: str
    feature_code: str
    name: str
    amount: str
    priority: int
    effective_on: datetime
    expires_on: datetime | None
    recurrence: str | None
    recurrence_anchor: datetime | None
    min_rollover: str
    max_rollover: str
    status: str
    created_on: datetime
    voided_on: datetime | None

    @classmethod
    def of(cls, grant: AllowanceGrant, at: datetime) -> AllowanceView:
        """Show a grant as it is at an instant."""
        return cls(
            id=grant.id,
            customer_id=grant.customer_id,
            feature_code=grant.feature_key,
            name=grant.name,
            amount=digits_of(grant.amount),
            priority=grant.priority,
            effective_on=grant.effective_at,
            expires_on=grant.expires_at,
            recurrence=None if grant.recurrence is None else str(grant.recurrence),
            recurrence_anchor=grant.recurrence_anchor,
            min_rollover=digits_of(grant.min_rollover),
            max_rollover=digits_of(grant.max_rollover),
            status=grant.status(at),
            created_on=grant.created_at,
            voided_on=grant.voided_at,
        )


class ShareView(BaseModel):
    """What is left of a grant, or what it has covered; null for what the plan includes."""

    allowance_id: str | None
    amount: str

    @classmethod
    def of_all(cls, amounts: dict[str, Decimal]) -> list[ShareView]:
        """Show amounts by the grants' ids."""
        return [
            cls(allowance_id=id_ if id_.startswith("allowance_") else None, amount=digits_of(amount))
            for id_, amount in amounts.items()
        ]


class BalanceView(BaseModel):
    """What may be used of a feature in a usage period under an agreement; a limit of null is no limit.

    `limit` is what the plan includes and what grants add. `held` is set aside for uses that are not settled yet, and
    `remaining` is what is neither used nor held. `balances` says what is left of the plan's amount (null) and of each
    grant. `overage` was used and is covered by none of them.
    """

    feature_code: str
    agreement_id: str
    has_access: bool
    is_soft: bool
    limit: str | None
    used: str
    held: str
    remaining: str | None
    overage: str
    period_start: datetime
    resets_on: datetime
    balances: list[ShareView]

    @classmethod
    def of(cls, balance: AllowanceBalance) -> BalanceView:
        """Show a balance."""
        room = balance.room
        included = {} if balance.included is None else {"included": balance.included}
        return cls(
            feature_code=balance.feature_key,
            agreement_id=balance.agreement.id,
            has_access=room.has_access,
            is_soft=room.is_soft,
            limit=_digits(room.limit),
            used=digits_of(room.used),
            held=digits_of(room.held),
            remaining=_digits(room.remaining),
            overage=digits_of(room.overage),
            period_start=room.period.start,
            resets_on=room.resets_at,
            balances=ShareView.of_all({**included, **{grant.id: left for grant, left in balance.grants}}),
        )


class WindowView(BaseModel):
    """What was used in a window, and what could be used at its start; null is without limit."""

    start: datetime
    end: datetime
    usage: str
    balance_at_start: str | None

    @classmethod
    def of(cls, window: WindowOfUsage) -> WindowView:
        """Show a window."""
        return cls(
            start=window.period.start,
            end=window.period.end,
            usage=digits_of(window.usage),
            balance_at_start=_digits(window.balance_at_start),
        )


class SegmentView(BaseModel):
    """A stretch of time in which no grant begins, ends, is filled up or rolls over, and what happened in it."""

    start: datetime
    end: datetime
    usage: str
    overage_at_start: str
    overage_at_end: str
    balances_at_start: list[ShareView]
    balances_at_end: list[ShareView]
    burnt: list[ShareView]

    @classmethod
    def of(cls, segment: Segment) -> SegmentView:
        """Show a segment."""
        return cls(
            start=segment.period.start,
            end=segment.period.end,
            usage=digits_of(segment.usage),
            overage_at_start=digits_of(segment.start.overage),
            overage_at_end=digits_of(segment.end.overage),
            balances_at_start=_balances(segment.start),
            balances_at_end=_balances(segment.end),
            burnt=ShareView.of_all(dict(segment.burnt)),
        )


class ThresholdsView(BaseModel):
    """At how much use of a feature a customer is told."""

    feature_code: str
    thresholds: list[str]

    @classmethod
    def of(cls, feature_code: str, thresholds: Sequence[UsageThreshold]) -> ThresholdsView:
        """Show thresholds."""
        return cls(feature_code=feature_code, thresholds=[str(one) for one in thresholds])


def _balances(standing: Standing) -> list[ShareView]:
    return ShareView.of_all(dict(standing.balances))


def _digits(amount: Decimal | None) -> str | None:
    return None if amount is None else digits_of(amount)
