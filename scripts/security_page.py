"""Write docs/security.md from security/rows, security/mutants and the markers of the tests; a test compares the two.

The page can't claim a test that is not there: it lists what carries `@pytest.mark.attack(row)`, read from the sources.
"""

from __future__ import annotations

import ast
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
MARKER = ".attack("
PAGE = ROOT / "docs" / "security.md"
MODEL = ROOT / "security" / "model.md"
LEGEND = """
P0 stops a release, P1 is due before 1.0, P2 hardens. A mutant is a deliberate breakage of a defence that turns a
named test red (`make mutants`). Open: something is missing or weaker than it could be, and the row says what.
"""
SECTIONS = (
    (1, 9, "Building the authorization URL"),
    (10, 24, "The authorization endpoint and signing in"),
    (25, 36, "The callback"),
    (37, 52, "Tokens, refresh, revocation and logout"),
    (53, 79, "Verifying tokens"),
    (80, 91, "Discovery and key sets"),
    (92, 103, "Receiving webhooks"),
    (104, 114, "Gates"),
    (115, 121, "One-time portal links"),
    (122, 137, "The Management and Account API"),
    (138, 149, "Taking in usage"),
    (150, 160, "Sending webhooks"),
    (161, 175, "Hosted pages"),
    (176, 180, "Money at a payment processor"),
    (183, 183, "Agreements at once"),
    (185, 191, "Amounts and time"),
    (193, 195, "Prices, credit and discounts"),
    (196, 205, "Secrets and operations"),
    (206, 209, "The Stripe door"),
    (210, 211, "Links in mail"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One attack or bad input, and what stands against it."""

    number: int
    priority: str
    attack: str
    defence: str
    where: tuple[str, ...]
    sources: tuple[str, ...]
    open: str = ""

    @classmethod
    def read(cls, entry: Mapping[str, Any]) -> Row:
        """Read one table of a file; an unknown or missing member raises `TypeError`."""
        members: dict[str, Any] = {name: _frozen(value) for name, value in entry.items()}
        return cls(**members)


@dataclass(frozen=True, slots=True)
class Proofs:
    """What proves a row: tests by file, and mutants that turn one red."""

    tests: Mapping[int, Mapping[str, int]]
    mutants: Mapping[int, int] = field(default_factory=dict)


def read_rows() -> list[Row]:
    """Return every row, in the order of its number."""
    found = [
        Row.read(entry)
        for path in sorted((ROOT / "security" / "rows").glob("*.toml"))
        for entry in tomllib.loads(path.read_text())["row"]
    ]
    return sorted(found, key=lambda row: row.number)


def read_mutants() -> dict[int, int]:
    """Return how many mutants there are for each row."""
    count: dict[int, int] = defaultdict(int)
    for path in sorted((ROOT / "security" / "mutants").glob("*.toml")):
        for mutant in tomllib.loads(path.read_text())["mutant"]:
            for number in mutant["rows"]:
                count[number] += 1
    return dict(count)


@cache
def read_tests() -> Mapping[int, Mapping[str, int]]:
    """Return for each row the files whose tests carry its number, and how many of them do."""
    found: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for path in sorted((ROOT / "tests").rglob("*.py")):
        name, text = path.relative_to(ROOT).as_posix(), path.read_text()
        # Most files have no marker, and to parse them all takes a second.
        for numbers, count in _marked(ast.parse(text)) if MARKER in text else ():
            for number in numbers:
                found[number][name] += count
    return {number: dict(files) for number, files in found.items()}


def render() -> str:
    """Return the page."""
    rows, proofs = read_rows(), Proofs(read_tests(), read_mutants())
    parts = [MODEL.read_text(), _summary(rows, proofs)]
    for first, last, title in SECTIONS:
        parts.append(f"## {title}\n")
        parts += [_entry(row, proofs) for row in rows if first <= row.number <= last]
    return "\n".join(parts)


def _summary(rows: list[Row], proofs: Proofs) -> str:
    lines = [
        "## The catalogue in figures\n",
        "| priority | rows | with a test | with a mutant | open |",
        "|---|---|---|---|---|",
    ]
    for priority in ("P0", "P1", "P2"):
        chosen = [row for row in rows if row.priority == priority]
        tested = sum(row.number in proofs.tests for row in chosen)
        mutated = sum(row.number in proofs.mutants for row in chosen)
        lines.append(f"| {priority} | {len(chosen)} | {tested} | {mutated} | {sum(bool(row.open) for row in chosen)} |")
    lines.append(LEGEND)
    return "\n".join(lines)


def _entry(row: Row, proofs: Proofs) -> str:
    lines = [f"**{row.number}** ({row.priority}) {row.attack}\n", f":   {row.defence}\n"]
    lines.append(f"    In {', '.join(f'`{name}`' for name in row.where)}. Source: {'; '.join(row.sources)}.\n")
    tests = proofs.tests.get(row.number, {})
    proven = ", ".join(f"`{name}` ({count})" for name, count in tests.items())
    if proven:
        count = proofs.mutants.get(row.number, 0)
        lines.append(f"    Tests: {proven}." + (f" Mutants: {count}." if count else "") + "\n")
    if row.open:
        lines.append(f"    Open: {row.open}\n")
    return "\n".join(lines)


def _marked(node: ast.AST, inherited: frozenset[int] = frozenset()) -> Iterator[tuple[frozenset[int], int]]:
    """Yield the rows of each test function, with those that its module or class carries."""
    if isinstance(node, ast.Module | ast.ClassDef):
        numbers = inherited | _of_decorators(node) | _of_pytestmark(node)
        for member in node.body:
            yield from _marked(member, numbers)
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
        numbers = inherited | _of_decorators(node)
        if numbers:
            yield numbers, 1


def _of_decorators(node: ast.AST) -> frozenset[int]:
    # Marks of single parameters stand inside the decorators, so these are searched whole.
    return frozenset(number for part in getattr(node, "decorator_list", []) for number in _of_marks(part))


def _of_pytestmark(node: ast.Module | ast.ClassDef) -> frozenset[int]:
    values = [
        member.value
        for member in node.body
        if isinstance(member, ast.Assign) and any(getattr(name, "id", "") == "pytestmark" for name in member.targets)
    ]
    return frozenset(number for value in values for number in _of_marks(value))


def _of_marks(tree: ast.AST) -> Iterator[int]:
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "attack":
            numbers = (number.value for number in call.args if isinstance(number, ast.Constant))
            yield from (number for number in numbers if isinstance(number, int))


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


if __name__ == "__main__":
    PAGE.write_text(render())
