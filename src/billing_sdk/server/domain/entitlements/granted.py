"""The entitlements that an agreement grants."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from decimal import Decimal

from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.catalog import CreditGrant, Entitlement, LicenceFee, PlanVersion, Rate, UsageThreshold
from billing_sdk.server.domain.periods import Alignment, Cadence


@dataclass(frozen=True, slots=True)
class GrantedEntitlement:
    """One thing that an agreement includes, in the terms of the Account API.

    Attributes:
        fixed_charge: minor units for each interval, where the entitlement is a licence fee.
        unit_price: minor units for each unit, exactly, where usage is charged; often a fraction of one.
        limit_max: None means without limit.
        value: what a feature that isn't metered is set to, as JSON text.
        is_soft: as in the catalogue, and so the others after it.
    """

    id: str
    agreement_id: str
    feature_key: str
    feature_name: str
    price_name: str
    fixed_charge: int | None
    unit_price: Decimal | None
    limit_max: int | None
    limit_min: int | None
    value: str | None = None
    is_soft: bool = False
    usage_cadence: Cadence | None = None
    usage_alignment: Alignment = "anniversary"
    keeps_overage: bool = False
    thresholds: tuple[UsageThreshold, ...] = ()

    @property
    def unit_amount(self) -> int | None:
        """The unit price where it is a whole number of minor units; a fraction is never rounded to one."""
        if self.unit_price is None or self.unit_price != self.unit_price.to_integral_value():
            return None
        return int(self.unit_price)

    @property
    def unit_amount_decimal(self) -> str | None:
        """The exact unit price in decimal digits, such as `0.02`."""
        if self.unit_price is None:
            return None
        digits = f"{self.unit_price:f}"
        return digits.rstrip("0").rstrip(".") if "." in digits else digits


def entitlements_of(agreement: Agreement, version: PlanVersion) -> tuple[GrantedEntitlement, ...]:
    """Return what an agreement includes, in the order of its plan's components; nothing while it is paused or over."""
    if not agreement.grants:
        return ()
    rates = {rate.feature_key: rate for rate in version.of_kind(Rate)}
    granted = []
    for component in version.components:
        match component:
            case LicenceFee():
                granted.append(_from_fee(agreement, component))
            case Entitlement():
                granted.append(_from_entitlement(agreement, component, rates.get(component.feature_key)))
            case Rate() | CreditGrant():
                continue  # shown with the entitlement that it prices, or no entitlement at all
    return tuple(granted)


def _from_fee(agreement: Agreement, fee: LicenceFee) -> GrantedEntitlement:
    return GrantedEntitlement(
        id=_id(agreement, fee.id),
        agreement_id=agreement.id,
        feature_key=fee.key,
        feature_name=fee.name,
        price_name=fee.line_description or fee.name,
        fixed_charge=fee.amount().minor,
        unit_price=None,
        limit_max=None,
        limit_min=None,
    )


def _from_entitlement(agreement: Agreement, entitlement: Entitlement, rate: Rate | None) -> GrantedEntitlement:
    return GrantedEntitlement(
        id=_id(agreement, entitlement.id),
        agreement_id=agreement.id,
        feature_key=entitlement.feature_key,
        feature_name=entitlement.feature_name,
        price_name=(rate.line_description or rate.name) if rate else entitlement.feature_name,
        fixed_charge=None,
        unit_price=rate.unit_amount if rate else None,
        limit_max=entitlement.limit_max,
        limit_min=entitlement.limit_min,
        value=entitlement.value,
        is_soft=entitlement.is_soft,
        usage_cadence=entitlement.usage_cadence,
        usage_alignment=entitlement.usage_alignment,
        keeps_overage=entitlement.keeps_overage,
        thresholds=entitlement.thresholds,
    )


def _id(agreement: Agreement, component_id: str) -> str:
    """Derive an id that stays the same as long as the agreement does, so that it can serve as a page cursor."""
    digest = hashlib.sha256(f"{agreement.id}/{component_id}".encode()).hexdigest()
    return f"entitlement_{digest[:32]}"
