"""Allowances: what customers may use of metered features."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from billing_sdk._operation import C, Call, Flow, Resource, operation
from billing_sdk.models import AllowanceBalance, AllowanceGrant, AllowanceHistory, Document, UsageThresholds
from billing_sdk.money import digits_of
from billing_sdk.resources._base import MANAGEMENT, done, every, given, one, segment, wire_time

ALLOWANCE = one("allowance", AllowanceGrant.read)
THRESHOLDS = one("usage_thresholds", UsageThresholds.read)


class Allowances(Resource[C]):
    """What customers may use; an extension that only our own server has. Takes the machine credentials."""

    @operation
    def list(self, customer_id: str, *, feature_code: str | None = None) -> Flow[tuple[AllowanceGrant, ...]]:
        """Return what a customer was granted, of one feature or of all, the oldest first (extension).

        Raises:
            NotFound: there is no such customer.
        """
        path = _path(customer_id, "allowances")
        return every(path, "allowances", AllowanceGrant.read, **given(feature_code=feature_code))

    @operation
    def get(self, customer_id: str, allowance_id: str) -> Call[AllowanceGrant]:
        """Return one grant of a customer (extension).

        Raises:
            NotFound: there is no such customer.
            UnknownAllowance: the customer has none with this id.
        """
        path = _path(customer_id, "allowances", segment("allowance_id", allowance_id))
        return Call("GET", path, ALLOWANCE, credential="machine")

    @operation
    def grant(
        self,
        *,
        customer_id: str,
        feature_code: str,
        amount: Decimal | int,
        name: str = "",
        priority: int = 100,
        effective_on: datetime | None = None,
        expires_on: datetime | None = None,
        expires_after: str | None = None,
        recurrence: str | None = None,
        recurrence_anchor: datetime | None = None,
        min_rollover: Decimal | int = 0,
        max_rollover: Decimal | int | None = None,
        idempotency_key: str | None = None,
    ) -> Call[AllowanceGrant]:
        """Let a customer use more of a metered feature than the plan includes (extension).

        Args:
            customer_id: who may use it.
            feature_code: what may be used.
            amount: how many units; more than zero.
            name: what the customer reads.
            priority: 1 is burnt first, 255 last; what the plan includes comes before all of them.
            effective_on: from when on they can be used, in the customer's time; now by default.
            expires_on: from when on they can't any more; never by default. Or
            expires_after: how long they can, as a duration of ISO 8601, such as `P30D`.
            recurrence: how often there are as many again, such as `week` or `month`; never by default.
            recurrence_anchor: one of the instants at which there are; when they take effect by default.
            min_rollover: how many there are at least after a usage period has ended.
            max_rollover: how many of them are kept at most when a usage period ends; all by default.
            idempotency_key: makes the call safe to repeat.

        Raises:
            NotFound: there is no such customer.
            UnknownFeature: there is no such feature, or it is not metered.
            InvalidAllowance: it would begin in the past or end before it begins, or something is out of its bounds.
            TooManyAllowances: the customer has a hundred of the feature that have not ended.
        """
        body: dict[str, Any] = {
            "feature_code": feature_code,
            "amount": digits_of(Decimal(amount)),
            "name": name,
            "priority": priority,
            "min_rollover": digits_of(Decimal(min_rollover)),
            **given(
                effective_on=None if effective_on is None else wire_time(effective_on, "effective_on"),
                expires_on=None if expires_on is None else wire_time(expires_on, "expires_on"),
                expires_after=expires_after,
                recurrence=recurrence,
                recurrence_anchor=None
                if recurrence_anchor is None
                else wire_time(recurrence_anchor, "recurrence_anchor"),
                max_rollover=None if max_rollover is None else digits_of(Decimal(max_rollover)),
            ),
        }
        path = _path(customer_id, "allowances")
        return Call("POST", path, ALLOWANCE, json=body, credential="machine", idempotency_key=idempotency_key)

    @operation
    def void(self, customer_id: str, allowance_id: str, *, idempotency_key: str | None = None) -> Call[AllowanceGrant]:
        """Take back what is left of a grant; what it has covered stays covered (extension).

        Raises:
            NotFound: there is no such customer.
            UnknownAllowance: the customer has none with this id.
            AllowanceEnded: it has expired or was taken back before.
        """
        path = _path(customer_id, "allowances", segment("allowance_id", allowance_id), "void")
        return Call("POST", path, ALLOWANCE, credential="machine", idempotency_key=idempotency_key)

    @operation
    def balances(self, customer_id: str, *, feature_code: str | None = None) -> Call[tuple[AllowanceBalance, ...]]:
        """Return what a customer may still use of one metered feature or of all, at this moment (extension).

        Raises:
            NotFound: there is no such customer.
        """
        path, params = _path(customer_id, "balances"), given(feature_code=feature_code)
        return Call("GET", path, _balances, params=params, credential="machine")

    @operation
    def history(
        self,
        customer_id: str,
        feature_code: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        window: Literal["hour", "day", "month"] = "day",
    ) -> Call[AllowanceHistory]:
        """Return what was used in each hour, day or month, and which grants have covered it (extension).

        Args:
            customer_id: who used it.
            feature_code: what was used.
            since: from when on; the start of the present usage period by default.
            until: to before when; now by default.
            window: on the calendar of the agreement's time zone; a thousand at most.

        Raises:
            NotFound: there is no such customer.
            PaymentRequired: nothing that the customer has agreed to includes the feature.
        """
        params = {
            "window": window,
            **given(
                since=None if since is None else wire_time(since, "since"),
                until=None if until is None else wire_time(until, "until"),
            ),
        }
        path = _path(customer_id, "balances", segment("feature_code", feature_code), "history")
        return Call("GET", path, AllowanceHistory.read, params=params, credential="machine")

    @operation
    def thresholds(self, customer_id: str) -> Call[tuple[UsageThresholds, ...]]:
        """Return at how much use a customer is told, where that is not as the plan says (extension).

        Raises:
            NotFound: there is no such customer.
        """
        return Call("GET", _path(customer_id, "usage_thresholds"), _thresholds, credential="machine")

    @operation
    def watch(
        self, customer_id: str, feature_code: str, thresholds: Sequence[str], *, idempotency_key: str | None = None
    ) -> Call[UsageThresholds]:
        """Say at how much use of a feature a customer is told, in place of what the plan says (extension).

        `customer.usage_threshold_reached` is sent once for each threshold and usage period.

        Args:
            customer_id: who is told.
            feature_code: what is used.
            thresholds: ten at most, such as `80%` of the limit or `5000` units; none to be told nothing.
            idempotency_key: makes the call safe to repeat.

        Raises:
            NotFound: there is no such customer.
            UnknownFeature: there is no such feature, or it is not metered.
            InvalidRequest: a threshold can't be read.
        """
        path = _path(customer_id, "usage_thresholds", segment("feature_code", feature_code))
        body = {"thresholds": [*thresholds]}
        return Call("PUT", path, THRESHOLDS, json=body, credential="machine", idempotency_key=idempotency_key)

    @operation
    def unwatch(self, customer_id: str, feature_code: str, *, idempotency_key: str | None = None) -> Call[None]:
        """Let the plan say again at how much use a customer is told (extension).

        Raises:
            NotFound: there is no such customer.
        """
        path = _path(customer_id, "usage_thresholds", segment("feature_code", feature_code))
        return Call("DELETE", path, done, credential="machine", idempotency_key=idempotency_key)


def _path(customer_id: str, *rest: str) -> str:
    return "/".join((f"{MANAGEMENT}/billing/customers", segment("customer_id", customer_id), *rest))


def _balances(data: Any) -> tuple[AllowanceBalance, ...]:
    return Document(data, "answer").objects("balances", AllowanceBalance.read)


def _thresholds(data: Any) -> tuple[UsageThresholds, ...]:
    return Document(data, "answer").objects("usage_thresholds", UsageThresholds.read)
