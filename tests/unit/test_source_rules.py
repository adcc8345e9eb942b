"""The package has none of the constructs that turn a slip into a hole, and the check would see them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.unit.source_rules import breaches, impurities

pytestmark = pytest.mark.attack(199)

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "billing_sdk"
KEPT = ("src", "tests", "docs", "examples", "scripts", "security", "soak", "benchmarks", "requirements")
PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----(\\n|\s)+[A-Za-z0-9+/]{40}")

# The whole list of exceptions: file, rule, what, and why it is none.
EXCEPTIONS = {
    ("_transport.py", "module", "random"): "spreads retries; guards nothing",
    ("resources/_backlog.py", "module", "random"): "as above",
    ("_transport.py", "timeout", "httpx.Client"): "the settings hold one for each phase, and a deadline for the whole",
    ("_transport.py", "timeout", "httpx.AsyncClient"): "as above",
    ("journal.py", "sql", "connection.execute"): "a pragma takes no parameter; a number is put into it",
    ("server/storage/migrations/versions/0001_first_schema.py", "sql", "op.execute"): "two verbs that stand there",
    ("server/storage/migrations/versions/0005_linked_audit.py", "sql", "op.execute"): "as above, for two tables",
    ("server/storage/migrations/versions/0030_corrections.py", "sql", "op.execute"): "triggers that stand there",
    ("server/storage/migrations/versions/0034_line_counts.py", "sql", "op.execute"): "triggers that stand there",
    ("server/storage/migrations/versions/0035_books_never_change.py", "sql", "op.execute"): "triggers that stand there",
    ("server/storage/migrations/versions/0045_usage_is_never_deleted.py", "sql", "op.execute"): "as above",
    ("cli/usage_move.py", "comparison", "digest"): "tells one move from another; guards nothing",
    ("server/storage/usage_stores/turns.py", "sql", "cursor.execute"): "numbers that stand there",
}


def test_the_package_has_no_forbidden_construct():
    found = {
        (str(path.relative_to(SOURCE)), breach.rule, breach.what): breach.line
        for path in sorted(SOURCE.rglob("*.py"))
        for breach in breaches(path.read_text())
    }
    assert {key: line for key, line in found.items() if key not in EXCEPTIONS} == {}
    assert EXCEPTIONS.keys() - found.keys() == set(), "an exception that nothing needs any more"


@pytest.mark.parametrize(
    ("rule", "source"),
    [
        ("module", "import pickle"),
        ("module", "from pickle import loads"),
        ("module", "import yaml"),
        ("module", "from xml.etree import ElementTree"),
        ("module", "from urllib.request import urlopen"),
        ("module", "from urllib import request"),
        ("module", "import random"),
        ("call", "eval(text)"),
        ("call", "exec(text)"),
        ("call", "os.system(command)"),
        ("call", "hashlib.md5(data)"),
        ("call", "jinja2.Template(text)"),
        ("shell", "subprocess.Popen(command, shell=True)"),
        ("tls", "httpx.Client(timeout=5, verify=False)"),
        ("tls", "context.verify_mode = ssl.CERT_NONE"),
        ("tls", "context.check_hostname = False"),
        ("timeout", "httpx.get(url)"),
        ("timeout", "httpx.Client(timeout=None)"),
        ("timeout", "socket.create_connection(address)"),
        ("timeout", "subprocess.run(command)"),
        ("sql", 'connection.execute(f"SELECT {name}")'),
        ("sql", 'text("SELECT %s" % name)'),
        ("sql", 'text("SELECT {}".format(name))'),
        ("sql", 'connection.exec_driver_sql("SELECT " + f"{name}")'),
        ("comparison", "if given.client_secret == expected: pass"),
        ("comparison", "ok = digest != stored_digest"),
        ("comparison", "ok = csrf == cookie"),
        ("escaping", "jinja2.Environment(loader=loader)"),
    ],
)
def test_the_check_sees(rule, source):
    assert rule in {breach.rule for breach in breaches(source)}


@pytest.mark.parametrize(
    "source",
    [
        "httpx.Client(timeout=5)",
        "socket.create_connection(address, 5)",
        "subprocess.Popen(command)",
        'connection.execute(text("SELECT 1"))',
        "select(users).where(users.c.token == given)",
        "if token == '': pass",
        "hmac.compare_digest(token, expected)",
        "jinja2.Environment(loader=loader, autoescape=True)",
        "from urllib.parse import urlsplit",
    ],
)
def test_the_check_lets_pass(source):
    assert list(breaches(source)) == []


def test_the_domain_asks_neither_a_clock_nor_chance_nor_the_machine_and_counts_without_floats():
    paths = sorted((SOURCE / "server" / "domain").rglob("*.py"))
    assert len(paths) > 30
    found = {
        (str(path.relative_to(SOURCE)), breach.line, breach.what)
        for path in paths
        for breach in impurities(path.read_text())
    }
    assert found == set()


@pytest.mark.parametrize(
    ("rule", "source"),
    [
        ("module", "import time"),
        ("module", "import os"),
        ("module", "from random import choice"),
        ("module", "import secrets"),
        ("module", "from uuid import uuid4"),
        ("module", "from sqlalchemy import select"),
        ("call", "at = datetime.now(UTC)"),
        ("call", "at = datetime.datetime.utcnow()"),
        ("call", "day = date.today()"),
        ("call", "local = at.astimezone()"),
        ("call", "at = datetime.fromtimestamp(seconds)"),
        ("call", "text = open(path).read()"),
        ("call", "place = hash(key) % 7"),
        ("state", "async def load(): pass"),
        ("state", "def count():\n    global total\n    total = 1"),
        ("float", "rate = 0.02"),
        ("float", "amount = float(text)"),
    ],
)
def test_the_check_of_the_domain_sees(rule, source):
    assert rule in {breach.rule for breach in impurities(source)}


@pytest.mark.parametrize(
    "source",
    [
        "from datetime import UTC, datetime",
        "local = at.astimezone(zone)",
        "at = datetime.fromtimestamp(seconds, UTC)",
        "from billing_sdk.money import Money",
        "rate = Decimal('0.02')",
    ],
)
def test_the_check_of_the_domain_lets_pass(source):
    assert list(impurities(source)) == []


@pytest.mark.attack(196)
def test_no_key_and_no_database_is_among_the_sources():
    everything = (path for name in KEPT for path in (ROOT / name).rglob("*"))
    kept = [path for path in everything if path.is_file() and not {"__pycache__", "node_modules"} & set(path.parts)]
    assert len(kept) > 300
    secret = {".sealing-key", ".pem", ".key", ".db", ".db-wal", ".p12", ".env"}
    assert [str(path) for path in kept if path.suffix in secret or path.name.startswith(".env")] == []
    assert [str(path) for path in kept if PRIVATE_KEY.search(path.read_bytes())] == []
    ignored = (ROOT / ".gitignore").read_text() if (ROOT / ".gitignore").exists() else "*.sealing-key"
    assert "*.sealing-key" in ignored
