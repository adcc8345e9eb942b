"""The form of what a plan holds: a price, seats, a trial, and a row for each feature with its limit and its price.

What the form has no fields for (opening phases, credit grants, prices by dimension and the like) stays as it is in the
version that the form began with.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from billing_sdk.errors import BillingError
from billing_sdk.money import CURRENCIES, digits_of, exponent
from billing_sdk.server.domain.catalog import (
    Component,
    Entitlement,
    Feature,
    LicenceFee,
    PlanVersion,
    Rate,
    Trial,
    VersionContent,
)
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.rating import Flat, Graduated, PerUnit, Price, Terms, Tier, Volume
from billing_sdk.server.ids import new_id
from billing_sdk.server.pages.dashboard.amounts import LONE_GROUP, number_typed, shown_amount
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.words import Phrase, phrase

WHOLE = re.compile(r"[0-9]{1,15}", re.ASCII)
# Rows that stand empty below those that are filled in, and how many there can be: a form has so many fields at most.
SPARE_ROWS, MOST_ROWS = 3, 14
BASE_PRICE, SEATS = "base_price", "seats"
UNITS = (
    ("month", phrase("months")),
    ("year", phrase("years")),
    ("week", phrase("weeks")),
    ("day", phrase("days")),
)
MODELS = (
    ("graduated", phrase("Each unit at the price of its own tier")),
    ("volume", phrase("All units at the price of the tier that is reached")),
)
ENTER_PRICE = phrase("Enter a price, such as 29.00.")
MISLEADING = phrase("Write a thousand as 1000, and one and an eighth as 1.1250.")
ENTER_WHOLE = phrase("Enter a whole number.")
ENTER_CURRENCY = phrase("Enter the three letters of a currency, such as EUR.")
ENTER_TIERS = phrase("Enter a tier on each line, such as 1000: 0.05, and the last one as *: 0.03.")


class _Wrong(Exception):
    """A field can't be read."""

    def __init__(self, field: str, words: Phrase) -> None:
        super().__init__(field)
        self.field, self.words = field, words


def fields_of(version: PlanVersion) -> dict[str, str]:
    """Return what the fields of the form show of a version."""
    fee, seats = _base_fee(version), _seat_fee(version)
    fields = {
        "currency": version.currency,
        "price": _shown(fee.terms.price.amount, fee.currency) if fee and isinstance(fee.terms.price, Flat) else "",
        "count": str(version.cadence.count),
        "unit": version.cadence.unit,
        "alignment": version.alignment,
        "trial_days": str(version.trial.days) if version.trial else "",
        "trial_card": "yes" if version.trial is None or version.trial.requires_payment_method else "",
        "seat_name": seats.name if seats else "",
        "seat_price": _unit_price(seats.terms.price, seats.currency) if seats else "",
    }
    for number, key in enumerate(_feature_keys(version)):
        fields |= _row(version, key, number)
    return fields


def rows_of(form: Form) -> range:
    """Return the numbers of the rows that a form has: those with something in them, and some to fill in."""
    filled = [
        int(name[8:]) for name, value in form.values.items() if re.fullmatch(r"feature_[0-9]{1,2}", name) and value
    ]
    return range(min(max(filled, default=-1) + 1 + SPARE_ROWS, MOST_ROWS))


def kept_parts(version: PlanVersion) -> tuple[Component, ...]:
    """Return the regular components that the form has no fields for."""
    shown = set(_feature_keys(version)[:MOST_ROWS])
    own = (_base_fee(version), _seat_fee(version))
    return tuple(
        part
        for part in version.components
        if part not in own
        and not (isinstance(part, Entitlement) and part.value is None and part.feature_key in shown)
        and not (isinstance(part, Rate) and _is_plain(part) and part.feature_key in shown)
    )


def read_content(
    form: Form, features: Mapping[str, Feature], version: PlanVersion | None
) -> tuple[VersionContent | None, Form]:
    """Return what the form says a version is to hold, or None and the form with what is wrong with it.

    Args:
        form: what was typed.
        features: every feature that there is, by its key.
        version: what the form began with; None for a new plan.
    """
    try:
        return _content(form, features, version), form
    except _Wrong as wrong:
        return None, form.wrong({wrong.field: wrong.words})
    except BillingError as error:
        return None, form.refused(error)


