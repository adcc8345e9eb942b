"""Prices as this door writes them, and as the engine has them: an amount for each unit, or tiers.

`transform_quantity` is a conversion of what is measured: the tiers and the amount are for what it becomes. A price that
was made through another door and can't be written like this, such as one by dimension, is shown without an amount.
Source: Stripe documentation, API reference, Rate card rates and License fees.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field

from billing_sdk.errors import BillingError, InvalidAmount, InvalidPrice, InvalidTiers
from billing_sdk.server.api.stripe.bodies import Body, View
from billing_sdk.server.api.stripe.problems import refused
from billing_sdk.server.api.stripe.values import DecimalText, Int64
from billing_sdk.server.domain.rating import Flat, Graduated, Package, PerUnit, Terms, Tier, UnitConversion, Volume

Mode = Literal["graduated", "volume"]
Rounding = Literal["up", "down"]
UNIT_ROUNDING: dict[Rounding, Literal["ceiling", "floor"]] = {"up": "ceiling", "down": "floor"}
ZERO = Decimal(0)


class TierBody(Body):
    """A tier: to a quantity, which belongs to it, or without an end."""

    flat_amount: DecimalText | None = None
    unit_amount: DecimalText | None = None
    up_to_decimal: DecimalText | None = None
    up_to_inf: Literal["inf"] | None = None


class TransformBody(Body):
    """What becomes of a quantity before it is priced."""

    divide_by: Annotated[Int64, Field(ge=1)]
    round: Rounding


class PriceBody(Body):
    """A price; part of other bodies."""

    unit_amount: DecimalText | None = None
    tiers: Annotated[list[TierBody], Field(max_length=100)] | None = None
    tiering_mode: Mode | None = None
    transform_quantity: TransformBody | None = None

    @property
    def has_price(self) -> bool:
        """Whether anything is said of the price."""
        return bool(self.model_fields_set & PriceBody.model_fields.keys())


class TierView(View):
    """A tier."""

    flat_amount: DecimalText | None
    unit_amount: DecimalText | None
    up_to_decimal: DecimalText | None
    up_to_inf: Literal["inf"] | None


class TransformView(View):
    """What becomes of a quantity before it is priced."""

    divide_by: Int64
    round: Rounding


class PriceView(View):
    """A price; part of other answers."""

    unit_amount: DecimalText | None
    tiers: list[TierView]
    tiering_mode: Mode | None
    transform_quantity: TransformView | None


def terms_of(body: PriceBody, *, at: str = "") -> Terms:
    """Return the price that a body describes.

    Args:
        body: the price.
        at: where it stands, such as `rates_to_create[3].`, for refusals.

    Raises:
        BillingError: it is no price.
    """
    try:
        price = _tiered(body, at) if body.tiers else _per_unit(body, at)
        return Terms(price, conversion=_conversion(body.transform_quantity))
    except (InvalidTiers, InvalidPrice, InvalidAmount) as error:
        member = str(error.facts.get("member") or "unit_amount")
        holder, dot, name = member.rpartition(".")
        theirs = f"{holder}{dot}{_NAMES.get(name, name)}"
        raise refused("parameter_invalid", error.detail.replace(member, theirs), param=at + theirs) from error


def changed_terms(before: Terms, body: PriceBody) -> Terms:
    """Return a price with what a body says of it: an amount takes the place of tiers, and tiers that of an amount.

    Raises:
        BillingError: that is no price.
    """
    present = _document_of(before)
    given = body.model_dump(include=body.model_fields_set & PriceBody.model_fields.keys(), mode="python")
    if given.get("tiers"):
        present["unit_amount"] = None
    elif given.get("unit_amount") is not None:
        present |= {"tiers": None, "tiering_mode": None}
    return terms_of(PriceBody.model_validate({**present, **given}))


def price_members(terms: Terms) -> dict[str, Any]:
    """Return the members of a `PriceView`."""
    document = _document_of(terms)
    tiers = [TierView(**tier) for tier in document["tiers"] or []]
    transform = document["transform_quantity"]
    return {**document, "tiers": tiers, "transform_quantity": None if transform is None else TransformView(**transform)}


def _per_unit(body: PriceBody, at: str) -> PerUnit:
    if body.tiering_mode is not None:
        raise refused("parameter_invalid", "tiering_mode is for tiers", param=f"{at}tiering_mode")
    if body.unit_amount is None:
        raise refused("parameter_missing", "a price has a unit_amount or tiers", param=f"{at}unit_amount")
    return PerUnit(body.unit_amount)


def _tiered(body: PriceBody, at: str) -> Graduated | Volume:
    if body.unit_amount is not None:
        raise refused("parameter_invalid", "a price has a unit_amount or tiers, not both", param=f"{at}unit_amount")
    if body.tiering_mode is None:
        raise refused("parameter_missing", "tiers need a tiering_mode", param=f"{at}tiering_mode")
    given = body.tiers or []
    tiers = tuple(_tier(tier, f"{at}tiers[{number}]") for number, tier in enumerate(given))
    if tiers[-1].up_to is not None:
        raise refused("parameter_invalid", "the last tier has no end", param=f"{at}tiers[{len(tiers) - 1}].up_to_inf")
    return Graduated(tiers) if body.tiering_mode == "graduated" else Volume(tiers)


def _tier(tier: TierBody, at: str) -> Tier:
    if (tier.up_to_decimal is None) is (tier.up_to_inf is None):
        raise refused("parameter_invalid", "a tier has an up_to_decimal or up_to_inf", param=f"{at}.up_to_decimal")
    if tier.unit_amount is None and tier.flat_amount is None:
        raise refused("parameter_missing", "a tier has a unit_amount, a flat_amount or both", param=f"{at}.unit_amount")
    try:
        return Tier(tier.up_to_decimal, tier.unit_amount or ZERO, tier.flat_amount or ZERO)
    except BillingError as error:
        member = str(error.facts.get("member") or "unit_amount")
        raise refused("parameter_invalid", error.detail, param=f"{at}.{_NAMES.get(member, member)}") from error


def _conversion(transform: TransformBody | None) -> UnitConversion | None:
    if transform is None:
        return None
    return UnitConversion("divide", Decimal(transform.divide_by), UNIT_ROUNDING[transform.round])


_NAMES: Mapping[str, str] = {"up_to": "up_to_decimal", "factor": "transform_quantity.divide_by"}


def _document_of(terms: Terms) -> dict[str, Any]:
    """Return a price as a body would describe it."""
    found: dict[str, Any] = {"unit_amount": None, "tiers": None, "tiering_mode": None}
    found["transform_quantity"] = _transform_of(terms)
    match terms.price:
        case Flat(amount) | PerUnit(amount):
            return {**found, "unit_amount": amount}
        case Package():
            return {**found, "unit_amount": terms.price.package_amount}
        case Graduated() | Volume():
            mode = "graduated" if isinstance(terms.price, Graduated) else "volume"
            return {**found, "tiers": [_document_of_tier(tier) for tier in terms.price.tiers], "tiering_mode": mode}
    return found


def _transform_of(terms: Terms) -> dict[str, Any] | None:
    match terms.price, terms.conversion:
        case Package(units_per_package=size, rounding=rounding), _ if size == int(size):
            return {"divide_by": int(size), "round": rounding}
        case _, UnitConversion("divide", factor, "ceiling" | "floor" as rounding, precision=0) if factor == int(factor):
            return {"divide_by": int(factor), "round": "up" if rounding == "ceiling" else "down"}
    return None


def _document_of_tier(tier: Tier) -> dict[str, Any]:
    """Return a tier; of an amount that is zero nothing is said where the other one isn't."""
    is_free = not tier.unit_amount and not tier.flat_amount
    return {
        "flat_amount": tier.flat_amount or None,
        "unit_amount": tier.unit_amount if tier.unit_amount or is_free else None,
        "up_to_decimal": tier.up_to,
        "up_to_inf": "inf" if tier.up_to is None else None,
    }
