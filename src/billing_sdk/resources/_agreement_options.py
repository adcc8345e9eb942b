"""What can be asked for with agreements, as it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, TypeAlias

from billing_sdk.resources._base import given, wire_time

# When something happens: at once, at the end of the billing period, or at an instant.
Timing: TypeAlias = Literal["now", "period_end"] | datetime


def terms_of(
    currency: str | None,
    plan_version: int | None,
    quantities: Mapping[str, int] | None,
    add_ons: Mapping[str, int] | None,
    coupon_code: str | None,
    timing: Timing,
    trial: bool | None,
) -> dict[str, Any]:
    """Return the extensions of a change that were asked for; hosted providers are sent none of them otherwise."""
    added = [{"plan_code": code, "quantity": quantity} for code, quantity in (add_ons or {}).items()]
    asked = given(currency=currency, plan_version=plan_version, coupon_code=coupon_code, trial=trial)
    listed = given(quantities=dict(quantities) if quantities else None, add_ons=added or None)
    return {**asked, **listed, **when_of(timing)}


def flags_of(is_invoice_now: bool | None, is_prorate: bool | None) -> dict[str, bool]:
    """Return how what was not billed or not used is to be settled, where anything is said about it."""
    return given(is_invoice_now=is_invoice_now, is_prorate=is_prorate)


def texts_of(flags: Mapping[str, bool]) -> dict[str, str]:
    """Write flags as parameters of an address."""
    return {name: str(value).lower() for name, value in flags.items()}


def when_of(timing: Timing) -> dict[str, str]:
    """Return when something is to happen; nothing where it is at once, which is what everybody does."""
    if timing == "now":
        return {}
    return {"timing": wire_time(timing, "timing") if isinstance(timing, datetime) else timing}
