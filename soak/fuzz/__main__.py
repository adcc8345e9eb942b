"""`python -m soak.fuzz TARGET --seconds N --stats FILE`: run one target under atheris, which follows coverage.

Measures each input: how long it took, and an upper bound of the memory that it used, which is the largest size that the
process ever had less its size before this input.
"""

from __future__ import annotations

import argparse
import importlib
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import atheris  # installed by scripts/soak_tools.sh

PAGE_BYTES = resource.getpagesize()
WRITE_EVERY = 20_000


class Meter:
    """Runs a target and keeps what its worst inputs cost."""

    def __init__(self, target: Callable[[bytes], None], stats: Path) -> None:
        self._target = target
        self._stats = stats
        self._statm = open("/proc/self/statm", "rb", buffering=0)  # noqa: SIM115 - read before every input
        self._runs = 0
        self._longest_seconds = 0.0
        self._most_bytes = 0

    def __call__(self, data: bytes) -> None:
        """Run the target on one input."""
        before = self._resident_bytes()
        began = time.perf_counter()
        try:
            self._target(data)
        finally:
            self._count(time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before)

    def _count(self, seconds: float, peak_bytes: int) -> None:
        self._runs += 1
        is_worse = seconds > self._longest_seconds or peak_bytes > self._most_bytes
        self._longest_seconds = max(self._longest_seconds, seconds)
        self._most_bytes = max(self._most_bytes, peak_bytes)
        if is_worse or self._runs % WRITE_EVERY == 0:
            found = {"runs": self._runs, "longest_seconds": self._longest_seconds, "most_bytes": self._most_bytes}
            self._stats.write_text(json.dumps(found))

    def _resident_bytes(self) -> int:
        self._statm.seek(0)
        return int(self._statm.read().split()[1]) * PAGE_BYTES


def main() -> None:
    """Read the arguments and hand over to the fuzzer, which ends the process itself."""
    parser = argparse.ArgumentParser(prog="python -m soak.fuzz")
    parser.add_argument("target")
    parser.add_argument("--seconds", type=int, required=True)
    parser.add_argument("--stats", type=Path, required=True)
    arguments = parser.parse_args()
    with atheris.instrument_imports(include=["billing_sdk"]):
        module = importlib.import_module(f"soak.fuzz.{arguments.target}")
    corpus = Path(tempfile.mkdtemp(prefix="billing-corpus-"))
    for position, seed in enumerate(module.SEEDS):
        (corpus / f"seed-{position}").write_bytes(seed)
    options = [f"-max_total_time={arguments.seconds}", "-max_len=65536", "-timeout=10", "-verbosity=0"]
    atheris.Setup(
        [sys.argv[0], *options, f"-artifact_prefix={corpus}/", str(corpus)], Meter(module.target, arguments.stats)
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()
