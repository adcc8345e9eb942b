"""Fixtures of the page tests: one server for each module, and a fresh person and browser for each test."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from billing_sdk.testing.visitor import Visitor
from tests.serving import RunningServer, serving


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A running server on SQLite that the tests of a module share; each brings a person of its own.

    What has to hold on every database asks for `server` instead.
    """
    with serving(f"sqlite:///{tmp_path_factory.mktemp('site') / 'billing.db'}") as running:
        yield running


@pytest.fixture
def email() -> str:
    """The address of somebody who has no account yet."""
    return f"vera-{secrets.token_hex(6)}@example.com"


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    """A browser without JavaScript."""
    with Visitor() as visitor:
        yield visitor
