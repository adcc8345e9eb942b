"""Prices and terms as JSON, for requests and for storage: one strict reading, one spelling.

Numbers are texts or whole JSON numbers, never floats. What can't be read is refused with the path of the member, such
as `price.tiers[1].unit_amount`. A member that has its usual value is left out of what is written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, assert_never

from billing_sdk.errors import InvalidAmount, InvalidPrice, InvalidTiers
from billing_sdk.money import digits_of
from billing_sdk.server.domain.rating.by_dimension import ByDimension
from billing_sdk.server.domain.rating.conversion import UnitConversion
from billing_sdk.server.domain.rating.flat import Flat
from billing_sdk.server.domain.rating.graduated import Graduated
from billing_sdk.server.domain.rating.overage import Overage
from billing_sdk.server.domain.rating.package import Package
from billing_sdk.server.domain.rating.per_unit import PerUnit
from billing_sdk.server.domain.rating.percentage import Percentage
from billing_sdk.server.domain.rating.terms import Price, Terms
from billing_sdk.server.domain.rating.tiers import Tier, require_begin
from billing_sdk.server.domain.rating.volume import Volume

Document = Mapping[str, Any]

# Before Decimal sees it: that takes "1E+999999", underscores, "NaN" and digits of any script.
NUMBER = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?", re.ASCII)
ZERO = Decimal(0)


def terms_from_document(document: object, *, path: str = "") -> Terms:
    """Read terms.

    Args:
        document: what was sent or stored.
        path: where it stands in a larger document, for messages.

    Raises:
        InvalidPrice, InvalidTiers, InvalidAmount: something is missing, unknown or wrong; the fact `member` is its
            path.
    """
    if not path:
        return _terms(document)
    with _inside(path):
        return _terms(document)


def price_from_document(document: object) -> Price:
    """Read a price.

    Raises:
        InvalidPrice, InvalidTiers, InvalidAmount: as `terms_from_document`.
    """
    if not isinstance(document, Mapping):
        raise InvalidPrice("the price is not an object", member="")
    model = document.get("model")
    reader = READERS.get(model) if isinstance(model, str) else None
    if reader is None:
        raise InvalidPrice(f"model is none of {', '.join(READERS)}", member="model")
    return reader({key: value for key, value in document.items() if key != "model"})


def document_of(what: Price | Terms) -> dict[str, Any]:
    """Return a price or terms as JSON-ready objects, lists and texts; reading them back gives an equal one."""
    match what:
        case Terms():
            return (
                {"price": document_of(what.price)}
                | _given(
                    discount_units=what.discount_units or None,
                    discount_percent=what.discount_percent or None,
                    minimum=what.minimum,
                    maximum=what.maximum,
                )
                | ({} if what.conversion is None else {"conversion": _conversion_document(what.conversion)})
            )
        case Flat():
            return {"model": "flat", "amount": digits_of(what.amount)}
        case PerUnit():
            return {"model": "per_unit", "unit_amount": digits_of(what.unit_amount)}
        case Package():
            return {
                "model": "package",
                "units_per_package": digits_of(what.units_per_package),
                "package_amount": digits_of(what.package_amount),
                "rounding": what.rounding,
            }
        case Volume():
            return {"model": "volume", **_scale_document(what)}
        case Graduated():
            return {"model": "graduated", **_scale_document(what)}
        case Overage():
            return {"model": "overage", "included": digits_of(what.included), "price": document_of(what.price)}
        case Percentage():
            bounds = _given(minimum=what.minimum, maximum=what.maximum)
            return {"model": "percentage", "percent": digits_of(what.percent)} | bounds
        case ByDimension():
            return {
                "model": "by_dimension",
                "dimensions": list(what.dimensions),
                "rates": [{"values": list(values), "price": document_of(rate)} for values, rate in what.rates],
            } | ({} if what.otherwise is None else {"otherwise": document_of(what.otherwise)})
        case _:
            assert_never(what)


def _terms(document: object) -> Terms:
    found = _members(document, {"price"}, {"discount_units", "discount_percent", "minimum", "maximum", "conversion"})
    with _inside("price"):
        price = price_from_document(found["price"])
    return Terms(
        price,
        discount_units=_number(found, "discount_units", ZERO),
        discount_percent=_number(found, "discount_percent", ZERO),
        minimum=_optional(found, "minimum"),
        maximum=_optional(found, "maximum"),
        conversion=_conversion(found),
    )


def _conversion(document: Document) -> UnitConversion | None:
    if document.get("conversion") is None:
        return None
    with _inside("conversion"):
        found = _members(document["conversion"], {"operation", "factor"}, {"rounding", "precision", "display_unit"})
        return UnitConversion(
            found["operation"],
            _number(found, "factor"),
            found.get("rounding", "none"),
            found.get("precision", 0),
            found.get("display_unit", ""),
        )


def _conversion_document(conversion: UnitConversion) -> dict[str, Any]:
    usual = {"rounding": "none", "precision": 0, "display_unit": ""}
    told = {name: getattr(conversion, name) for name in usual}
    return {"operation": conversion.operation, "factor": digits_of(conversion.factor)} | {
        name: value for name, value in told.items() if value != usual[name]
    }


def _flat(document: Document) -> Flat:
    return Flat(_number(_members(document, {"amount"}), "amount"))


def _per_unit(document: Document) -> PerUnit:
    return PerUnit(_number(_members(document, {"unit_amount"}), "unit_amount"))


def _package(document: Document) -> Package:
    found = _members(document, {"units_per_package", "package_amount"}, {"rounding"})
    return Package(_number(found, "units_per_package"), _number(found, "package_amount"), found.get("rounding", "up"))


def _volume(document: Document) -> Volume:
    found = _members(document, {"tiers"}, {"zero_usage_flat_fee"})
    return Volume(_tiers(found), found.get("zero_usage_flat_fee"))


def _graduated(document: Document) -> Graduated:
    found = _members(document, {"tiers"}, {"zero_usage_flat_fee"})
    return Graduated(_tiers(found), found.get("zero_usage_flat_fee"))


def _overage(document: Document) -> Overage:
    found = _members(document, {"included", "price"})
    with _inside("price"):
        price = price_from_document(found["price"])
    return Overage(_number(found, "included"), price)  # type: ignore[arg-type]  # the model refuses any other itself


def _percentage(document: Document) -> Percentage:
    found = _members(document, {"percent"}, {"minimum", "maximum"})
    return Percentage(_number(found, "percent"), _optional(found, "minimum"), _optional(found, "maximum"))


def _by_dimension(document: Document) -> ByDimension:
    found = _members(document, {"dimensions", "rates"}, {"otherwise"})
    rates = []
    for place, rate in enumerate(_list(found, "rates")):
        with _inside(f"rates[{place}]"):
            parts = _members(rate, {"values", "price"})
            with _inside("price"):
                price = price_from_document(parts["price"])
            rates.append((_texts(parts, "values"), price))
    otherwise = None
    if found.get("otherwise") is not None:
        with _inside("otherwise"):
            otherwise = price_from_document(found["otherwise"])
    return ByDimension(_texts(found, "dimensions"), tuple(rates), otherwise)  # type: ignore[arg-type]  # as above


READERS: dict[str, Callable[[Document], Price]] = {
    "flat": _flat,
    "per_unit": _per_unit,
    "package": _package,
    "volume": _volume,
    "graduated": _graduated,
    "overage": _overage,
    "percentage": _percentage,
    "by_dimension": _by_dimension,
}


def _tiers(document: Document) -> tuple[Tier, ...]:
    found: list[Tier] = []
    for number, one in enumerate(_list(document, "tiers"), 1):
        with _inside(f"tiers[{number - 1}]", tier=number):
            parts = _members(one, {"up_to"}, {"from", "unit_amount", "flat_amount"})
            is_open = parts["up_to"] in (None, "inf")
            tier = Tier(
                None if is_open else _number(parts, "up_to"),
                _number(parts, "unit_amount", ZERO),
                _number(parts, "flat_amount", ZERO),
            )
        if "from" in parts:
            require_begin(number, _number(parts, "from"), found[-1] if found else None)
        found.append(tier)
    return tuple(found)


def _scale_document(scale: Volume | Graduated) -> dict[str, Any]:
    own = scale.zero_usage_flat_fee
    tiers = [_tier_document(tier) for tier in scale.tiers]
    return {"tiers": tiers} | ({} if own is None else {"zero_usage_flat_fee": own})


def _tier_document(tier: Tier) -> dict[str, str | None]:
    return {"up_to": None if tier.up_to is None else digits_of(tier.up_to)} | _given(
        unit_amount=tier.unit_amount or None, flat_amount=tier.flat_amount or None
    )


def _given(**numbers: Decimal | None) -> dict[str, Any]:
    return {name: digits_of(number) for name, number in numbers.items() if number is not None}


def _members(document: object, required: set[str], optional: frozenset[str] | set[str] = frozenset()) -> Document:
    if not isinstance(document, Mapping):
        raise InvalidPrice("that is not an object", member="")
    for name in sorted(required - document.keys()):
        raise InvalidPrice(f"{name} is missing", member=name)
    for name in sorted(str(key) for key in document.keys() - required - optional):
        raise InvalidPrice(f"{name[:64]} is unknown here", member=name[:64])
    return document


def _number(document: Document, member: str, usual: Decimal | None = None) -> Decimal:
    found = document.get(member, usual)
    if isinstance(found, Decimal):
        return found
    if type(found) is int:
        found = str(found) if abs(found) < 10**40 else ""
    if not isinstance(found, str) or not NUMBER.fullmatch(found):
        raise InvalidPrice(f'{member} is not a whole number or a decimal in a text such as "0.5"', member=member)
    return Decimal(found)


def _optional(document: Document, member: str) -> Decimal | None:
    return None if document.get(member) is None else _number(document, member)


def _list(document: Document, member: str) -> list[Any]:
    if not isinstance(document[member], list | tuple):
        raise InvalidPrice(f"{member} is not a list", member=member)
    return list(document[member])


def _texts(document: Document, member: str) -> tuple[str, ...]:
    found = _list(document, member)
    if not all(isinstance(text, str) for text in found):
        raise InvalidPrice(f"{member} does not hold texts only", member=member)
    return tuple(found)


@contextmanager
def _inside(path: str, **facts: int) -> Iterator[None]:
    """Name a fault below a member by its whole path."""
    try:
        yield
    except (InvalidPrice, InvalidAmount) as error:
        kind = InvalidTiers if facts and type(error) is InvalidPrice else type(error)
        member = ".".join(filter(None, (path, error.facts["member"])))
        detail = f"{path}.{error.detail}" if error.facts["member"] else f"{path} is not an object"
        raise kind(detail, **{**facts, **error.facts, "member": member}) from None
