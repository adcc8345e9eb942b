"""What an operator has decided for all plans, as every use case reads it."""

from __future__ import annotations

from billing_sdk.server.domain.catalog import BillingSettings
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine


def billing_settings(tx: UnitOfWork, engine: Engine) -> BillingSettings:
    """Return the settings; while nobody has changed them, those that the server starts with."""
    return tx.billing_settings.find() or initial_settings(engine)


def initial_settings(engine: Engine) -> BillingSettings:
    """Return what a new server starts with."""
    return BillingSettings(show_pricing_table_at_sign_up=engine.settings.show_pricing_table_at_sign_up)
