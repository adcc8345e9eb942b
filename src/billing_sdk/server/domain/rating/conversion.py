"""Conversion: what is measured becomes what is priced, such as bytes that are billed as gigabytes.

Prices, tiers and free units are said in what it becomes. What a customer may use is still counted as it is measured.
Source: Kong documentation, "Konnect Metering & Billing", unit configuration of a rate card.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal
from typing import Literal, get_args

from billing_sdk.errors import InvalidPrice
from billing_sdk.money import digits_of
from billing_sdk.server.domain.rating.bounds import MAX_DECIMALS, require_number
from billing_sdk.server.domain.rating.derivation import Step, step

Operation = Literal["multiply", "divide"]
UnitRounding = Literal["none", "ceiling", "floor", "half_up"]

# What has no end, or no sense, is kept to as many decimals as a price may have.
FINEST = MAX_DECIMALS
LONGEST_UNIT = 64
MODES = {"ceiling": ROUND_CEILING, "floor": ROUND_FLOOR, "half_up": ROUND_HALF_UP, "none": ROUND_HALF_UP}
ROOMY = Context(prec=200)


@dataclass(frozen=True, slots=True)
class UnitConversion:
    """How a measured quantity becomes the one that is priced.

    Attributes:
        factor: above zero.
        rounding: what becomes of parts of a unit; `none` keeps them.
        precision: how many decimals rounding leaves.
        display_unit: what is counted after it, such as `GB`, for invoices.

    Raises:
        InvalidPrice: the factor is not above zero, or a member is none of its values.
    """

    operation: Operation
    factor: Decimal
    rounding: UnitRounding = "none"
    precision: int = 0
    display_unit: str = ""

    def __post_init__(self) -> None:
        if self.operation not in get_args(Operation):
            raise InvalidPrice("operation is neither multiply nor divide", member="operation")
        if self.rounding not in get_args(UnitRounding):
            raise InvalidPrice(f"rounding is none of {', '.join(get_args(UnitRounding))}", member="rounding")
        require_number(self.factor, "factor")
        if not self.factor:
            raise InvalidPrice("factor is zero", member="factor")
        if type(self.precision) is not int or not 0 <= self.precision <= MAX_DECIMALS:
            raise InvalidPrice(f"precision is not between 0 and {MAX_DECIMALS}", member="precision")
        if type(self.display_unit) is not str or len(self.display_unit) > LONGEST_UNIT:
            raise InvalidPrice(f"display_unit has more than {LONGEST_UNIT} characters", member="display_unit")

    def of(self, measured: Decimal) -> Decimal:
        """Return what a measured quantity becomes."""
        places = FINEST if self.rounding == "none" else self.precision
        if self.operation == "multiply":
            exact = ROOMY.multiply(measured, self.factor)
            if self.rounding == "none" and len(digits_of(exact).partition(".")[2]) <= FINEST:
                return exact
        else:
            exact = ROOMY.divide(measured, self.factor)
        return exact.quantize(Decimal(1).scaleb(-places), MODES[self.rounding], ROOMY)


def step_of(conversion: UnitConversion, measured: Decimal) -> Step:
    """Return the arithmetic; it costs nothing by itself."""
    facts: dict[str, Decimal | int | str] = {
        "measured": measured,
        "operation": conversion.operation,
        "factor": conversion.factor,
        "rounding": conversion.rounding,
        "precision": conversion.precision,
        "converted": conversion.of(measured),
    }
    if conversion.display_unit:
        facts["display_unit"] = conversion.display_unit
    return step("conversion", Decimal(0), **facts)
