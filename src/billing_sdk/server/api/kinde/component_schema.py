"""What components and prices look like, for the OpenAPI document; the catalogue itself reads and refuses them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]

TEXT: Schema = {"type": "string"}
CURRENCY: Schema = {"type": "string", "pattern": "^[A-Z]{3}$"}
CADENCE: Schema = {"type": ["string", "null"], "examples": ["month", "3 months", "year"]}
NUMBER: Schema = {
    "type": ["string", "integer"],
    "description": "An exact number: whole, or decimal as text. Amounts are in minor units.",
    "examples": ["2900", "0.02", 5],
}
LIMIT: Schema = {"type": ["integer", "null"], "description": "Null is without limit."}
VALUE: Schema = {
    "type": ["string", "null"],
    "description": "What a feature that isn't metered is set to: a JSON text of at most 1,000 characters.",
    "examples": ['"eu"', "[1, 2]"],
}
TAX_CODE: Schema = {
    "type": ["string", "null"],
    "pattern": "^[a-z0-9][a-z0-9_.-]{0,99}$",
    "description": "What kind of thing it is; the billing profile's tax code if null.",
}
TAX_BEHAVIOR: Schema = {
    "enum": ["exclusive", "inclusive", None],
    "description": "Whether the price includes tax; as the billing profile says if null.",
}
MONEY: Schema = {
    "type": "object",
    "properties": {"minor": {"type": "integer"}, "currency": CURRENCY},
    "required": ["minor", "currency"],
    "additionalProperties": False,
}


def _object(title: str, *, needs: Mapping[str, Schema], takes: Mapping[str, Schema] | None = None) -> Schema:
    return {
        "title": title,
        "type": "object",
        "properties": {**needs, **(takes or {})},
        "required": [*needs],
        "additionalProperties": False,
    }


def _model(name: str, *, needs: Mapping[str, Schema], takes: Mapping[str, Schema] | None = None) -> Schema:
    return _object(name, needs={"model": {"const": name}, **needs}, takes=takes)


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


# A price inside a price is one of the same models, without an end to the schema.
INNER: Schema = {"type": "object", "properties": {"model": TEXT}, "required": ["model"]}
TIER = _object(
    "tier",
    needs={"up_to": {**NUMBER, "type": ["string", "integer", "null"], "description": "Null for the open last tier."}},
    takes={"from": NUMBER, "unit_amount": NUMBER, "flat_amount": NUMBER},
)
RATE = _object("rate of a dimension", needs={"values": _list(TEXT), "price": INNER})
ZERO_USAGE: Mapping[str, Schema] = {
    "zero_usage_flat_fee": {
        "enum": ["skip", "charge", None],
        "description": "Whether usage of zero pays the first tier's flat amount; as the billing settings say if null.",
    }
}
PRICES: tuple[Schema, ...] = (
    _model("flat", needs={"amount": NUMBER}),
    _model("per_unit", needs={"unit_amount": NUMBER}),
    _model(
        "package",
        needs={"units_per_package": NUMBER, "package_amount": NUMBER},
        takes={"rounding": {"enum": ["up", "down"]}},
    ),
    _model("volume", needs={"tiers": _list(TIER)}, takes=ZERO_USAGE),
    _model("graduated", needs={"tiers": _list(TIER)}, takes=ZERO_USAGE),
    _model("overage", needs={"included": NUMBER, "price": INNER}),
    _model("percentage", needs={"percent": NUMBER}, takes={"minimum": NUMBER, "maximum": NUMBER}),
    _model("by_dimension", needs={"dimensions": _list(TEXT), "rates": _list(RATE)}, takes={"otherwise": INNER}),
)
CONVERSION = _object(
    "conversion",
    needs={"operation": {"enum": ["multiply", "divide"]}, "factor": NUMBER},
    takes={
        "rounding": {"enum": ["none", "ceiling", "floor", "half_up"]},
        "precision": {"type": "integer", "minimum": 0, "maximum": 12},
        "display_unit": {"type": "string", "maxLength": 64},
    },
)
TERMS = _object(
    "terms",
    needs={"price": {"oneOf": [*PRICES]}},
    takes={
        "discount_units": NUMBER,
        "discount_percent": NUMBER,
        "minimum": NUMBER,
        "maximum": NUMBER,
        "conversion": {**CONVERSION, "type": ["object", "null"]},
    },
)
IN_CURRENCY = _object("terms in another currency", needs={"currency": CURRENCY, "terms": TERMS})


def _priced(kind: str, name_of_key: str, further: Mapping[str, Schema] | None = None) -> Schema:
    needs = {"kind": {"const": kind}, name_of_key: TEXT, "name": TEXT, "currency": CURRENCY, "terms": TERMS}
    takes = {
        "id": TEXT,
        "line_description": TEXT,
        "service": CADENCE,
        "other_currencies": _list(IN_CURRENCY),
        "tax_code": TAX_CODE,
        "tax_behavior": TAX_BEHAVIOR,
    }
    return _object(kind, needs=needs, takes={**takes, **(further or {})})


COMPONENTS: tuple[Schema, ...] = (
    _priced("licence_fee", "key", {"charged": {"enum": ["in_advance", "in_arrears", "once"]}}),
    _priced("rate", "feature_key"),
    _object(
        "credit_grant",
        needs={"kind": {"const": "credit_grant"}, "key": TEXT, "name": TEXT, "amount": MONEY},
        takes={
            "id": TEXT,
            "service": CADENCE,
            "expires_with_interval": {"type": "boolean"},
            "applies_to": _list(TEXT),
            "category": TEXT,
            "priority": {"type": "integer"},
            "other_currencies": _list(MONEY),
        },
    ),
    _object(
        "entitlement",
        needs={"kind": {"const": "entitlement"}, "feature_key": TEXT, "feature_name": TEXT},
        takes={
            "id": TEXT,
            "limit_max": LIMIT,
            "limit_min": LIMIT,
            "value": VALUE,
            "is_soft": {"type": "boolean", "description": "Use goes on beyond the limit, as overage."},
            "usage_cadence": {**CADENCE, "description": "How often use is counted anew; with each bill if null."},
            "usage_alignment": {"enum": ["anniversary", "calendar"]},
            "keeps_overage": {"type": "boolean", "description": "Overage is taken off the next usage period."},
            "thresholds": {**_list(TEXT), "maxItems": 10, "examples": [["80%", "100%", "5000"]]},
        },
    ),
)
COMPONENT: dict[str, Any] = {"oneOf": [*COMPONENTS]}
