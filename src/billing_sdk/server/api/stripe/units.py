"""Amounts of custom pricing units in v2: of a rate for each unit of usage, and of a service action's grants."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from billing_sdk.errors import BillingError, Conflict, NotFound
from billing_sdk.server.api.stripe.bodies import Body, View
from billing_sdk.server.api.stripe.custom_pricing_units import CustomPricingUnitView
from billing_sdk.server.api.stripe.ids import CustomUnitId, ours
from billing_sdk.server.api.stripe.refusals import Refusal, telling
from billing_sdk.server.api.stripe.values import DecimalText
from billing_sdk.server.domain.catalog import CustomUnit
from billing_sdk.server.usecases.custom_units import active_unit
from billing_sdk.server.usecases.engine import Engine

# So many millionths are one.
SCALE = -6


class UnitAmountBody(Body):
    """So many units."""

    id: str
    value: Annotated[DecimalText, Field(ge=0)]


class UnitAmountView(View):
    """So many units."""

    id: CustomUnitId
    value: DecimalText
    custom_pricing_unit_details: CustomPricingUnitView

    @classmethod
    def of(cls, unit: CustomUnit, millionths: Decimal) -> UnitAmountView:
        """Show an amount of a unit."""
        return cls(
            id=unit.id,
            value=millionths.scaleb(SCALE),
            custom_pricing_unit_details=CustomPricingUnitView.of(unit),
        )


def unit_of(
    engine: Engine, amount: UnitAmountBody | None, *, at: str = "", member: str = "custom_pricing_unit_amount"
) -> str | None:
    """Return the unit that an amount is of, if it is of one.

    Args:
        engine: the engine.
        amount: what was sent.
        at: where it stands, such as `rates_to_create[3].`.
        member: what it is called there.

    Raises:
        BillingError: there is no such unit, or it is not active.
    """
    if amount is None:
        return None
    param = f"{at}{member}.id"
    refusals: dict[type[BillingError], Refusal] = {
        NotFound: Refusal("custom_pricing_unit_not_found", 404, param),
        Conflict: Refusal("custom_pricing_unit_inactive", param=param),
    }
    with telling(refusals), engine.read() as tx:
        return active_unit(tx, ours("custom_pricing_unit", amount.id)).id
