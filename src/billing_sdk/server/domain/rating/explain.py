"""A derivation in short English sentences, for whoever asks what an amount is made of."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction

from billing_sdk.money import EXACT, in_main_unit
from billing_sdk.server.domain.rating.derivation import Derivation, Step

# Which facts of a step are minor units of the currency, and which are numbers to be read with separators.
MONEY = frozenset(
    {"unit_amount", "flat_amount", "package_amount", "each", "before", "maximum", "minimum", "value"},
)
NUMBERS = frozenset(
    {"quantity", "measured", "billed", "discount_units", "above", "up_to", "units_per_package", "packages"}
    | {"included", "covered", "beyond", "uses", "converted", "factor"},
)
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)
DAYS_OF_A_YEAR = 366
ROUNDINGS = {
    "half_up": "half up",
    "half_even": "half to even",
    "up": "up",
    "down": "down",
    "ceiling": "up",
    "floor": "down",
}


def explain(derivation: Derivation, *, unit_name: str = "") -> tuple[str, ...]:
    """Return one sentence for each step, the total last; steps of other calculations by their names and facts.

    Args:
        derivation: what `charge` returned, or what was stored of it.
        unit_name: what is counted, such as `MAU`.
    """
    currency = next((found for step in derivation.steps if (found := step.fact("currency"))), "")
    return tuple(_sentence(step, currency, unit_name) for step in derivation.steps)


def _sentence(step: Step, currency: str, unit_name: str) -> str:
    words = {name: _told(name, value, currency) for name, value in step.facts}
    after = EXACT.add(Decimal(step.fact("before") or "0"), Decimal(step.amount))
    return _template(step).format(
        **words,
        result=in_main_unit(Decimal(step.amount), currency).rstrip(),
        after=in_main_unit(after, currency).rstrip(),
        unit=f" {unit_name}" if unit_name else "",
    )


def _template(step: Step) -> str:
    match step.name:
        case "conversion":
            return _conversion(step)
        case "usage":
            return _usage(step)
        case "flat":
            return "Flat price: {result}."
        case "per_unit":
            return "{quantity} x {unit_amount} = {result}."
        case "package":
            counted = "every one begun" if step.fact("rounding") == "up" else "only full ones"
            packs = f"{{quantity}} in packages of {{units_per_package}}, {counted}"
            return packs + ": {packages} x {package_amount} = {result}."
        case "volume":
            return f"All of it at {_tier(step)}: {_arithmetic(step)}."
        case "graduated":
            return f"At {_tier(step)}: {_arithmetic(step)}."
        case "zero_usage":
            return _zero_usage(step)
        case "included":
            return "{covered} of {quantity} are included, {beyond} go beyond."
        case "dimension":
            return "For {values}: {quantity}{unit}."
        case "otherwise":
            return "Without a rate of their own ({values}): {quantity}{unit}."
        case "unrated":
            return "There is no rate for {values}: {quantity}{unit} cost nothing."
        case "percentage":
            return "{percent}% of {value} = {result}."
        case "minimum_per_use" | "maximum_per_use":
            return f"Uses at their {step.name.partition('_')[0]}: {{uses}} x {{each}} = {{result}}."
        case "discount_percentage":
            return "{percent}% off {before}: {result}."
        case "maximum" | "minimum":
            verb = "Lowered" if step.name == "maximum" else "Raised"
            return f"{verb} from {{before}} to the {step.name} of {{{step.name}}}."
        case "round":
            return _total(step)
        case "prorate":
            return _proration(step)
        case _:
            facts = ", ".join(f"{name} {{{name}}}" for name, _ in step.facts)
            return f"{step.name.replace('_', ' ').capitalize()} ({facts}): {{result}}."


def _usage(step: Step) -> str:
    if step.fact("discount_units"):
        return "Usage: {measured}{unit}, of which {discount_units} cost nothing: {billed}."
    if step.fact("billed") not in (None, step.fact("measured")):
        return "Usage: {measured}{unit}, billed as {billed}."
    return "Usage: {measured}{unit}."


def _conversion(step: Step) -> str:
    sign = "x" if step.fact("operation") == "multiply" else "/"
    rounding = step.fact("rounding") or ""
    how = "" if rounding == "none" else f", rounded {ROUNDINGS.get(rounding, rounding)}"
    unit = " {display_unit}" if step.fact("display_unit") else "{unit}"
    return f"{{measured}} {sign} {{factor}} = {{converted}}{unit}{how}."


def _tier(step: Step) -> str:
    is_first, is_open = step.fact("above") == "0", step.fact("up_to") == "inf"
    ends = [*([] if is_first else ["above {above}"]), *([] if is_open else ["up to {up_to}"])]
    return f"tier {{tier}} ({', '.join(ends) or 'everything'})"


def _arithmetic(step: Step) -> str:
    flat = "" if step.fact("flat_amount") == "0" else " + {flat_amount}"
    return f"{{quantity}} x {{unit_amount}}{flat} = {{result}}"


def _zero_usage(step: Step) -> str:
    if step.fact("zero_usage_flat_fee") == "charge":
        return "No usage; the flat amount of the first tier is charged all the same: {flat_amount}."
    return "No usage; the flat amount of the first tier, {flat_amount}, is not charged."


def _proration(step: Step) -> str:
    share = Fraction(step.fact("fraction") or "1")
    times = "" if step.fact("times") == "1" else ", {times} times"
    if share == 1:
        return f"For the whole interval{times}: {{after}}."
    # A share of days can be read as it is; one of seconds is helped along.
    tenths = int(share * 1000 + Fraction(1, 2))
    about = f", about {tenths // 10}.{tenths % 10}%" if share.denominator > DAYS_OF_A_YEAR else ""
    return f"For {{fraction}} of the interval{about}{times}: {{after}} instead of {{before}}."


def _total(step: Step) -> str:
    if step.amount == "0":
        return "In all: {after}."
    return f"In all: {{after}}, rounded {ROUNDINGS.get(step.fact('rounding') or '', '')} from {{before}}."


def _told(name: str, value: str, currency: str) -> str:
    if not NUMBER.fullmatch(value):
        return value
    if name in MONEY:
        return in_main_unit(Decimal(value), currency).rstrip()
    return f"{Decimal(value):,f}" if name in NUMBERS else value
