"""Arithmetic done again from the document of a derivation alone: by fractions, and by nothing of the package."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor
from typing import Any

HALF = Fraction(1, 2)
COVERING = {"usage", "included", "dimension", "unrated", "otherwise"}


def recomputed(document: dict[str, Any]) -> int:
    """Return the amount that a derivation's document comes to, having checked every step of it."""
    total = Fraction(0)
    for step in document["steps"]:
        amount = _amount_of(step["name"], step["facts"], total)
        assert Fraction(step["amount"]) == amount, step
        total += amount
    assert document["steps"][-1]["name"] in ("round", "prorate")
    assert total.denominator == 1
    return int(total)


def _amount_of(name: str, facts: dict[str, str], before: Fraction) -> Fraction:
    number = {key: Fraction(value) for key, value in facts.items() if _is_number(value)}
    if "before" in number:
        assert number["before"] == before
    match name:
        case "usage" if "billed" in number:
            assert number["billed"] == max(Fraction(0), number["measured"] - number.get("discount_units", Fraction(0)))
        case "included":
            assert number["covered"] == min(number["quantity"], number["included"])
            assert number["beyond"] == number["quantity"] - number["covered"]
        case "flat":
            return number["flat_amount"]
        case "per_unit":
            return number["quantity"] * number["unit_amount"]
        case "package":
            packs = number["quantity"] / number["units_per_package"]
            assert number["packages"] == (ceil(packs) if facts["rounding"] == "up" else floor(packs))
            return number["packages"] * number["package_amount"]
        case "volume" | "graduated":
            return number["quantity"] * number["unit_amount"] + number["flat_amount"]
        case "zero_usage":
            return number["flat_amount"] if facts["zero_usage_flat_fee"] == "charge" else Fraction(0)
        case "percentage":
            return number["value"] * number["percent"] / 100
        case "minimum_per_use" | "maximum_per_use":
            return number["uses"] * number["each"]
        case "discount_percentage":
            return -before * number["percent"] / 100
        case "maximum":
            return number["maximum"] - before
        case "minimum":
            return number["minimum"] - before
        case "round":
            return rounded(before, facts["rounding"]) - before
        case "prorate":
            return rounded(before * number["times"] * Fraction(facts["fraction"]), facts["rounding"]) - before
    assert name in COVERING, name
    return Fraction(0)


def rounded(amount: Fraction, rounding: str) -> Fraction:
    """Return an amount in whole minor units; below zero it is rounded as above."""
    size = abs(amount)
    match rounding:
        case "half_up":
            whole = floor(size + HALF)
        case "half_even":
            whole = round(size)
        case "up":
            whole = ceil(size)
        case _:
            whole = floor(size)
    return Fraction(-whole if amount < 0 else whole)


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).replace("-", "", 1).isdecimal()
