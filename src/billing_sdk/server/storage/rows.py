"""What every repository needs: rows from dataclasses.

A statement that every request sends is made once, beside its tables, with a parameter in each gap: to put it together
anew takes the processor longer than to send it and to read the answer. For the same reason rows are inserted as
parameters of `insert(table)`.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any


def row_of(thing: Any) -> dict[str, Any]:
    """Return the fields of a dataclass as they are, tuples as lists, since JSON columns know no tuples."""
    values = {field.name: getattr(thing, field.name) for field in fields(thing)}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
