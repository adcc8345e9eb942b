"""Prices: major units in decimal strings here, exact minor units in the catalogue.

Prices that this door can't say, which other doors make, are shown as what comes nearest; see `price_of_terms`.
Source: Kong documentation, "Konnect Metering & Billing", pricing models.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeAlias, assert_never

from pydantic import Discriminator, Field, Tag

from billing_sdk.errors import InvalidAmount, InvalidPrice, InvalidTiers
from billing_sdk.money import EXACT, exponent
from billing_sdk.server.api.konnect.bodies import Body
from billing_sdk.server.api.konnect.values import Numeric
from billing_sdk.server.domain.rating import (
    ByDimension,
    Flat,
    Graduated,
    Overage,
    Package,
    Percentage,
    PerUnit,
    Price,
    Tier,
    UnitConversion,
    Volume,
)

ZERO = Decimal(0)
HUNDRED = Decimal(100)


def given(**members: Any) -> dict[str, Any]:
    """Return the members that there are; this door leaves out what is not, and never says null."""
    return {name: value for name, value in members.items() if value is not None}


class FreePrice(Body):
    """Nothing is charged."""

    type: Literal["free"]


class FlatPrice(Body):
    """One amount, however much is used."""

    type: Literal["flat"]
    amount: Numeric


class UnitPrice(Body):
    """An amount for each unit."""

    type: Literal["unit"]
    amount: Numeric


class PriceTier(Body):
    """A part of a scale, up to an amount that belongs to it; without one it is the open end."""

    up_to_amount: Numeric | None = None
    flat_price: FlatPrice | None = None
    unit_price: UnitPrice | None = None


class GraduatedPrice(Body):
    """Each part of the usage at the price of its tier."""

    type: Literal["graduated"]
    tiers: Annotated[list[PriceTier], Field(min_length=1, max_length=100)]


class VolumePrice(Body):
    """All of the usage at the price of the tier that it reaches."""

    type: Literal["volume"]
    tiers: Annotated[list[PriceTier], Field(min_length=1, max_length=100)]


def type_of(value: Any) -> str | None:
    """Return what says which of several objects one is; in brackets, which keep it out of the paths of faults."""
    found = value.get("type") if isinstance(value, Mapping) else getattr(value, "type", None)
    return None if found is None else f"({str(found)[:64]})"


class _Choices(dict[str, int | str | float]):
    """What a message names; `Annotated` wants it to have a hash."""

    def __hash__(self) -> int:  # type: ignore[override]  # a dict has none, and this one never changes
        return hash(tuple(self.items()))


def by_type(*choices: str) -> Discriminator:
    """Return what picks one of several objects by its `type`, and names the choices where it is none of them."""
    return Discriminator(
        type_of,
        custom_error_type="unknown_type",
        custom_error_message="the type is none of {choices}",
        custom_error_context=_Choices(rule="enum", choices=", ".join(choices)),
    )


AnyPrice: TypeAlias = Annotated[
    Annotated[FreePrice, Tag("(free)")]
    | Annotated[FlatPrice, Tag("(flat)")]
    | Annotated[UnitPrice, Tag("(unit)")]
    | Annotated[GraduatedPrice, Tag("(graduated)")]
    | Annotated[VolumePrice, Tag("(volume)")],
    by_type("free", "flat", "unit", "graduated", "volume"),
]


class UnitConfig(Body):
    """How a measured quantity becomes the one that is priced."""

    operation: Literal["divide", "multiply"]
    conversion_factor: Numeric
    rounding: Literal["ceiling", "floor", "half_up", "none"] = "none"
    precision: Annotated[int, Field(ge=0, le=12)] = 0
    display_unit: Annotated[str, Field(max_length=64)] | None = None

    @property
    def conversion(self) -> UnitConversion:
        """The conversion as the catalogue has it.

        Raises:
            InvalidPrice: the factor is not above zero.
        """
        return UnitConversion(
            self.operation, self.conversion_factor, self.rounding, self.precision, self.display_unit or ""
        )

    @classmethod
    def of(cls, conversion: UnitConversion) -> UnitConfig:
        """Show a conversion."""
        return cls(
            operation=conversion.operation,
            conversion_factor=conversion.factor,
            rounding=conversion.rounding,
            precision=conversion.precision,
            **given(display_unit=conversion.display_unit or None),
        )


def minor_of(amount: Decimal, currency: str) -> Decimal:
    """Return an amount in minor units, exactly."""
    return EXACT.scaleb(amount, exponent(currency))


def major_of(amount: Decimal, currency: str) -> Decimal:
    """Return an amount in the currency's main unit, exactly."""
    return EXACT.scaleb(amount, -exponent(currency))


