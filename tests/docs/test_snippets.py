"""Every block of code in the README and the documentation runs as it stands."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from billing_sdk.testing import BillingServer
from tests.docs.pages import PAGES, ROOT, Block, blocks_of
from tests.waiting import wait_until

BIN = Path(sys.executable).parent

RUNNABLE = [page for page in PAGES if any(block.language in ("python", "sh", "jinja") for block in blocks_of(page))]

JINJA_PAGE = """
from flask import Flask, render_template_string
from billing_sdk.contrib.flask import Billing
app = Flask(__name__)
Billing(app)
with app.test_request_context("/"):
    shown = render_template_string({source!r})
    assert "<a" in shown or "<form" in shown, shown
"""


def environment(server: BillingServer) -> dict[str, str]:
    """What a terminal would have: the tools of this installation, and the settings of a running server."""
    return {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "HOME": os.environ.get("HOME", "/"),
        # An install command finds what is installed already, and asks no registry.
        "PIP_NO_INDEX": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "BILLING_ISSUER": server.base_url,
        "BILLING_CLIENT_ID": server.client_id,
        "BILLING_CLIENT_SECRET": server.client_secret,
        "BILLING_REDIRECT_URI": server.redirect_uris[0],
        "BILLING_M2M_CLIENT_ID": server.m2m_client_id,
        "BILLING_M2M_CLIENT_SECRET": server.m2m_client_secret,
        "BILLING_AUDIENCE": server.audience,
        "BILLING_STRIPE_KEY": server.api_key,
        "BILLING_SESSION_SECRET": "a secret for the snippets only, 32 bytes and more",
    }


def answers(url: str) -> bool:
    """Tell whether something answers at an address, whatever it says."""
    try:
        urllib.request.urlopen(url, timeout=5)
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def run(command: list[str], folder: Path, env: dict[str, str]) -> str:
    """Run a command to its end and return what it printed; fail with that where it failed."""
    done = subprocess.run(command, check=False, cwd=folder, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


@contextmanager
def running(block: Block, folder: Path, env: dict[str, str]) -> Iterator[None]:
    """Keep a shell block running, from when it is ready until the end of the page."""
    plain = {name: value for name, value in env.items() if not name.startswith("BILLING_")}
    process = subprocess.Popen(
        ["sh", "-c", f"exec {block.text.strip()}"],
        cwd=folder,
        env=plain,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        ready = (lambda: answers(block.value)) if block.verb == "start" else (folder / block.value).exists
        wait_until(lambda: ready() or process.poll() is not None, what=block.text)
        assert process.poll() is None, process.stdout and process.stdout.read()
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=20)


@pytest.mark.usefixtures("fixed_ports")
@pytest.mark.parametrize("page", RUNNABLE, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_block_of_the_page_runs(page: Path, tmp_path: Path, billing_server: BillingServer) -> None:
    env = environment(billing_server)
    program: list[str] = []
    interpreter = sys.executable
    with ExitStack() as until_the_end:
        for block in blocks_of(page):
            match block.language, block.verb:
                case _, "file":
                    (tmp_path / block.value).write_text(block.text)
                case "python", "" | "client":
                    program.append(block.text)
                    if block.value:
                        interpreter = str(ROOT / f".foreign/stripe-{block.value}/bin/python")
                case "jinja", "":
                    program.append(JINJA_PAGE.format(source=block.text))
                case "sh", "install":
                    assert "does not provide the extra" not in run(["sh", "-c", block.text], tmp_path, env)
                case "sh", "run":
                    run(["sh", "-c", block.text], tmp_path, env)
                case "sh", "start" | "start-file":
                    until_the_end.enter_context(running(block, tmp_path, env))
                case "text" | "", "":
                    assert block.text
                case "sql", "":
                    assert block.text  # tests/contract/test_live_environment.py runs the statements on PostgreSQL
                case "html", "":
                    assert "/embed/" in block.text  # tests/browser/test_pricing_tables.py puts these tags into a page
                case language, verb:
                    pytest.fail(f"nobody runs a block of {language!r} with directive {verb!r}")
        if program:
            run([interpreter, "-W", "error", "-c", "\n".join(program)], tmp_path, env)


def test_the_first_route_takes_two_commands_and_at_most_twelve_lines_of_python() -> None:
    blocks = blocks_of(ROOT / "README.md")[:3]
    assert [block.language for block in blocks] == ["python", "sh", "sh"]
    lines = [line for line in blocks[0].text.splitlines() if line.strip()]
    assert len(lines) <= 12
    assert all(len(block.text.strip().splitlines()) == 1 for block in blocks[1:])
