"""A type of event, and what the schemas of their data are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class EventType:
    """One type of event.

    Attributes:
        origin: what it is about: `billing`, `user`, `organization` or `workspace`.
        schema: a JSON Schema (2020-12) of the data, which `example` fits.
        when: one sentence, for people.
        is_extension: whether the published API has no such type.
    """

    code: str
    name: str
    origin: str
    schema: Schema
    example: Mapping[str, Any]
    when: str
    is_extension: bool = False

    @property
    def is_about_customer(self) -> bool:
        """Whether its data names a customer and carries a sequence number."""
        return "sequence" in self.schema["properties"]


def object_of(**properties: Schema) -> Schema:
    """Return the schema of an object that has all of these members."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def nullable(schema: Schema) -> Schema:
    """Return the schema of what may be null as well."""
    return {"anyOf": [schema, NULL]}


TEXT: Schema = {"type": "string"}
TRUTH: Schema = {"type": "boolean"}
WHOLE: Schema = {"type": "integer"}
NULL: Schema = {"type": "null"}
TIME: Schema = {"type": "string", "format": "date-time"}
DECIMAL: Schema = {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?$"}
LIST: Schema = {"type": "array"}

OWNER: Mapping[str, Schema] = {
    "customer_id": TEXT,
    "user_id": nullable(TEXT),
    "org_code": nullable(TEXT),
    "sequence": WHOLE,
}
OWNER_EXAMPLE = {
    "customer_id": "customer_0193e0a1b2c3d4e5f60718293a4b5c6d",
    "user_id": "kp_0193e0a1b2c3d4e5f60718293a4b5c6e",
    "org_code": None,
    "sequence": 1,
}


def billing_event(
    code: str, name: str, when: str, *, is_extension: bool = False, **parts: tuple[Schema, Any]
) -> EventType:
    """Return a type of event that is about a customer.

    Args:
        code: what it is called on the wire.
        name: what it is called for people.
        when: one sentence, for people.
        is_extension: whether the published API has no such type.
        parts: the schema and an example of each member of its data, beside those that name the customer.
    """
    schema = object_of(**OWNER, **{part: schema for part, (schema, _) in parts.items()})
    example = {**OWNER_EXAMPLE, **{part: example for part, (_, example) in parts.items()}}
    return EventType(code, name, "billing", schema, example, when, is_extension)
