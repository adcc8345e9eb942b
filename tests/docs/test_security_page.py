"""The page on security says what is there: its rows, defences and tests exist, and each important row has a test."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

from scripts.mutants import Mutant, read_mutants
from scripts.security_page import PAGE, SECTIONS, read_rows, read_tests, render

ROOT = Path(__file__).parents[2]
ROWS = {row.number: row for row in read_rows()}
MUTANTS = read_mutants()


def test_the_page_is_made_from_the_rows_and_the_markers() -> None:
    assert PAGE.read_text() == render(), "run: python scripts/security_page.py"


def test_each_row_is_there_once_and_has_its_section() -> None:
    numbers = [row.number for row in read_rows()]
    assert len(numbers) == len(set(numbers))
    assert all(any(first <= number <= last for first, last, _ in SECTIONS) for number in numbers)


def test_no_row_of_a_section_is_left_out() -> None:
    expected = {number for first, last, _ in SECTIONS for number in range(first, last + 1)}
    assert expected == set(ROWS)


def test_every_row_that_stops_a_release_has_a_test() -> None:
    assert [row.number for row in ROWS.values() if row.priority == "P0" and row.number not in read_tests()] == []


def test_a_row_without_a_test_says_why() -> None:
    assert [row.number for row in ROWS.values() if row.number not in read_tests() and not row.open] == []


def test_every_marker_names_a_row() -> None:
    assert [number for number in read_tests() if number not in ROWS] == []


def test_each_row_is_complete_and_names_modules_that_exist() -> None:
    assert {row.priority for row in ROWS.values()} == {"P0", "P1", "P2"}
    assert [row.number for row in ROWS.values() if not all((row.attack, row.defence, row.where, row.sources))] == []
    assert [name for row in ROWS.values() for name in row.where if not _is_module(name)] == []


def test_each_mutant_fits_the_code_and_names_tests_that_exist() -> None:
    stale = {mutant.name for mutant in MUTANTS if (ROOT / mutant.file).read_text().count(mutant.old) != 1}
    assert stale == set()
    assert [mutant.name for mutant in MUTANTS if not _is_python(mutant)] == []
    assert [mutant.name for mutant in MUTANTS if not set(mutant.rows) <= set(ROWS)] == []
    assert [test for mutant in MUTANTS for test in mutant.tests if not _exists(test)] == []


def test_mutants_have_names_of_their_own_and_cover_forty_rows_that_stop_a_release() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
    covered = {number for mutant in MUTANTS for number in mutant.rows if ROWS[number].priority == "P0"}
    assert len(covered) >= 40


def _is_module(name: str) -> bool:
    path = Path(*name.split("."))
    files = (root / kind for root in (ROOT / "src", ROOT) for kind in (path.with_suffix(".py"), path / "__init__.py"))
    return any(file.is_file() for file in files)


def _is_python(mutant: Mutant) -> bool:
    if not mutant.file.endswith(".py"):
        return True
    try:
        ast.parse((ROOT / mutant.file).read_text().replace(mutant.old, mutant.new))
    except SyntaxError:
        return False
    return True


@cache
def _parsed(path: str) -> ast.AST:
    return ast.parse((ROOT / path).read_text())


def _exists(test: str) -> bool:
    path, *names = test.split("::")
    tree = _parsed(path)
    for name in names:
        found = [node for node in ast.iter_child_nodes(tree) if getattr(node, "name", None) == name]
        if not found:
            return False
        tree = found[0]
    return True
