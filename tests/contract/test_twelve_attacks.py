"""The twelve attacks of docs/twelve-attacks.md: this SDK withstands each, and the page says what the run said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.attacks.catalogue import ATTACKS, CONTROLS, Attack
from tests.attacks.driver import TASK
from tests.attacks.ours import report
from tests.hostile import CLIENT_SECRET, HostileProvider, hostile_provider

PAGE = Path(__file__).parents[2] / "docs" / "twelve-attacks.md"


@pytest.fixture(scope="module")
def provider() -> Iterator[HostileProvider]:
    """A provider that can be told to misbehave."""
    with hostile_provider() as running:
        yield running


@pytest.mark.attack(2, 7, 8, 25, 29, 43, 47, 48)
@pytest.mark.parametrize("attack", [*ATTACKS, *CONTROLS], ids=lambda attack: attack.name)
def test_this_sdk_withstands_the_attack(attack: Attack, provider: HostileProvider) -> None:
    provider.reset(*(fault for fault in attack.faults if fault != "short-lived"))
    is_silent = "token-endpoint-silent" in attack.faults
    secrets = {CLIENT_SECRET}

    def visit(url: str) -> str:
        callback = provider.visit(url, **attack.bent)
        secrets.update(provider.secrets_of(url, callback))
        return callback

    do = "refresh" if attack.do == "renew" else attack.do  # without waiting for the end of the access token
    task = {**TASK, "do": do, "base_url": provider.base_url, "deadline_seconds": 0.5 if is_silent else 60.0}
    verdict = attack.judge(report(task, visit), frozenset(secrets | provider.secrets_handled()))
    assert verdict[0], verdict[1]


def test_the_page_has_twelve_rows_and_this_sdk_withstands_every_one() -> None:
    attacks, _, controls = PAGE.read_text().partition("## Controls")
    for text, expected in ((attacks, ATTACKS), (controls, CONTROLS)):
        rows = [line.strip("| ").split(" | ") for line in text.splitlines() if re.match(r"\| \d+ \|", line)]
        assert [row[:3] for row in rows] == [
            [str(number), attack.name, attack.expected] for number, attack in enumerate(expected, 1)
        ]
        assert all(row[3].startswith("yes: ") for row in rows)
    assert len(ATTACKS) == 12