def priced(price: FlatPrice | UnitPrice | GraduatedPrice | VolumePrice, currency: str) -> Price:
    """Return a price as the catalogue has it; the flat price of a first tier is charged without usage, too.

    Raises:
        InvalidAmount: an amount is below zero, too large, or finer than 12 decimals of a minor unit.
        InvalidTiers: the tiers are not one scale from zero to its open end, or one of them has no price.
    """
    match price:
        case FlatPrice():
            return Flat(minor_of(price.amount, currency))
        case UnitPrice():
            return PerUnit(minor_of(price.amount, currency))
        case GraduatedPrice():
            return Graduated(_tiers(price.tiers, currency), "charge")
        case VolumePrice():
            return Volume(_tiers(price.tiers, currency), "charge")
        case _:
            assert_never(price)


def _tiers(tiers: list[PriceTier], currency: str) -> tuple[Tier, ...]:
    if tiers[-1].up_to_amount is not None:
        raise InvalidTiers("the last tier has to be open", tier=len(tiers), member="tiers")
    return tuple(_tier(tier, number, currency) for number, tier in enumerate(tiers, 1))


def _tier(tier: PriceTier, number: int, currency: str) -> Tier:
    if tier.flat_price is None and tier.unit_price is None:
        raise InvalidTiers("a tier has to have a flat price or a unit price", tier=number, member="tiers")
    try:
        return Tier(
            tier.up_to_amount,
            ZERO if tier.unit_price is None else minor_of(tier.unit_price.amount, currency),
            ZERO if tier.flat_price is None else minor_of(tier.flat_price.amount, currency),
        )
    except (InvalidPrice, InvalidAmount) as error:
        raise InvalidTiers(error.detail, tier=number, member="tiers") from None


Shown: TypeAlias = tuple[AnyPrice, UnitConversion | None, Decimal]


def price_of(price: Price, currency: str) -> Shown:
    """Return how a price is shown, with the conversion and the free units that it stands for.

    A package is a unit price of units that are divided, what is included free units, and a percentage a unit price of
    the value. Prices by dimension are shown by the one for all else, or as free where there is none.
    """
    match price:
        case Flat():
            return FlatPrice(type="flat", amount=major_of(price.amount, currency)), None, ZERO
        case PerUnit():
            return UnitPrice(type="unit", amount=major_of(price.unit_amount, currency)), None, ZERO
        case Volume():
            return VolumePrice(type="volume", tiers=[*_shown(price.tiers, currency)]), None, ZERO
        case Graduated():
            return GraduatedPrice(type="graduated", tiers=[*_shown(price.tiers, currency)]), None, ZERO
        case Package():
            rounding: Literal["ceiling", "floor"] = "ceiling" if price.rounding == "up" else "floor"
            conversion = UnitConversion("divide", price.units_per_package, rounding)
            return UnitPrice(type="unit", amount=major_of(price.package_amount, currency)), conversion, ZERO
        case Overage():
            shown, conversion_inside, _ = price_of(price.price, currency)
            return shown, conversion_inside, price.included
        case Percentage():
            share = EXACT.divide(major_of(price.percent, currency), HUNDRED)
            return UnitPrice(type="unit", amount=share), None, ZERO
        case ByDimension():
            return (
                (FreePrice(type="free"), None, ZERO) if price.otherwise is None else price_of(price.otherwise, currency)
            )
        case _:
            assert_never(price)


def _shown(tiers: tuple[Tier, ...], currency: str) -> Iterator[PriceTier]:
    for tier in tiers:
        unit = UnitPrice(type="unit", amount=major_of(tier.unit_amount, currency))
        flat = FlatPrice(type="flat", amount=major_of(tier.flat_amount, currency))
        has_flat = bool(tier.flat_amount)
        yield PriceTier(
            **given(
                up_to_amount=tier.up_to,
                flat_price=flat if has_flat else None,
                unit_price=unit if tier.unit_amount or not has_flat else None,
            )
        )
