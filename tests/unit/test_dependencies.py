"""What is installed, locked and asked for has no flaw that was published, and nothing of it is installed unseen."""

from __future__ import annotations

import json
import re
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
TABLE: dict[str, Any] = tomllib.loads((ROOT / "security" / "floors.toml").read_text())
FLOORS = {entry["package"]: Version(entry["version"]) for entry in TABLE["floor"]}
NEVER = [entry["package"] for entry in TABLE["never"]]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
pytestmark = pytest.mark.attack(200)


def asked_for() -> list[Requirement]:
    """Return every requirement of the package and of its extras."""
    extras = [text for texts in PROJECT["optional-dependencies"].values() for text in texts]
    return [Requirement(text) for text in (*PROJECT["dependencies"], *extras)]


def locked(path: Path) -> list[tuple[str, str]]:
    """Return the entries of a lock, each with the lines that belong to it."""
    text = re.sub(r"^#.*\n", "", path.read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    return [(line.split("==")[0].strip(), line) for line in text.splitlines() if line.strip()]


def pinned(path: Path) -> dict[str, Version]:
    """Return the version that a lock pins each package to; the lowest where it depends on the Python."""
    found: dict[str, Version] = {}
    for _, line in locked(path):
        pin = re.match(r"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^ ;]+)", line)
        assert pin, f"{path.name} does not pin {line[:60]}"
        name, found_version = canonicalize_name(pin[1]), Version(pin[2])
        found[name] = min(found.get(name, found_version), found_version)
    return found


@pytest.mark.parametrize("package", FLOORS)
def test_what_is_installed_is_above_its_floor(package: str) -> None:
    # A package that is not there was not compared, and what was not compared is not known to be sound.
    assert Version(version(package)) >= FLOORS[package]


@pytest.mark.parametrize("package", FLOORS)
def test_what_is_locked_is_above_its_floor(package: str) -> None:
    assert pinned(ROOT / "requirements" / "dev.txt")[package] >= FLOORS[package]


def test_what_users_get_is_asked_for_from_its_floor_on() -> None:
    lowest = {
        (requirement.name, specifier.version)
        for requirement in asked_for()
        for specifier in requirement.specifier
        if specifier.operator == ">=" and requirement.name in FLOORS
    }
    assert lowest == {(name, str(FLOORS[name])) for name, _ in lowest}
    direct = {requirement.name for requirement in asked_for()} & FLOORS.keys()
    assert direct == {name for name, _ in lowest}
    assert FLOORS.keys() - direct == {"requests", "urllib3", "idna"}


def test_every_requirement_of_users_has_a_lowest_version() -> None:
    runtime = [Requirement(text) for text in PROJECT["dependencies"]]
    extras = [
        Requirement(text)
        for name in ("flask", "starlette", "server", "postgres")
        for text in PROJECT["optional-dependencies"][name]
    ]
    assert [str(found) for found in (*runtime, *extras) if not any(s.operator == ">=" for s in found.specifier)] == []
    assert len(runtime) <= 4


@pytest.mark.parametrize("package", NEVER)
def test_what_must_not_be_there_is_neither_installed_nor_locked(package: str) -> None:
    assert package not in pinned(ROOT / "requirements" / "dev.txt")
    with pytest.raises(PackageNotFoundError):
        version(package)


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_every_locked_package_is_pinned_by_hash_and_from_no_address(path: Path) -> None:
    entries = locked(path)
    assert pinned(path)
    assert [name for name, line in entries if not HASH.search(line)] == []
    assert "://" not in path.read_text()
    assert re.search(r"^\s*-(?!-hash)", path.read_text(), flags=re.MULTILINE) is None


def test_nothing_is_installed_without_its_hash() -> None:
    texts = [(ROOT / "Makefile").read_text(), *(path.read_text() for path in (ROOT / "scripts").glob("*.sh"))]
    commands = [
        line.strip() for text in texts for line in text.replace("\\\n", " ").splitlines() if "pip install" in line
    ]
    commands = [command for command in commands if not command.startswith("#")]
    assert commands
    assert [line for line in commands if "--require-hashes" not in line and "--no-deps" not in line] == []


def test_packages_of_other_languages_are_pinned_and_run_nothing_when_installed() -> None:
    package = json.loads((ROOT / "tests" / "contract" / "foreign" / "package.json").read_text())
    assert [
        name for name, spec in package["dependencies"].items() if not re.fullmatch(r"\d+\.\d+\.\d+(-alpha\.\d+)?", spec)
    ] == []
    installing = [line for line in (ROOT / "scripts" / "foreign.sh").read_text().splitlines() if "npm install" in line]
    assert installing
    assert all("--ignore-scripts" in line for line in installing)
