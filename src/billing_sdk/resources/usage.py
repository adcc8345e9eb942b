"""Metered usage."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, Literal

from billing_sdk._operation import C, Call, Resource, operation
from billing_sdk.errors import InvalidQuantity, InvalidRequest
from billing_sdk.resources._base import MANAGEMENT, done

PLAIN: Final = re.compile(r"[0-9]+(\.[0-9]+)?", re.ASCII)


class Usage(Resource[C]):
    """Tells the billing server what was used; takes the machine credentials."""

    @operation
    def record(
        self,
        *,
        agreement_id: str,
        feature_code: str,
        value: Decimal | int | str,
        kind: Literal["delta", "absolute"] = "delta",
        used_at: datetime | None = None,
        idempotency_key: str | None = None,
    ) -> Call[None]:
        """Record usage of a metered feature.

        Args:
            agreement_id: the customer's agreement for a plan that meters the feature.
            feature_code: the feature's key.
            value: how many units, exactly; a float is refused, because it is not exact.
            kind: `delta` adds to the period's usage, `absolute` replaces it.
            used_at: when, an aware time; now if it is left out.
            idempotency_key: makes the call safe to repeat where the server honours it.

        Raises:
            InvalidQuantity: the value is not a plain number of zero or more.
            UnknownFeature: the agreement's plan does not meter the feature.
        """
        if used_at is not None and used_at.tzinfo is None:
            raise InvalidRequest("used_at has to have a time zone")
        body = {
            "customer_agreement_id": agreement_id,
            "billing_feature_code": feature_code,
            "meter_value": plain_quantity(value),
            "meter_type_code": kind,
        }
        if used_at is not None:
            body["meter_usage_timestamp"] = used_at.astimezone(UTC).isoformat().replace("+00:00", "Z")
        return Call(
            "POST",
            f"{MANAGEMENT}/billing/meter_usage",
            done,
            json=body,
            credential="machine",
            idempotency_key=idempotency_key,
        )


def plain_quantity(value: Decimal | int | str) -> str:
    """Return a quantity in plain digits, such as `12` or `0.5`.

    Raises:
        InvalidQuantity: it is negative, not finite, not exact or longer than 40 characters.
    """
    if type(value) not in (Decimal, int, str) or len(str(value)) > 40:
        raise InvalidQuantity("a quantity has to be a Decimal, an int or their digits")
    if isinstance(value, str) and not PLAIN.fullmatch(value):
        raise InvalidQuantity("a quantity in text has to be digits with an optional fraction")
    number = Decimal(value)
    if not number.is_finite() or number.is_signed() or abs(number.adjusted()) > 40:
        raise InvalidQuantity("a quantity has to be zero or more, and finite")
    return f"{number:f}"
