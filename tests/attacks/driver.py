"""Does the twelve attacks to both SDKs, and tells what came of it."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.attacks.catalogue import ATTACKS, CONTROLS, Attack, Verdict
from tests.hostile import CLIENT_ID, CLIENT_SECRET, HostileProvider, hostile_provider

ROOT = Path(__file__).parents[2]
KINDE = ROOT / ".foreign" / "kinde-python" / "bin" / "python"
SDKS = {
    "billing-sdk": (sys.executable, "-m", "tests.attacks.ours"),
    "kinde-python-sdk": (str(KINDE), "tests/contract/foreign/kinde_attacks.py"),
}
PATIENCE_SECONDS = 20
Table = Sequence[Sequence[Verdict]]
TASK = {
    "client_id": CLIENT_ID,
    "client_secret": CLIENT_SECRET,
    "redirect_uri": "http://127.0.0.1:9/billing/callback",
}
INTRODUCTION = """\
# Twelve attacks, two SDKs

The same twelve attacks, done to this SDK and to the published `{rival}`, unmodified, each in a process of its own.
`make attacks` does them again on any machine; `python scripts/twelve_attacks.py --write` writes this page.

The provider is one of the tests (`tests/hostile.py`): it does as the standards say but for the one fault that an
attack names. Both SDKs go through the same steps (`tests/attacks/ours.py`, `tests/contract/foreign/kinde_attacks.py`)
with their default settings, and one judge looks at what came out without knowing whose it is
(`tests/attacks/catalogue.py`). An SDK that has not come to an end after {patience} seconds is stopped, and that is its
result.

These are findings about a client library, at the version named, and none about the service that it is made for. Run
with billing-sdk {ours}, {rival} {theirs}, Python {python}.
"""
CONTROL = """
## Controls

The same steps where nothing is wrong, and two faults that are refused by any client that works at all.
"""


def run(attacks: Sequence[Attack] = ATTACKS) -> Table:
    """Do each attack to each SDK, one after the other."""
    with hostile_provider() as provider:
        return [[attempt(attack, command, provider) for command in SDKS.values()] for attack in attacks]


def told(table: Table, attacks: Sequence[Attack] = ATTACKS) -> list[str]:
    """Return the lines that a terminal shows."""
    lines = []
    for attack, verdicts in zip(attacks, table, strict=True):
        lines += [attack.name, f"  expected: {attack.expected}"]
        lines += [f"  {name:17} {spelled(verdict)}" for name, verdict in zip(SDKS, verdicts, strict=True)]
    counts = zip(SDKS, withstood(table), strict=True)
    return [*lines, "as expected: " + ", ".join(f"{name} {count} of {len(table)}" for name, count in counts)]


def withstood(table: Table) -> list[int]:
    """Return how many attacks each SDK withstands."""
    return [sum(verdicts[column][0] for verdicts in table) for column in range(len(SDKS))]


def attempt(attack: Attack, command: Sequence[str], provider: HostileProvider) -> Verdict:
    """Do one attack to one SDK, and return whether it was withstood and what happened."""
    provider.reset(*attack.faults)
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    lines: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_read, args=(process, lines), daemon=True).start()
    secrets = {CLIENT_SECRET}
    try:
        _tell(process, {**TASK, "do": attack.do, "base_url": provider.base_url})
        while True:
            said: dict[str, Any] = json.loads(lines.get(timeout=PATIENCE_SECONDS) or '{"found": null}')
            if "found" in said:
                break
            callback = provider.visit(said["visit"], **attack.bent)
            secrets |= provider.secrets_of(said["visit"], callback)
            _tell(process, {"callback": callback})
    except queue.Empty:
        return False, f"still waiting after {PATIENCE_SECONDS} s"
    finally:
        process.kill()
        process.wait()
    report = said["found"]
    if report is None:
        return False, "the process ended without a result"
    return attack.judge(report, frozenset(secrets | provider.secrets_handled()))


def page(table: Table, controls: Table) -> str:
    """Return the page."""
    versions = {
        "ours": version("billing-sdk"),
        "theirs": rival_version(),
        "python": sys.version.split()[0],
        "rival": "kinde-python-sdk",
        "patience": PATIENCE_SECONDS,
    }
    return "\n".join([INTRODUCTION.format(**versions), *_rows(ATTACKS, table), CONTROL, *_rows(CONTROLS, controls), ""])


def _rows(attacks: Sequence[Attack], table: Table) -> list[str]:
    head = ["| | what is done | what is expected | " + " | ".join(SDKS) + " |", "|---|---|---|---|---|"]
    return head + [
        f"| {number} | {attack.name} | {attack.expected} | {' | '.join(map(spelled, verdicts))} |"
        for number, (attack, verdicts) in enumerate(zip(attacks, table, strict=True), 1)
    ]


def spelled(verdict: Verdict) -> str:
    """Return a verdict in words."""
    return f"{'yes' if verdict[0] else '**no**'}: {verdict[1]}"


def rival_version() -> str:
    """Return the version of the other SDK that is installed."""
    program = "from importlib.metadata import version; print(version('kinde-python-sdk'))"
    return subprocess.run([str(KINDE), "-c", program], capture_output=True, text=True, check=True).stdout.strip()


def _tell(process: subprocess.Popen[str], document: dict[str, Any]) -> None:
    assert process.stdin is not None
    process.stdin.write(json.dumps(document) + "\n")
    process.stdin.flush()


def _read(process: subprocess.Popen[str], lines: queue.Queue[str]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        lines.put(line)
    lines.put("")
