"""Billing settings (extension): what an operator decides for all plans at once."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from billing_sdk.server.api.kinde.envelope import Answer, StrictRoute
from billing_sdk.server.api.kinde.security import EngineOf, scoped
from billing_sdk.server.domain.catalog import BillingSettings
from billing_sdk.server.usecases.billing_settings import billing_settings

router = APIRouter(tags=["Billing settings"], route_class=StrictRoute)


class PoliciesView(BaseModel):
    """What happens to money in the middle of a period, and how amounts are rounded."""

    unpaid_usage: str
    unused_days: str
    proration: str
    zero_usage_flat_fee: str
    rounding: str


class SettingsView(BaseModel):
    """The settings of all plans."""

    default_currency: str
    zone: str
    alignment: str
    show_pricing_table_at_sign_up: bool
    policies: PoliciesView

    @classmethod
    def of(cls, settings: BillingSettings) -> SettingsView:
        """Show the settings."""
        policies = settings.policies
        return cls(
            default_currency=settings.default_currency,
            zone=settings.zone,
            alignment=settings.alignment,
            show_pricing_table_at_sign_up=settings.show_pricing_table_at_sign_up,
            policies=PoliciesView(
                unpaid_usage=policies.unpaid_usage,
                unused_days=policies.unused_days,
                proration=policies.proration,
                zero_usage_flat_fee=policies.rating.zero_usage_flat_fee,
                rounding=policies.rating.rounding,
            ),
        )


class SettingsAnswer(Answer):
    """The billing settings."""

    settings: SettingsView


@router.get("/billing/settings", **scoped("read:billing_settings", extension=True))
def get_settings(engine: EngineOf) -> SettingsAnswer:
    """Return the billing settings (extension)."""
    with engine.read() as tx:
        return SettingsAnswer(settings=SettingsView.of(billing_settings(tx, engine)))
