"""The amount of an invoice line computed from its explanation alone: by fractions, and by nothing of the package."""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction
from math import ceil, floor
from typing import Any
from zoneinfo import ZoneInfo

from tests.unit.domain.rating.recompute import recomputed, rounded

Document = dict[str, Any]
SECOND = timedelta(microseconds=1)
NOTHING = Fraction(0)


def recomputed_amount(told: Document) -> int:
    """Return what a line comes to, from the document that explains it, having checked what the document adds up."""
    corrected = told["calculation"].get("corrected")
    if corrected is not None:
        return int(corrected["amount_minor"])
    match told["kind"]:
        case "licence_fee" if "given_back" in told["calculation"]:
            return _given_back(told)
        case "licence_fee":
            return _fee(told)
        case "usage" | "adjustment":
            return _usage(told)
        case "one_off":
            return int(told["calculation"]["amount_minor"])
        case "discount":
            return _discount(told)
        case "unused_time":
            part = told["proration"]
            assert _share(part["part"], part["interval"], part["by"], part["zone"]) == Fraction(part["fraction"])
            exact = -Fraction(told["calculation"]["of_minor"]) * Fraction(part["fraction"])
            return _whole(told, exact)
        case "one_off":
            return int(told["calculation"]["amount_minor"])
        case "credit_grant":
            facts = told["calculation"]
            assert int(facts["owed_minor"]) <= int(facts["of_minor"])
            return -min(int(facts["left_minor"]), int(facts["owed_minor"]))
        case "credit_balance":
            return _balance(told)
        case "tax":
            facts = told["calculation"]
            base = sum(int(one["amount_minor"]) for one in told["of_lines"])
            assert base == int(facts["base_minor"])
            return _checked(told, int(rounded(Fraction(base) * Fraction(facts["percent"]) / 100, "half_up")))
    raise AssertionError(f"nobody can compute a line of the kind {told['kind']}")


def _fee(told: Document) -> int:
    share = _proration(told)
    number = None if told["quantity"] is None else Fraction(told["quantity"])
    times = Fraction(1)
    last = told["calculation"]["rating"]["steps"][-1]
    if last["name"] == "prorate":
        times = Fraction(last["facts"]["times"])
        assert Fraction(last["facts"]["fraction"]) == share
    amount = _priced(told, number or Fraction(1), share * times)
    assert recomputed(told["calculation"]["rating"]) == amount
    instead = told["calculation"].get("instead_of")
    if instead is None:
        return _checked(told, amount)
    covered = Fraction(instead["quantity"])
    if not covered:
        return amount
    was = _priced(told, covered, share) if number is not None else _priced(told, Fraction(1), share * covered)
    assert was == int(instead["amount_minor"]) == recomputed(instead["rating"])
    return amount - was


def _usage(told: Document) -> int:
    quantity, usage = Fraction(told["quantity"]), told["usage"]
    marked = [(one["values"], Fraction(one["quantity"])) for one in usage["by_dimension"]]
    assert usage["is_whole"]
    assert Fraction(usage["total"]) == quantity
    if usage["aggregation"] in ("sum", "count"):
        assert quantity == sum((Fraction(day["quantity"]) for day in usage["by_day"]), NOTHING)
    assert usage["readings"] == sum(day["readings"] for day in usage["by_day"])
    if "so_far" in told["calculation"]:
        told["component"]["terms"].pop("minimum", None)  # it is due when the interval is over
    amount = _checked(told, _priced(told, quantity, Fraction(1), marked))
    assert recomputed(told["calculation"]["rating"]) == amount
    return amount - int(told["calculation"].get("billed_before", {}).get("amount_minor", 0))


def _priced(told: Document, quantity: Fraction, share: Fraction, marked: list[Any] | None = None) -> int:
    exact = _terms(told["component"]["terms"], quantity, told["policies"], marked or [])
    return int(rounded(exact * share, told["policies"]["rounding"]))


def _terms(terms: Document, quantity: Fraction, policies: Document, marked: list[Any]) -> Fraction:
    billed = max(NOTHING, quantity - Fraction(terms.get("discount_units", 0)))
    amount = _price(terms["price"], billed, policies, marked)
    amount -= amount * Fraction(terms.get("discount_percent", 0)) / 100
    amount = min(amount, Fraction(terms.get("maximum", amount)))
    return max(amount, Fraction(terms.get("minimum", amount)))


def _price(price: Document, quantity: Fraction, policies: Document, marked: list[Any]) -> Fraction:
    match price["model"]:
        case "flat":
            return Fraction(price["amount"])
        case "per_unit":
            return quantity * Fraction(price["unit_amount"])
        case "package":
            packs = quantity / Fraction(price["units_per_package"])
            whole = floor(packs) if price["rounding"] == "down" else ceil(packs)
            return whole * Fraction(price["package_amount"])
        case "volume" | "graduated" if not quantity:
            is_charged = price.get("zero_usage_flat_fee", policies["zero_usage_flat_fee"]) == "charge"
            return Fraction(price["tiers"][0].get("flat_amount", 0)) if is_charged else NOTHING
        case "volume":
            reached = [one for one in price["tiers"] if one["up_to"] is None or quantity <= Fraction(one["up_to"])]
            return _tier(reached[0] if reached else price["tiers"][-1], quantity)
        case "graduated":
            return _graduated(price["tiers"], quantity)
        case "overage":
            beyond = max(NOTHING, quantity - Fraction(price["included"]))
            return _price(price["price"], beyond, policies, [])
        case "percentage":
            return _percentage(price, quantity)
        case "by_dimension":
            return _by_dimension(price, quantity, policies, marked)
    raise AssertionError(f"nobody can compute a price of the model {price['model']}")


