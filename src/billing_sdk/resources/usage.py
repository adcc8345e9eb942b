"""Metered usage."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from billing_sdk._operation import C, Call, operation
from billing_sdk.errors import InvalidRequest
from billing_sdk.journal import Journal
from billing_sdk.resources._base import MANAGEMENT, done, wire_time
from billing_sdk.resources._lease import Lease, exact_count
from billing_sdk.resources._leases import Leased, Leases
from billing_sdk.resources._reserving import Reserving, plain_quantity
from billing_sdk.resources.usage_events import UsageEvents
from billing_sdk.resources.usage_trail import UsageTrail


class Usage(Reserving[C], UsageEvents[C], UsageTrail[C]):
    """Tells the billing server what was used, or sets aside what is about to be; takes the machine credentials."""

    def __init__(self, client: C, *, source: str, journal: Journal | None = None) -> None:
        self._client = client
        self._source = source
        self.leases = Leases(self.recording, journal)

    def lease(
        self,
        *,
        feature_code: str,
        units: Decimal | int = 100,
        agreement_id: str | None = None,
        user_id: str | None = None,
        org_code: str | None = None,
        requires_credit: bool = False,
    ) -> Lease[C]:
        """Return what lets uses of a metered feature in within microseconds, by units that this process holds.

        Nothing is asked for before the first use. All who name the same customer and feature share what is held, and
        never does this process let in more than the billing server has set aside for it. What is not used goes back
        when it is idle for ten seconds, and when the client is closed. An extension.

        Args:
            feature_code: the feature's key.
            units: how many to hold at a time; fewer are given where the limit is near.
            agreement_id: the customer's agreement; or else
            user_id: who uses them, and
            org_code: for which organization.
            requires_credit: whether credit has to pay for what is held.

        Raises:
            InvalidQuantity: the units are not a plain number.
            InvalidRequest: it is not said who uses the feature, or said twice.
        """
        if (agreement_id is None) == (user_id is None and org_code is None):
            raise InvalidRequest("name the agreement, or else who uses the feature")
        leased = Leased(feature_code, agreement_id, user_id, org_code, requires_credit)
        return Lease(self._client, self.leases, leased, wished=exact_count(units))

    @operation
    def record_reading(
        self,
        *,
        agreement_id: str,
        feature_code: str,
        value: Decimal | int | str,
        kind: Literal["delta", "absolute"] = "delta",
        used_at: datetime | None = None,
        dimensions: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Call[None]:
        """Record a reading of a metered feature under an agreement: what was used, or what the period's total now is.

        Args:
            agreement_id: the customer's agreement for a plan that meters the feature.
            feature_code: the feature's key.
            value: how many units, exactly; a float is refused, because it is not exact.
            kind: `delta` adds to the period's usage, `absolute` replaces it.
            used_at: when, an aware time; now if it is left out. Our own server counts usage then, however late it is
                reported, and adjusts what was billed.
            dimensions: extension: what the usage is marked with, such as the model that answered; prices can depend
                on it.
            idempotency_key: makes the call safe to repeat where the server honours it.

        Raises:
            InvalidQuantity: the value is not a plain number of zero or more.
            UnknownFeature: the agreement's plan does not meter the feature.
        """
        body: dict[str, Any] = {
            "customer_agreement_id": agreement_id,
            "billing_feature_code": feature_code,
            "meter_value": plain_quantity(value),
            "meter_type_code": kind,
        }
        if used_at is not None:
            body["meter_usage_timestamp"] = wire_time(used_at, "used_at")
        if dimensions:
            body["dimensions"] = dict(dimensions)
        return Call(
            "POST",
            f"{MANAGEMENT}/billing/meter_usage",
            done,
            json=body,
            credential="machine",
            idempotency_key=idempotency_key,
        )
