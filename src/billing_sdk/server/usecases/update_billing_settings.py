"""Update what is decided for all plans."""

from __future__ import annotations

from collections.abc import Collection
from typing import get_args

from billing_sdk.errors import CurrencyLocked, InvalidRequest
from billing_sdk.money import zero
from billing_sdk.server.domain.catalog import BillingSettings, Policies
from billing_sdk.server.domain.periods import Alignment, zone_of
from billing_sdk.server.usecases.billing_settings import initial_settings
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.versions import check_version


def update_billing_settings(
    engine: Engine,
    *,
    default_currency: str | None = None,
    zone: str | None = None,
    alignment: Alignment | None = None,
    show_pricing_table_at_sign_up: bool | None = None,
    policies: Policies | None = None,
    versions: Collection[str] | None = None,
    actor: str = "operator",
) -> BillingSettings:
    """Update the settings; what is None stays as it is.

    They count for what is agreed and billed from now on: an agreement keeps its time zone and currency, a version its
    alignment.

    Raises:
        PreconditionFailed: they are in none of the versions (`version_of`) that the caller knows.
        CurrencyLocked: a plan has been published, and another default currency is asked for.
        InvalidAmount: the currency is none.
        InvalidZone: the time zone is none.
        InvalidRequest: alignment or a policy is none of the values that there are.
    """
    if default_currency is not None:
        zero(default_currency)
    if zone is not None:
        zone_of(zone)
    if alignment is not None and alignment not in get_args(Alignment):
        raise InvalidRequest("alignment is neither anniversary nor calendar", parameter="alignment")
    with engine.begin() as tx:
        before = tx.billing_settings.lock(initial_settings(engine))
        check_version(before, versions)
        shows = show_pricing_table_at_sign_up
        settings = BillingSettings(
            default_currency=default_currency or before.default_currency,
            zone=zone or before.zone,
            alignment=alignment or before.alignment,
            show_pricing_table_at_sign_up=before.show_pricing_table_at_sign_up if shows is None else shows,
            policies=policies or before.policies,
        )
        if settings.default_currency != before.default_currency and tx.billing_settings.is_currency_locked():
            raise CurrencyLocked(f"the default currency stays {before.default_currency}: a plan has been published")
        tx.billing_settings.save(settings)
        tx.audit.record(actor, "billing_settings.update", "billing", engine.now(), before=before, after=settings)
    return settings
