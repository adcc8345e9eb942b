"""What an operator decides for all plans at once."""

from __future__ import annotations

from typing import Literal

from billing_sdk import models
from billing_sdk._operation import C, Call, Resource, operation
from billing_sdk.resources._base import MANAGEMENT, given

PATH = f"{MANAGEMENT}/billing/settings"


class BillingSettings(Resource[C]):
    """The billing settings; an extension that only our own server has. Takes the machine credentials."""

    @operation
    def get(self) -> Call[models.BillingSettings]:
        """Return the settings (extension)."""
        return Call("GET", PATH, models.BillingSettings.read, credential="machine")

    @operation
    def update(
        self,
        *,
        default_currency: str | None = None,
        zone: str | None = None,
        alignment: Literal["anniversary", "calendar"] | None = None,
        show_pricing_table_at_sign_up: bool | None = None,
        unpaid_usage: Literal["forgive", "charge"] | None = None,
        unused_days: Literal["retain", "refund"] | None = None,
        proration: Literal["day", "second"] | None = None,
        zero_usage_flat_fee: Literal["skip", "charge"] | None = None,
        rounding: Literal["half_up", "half_even", "up", "down"] | None = None,
        late_usage: Literal["rerate", "next_period"] | None = None,
        idempotency_key: str | None = None,
    ) -> Call[models.BillingSettings]:
        """Change what is given and leave the rest; what was billed before stays as it is (extension).

        `BillingSettings` and `BillingPolicies` say what each of them means.

        Raises:
            CurrencyLocked: a plan has been published, so the default currency can't change any more.
            InvalidRequest: a value is none.
        """
        policies = given(
            unpaid_usage=unpaid_usage,
            unused_days=unused_days,
            proration=proration,
            zero_usage_flat_fee=zero_usage_flat_fee,
            rounding=rounding,
            late_usage=late_usage,
        )
        body = given(
            default_currency=default_currency,
            zone=zone,
            alignment=alignment,
            show_pricing_table_at_sign_up=show_pricing_table_at_sign_up,
            policies=policies or None,
        )
        return Call(
            "PATCH", PATH, models.BillingSettings.read, json=body, credential="machine", idempotency_key=idempotency_key
        )