def _content(form: Form, features: Mapping[str, Feature], version: PlanVersion | None) -> VersionContent:
    currency = form.text("currency").upper()
    if currency not in CURRENCIES:
        raise _Wrong("currency", ENTER_CURRENCY)
    parts: list[Component] = [*_fees(form, currency, version)]
    for number in range(MOST_ROWS):
        parts += _of_feature(form, number, currency, features, version)
    if version is not None:
        parts += [replace(part, id=new_id("component")) for part in kept_parts(version)]
    return VersionContent(
        components=tuple(parts),
        cadence=Cadence(_unit(form), _whole(form, "count") or 1),  # type: ignore[arg-type] # Cadence refuses other units
        trial=_trial(form, version),
        opening_phases=version.opening_phases if version else (),
        alignment="calendar" if form.text("alignment") == "calendar" else "anniversary",
        metadata=version.metadata if version else {},
        currency=currency,
    )


def _fees(form: Form, currency: str, version: PlanVersion | None) -> Iterator[LicenceFee]:
    fee, seats = (_base_fee(version), _seat_fee(version)) if version else (None, None)
    price = _price(form, "price", currency)
    if price is not None:
        if price != price.to_integral_value():
            raise _Wrong("price", ENTER_PRICE)
        made = fee or LicenceFee(new_id("component"), BASE_PRICE, "Base price", currency, Terms(Flat(Decimal(0))))
        yield replace(made, id=new_id("component"), currency=currency, terms=Terms(Flat(price)))
    each = _price(form, "seat_price", currency)
    if each is not None:
        name = form.text("seat_name") or "Seats"
        made = seats or LicenceFee(new_id("component"), SEATS, name, currency, Terms(PerUnit(Decimal(0))))
        yield replace(made, id=new_id("component"), name=name, currency=currency, terms=Terms(PerUnit(each)))


def _of_feature(
    form: Form, number: int, currency: str, features: Mapping[str, Feature], version: PlanVersion | None
) -> Iterator[Component]:
    key = _typed(form, "feature", number)
    if not key:
        return
    feature = features.get(key)
    if feature is None:
        raise _Wrong(f"feature_{number}", phrase("There is no such feature."))
    before = version.of_kind(Entitlement) if version else ()
    included = next((one for one in before if one.feature_key == key), None)
    included = included or Entitlement(new_id("component"), key, feature.name)
    limit = _whole(form, f"limit_{number}")
    is_soft = bool(_typed(form, "soft", number))
    yield replace(included, id=new_id("component"), limit_max=limit, is_soft=is_soft)
    price = _usage_price(form, number, currency)
    if price is not None:
        rates = [one for one in version.of_kind(Rate) if one.feature_key == key and _is_plain(one)] if version else []
        rate = rates[0] if rates else Rate(new_id("component"), key, feature.name, currency, Terms(price))
        yield replace(rate, id=new_id("component"), currency=currency, terms=Terms(price))


def _typed(form: Form, what: str, number: int) -> str:
    """Return what was typed into a field of a row."""
    name = f"{what}_{number}"
    return form.text(name)


def _usage_price(form: Form, number: int, currency: str) -> Price | None:
    tiers = _typed(form, "tiers", number)
    if tiers:
        made = tuple(_tier(line, number, currency) for line in tiers.splitlines() if line.strip())
        return Volume(made) if _typed(form, "model", number) == "volume" else Graduated(made)
    each = _price(form, f"price_{number}", currency)
    return None if each is None else PerUnit(each)


def _tier(line: str, number: int, currency: str) -> Tier:
    up_to, _, price = (part.strip() for part in line.partition(":"))
    each = _minor(price, currency)
    if each is None or not (up_to == "*" or WHOLE.fullmatch(up_to)):
        raise _Wrong(f"tiers_{number}", ENTER_TIERS)
    return Tier(None if up_to == "*" else Decimal(up_to), unit_amount=each)


