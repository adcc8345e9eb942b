"""The demo: the whole loop through both example applications, by the command that a new user types."""

from __future__ import annotations

import subprocess
import sys

from tests.docs.pages import ROOT


def test_the_demo_walks_the_whole_loop_and_stops() -> None:
    done = subprocess.run(
        [sys.executable, "examples/demo.py", "--check"],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    for proof in ("the first card is declined", "gate open", "does not work a second time", "gate closed"):
        assert done.stdout.count(proof) == 2, f"{proof!r} once for each framework:\n{done.stdout}"
    assert "Everything works." in done.stdout
