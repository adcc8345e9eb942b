"""The demo: the whole loop through both example applications, by the command that a new user types."""

from __future__ import annotations

import subprocess
import sys

import pytest

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


@pytest.mark.parametrize(("gateway", "examples"), [("managed", 2), ("stripe_platform", 1), ("stripe_connect", 1)])
def test_the_demo_walks_the_whole_loop_and_stops(gateway: str, examples: int) -> None:
    done = subprocess.run(
        [sys.executable, "examples/demo.py", "--check", "--gateway", gateway],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    for proof in FOR_EACH_EXAMPLE:
        assert done.stdout.count(proof) >= examples, f"{proof!r} once for each framework:\n{done.stdout}"
    for proof in ONCE:
        assert proof in done.stdout, f"{proof!r} is missing:\n{done.stdout}"
    assert "Everything works." in done.stdout
