"""Stripe's published clients, unmodified, over customers, payment methods, test clocks, pages, keys and errors."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from billing_sdk.server.usecases.api_tokens import create_api_token
from tests.databases import copy_sqlite
from tests.serving import RunningServer, serving

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.foreign


@pytest.fixture(scope="module")
def server(sqlite_template: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server for all clients."""
    path = tmp_path_factory.mktemp("wire") / "billing.db"
    copy_sqlite(sqlite_template.place, str(path))
    with serving(f"sqlite:///{path}", seed=sqlite_template.seed) as running:
        yield running


@pytest.mark.parametrize("version", ["2025-09-30", "2026-10-14", "stable"])
def test_each_published_client_knows_customers_and_cards_and_what_was_refused(
    server: RunningServer, version: str
) -> None:
    python = ROOT / f".foreign/stripe-{version}/bin/python"
    assert python.exists(), "the foreign client is not installed; run: sh scripts/foreign.sh"
    weak = create_api_token(server.engine, name="weak", prefix="sk", scopes=["read:billing_plans"])
    task = {"base": server.base_url, "key": server.seed.api_key, "weak_key": weak.secret.reveal()}

    done = subprocess.run(
        [str(python), str(ROOT / "tests/contract/foreign/stripe_wire.py")],
        input=json.dumps(task) + "\n",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"},
    )

    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout) == {
        "listed": True,
        "updated": ["1", "Paris", {}],
        "cards": [True, ["amex", "visa"], None],
        "default": True,
        "clock": [1577836800, "ready", 1580428800],
        "deleted": [True, True],
        "gone": True,
        "missing": ["InvalidRequestError", 404, "id", True],
        "unknown": ["InvalidRequestError", 400, "wrong", True],
        "declined": ["CardError", 402, None, True],
        "nobody": ["AuthenticationError", 401, None, True],
        "weak": ["PermissionError", 403, None, True],
        "again": ["IdempotencyError", 400, None, True],
        "v2": ["InvalidRequestError", 400, "cancel.identifier", True],
        "v2 nobody": ["AuthenticationError", 401, None, True],
        "v2 weak": ["PermissionError", 403, None, True],
        "connected": ["PermissionError", 403, None, True],
        "repeated": [True, "true", True],
        "pages": None if version == "stable" else [True, True],
    }
