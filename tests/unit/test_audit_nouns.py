"""The filter of the audit offers everything that is ever recorded."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from billing_sdk import server
from billing_sdk.server.pages.dashboard.audit import BY_NAME, NOUNS


def recorded() -> Iterator[str]:
    """Yield the noun of each action that the server writes into a record."""
    for path in Path(server.__file__).parent.rglob("*.py"):
        source = path.read_text()
        if "audit.record(" not in source:
            continue
        for node in ast.walk(ast.parse(source)):
            if not isinstance(node, ast.Call) or not ast.unparse(node.func).endswith("audit.record"):
                continue
            action = node.args[1] if len(node.args) > 1 else None
            if isinstance(action, ast.Constant):
                yield str(action.value).partition(".")[0]


def test_every_noun_that_is_recorded_can_be_filtered_by() -> None:
    found = set(recorded())
    assert {"agreement", "role", "usage_month"} <= found
    assert found - {*NOUNS, *BY_NAME} == set()


def test_no_noun_is_offered_twice() -> None:
    assert set(NOUNS) & set(BY_NAME) == set()
