"""A command is imported when it is called; the list of commands says the same as each of them."""

from __future__ import annotations

import inspect
import subprocess
import sys
from importlib import import_module

import pytest
import typer
from typer.testing import CliRunner

from billing_sdk.cli.commands import COMMANDS, OF_USAGE, app

PLACES = {**COMMANDS, **{f"usage {name}": place for name, place in OF_USAGE.items()}}
HEAVY = ("sqlalchemy", "fastapi", "stripe", "httpx", "billing_sdk.client", "billing_sdk.server")


def ran(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["usage", "--help"]])
def test_what_only_tells_what_there_is_loads_neither_server_nor_client(arguments):
    found = ran(
        f"import sys; sys.argv[1:] = {arguments}\n"
        "from billing_sdk.cli import main\n"
        "try:\n    main()\n"
        f"finally:\n    print('loaded', *sorted(set({HEAVY}) & sys.modules.keys()), file=sys.stderr)"
    )
    assert found.returncode == 0
    assert found.stderr.split() == ["loaded"]


@pytest.mark.parametrize("name", PLACES)
def test_the_list_says_of_a_command_what_the_command_says_of_itself(name):
    place, summary = PLACES[name]
    module, _, inside = place.partition(":")
    found = getattr(import_module(module), inside)
    if not isinstance(found, typer.Typer):
        assert (inspect.getdoc(found) or "").split("\n\n")[0].replace("\n", " ") == summary
    help_text = CliRunner().invoke(app, [*name.split(), "--help"], env={"COLUMNS": "400"})
    assert help_text.exit_code == 0
    assert f" {name} [OPTIONS]" in help_text.output
    assert summary.replace("`", "") in help_text.output.replace("`", "")


def test_a_command_that_needs_what_is_not_installed_says_what_to_install():
    found = ran(
        "import sys; sys.modules['sqlalchemy'] = None; sys.argv[1:] = ['plans', 'list']\n"
        "from billing_sdk.cli import main; main()"
    )
    assert found.returncode == 1
    assert found.stderr == 'billing-sdk: sqlalchemy is missing; install the server: pip install "billing-sdk[server]"\n'


def test_garbage_is_collected_again_once_a_command_is_there():
    found = ran(
        "import gc, sys; sys.argv[1:] = ['workspace', '--help']\n"
        "from billing_sdk.cli import main\n"
        "try:\n    main()\n"
        "finally:\n    print(gc.isenabled(), file=sys.stderr)"
    )
    assert found.stderr == "True\n"
