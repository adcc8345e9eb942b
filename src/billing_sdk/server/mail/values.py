"""Values of a mail as JSON: what they are is kept, so that the mail can be written in any language later."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from billing_sdk.money import Money
from billing_sdk.server.words import Exact, Phrase, Value


def to_json(values: Mapping[str, Value]) -> dict[str, Any]:
    """Return values as JSON; text stands for itself, everything else says what it is."""
    return {name: _write(value) for name, value in values.items()}


def from_json(document: Mapping[str, Any]) -> dict[str, Value]:
    """Return the values that `to_json` has written."""
    return {name: _read(value) for name, value in document.items()}


def _write(value: Value) -> Any:
    match value:
        case str():
            return value
        case Phrase():
            return ["phrase", value.message, to_json(value.values), value.plural, value.number]
        case Money():
            return ["money", value.minor, value.currency]
        case Exact():
            return ["exact", f"{value.minor:f}", value.currency]
        case datetime():
            return ["instant", value.isoformat()]
        case int() | Decimal():
            return ["number", f"{value:f}" if isinstance(value, Decimal) else str(value)]


def _read(value: Any) -> Value:
    match value:
        case ["phrase", message, values, plural, number]:
            return Phrase(message, from_json(values), plural, number)
        case ["money", minor, currency]:
            return Money(minor, currency)
        case ["exact", minor, currency]:
            return Exact(Decimal(minor), currency)
        case ["instant", at]:
            return datetime.fromisoformat(at)
        case ["number", digits]:
            return Decimal(digits)
    return str(value)