def _graduated(tiers: list[Document], quantity: Fraction) -> Fraction:
    amount, above = NOTHING, NOTHING
    for place, one in enumerate(tiers):
        is_last = one["up_to"] is None or place + 1 == len(tiers)
        upper = quantity if is_last else min(quantity, Fraction(one["up_to"]))
        if upper <= above:
            break
        amount += _tier(one, upper - above)
        above = upper
    return amount


def _tier(tier: Document, quantity: Fraction) -> Fraction:
    return quantity * Fraction(tier.get("unit_amount", 0)) + Fraction(tier.get("flat_amount", 0))


def _percentage(price: Document, value: Fraction) -> Fraction:
    if value <= 0:
        return NOTHING
    share = value * Fraction(price["percent"]) / 100
    share = min(share, Fraction(price.get("maximum", share)))
    return max(share, Fraction(price.get("minimum", share)))


def _by_dimension(price: Document, quantity: Fraction, policies: Document, marked: list[Any]) -> Fraction:
    found: dict[tuple[str, ...], Fraction] = {}
    unmarked = quantity - sum((part for _, part in marked), NOTHING)
    for values, part in [*marked, *([({}, unmarked)] if unmarked > 0 else [])]:
        key = tuple(values.get(name, "") for name in price["dimensions"])
        found[key] = found.get(key, NOTHING) + part
    amount = NOTHING
    for rate in price["rates"]:
        part = found.pop(tuple(rate["values"]), None)
        amount += NOTHING if part is None else _price(rate["price"], max(NOTHING, part), policies, [])
    if found and "otherwise" in price:
        rest = sum((max(NOTHING, part) for part in found.values()), NOTHING)
        amount += _price(price["otherwise"], rest, policies, [])
    return amount


def _discount(told: Document) -> int:
    facts = told["calculation"]
    weights = [int(weight) for weight in facts["weights"]]
    if "percent_off" in facts:
        whole = int(rounded(Fraction(sum(weights)) * Fraction(facts["percent_off"]) / 100, "half_up"))
    else:
        whole = min(int(facts["amount_off_minor"]), sum(weights))
    assert whole == int(facts["whole_minor"])
    return -shares(whole, weights)[int(facts["place"])]


def shares(whole: int, weights: list[int]) -> list[int]:
    """Divide an amount by weights: whole units first, then one each to the largest remainders, ties to the first."""
    given = [whole * weight // sum(weights) for weight in weights]
    remainders = [(-(whole * weight % sum(weights)), place) for place, weight in enumerate(weights)]
    for _, place in sorted(remainders)[: whole - sum(given)]:
        given[place] += 1
    return given


def _given_back(told: Document) -> int:
    facts = told["calculation"]["given_back"]
    by, zone = told["policies"]["proration"], told["zone"]
    paid = NOTHING
    for one in facts["paid"]:
        assert _share(told["period"], one["period"], by, zone) == Fraction(one["fraction"])
        paid += int(one["amount_minor"]) * Fraction(one["fraction"])
    charged, kept, later = (Fraction(facts["prices"][name]) for name in ("charged", "kept", "charged_later"))
    return _whole(told, -paid * (charged - kept) / (charged - later))


def _balance(told: Document) -> int:
    owed = sum(int(one["amount_minor"]) for one in told["of_lines"])
    facts = told["calculation"]
    if "surplus_minor" in facts:
        assert owed == -int(facts["surplus_minor"])
        return -owed
    return -min(int(facts["balance_minor"]), owed)


def _proration(told: Document) -> Fraction:
    part = told["proration"]
    if part is None:
        return Fraction(1)
    share = _share(part["part"], part["interval"], part["by"], part["zone"])
    assert share == Fraction(part["fraction"]) == Fraction(part["counted"]) / Fraction(part["of"])
    return share


def _share(part: Document, whole: Document, by: str, zone: str) -> Fraction:
    """Return the share of an interval that a part of it is; a day that has begun belongs to what ends in it."""
    start, end = _instant(whole["start"]), _instant(whole["end"])
    begin, stop = (min(max(_instant(part[name]), start), end) for name in ("start", "end"))
    if by == "second":
        return Fraction((stop - begin) // SECOND, (end - start) // SECOND)
    days = max(1, (_wall(end, zone).date() - _wall(start, zone).date()).days)

    def used(at: datetime) -> int:
        if at in (start, end):
            return 0 if at == start else days
        wall = _wall(at, zone)
        has_begun = (wall.hour, wall.minute, wall.second, wall.microsecond) != (0, 0, 0, 0)
        return min(days, (wall.date() - _wall(start, zone).date()).days + has_begun)

    return Fraction(used(stop) - used(begin), days)


def _wall(at: datetime, zone: str) -> datetime:
    return at.astimezone(ZoneInfo(zone))


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _whole(told: Document, exact: Fraction) -> int:
    return _checked(told, int(rounded(exact, told["policies"]["rounding"])))


def _checked(told: Document, amount: int) -> int:
    """Return an amount, having seen that the document says how it was rounded."""
    rounding = told["rounding"]
    assert int(rounding["rounded_minor"]) == amount, rounding
    assert rounded(Fraction(rounding["exact_minor"]), rounding["rule"]) == amount, rounding
    return amount
