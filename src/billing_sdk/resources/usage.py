"""Metered usage."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from billing_sdk._operation import C, Call, operation
from billing_sdk.resources._base import MANAGEMENT, done, wire_time
from billing_sdk.resources._reserving import Reserving, plain_quantity
from billing_sdk.resources.usage_events import UsageEvents
from billing_sdk.resources.usage_trail import UsageTrail


class Usage(Reserving[C], UsageEvents[C], UsageTrail[C]):
    """Tells the billing server what was used, or sets aside what is about to be; takes the machine credentials."""

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
