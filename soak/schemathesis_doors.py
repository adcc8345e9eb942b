"""Schemathesis over the OpenAPI document of each door: every check, 200 examples of each operation, no finding.

The published command line runs from an environment of its own against a server in this process, with the token of the
demo machine or of a person, or none. What it needs is installed by `scripts/soak_tools.sh`.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from soak.report import Bar
from tests.contract.people import machine_token, person_token
from tests.serving import RunningServer, serving

COMMAND = Path(__file__).parents[1] / ".foreign" / "schemathesis" / "bin" / "schemathesis"
EXAMPLES = 200
LONGEST_SECONDS = 3_600
# A schema can't say which cursors were given out, which addresses are registered, or what a customer can pay for, so a
# request that fits it may be refused for its values. That it is refused with a documented answer is checked.
CONFIG = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", 303, 400, 401, 402, 403, 404, 409, 412, 422]
"""


@dataclass(frozen=True, slots=True)
class Door:
    """One OpenAPI document, and the token that opens what it describes."""

    name: str
    document: str
    token: str | None


def run(scale: float) -> tuple[Bar, ...]:
    """Run it against each door."""
    examples = max(2, round(EXAMPLES * scale))
    return tuple(_bar(door.name, examples, *_run(server, door, examples)) for server, door in _doors())


def _doors() -> Iterator[tuple[RunningServer, Door]]:
    """Yield each door, with a server that nobody has used yet."""
    with _server() as server:
        yield server, Door("Management API", "/api/openapi.json", machine_token(server))
    with _server() as server:
        yield server, Door("Konnect door", "/v3/openmeter/openapi.json", machine_token(server))
    with _server() as server:
        yield server, Door("Account API", "/account_api/openapi.json", person_token(server, *server.seed.users[1]))
    with _server() as server:
        yield server, Door("OpenID provider", "/oauth2/openapi.json", person_token(server, *server.seed.users[1]))


@contextmanager
def _server() -> Iterator[RunningServer]:
    with TemporaryDirectory(prefix="billing-soak-") as folder, serving(f"sqlite:///{folder}/billing.db") as server:
        yield server


def _run(server: RunningServer, door: Door, examples: int) -> tuple[int, str]:
    """Return how many failures it found, and the end of what it printed."""
    with TemporaryDirectory(prefix="billing-soak-") as folder:
        (Path(folder) / "schemathesis.toml").write_text(CONFIG)
        command = [
            *(str(COMMAND), "run", f"{server.base_url}{door.document}", "--checks", "all"),
            *("--max-examples", str(examples), "--continue-on-failure", "--no-color", "--workers", "1"),
            *("--generation-database", "none"),
            *(("--header", f"Authorization: Bearer {door.token}") if door.token else ()),
        ]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=LONGEST_SECONDS, check=False)
        return done.returncode, done.stdout + done.stderr


def _bar(name: str, examples: int, code: int, output: str) -> Bar:
    lines = [line for line in output.splitlines() if line.strip()]
    measured = "no finding" if code == 0 else "\n".join(lines[-60:])
    return Bar(f"findings of schemathesis in the {name}, {examples} examples each", measured, "none", code == 0)