def _trial(form: Form, version: PlanVersion | None) -> Trial | None:
    days = _whole(form, "trial_days")
    if not days:
        return None
    before = version.trial if version else None
    remind = min(before.remind_days_before if before else Trial().remind_days_before, days - 1)
    return Trial(days, requires_payment_method=bool(form.text("trial_card")), remind_days_before=remind)


def _unit(form: Form) -> str:
    return form.text("unit") or "month"


def _price(form: Form, field: str, currency: str) -> Decimal | None:
    """Return an exact amount in minor units; None where the field is empty."""
    typed = form.text(field)
    if not typed:
        return None
    minor = _minor(typed, currency)
    if minor is None:
        raise _Wrong(field, MISLEADING if LONE_GROUP.fullmatch(typed) else ENTER_PRICE)
    return minor


def _whole(form: Form, field: str) -> int | None:
    typed = form.text(field)
    if typed and not WHOLE.fullmatch(typed):
        raise _Wrong(field, ENTER_WHOLE)
    return int(typed) if typed else None


def _minor(typed: str, currency: str) -> Decimal | None:
    number = number_typed(typed, exponent(currency))
    return None if number is None else number.scaleb(exponent(currency))


def _shown(minor: Decimal, currency: str) -> str:
    return shown_amount(minor.scaleb(-exponent(currency)), exponent(currency))


def _unit_price(price: Price, currency: str) -> str:
    return _shown(price.unit_amount, currency) if isinstance(price, PerUnit) else ""


def _row(version: PlanVersion, key: str, number: int) -> dict[str, str]:
    included = next((one for one in version.of_kind(Entitlement) if one.feature_key == key), None)
    rate = next((one for one in version.of_kind(Rate) if one.feature_key == key and _is_plain(one)), None)
    fields = {f"feature_{number}": key}
    if included is not None:
        fields[f"limit_{number}"] = "" if included.limit_max is None else str(included.limit_max)
        fields[f"soft_{number}"] = "yes" if included.is_soft else ""
    if rate is not None and isinstance(rate.terms.price, Graduated | Volume):
        fields[f"model_{number}"] = "volume" if isinstance(rate.terms.price, Volume) else "graduated"
        fields[f"tiers_{number}"] = "\n".join(_line(tier, rate.currency) for tier in rate.terms.price.tiers)
    elif rate is not None:
        fields[f"price_{number}"] = _unit_price(rate.terms.price, rate.currency)
    return fields


def _line(tier: Tier, currency: str) -> str:
    return f"{'*' if tier.up_to is None else digits_of(tier.up_to)}: {_shown(tier.unit_amount, currency)}"


def _feature_keys(version: PlanVersion) -> Sequence[str]:
    included = [one.feature_key for one in version.of_kind(Entitlement) if one.value is None]
    return tuple(dict.fromkeys(included))


def _base_fee(version: PlanVersion) -> LicenceFee | None:
    """Return the fixed price that the form has a field for: the first one in one currency, charged with each period."""
    return next((fee for fee in version.of_kind(LicenceFee) if _is_simple(fee) and not fee.is_licensed), None)


def _seat_fee(version: PlanVersion) -> LicenceFee | None:
    fees = version.of_kind(LicenceFee)
    return next((fee for fee in fees if _is_simple(fee) and isinstance(fee.terms.price, PerUnit)), None)


def _is_simple(part: LicenceFee | Rate) -> bool:
    is_bare = part.terms == Terms(part.terms.price) and not part.other_currencies and part.service is None
    return is_bare and not (isinstance(part, LicenceFee) and part.charged != "in_advance")


def _is_plain(rate: Rate) -> bool:
    """Whether the form has fields for a price of usage."""
    price = rate.terms.price
    has_flat = isinstance(price, Graduated | Volume) and any(tier.flat_amount for tier in price.tiers)
    is_known = isinstance(price, PerUnit | Graduated | Volume) and not has_flat
    return is_known and _is_simple(rate) and rate.card_id is None and rate.priced_in is None
