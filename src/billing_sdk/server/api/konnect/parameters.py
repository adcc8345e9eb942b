"""Invalid parameters: which part of a request is wrong, by which rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil, floor
from typing import Any

LONGEST_FIELD = 256
# What a fault of the framework's is called here.
RULES: dict[str, str] = {
    "missing": "required",
    "extra_forbidden": "unknown_property",
    "literal_error": "enum",
    "enum": "enum",
    "union_tag_invalid": "enum",
    "union_tag_not_found": "required",
    "string_too_short": "min_length",
    "string_too_long": "max_length",
    "too_short": "min_items",
    "too_long": "max_items",
    "greater_than": "min",
    "greater_than_equal": "min",
    "less_than": "max",
    "less_than_equal": "max",
    "string_pattern_mismatch": "matches_regex",
    "int_type": "is_integer",
    "int_parsing": "is_integer",
    "int_from_float": "is_integer",
    "string_type": "is_string",
    "bool_type": "is_boolean",
    "bool_parsing": "is_boolean",
    "dict_type": "is_object",
    "model_type": "is_object",
    "model_attributes_type": "is_object",
    "list_type": "is_array",
    "float_type": "is_number",
    "float_parsing": "is_number",
    "decimal_type": "is_number",
    "decimal_parsing": "is_number",
    "null_forbidden": "type",
}
BOUNDS: dict[str, tuple[str, ...]] = {
    "min_length": ("min_length",),
    "min_items": ("min_length",),
    "min": ("ge", "gt"),
    "max_length": ("max_length",),
    "max_items": ("max_length",),
    "max": ("le", "lt"),
}


@dataclass(frozen=True, slots=True)
class InvalidParameter:
    """One thing that is wrong with a request.

    Attributes:
        field: a dotted path, with the places in lists, such as `phases.0.rate_cards.1.price`.
        rule: what it breaks, such as `required`.
        source: `body`, `path`, `query` or `header`.
        choices: what would do, where the rule is `enum`.
        bound: the least or the most that there can be, by rules that have one.
        dependents: the fields that depend on it, where the rule is `dependent_fields`.
    """

    field: str
    reason: str
    rule: str = "invalid"
    source: str = "body"
    choices: tuple[Any, ...] = ()
    bound: int | None = None
    dependents: tuple[str, ...] = ()

    @property
    def shown(self) -> dict[str, Any]:
        """The item as it is published: each rule has the members that belong to it, and no others."""
        rule = self.rule
        item: dict[str, Any] = {"field": self.field[:LONGEST_FIELD], "reason": self.reason, "source": self.source}
        if rule == "enum" and self.choices:
            return {**item, "rule": rule, "choices": list(dict.fromkeys(self.choices))}
        if rule == "dependent_fields":
            return {**item, "rule": rule, "dependents": list(self.dependents)}
        if rule in BOUNDS and self.bound is not None:
            return {**item, "rule": rule, "minimum" if rule.startswith("min") else "maximum": self.bound}
        return {**item, "rule": "invalid" if rule == "enum" or rule in BOUNDS else rule}


BAD_BODY = InvalidParameter("body", "the body can't be taken")


def invalid_parameters_of(faults: Iterable[Mapping[str, Any]]) -> list[InvalidParameter]:
    """Return what a request has of faults, as this door names them; nothing of what was sent is repeated."""
    return [_from_fault(fault) for fault in faults]


def _from_fault(fault: Mapping[str, Any]) -> InvalidParameter:
    source, *path = (str(part) for part in fault["loc"])
    kind: str = fault["type"]
    context: Mapping[str, Any] = fault.get("ctx") or {}
    if kind == "json_invalid":
        return InvalidParameter("body", "unable to parse body", source="body")
    rule = RULES.get(kind) or ("is_date_time" if kind.startswith("datetime") else context.get("rule", "invalid"))
    name = ".".join(part for part in path if not _is_tag(part)) or "body"
    reason = {
        "required": f'property "{name.rpartition(".")[2]}" is missing',
        "unknown_property": f'property "{name.rpartition(".")[2][:64]}" is unsupported',
    }.get(rule, str(fault["msg"]).removeprefix("Value error, "))
    return InvalidParameter(
        name,
        reason,
        rule,
        source,
        choices=_choices_of(context),
        bound=_bound_of(rule, context),
        dependents=tuple(context.get("dependents", ())),
    )


def _is_tag(part: str) -> bool:
    """Tell whether a part of a path is the framework's own word for a branch of a union or a step of a validator."""
    return "[" in part or "(" in part


def _choices_of(context: Mapping[str, Any]) -> tuple[str, ...]:
    expected = context.get("choices") or context.get("expected") or context.get("expected_tags") or ""
    if isinstance(expected, tuple):
        return expected
    parts = (part.strip("'() ") for part in str(expected).replace(" or ", ", ").split(","))
    return tuple(part for part in parts if part)


def _bound_of(rule: str, context: Mapping[str, Any]) -> int | None:
    for name in BOUNDS.get(rule, ()):
        if name in context:
            return int(ceil(context[name]) if rule.startswith("min") else floor(context[name]))
    return None
