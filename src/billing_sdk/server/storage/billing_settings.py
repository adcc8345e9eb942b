"""The billing settings: one row, or none while everything is as the server starts with."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, RowMapping, select

from billing_sdk.server.domain.catalog import BillingSettings, Policies
from billing_sdk.server.domain.rating import RatingPolicy
from billing_sdk.server.storage.tables.catalog import billing_settings, plans
from billing_sdk.server.storage.upsert import insert_new, upsert

ONLY = "billing"


class BillingSettingsRepository:
    """Keeps what an operator decides for all plans, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._ahead: tuple[BillingSettings | None] | None = None

    def read_ahead(self) -> None:
        """Read the settings once, for whoever asks for them later."""
        self._ahead = (self.find(),)

    def find(self) -> BillingSettings | None:
        """Return the settings, if they have been saved."""
        if self._ahead is not None:
            return self._ahead[0]
        row = self._connection.execute(select(billing_settings)).mappings().first()
        return None if row is None else _from_row(row)

    def lock(self, initial: BillingSettings) -> BillingSettings:
        """Return the settings, which nobody else changes before the transaction ends; `initial` if there are none."""
        insert_new(self._connection, billing_settings, {"id": ONLY, **_to_row(initial)})
        row = self._connection.execute(select(billing_settings).with_for_update()).mappings().one()
        return _from_row(row)

    def save(self, settings: BillingSettings) -> None:
        """Store the settings."""
        self._ahead = None
        values = _to_row(settings)
        self._connection.execute(upsert(self._connection, billing_settings, {"id": ONLY, **values}, values))

    def is_currency_locked(self) -> bool:
        """Tell whether a plan has ever been published."""
        published = select(plans.c.key).where(plans.c.live_version_id.is_not(None)).limit(1)
        return self._connection.execute(published).first() is not None


def _to_row(settings: BillingSettings) -> dict[str, Any]:
    policies = settings.policies
    return {
        "default_currency": settings.default_currency,
        "zone": settings.zone,
        "alignment": settings.alignment,
        "show_pricing_table_at_sign_up": settings.show_pricing_table_at_sign_up,
        "unpaid_usage": policies.unpaid_usage,
        "unused_days": policies.unused_days,
        "proration": policies.proration,
        "zero_usage_flat_fee": policies.rating.zero_usage_flat_fee,
        "rounding": policies.rating.rounding,
        "late_usage": policies.late_usage,
    }


def _from_row(row: RowMapping) -> BillingSettings:
    return BillingSettings(
        default_currency=row["default_currency"],
        zone=row["zone"],
        alignment=row["alignment"],
        show_pricing_table_at_sign_up=row["show_pricing_table_at_sign_up"],
        policies=Policies(
            unpaid_usage=row["unpaid_usage"],
            unused_days=row["unused_days"],
            proration=row["proration"],
            rating=RatingPolicy(zero_usage_flat_fee=row["zero_usage_flat_fee"], rounding=row["rounding"]),
            late_usage=row["late_usage"],
        ),
    )
