"""VAT identification numbers: what one looks like in each member state of the European Union and the United Kingdom.

A number that looks right may belong to nobody; whether it does is known to the tax offices alone.
Sources: European Commission, "VAT identification numbers" and "VIES: frequently asked questions" (structure of the
numbers); HM Revenue and Customs, "VAT registration numbers".
"""

from __future__ import annotations

import re

# What follows the two letters. Ireland has an old and a new form, Spain a letter at one end at least.
SHAPES = {
    "AT": r"U\d{8}",
    "BE": r"[01]\d{9}",
    "BG": r"\d{9,10}",
    "CY": r"\d{8}[A-Z]",
    "CZ": r"\d{8,10}",
    "DE": r"\d{9}",
    "DK": r"\d{8}",
    "EE": r"\d{9}",
    "EL": r"\d{9}",
    "ES": r"[A-Z]\d{7}[A-Z0-9]|\d{8}[A-Z]",
    "FI": r"\d{8}",
    "FR": r"[A-HJ-NP-Z0-9]{2}\d{9}",
    "HR": r"\d{11}",
    "HU": r"\d{8}",
    "IE": r"\d[A-Z0-9+*]\d{5}[A-Z]|\d{7}[A-Z]{2}",
    "IT": r"\d{11}",
    "LT": r"\d{9}|\d{12}",
    "LU": r"\d{8}",
    "LV": r"\d{11}",
    "MT": r"\d{8}",
    "NL": r"\d{9}B\d{2}",
    "PL": r"\d{10}",
    "PT": r"\d{9}",
    "RO": r"\d{2,10}",
    "SE": r"\d{12}",
    "SI": r"\d{8}",
    "SK": r"\d{10}",
    "GB": r"\d{9}|\d{12}|GD\d{3}|HA\d{3}",
    "XI": r"\d{9}|\d{12}|GD\d{3}|HA\d{3}",
}
PATTERNS = {prefix: re.compile(shape, re.ASCII) for prefix, shape in SHAPES.items()}
# Greece writes EL. Northern Ireland has a prefix of its own for goods; services are sold to the United Kingdom.
COUNTRY_OF_PREFIX = {"EL": "GR", "XI": "GB"}
LEFT_OUT = str.maketrans("", "", " .-\u00a0")


def normalized_vat_number(text: str) -> str:
    """Return a number in capital letters and without what people put between them: `de 123 456 789` is DE123456789."""
    return text.translate(LEFT_OUT).upper()


def country_of_vat_number(text: str) -> str | None:
    """Return the country that a number looks like one of; None where it looks like none."""
    number = normalized_vat_number(text)
    prefix = number[:2]
    pattern = PATTERNS.get(prefix)
    if pattern is None or not pattern.fullmatch(number[2:]):
        return None
    return COUNTRY_OF_PREFIX.get(prefix, prefix)


def country_meant_by(text: str) -> str | None:
    """Return the country whose letters a number begins with, whatever follows them; None where it has none of them."""
    prefix = normalized_vat_number(text)[:2]
    return COUNTRY_OF_PREFIX.get(prefix, prefix) if prefix in PATTERNS else None


def is_vat_number(text: str, *, country: str) -> bool:
    """Tell whether a text looks like a VAT number of a country, its two letters first."""
    return country_of_vat_number(text) == country
