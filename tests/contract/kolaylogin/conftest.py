"""The door without a socket, in front of a server on which billing is off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from billing_sdk.server.usecases.dashboard_tokens import issue_dashboard_token
from billing_sdk.server.usecases.seed_demo import DemoSeed
from tests.databases import copy_sqlite
from tests.in_process import InProcess, in_process

Ask = Callable[..., httpx.Response]


BASE_URL = "http://127.0.0.1:3000"


@pytest.fixture(scope="package")
def switched_off(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, DemoSeed]:
    """A database with the demo, on which nobody has enabled billing."""
    place = tmp_path_factory.mktemp("off") / "billing.db"
    with in_process(f"sqlite:///{place}", BASE_URL, gateway=None) as served:
        return place, served.seed


@pytest.fixture
def off(switched_off, tmp_path) -> Iterator[InProcess]:
    """The demo with billing off, for one test alone."""
    place, seed = switched_off
    copy_sqlite(str(place), str(tmp_path / "billing.db"))
    with in_process(f"sqlite:///{tmp_path / 'billing.db'}", BASE_URL, seed=seed) as served:
        yield served


def token_for(served: InProcess, email: str = "ada@example.com") -> str:
    """Return a dashboard token of an operator."""
    with served.engine.read() as tx:
        user = tx.users.find_by_email(email)
    assert user is not None
    token, _ = issue_dashboard_token(served.engine, user_id=user.id, actor="test")
    return token.reveal()


def asking(served: InProcess) -> Ask:
    """Return a function that asks the door as an operator."""
    token = token_for(served)

    def ask(method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}", **options.pop("headers", {})}
        return served.request(method, f"/v1/dashboard/billing/{path}", headers=headers, **options)

    return ask


@pytest.fixture
def ask(off) -> Ask:
    """Ask the door as Ada, who is an operator."""
    return asking(off)
