"""Rate cards: what a plan or an add-on charges and includes, as this door says it.

A card becomes components of the catalogue: a fee, a rate or nothing to pay, and an entitlement where it has one. What
keeps a card from becoming any is a fault, which a draft may have and a published version may not.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import BeforeValidator, Field, PlainSerializer, Tag, WithJsonSchema
from pydantic_core import PydanticCustomError

from billing_sdk.server.api.konnect.bodies import Body
from billing_sdk.server.api.konnect.prices import AnyPrice, UnitConfig, by_type
from billing_sdk.server.api.konnect.values import Description, IsoDuration, Labels, Name, Numeric, ResourceKey, Ulid


def _read_number(value: Any) -> Decimal:
    """Read a JSON number as what its digits say; a double is the shortest text that makes it."""
    if isinstance(value, Decimal):
        return value
    if type(value) not in (int, float):
        raise PydanticCustomError("decimal_type", "is no number")
    return Decimal(str(value))


def _write_number(number: Decimal) -> int | float:
    return int(number) if number == number.to_integral_value() else float(number)


# What the published file has as a JSON number: read by its digits, and reckoned with as a Decimal.
JsonNumber = Annotated[
    Decimal,
    BeforeValidator(_read_number),
    PlainSerializer(_write_number, return_type=int | float),
    WithJsonSchema({"type": "number"}),
]


class Reference(Body):
    """Another thing, by its id."""

    id: Ulid


class Commitments(Body):
    """The least and the most that usage costs in a period."""

    minimum_amount: Numeric | None = None
    maximum_amount: Numeric | None = None


class Discounts(Body):
    """What is taken off: a share of the price, or units that cost nothing."""

    percentage: Annotated[JsonNumber, Field(ge=0, le=100)] | None = None
    usage: Numeric | None = None


class TaxConfig(Body):
    """How it is taxed."""

    behavior: Literal["inclusive", "exclusive"] | None = None
    code: Reference


class MeteredEntitlement(Body):
    """So much use in each usage period."""

    type: Literal["metered"]
    is_soft_limit: bool = False
    limit: Annotated[JsonNumber, Field(ge=0)] | None = None
    usage_period: IsoDuration | None = None


class StaticEntitlement(Body):
    """A value that code reads."""

    type: Literal["static"]
    config: Any

    @property
    def value(self) -> str:
        """The value as a JSON text; a text that is one already is taken as such."""
        if isinstance(self.config, str):
            try:
                json.loads(self.config)
            except ValueError:
                return json.dumps(self.config, ensure_ascii=False)
            return self.config
        return json.dumps(self.config, ensure_ascii=False, separators=(",", ":"))


class BooleanEntitlement(Body):
    """Simply included."""

    type: Literal["boolean"]


AnyEntitlement: TypeAlias = Annotated[
    Annotated[MeteredEntitlement, Tag("(metered)")]
    | Annotated[StaticEntitlement, Tag("(static)")]
    | Annotated[BooleanEntitlement, Tag("(boolean)")],
    by_type("metered", "static", "boolean"),
]


class RateCard(Body):
    """What is charged for and included of one feature or service; without a cadence it is charged once."""

    nullable: ClassVar[frozenset[str]] = frozenset({"billing_cadence"})

    name: Name
    description: Description | None = None
    labels: Labels | None = None
    key: ResourceKey
    feature: Reference | None = None
    billing_cadence: IsoDuration | None = None
    price: AnyPrice
    unit_config: UnitConfig | None = None
    payment_term: Literal["in_advance", "in_arrears"] = "in_arrears"
    commitments: Commitments | None = None
    discounts: Discounts | None = None
    tax_config: TaxConfig | None = None
    entitlement: AnyEntitlement | None = None
