"""A whole life of a customer, with every logger at its most talkative: no secret shows where it does not belong."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer.main

from billing_sdk import Client
from billing_sdk.cli.commands import app as command_line
from billing_sdk.cli.on_call import OnCall
from billing_sdk.errors import BillingError
from billing_sdk.server.usecases.ensure_endpoint import ensure_endpoint
from billing_sdk.server.usecases.trigger_event import trigger_event
from billing_sdk.testing.visitor import Visitor
from tests.canaries import SHAPES, find_secrets
from tests.contract.oidc_client import SignIn, browser_of, post, profile, refresh
from tests.contract.pages.visits import CARD, begin, leaves_for_application
from tests.contract.people import bearer, machine_token
from tests.receiver import receiving
from tests.serving import RunningServer, serving
from tests.waiting import wait_until

pytestmark = pytest.mark.attack(196)

PAN = "5555555555554444"
DECLINED = "4000000000009995"
VERA = "vera@example.com"
WRONG = "a-wrong-password-of-somebody"
TALKATIVE = ("", "sqlalchemy", "httpx", "httpcore", "uvicorn", "authlib", "billing_sdk")


class Everything(logging.Handler):
    """Keeps what every logger says, apart for the threads of the server and for this one."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.by_server: list[str] = []
        self.by_client: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one record."""
        kept = self.by_client if record.threadName == threading.main_thread().name else self.by_server
        kept.append(f"{record.name} {self.format(record)}")


@dataclass
class Life:
    """What was said and shown, and the secrets that took part."""

    server: RunningServer
    place: Path
    log: Everything
    secrets: dict[str, str] = field(default_factory=dict)
    shown: list[tuple[str, str]] = field(default_factory=list)
    webhook: str = ""

    def show(self, what: str, response: httpx.Response | str) -> None:
        """Note what somebody was shown."""
        self.shown.append((what, response if isinstance(response, str) else f"{response.headers}\n{response.text}"))


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    log, levels = Everything(), {name: logging.getLogger(name).level for name in TALKATIVE}
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.DEBUG)
    logging.getLogger().addHandler(log)
    place = tmp_path_factory.mktemp("life") / "billing.db"
    try:
        with receiving() as receiver, serving(f"sqlite:///{place}") as server:
            lived = Life(server, place, log)
            ensure_endpoint(server.engine, url=receiver.url, name="Receiver")
            _sign_in(lived)
            _pay(lived)
            _be_refused(lived)
            trigger_event(server.engine, type="customer.plan_changed")
            wait_until(lambda: receiver.received, what="the webhook")
            lived.webhook = receiver.received[0].body
            yield lived
    finally:
        logging.getLogger().removeHandler(log)
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


def _sign_in(life: Life) -> None:
    seed = life.server.seed
    with browser_of(life.server) as browser:
        sign_in = SignIn(life.server, browser)
        state, nonce = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        code = sign_in.arrive(state=state, nonce=nonce).parameters["code"]
        tokens = sign_in.redeem(code).json()
        again = refresh(life.server, tokens["refresh_token"]).json()
        life.show("a profile", profile(life.server, again["access_token"]))
        session = browser.cookies["provider_session"]
        life.show("a code that is used again", sign_in.redeem(code))
    life.secrets |= {
        "client secret": seed.client_secret,
        "machine secret": seed.m2m_client_secret,
        "code": code,
        "verifier": sign_in.verifier,
        "session key": session,
        "state": state,
        "nonce": nonce,
    }
    life.secrets["key of the Stripe door"] = seed.api_key
    for name, value in (("a customer", {"name": "Ada"}), ("a refusal", {"email": seed.api_key})):
        life.show(name, _at_stripe_door(life.server, value))
    for name in ("access_token", "refresh_token", "id_token"):
        life.secrets |= {name: tokens[name], f"later {name}": again[name]}
    life.show("discovery", httpx.get(f"{life.server.base_url}/.well-known/openid-configuration"))
    life.show("the published keys", httpx.get(f"{life.server.base_url}/.well-known/jwks"))


def _at_stripe_door(server: RunningServer, fields: dict[str, str]) -> httpx.Response:
    headers = {"Authorization": f"Bearer {server.seed.api_key}"}
    return httpx.post(f"{server.base_url}/v1/customers", data=fields, headers=headers)


def _pay(life: Life) -> None:
    server, password = life.server, f"hunter-{secrets.token_hex(12)}"
    life.secrets |= {"password": password, "card number": PAN, "declined card number": DECLINED}
    life.secrets |= {
        f"{name} in groups": _in_groups(life.secrets[name]) for name in ("card number", "declined card number")
    }
    with Visitor() as visitor:
        begin(visitor, server, plan_interest="pro_monthly", state=secrets.token_urlsafe(24))
        life.show("a page of the journey", visitor.submit("Create account", email=VERA, password=password).html)
        life.show("a declined card", visitor.submit("Pay US$29.00", **{**CARD, "number": _in_groups(DECLINED)}).html)
        number = {**CARD, "number": _in_groups(PAN)}
        life.secrets |= {
            "another code": leaves_for_application(lambda: visitor.submit("Pay US$29.00", **number))["code"]
        }
        token = machine_token(server)
        life.secrets |= {"machine token": token}
        with server.engine.read() as tx:
            vera = tx.users.find_by_email(VERA)
            assert vera is not None
            assert tx.customers.find_by_user(vera.id) is not None
        made = httpx.post(
            f"{server.base_url}/api/v1/portal/generate_url",
            json={"user_id": vera.id, "sub_nav": "profile"},
            headers={**bearer(token), "Idempotency-Key": "once"},
        )
        link = made.json()["url"]
        life.secrets |= {"portal link": link.rpartition("/")[2].rpartition("=")[2]}
        visitor.open(link)
        life.show("the portal", visitor.submit().html)
        for name, value in visitor.http.cookies.items():
            life.secrets |= {f"cookie {name}": value}


def _in_groups(number: str) -> str:
    """Return a number as somebody may type it, and as the list of test cards on the page does not show it."""
    return " ".join(number[start : start + 2] for start in range(0, len(number), 2))


def _be_refused(life: Life) -> None:
    server = life.server
    life.secrets |= {"wrong password": WRONG}
    asked = {"grant_type": "client_credentials", "client_id": server.seed.m2m_client_id, "client_secret": WRONG}
    life.show("a wrong secret", post(server, "/oauth2/token", asked))
    life.show("a wrong refresh token", refresh(server, WRONG))
    forged = f"{life.secrets['machine token'][:-20]}{'A' * 20}"
    life.secrets |= {"forged token": forged}
    for method, path, options in (
        ("GET", "/api/v1/users", {"headers": bearer(forged)}),
        ("POST", "/api/v1/user", {"headers": bearer(life.secrets["machine token"]), "content": b"{"}),
        ("POST", "/api/v1/user", {"headers": bearer(life.secrets["machine token"]), "json": {"password": WRONG}}),
        ("GET", f"/api/v1/users?access_token={life.secrets['machine token']}", {}),
        ("GET", f"/account_api/v1/entitlements?token={WRONG}", {"headers": bearer(WRONG)}),
        ("GET", f"/oauth2/logout?id_token_hint={forged}", {}),
        ("GET", f"/nowhere/{WRONG}", {}),
    ):
        answer = httpx.request(method, f"{server.base_url}{path}", timeout=60, **options)
        assert 400 <= answer.status_code < 500 or path.startswith("/oauth2/logout"), (path, answer.status_code)
        life.show(f"{method} {path.partition('?')[0]} refused", answer)


def test_nothing_secret_is_in_the_servers_log_with_every_logger_at_its_most_talkative(life: Life) -> None:
    assert any("sqlalchemy" in line for line in life.log.by_server), "the statements were not logged: nothing is proved"
    # State and nonce are kept for the sign-in that they belong to, and are of no use without its browser.
    kept = {name: value for name, value in life.secrets.items() if name not in {"state", "nonce"}}
    assert find_secrets("\n".join(life.log.by_server), **kept) == set()


def test_nothing_secret_is_on_a_page_or_in_an_answer(life: Life) -> None:
    shown = {"a page of the journey", "a declined card", "the portal", "a wrong secret", "GET /api/v1/users refused"}
    assert shown <= {what for what, _ in life.shown}
    for what, text in life.shown:
        body = text.partition("\n")[2] if "set-cookie" in text.partition("\n")[0] else text
        assert (what, find_secrets(body, **life.secrets)) == (what, set())


def test_nothing_secret_is_in_the_database_file(life: Life) -> None:
    raw = b"".join(file.read_bytes() for file in life.place.parent.glob("billing.db*") if file.suffix != ".sealing-key")
    text = raw.decode("latin-1")
    assert "vera@example.com" in text, "the file was not read: nothing is proved"
    kept = {name: value for name, value in life.secrets.items() if name not in {"state", "nonce"}}
    kept["webhook"] = life.webhook
    found = {name for name, value in kept.items() if value in text}
    assert found == set()
    assert [name for name, shape in SHAPES.items() if shape.search(text)] == []
    assert DECLINED not in text
    assert PAN not in text


@pytest.mark.parametrize("path", ["/api/openapi.json", "/account_api/openapi.json"])
def test_no_document_of_an_api_carries_an_example_that_could_be_a_secret(life: Life, path: str) -> None:
    answer = httpx.get(f"{life.server.base_url}{path}", timeout=60)
    assert answer.status_code == 200
    assert find_secrets(answer.text, **life.secrets) == set()


def test_the_sdk_shows_no_secret_in_logs_errors_or_representations(life: Life) -> None:
    seed, base_url = life.server.seed, life.server.base_url
    life.log.by_client.clear()
    shown: list[str] = []
    for secret in (seed.m2m_client_secret, WRONG):
        with Client(
            issuer=base_url,
            client_id=seed.client_id,
            client_secret=seed.client_secret,
            redirect_uri=life.server.redirect_uri,
            m2m_client_id=seed.m2m_client_id,
            m2m_client_secret=secret,
        ) as client:
            shown += [repr(client), repr(client.config), str(vars(client))]
            for call in (lambda c=client: c.users.get("kp_nobody"), lambda c=client: c.webhooks.verify(b"x.y.z", {})):
                with pytest.raises((BillingError, TypeError, AttributeError)) as refusal:
                    call()
                shown += [str(refusal.value), repr(refusal.value), str(vars(refusal.value))]
    assert any("httpcore" in line for line in life.log.by_client), "nothing was logged: nothing is proved"
    assert find_secrets("\n".join([*shown, *life.log.by_client]), **life.secrets) == set()


def test_the_inside_of_the_server_shows_no_secret(life: Life) -> None:
    engine = life.server.engine
    with engine.read() as tx:
        keys = tx.keys.list(at=engine.now())
    shown = [repr(thing) for thing in (engine, engine.settings, keys, life.server.seed, engine.database)]
    assert find_secrets("\n".join(shown), **life.secrets) == set()
    assert "'password'" not in repr(life.server.seed)


def _options(command: Any, path: str = "") -> Iterator[tuple[str, str]]:
    for parameter in command.params:
        for option in (*parameter.opts, *parameter.secondary_opts):
            yield path, option
    for name, below in getattr(command, "commands", {}).items():
        yield from _options(below.load() if isinstance(below, OnCall) else below, f"{path} {name}")


def test_no_command_takes_a_secret_as_an_argument_that_every_user_of_the_machine_can_list() -> None:
    options = list(_options(typer.main.get_command(command_line)))
    assert len(options) > 300
    secret = ("secret", "password", "token", "credential", "private", "sealing-keys")
    assert [found for found in options if any(word in found[1].lower() for word in secret)] == []


@pytest.mark.attack(198)
def test_no_command_can_be_told_to_skip_a_check() -> None:
    names = [name for _, name in _options(typer.main.get_command(command_line))]
    assert [name for name in names if any(word in name for word in ("insecure", "no-verify", "skip", "debug"))] == []


def test_the_statements_in_a_log_carry_no_values(life: Life) -> None:
    statements = [line for line in life.log.by_server if line.startswith("sqlalchemy.engine") and "INSERT" in line]
    values = [line for line in life.log.by_server if "SQL parameters hidden" in line]
    assert statements
    assert values
    assert [line for line in life.log.by_server if VERA in line and "Row" not in line] == []
