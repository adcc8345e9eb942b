"""Redirect and return addresses, read by Node.js as browsers read them: what ours takes leads nowhere else."""

from __future__ import annotations

import json
import os
import random
import subprocess
from typing import Any

import pytest

from billing_sdk._config import is_loopback, is_safe_address
from billing_sdk.contrib._visit import local_path
from soak.fuzz.addresses import APPLICATION, SEEDS, browser_origin
from tests.docs.pages import ROOT
from tests.unit.sdk.test_addresses import PIECES

BASE = "https://app.example/billing/login"
COUNT = 4_000

pytestmark = [pytest.mark.foreign, pytest.mark.attack(6, 9, 116)]


def made() -> list[str]:
    """Return the known tricks, and thousands of changed ones; always the same."""
    chance = random.Random(20_261_121)
    texts = [seed.decode() for seed in SEEDS]
    while len(texts) < COUNT:
        text = chance.choice(texts[: len(SEEDS)])
        for _ in range(chance.randint(1, 4)):
            place = chance.randint(0, len(text))
            text = text[:place] + chance.choice(PIECES) + text[place + chance.choice((0, 0, 1, 3)) :]
        texts.append(text)
    # Half a character can't be told to another program; ours refuse it before anything else.
    return [text for text in texts if not any("\ud800" <= character <= "\udfff" for character in text)]


@pytest.fixture(scope="module")
def readings() -> list[tuple[str, dict[str, Any] | None]]:
    """Each address, and what a browser makes of it on a page of the application."""
    texts = made()
    done = subprocess.run(
        ["node", "tests/contract/foreign/read_addresses.mjs", BASE],
        check=True,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        timeout=60,
    )
    return list(zip(texts, json.loads(done.stdout), strict=True))


def test_a_path_that_is_taken_stays_on_the_application(readings: Any) -> None:
    taken = [(text, found) for text, found in readings if local_path(text) is not None]
    assert len(taken) > 50
    assert [text for text, found in taken if found is None or found["origin"] != "https://app.example"] == []


def test_an_address_that_is_taken_is_https_or_on_this_machine_and_names_no_user(readings: Any) -> None:
    taken = [(text, found) for text, found in readings if is_safe_address(text) and found is not None]
    assert len(taken) > 50
    for text, found in taken:
        is_own = found["scheme"] == "http:" and is_loopback(found["host"].strip("[]"))
        assert (found["scheme"] == "https:" or is_own) and not found["user"], text  # noqa: PT018 - one sentence


def test_a_return_address_that_is_allowed_leads_to_a_registered_origin(readings: Any) -> None:
    origins = {"https://app.example", "http://127.0.0.1:3000"}
    taken = [(text, found) for text, found in readings if APPLICATION.allows_return_to(text)]
    assert len(taken) > 50
    assert [text for text, found in taken if found is None or found["origin"] not in origins] == []


def test_the_model_of_a_browser_that_fuzzing_uses_agrees_wherever_it_gives_an_origin(readings: Any) -> None:
    for text, found in readings:
        origin = browser_origin(text)
        if origin == "" and found is not None:
            assert found["origin"] == "https://app.example", text
