"""Hooks: they are named in the settings, and a server whose hooks are not there does not start."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from billing_sdk.errors import InvalidSetting
from billing_sdk.server.settings import Settings
from billing_sdk.server.usecases.hooks import Hooks, load_hooks

HERE = "tests.unit.usecases.test_hooks"
NO_FUNCTION = 7


def keep(_request: object) -> str:
    """Deny everything."""
    return "no"


def settings(**hooks: str) -> Settings:
    """Return settings with hooks."""
    return Settings("http://127.0.0.1:3000", "sqlite://", **hooks)  # type: ignore[arg-type]  # only hooks are given


def test_a_server_has_no_hooks_unless_they_are_named() -> None:
    assert load_hooks(settings()) == Hooks()


def test_a_hook_is_found_by_its_name() -> None:
    assert load_hooks(settings(cancellation_hook=f"{HERE}:keep")) == Hooks(cancellation=keep)


def test_a_hook_can_be_a_file_of_the_folder_that_the_server_is_started_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "rules_of_a_shop.py").write_text("def keep(request):\n    return 'no'\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [*sys.path])

    hooks = load_hooks(settings(cancellation_hook="rules_of_a_shop:keep"))

    assert hooks.cancellation is not None
    assert hooks.cancellation.__module__ == "rules_of_a_shop"


@pytest.mark.parametrize(
    "name", ["nothing.here:keep", f"{HERE}:missing", HERE, f"{HERE}:NO_FUNCTION", ":", "os.path:", f"{HERE}:settings:"]
)
def test_a_hook_that_is_not_there_is_named_at_the_start(name: str) -> None:
    with pytest.raises(InvalidSetting, match="BILLING_SERVER_SELECTION_HOOK"):
        load_hooks(settings(selection_hook=name))
