"""Break each defence on purpose, and see a test turn red: `python scripts/mutants.py [--only NAME ...]`.

A test that stays green when its defence is gone proves nothing. Each mutant of security/mutants replaces one piece of
one file in a copy of the tree and runs the tests that it names there. A mutant that survives, or whose tests fail
without it, is a failure.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
COPIED = ("src", "tests", "examples", "scripts", "security", "soak", "docs", "benchmarks", "requirements")
COPIED_FILES = ("pyproject.toml", "README.md", "Makefile", "importlinter.ini", "CHANGELOG.md", "mkdocs.yml")
TESTS_FAILED = 1  # the exit code of pytest that says so; others mean that nothing was tested
LONGEST_SECONDS = 180


@dataclass(frozen=True, slots=True)
class Mutant:
    """A deliberate breakage, and the tests that have to notice it."""

    name: str
    rows: tuple[int, ...]
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


def read_mutants() -> list[Mutant]:
    """Return all mutants, by file and in their order."""
    return [
        Mutant(**{**entry, "rows": tuple(entry["rows"]), "tests": tuple(entry["tests"])})
        for path in sorted((ROOT / "security" / "mutants").glob("*.toml"))
        for entry in tomllib.loads(path.read_text())["mutant"]
    ]


def main() -> int:
    """Run the mutants and return the exit code."""
    parser = argparse.ArgumentParser(description="Break each defence on purpose, and see a test turn red.")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="mutants by their names")
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    chosen = [mutant for mutant in read_mutants() if not arguments.only or mutant.name in arguments.only]
    with ThreadPoolExecutor(arguments.workers) as pool:
        verdicts = list(pool.map(_try, chosen))
    rows = {row for mutant, verdict in zip(chosen, verdicts, strict=True) if verdict == "red" for row in mutant.rows}
    survivors = [mutant.name for mutant, verdict in zip(chosen, verdicts, strict=True) if verdict != "red"]
    print(f"{len(chosen) - len(survivors)} of {len(chosen)} mutants turn a test red, over {len(rows)} rows")
    return 1 if survivors or not chosen else 0


def _try(mutant: Mutant) -> str:
    with tempfile.TemporaryDirectory(prefix="billing-mutant-") as folder:
        tree = Path(folder)
        _copy(tree)
        path = tree / mutant.file
        text = path.read_text()
        if text.count(mutant.old) != 1:
            verdict = f"stale: its text stands {text.count(mutant.old)} times in {mutant.file}"
        else:
            path.write_text(text.replace(mutant.old, mutant.new))
            verdict = _run(tree, mutant.tests)
    print(f"{verdict:9} {mutant.name} (rows {', '.join(map(str, mutant.rows))})", flush=True)
    return verdict


def _copy(tree: Path) -> None:
    for name in COPIED:
        if (ROOT / name).exists():
            shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in COPIED_FILES:
        shutil.copyfile(ROOT / name, tree / name)
    foreign = ROOT / ".foreign"
    if foreign.exists():
        (tree / ".foreign").symlink_to(foreign.resolve())


def _run(tree: Path, tests: Iterable[str]) -> str:
    environment = {**os.environ, "PYTHONPATH": f"{tree / 'src'}{os.pathsep}{tree}", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", *tests]
    try:
        done = subprocess.run(
            command, cwd=tree, env=environment, capture_output=True, text=True, timeout=LONGEST_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return "red"  # a test that never ends is noticed
    if done.returncode == TESTS_FAILED and " failed" in done.stdout:
        return "red"
    return "SURVIVES" if done.returncode == 0 else f"UNTESTED (pytest {done.returncode}): {done.stdout[-300:]}"


if __name__ == "__main__":
    sys.exit(main())
