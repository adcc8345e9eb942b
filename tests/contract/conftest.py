"""Fixtures of the contract tests: the real server over a socket, on every database that it supports."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.serving import RunningServer, serving


@pytest.fixture
def server(database_url: str) -> Iterator[RunningServer]:
    """A running server with the demo catalogue."""
    with serving(database_url) as running:
        yield running


@pytest.fixture
def http(server: RunningServer) -> Iterator[httpx.Client]:
    """A plain HTTP client below the server's address, without cookies or tokens."""
    with httpx.Client(base_url=server.base_url, timeout=10) as client:
        yield client
