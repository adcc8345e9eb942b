"""Every fuzz target for two minutes (R23): no foreign exception, no input above one second or 64 MiB."""

from __future__ import annotations

import json
import os
import pkgutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from soak.report import Bar

ROOT = Path(__file__).parents[1]
SECONDS = 120
MIB = 1024 * 1024


def targets() -> list[str]:
    """Return the names of all targets."""
    found = pkgutil.iter_modules([str(Path(__file__).parent / "fuzz")])
    return sorted(module.name for module in found if module.name != "__main__")


def run(scale: float) -> tuple[Bar, ...]:
    """Fuzz each target, one after the other, for two minutes times the scale."""
    subprocess.run(["sh", "scripts/soak_tools.sh"], cwd=ROOT, check=True)
    return tuple(bar for target in targets() for bar in _fuzz(target, max(2, round(SECONDS * scale))))


def _fuzz(target: str, seconds: int) -> Iterator[Bar]:
    path = os.pathsep.join(map(str, (ROOT / "src", ROOT, ROOT / ".foreign" / "atheris")))
    with tempfile.TemporaryDirectory(prefix="billing-fuzz-") as folder:
        stats = Path(folder) / "stats.json"
        command = [sys.executable, "-m", "soak.fuzz", target, "--seconds", str(seconds), "--stats", str(stats)]
        done = subprocess.run(
            command, cwd=ROOT, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False
        )
        found = json.loads(stats.read_text()) if stats.exists() else {"runs": 0, "longest_seconds": 0, "most_bytes": 0}
    findings = 0 if done.returncode == 0 else 1
    yield Bar(f"{target}: foreign exceptions in about {found['runs']:,} inputs", str(findings), "0", findings == 0)
    if findings:
        print(done.stderr[-3_000:] + done.stdout[-1_000:], file=sys.stderr)
    longest = found["longest_seconds"]
    yield Bar(
        f"{target}: the longest input", f"{longest * 1000:.1f} ms", "at most 1 s", found["runs"] > 0 and longest <= 1
    )
    most = found["most_bytes"] / MIB
    yield Bar(
        f"{target}: memory of an input, upper bound",
        f"{most:.1f} MiB",
        "at most 64 MiB",
        found["runs"] > 0 and most <= 64,
    )
