"""The demo: the whole loop through both example applications, by the command that a new user types."""

from __future__ import annotations

import subprocess
import sys

from tests.docs.pages import ROOT

FOR_EACH_EXAMPLE = ("the first card is declined", "gate open", "does not work a second time", "gate closed")
ONCE = (
    "nothing is set up before",
    "is published",
    "the first one is paid",
    "its payment fails",
    "pays what was open",
    "there is no plan",
)


def test_the_demo_walks_the_whole_loop_and_stops() -> None:
    # The other gateways are walked by a browser, which is as long again.
    done = subprocess.run(
        [sys.executable, "examples/demo.py", "--check"],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    for proof in FOR_EACH_EXAMPLE:
        assert done.stdout.count(proof) >= 2, f"{proof!r} once for each framework:\n{done.stdout}"
    for proof in ONCE:
        assert proof in done.stdout, f"{proof!r} is missing:\n{done.stdout}"
    assert "Everything works." in done.stdout
