"""The provider, and the application in each framework; a test that asks for `app` runs once for each of them."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from billing_sdk.server.running import bind
from tests.contract.contrib.apps import RunningApp, Stage, running, serve_asgi, staged
from tests.contract.contrib.provider import Provider


@pytest.fixture(scope="session")
def listening_provider() -> Iterator[Provider]:
    """A provider that listens for as long as there are tests."""
    with bind("127.0.0.1", 0) as listener:
        provider = Provider(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}")
        with serve_asgi(provider.app(), listener):
            yield provider


@pytest.fixture
def provider(listening_provider: Provider) -> Provider:
    """A provider that nobody has asked yet, and that signs everybody in as Ada."""
    listening_provider.forget()
    return listening_provider


@pytest.fixture(scope="session", params=["flask", "starlette"])
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """A socket of one framework."""
    with staged(request.param) as stage:
        yield stage


@pytest.fixture
def app(stage: Stage, provider: Provider) -> Iterator[RunningApp]:
    """A new application in one framework."""
    with running(stage, provider) as app:
        yield app


@pytest.fixture
def browser(app: RunningApp) -> Iterator[httpx.Client]:
    """A browser that has not been there before."""
    with app.browser() as browser:
        yield browser
