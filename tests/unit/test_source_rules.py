"""The package has none of the constructs that turn a slip into a hole, and the check would see them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.source_rules import breaches

pytestmark = pytest.mark.attack(199)

SOURCE = Path(__file__).parents[2] / "src" / "billing_sdk"

# The whole list of exceptions: file, rule, what, and why it is none.
EXCEPTIONS = {
    ("_transport.py", "module", "random"): "spreads retries; guards nothing",
    ("_transport.py", "timeout", "httpx.Client"): "the settings hold one for each phase, and a deadline for the whole",
    ("_transport.py", "timeout", "httpx.AsyncClient"): "as above",
    ("server/storage/migrations/versions/0001_first_schema.py", "sql", "op.execute"): "two verbs that stand there",
    ("server/storage/migrations/versions/0005_linked_audit.py", "sql", "op.execute"): "as above, for two tables",
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
