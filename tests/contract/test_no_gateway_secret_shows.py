"""Keys of Stripe, what it signs with, what consent hands out, and tokens of the doors: none shows where it must not."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from billing_sdk._secret import Secret
from billing_sdk.cli.commands import app as command_line
from billing_sdk.errors import BillingError
from billing_sdk.server.gateways import SetupWanted
from billing_sdk.server.storage.tables import metadata
from billing_sdk.server.usecases.api_tokens import create_api_token
from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.begin_checkout import begin_checkout
from billing_sdk.server.usecases.dashboard_tokens import issue_dashboard_token
from billing_sdk.server.usecases.gateway_of import gateway_of
from billing_sdk.server.usecases.recover import recover
from billing_sdk.server.usecases.rotate_app_key import rotate_app_key
from billing_sdk.testing.stripe import StripeSimulator, stripe_simulator
from billing_sdk.testing.visitor import Visitor
from tests.canaries import find_secrets
from tests.contract.test_no_secret_shows import TALKATIVE, Everything
from tests.serving import RunningServer, serving

pytestmark = pytest.mark.attack(196)

TAB = "/dashboard/applications/demo_app/billing"
SEALED = ("api_key", "webhook_secret", "refresh_token")
WRONG_KEY = "sk_test_" + "w" * 32


@dataclass
class Life:
    """What was said and shown, and the secrets that took part."""

    server: RunningServer
    place: Path
    log: Everything
    secrets: dict[str, str] = field(default_factory=dict)
    shown: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    log, levels = Everything(), {name: logging.getLogger(name).level for name in (*TALKATIVE, "urllib3", "requests")}
    for name in levels:
        logging.getLogger(name).setLevel(logging.DEBUG)
    logging.getLogger().addHandler(log)
    place = tmp_path_factory.mktemp("gateways") / "billing.db"
    try:
        with stripe_simulator() as stripe:
            settings = {
                "stripe_secret_key": Secret(stripe.secret_key),
                "stripe_api_base": stripe.base_url,
                "stripe_connect_client_id": stripe.client_id,
            }
            with serving(f"sqlite:///{place}", gateway=None, **settings) as server:
                lived = Life(server, place, log, {"the platform's key": stripe.secret_key, "a wrong key": WRONG_KEY})
                _link(lived)
                _ask(lived)
                _have_the_key_refused(lived, stripe)
                yield lived
    finally:
        logging.getLogger().removeHandler(log)
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


def _link(life: Life) -> None:
    """Link an account by consent, and go on with the one of the key."""
    with Visitor() as visitor:
        visitor.open(f"{life.server.base_url}/dashboard")
        visitor.submit(email=life.server.seed.users[0][0], password=life.server.seed.users[0][1])
        visitor.open(f"{life.server.base_url}{TAB}")
        visitor.submit("Connect with Stripe")
        life.secrets["the state of a visit"] = visitor.page.url.rpartition("state=")[2].partition("&")[0]
        visitor.submit("Connect")
        visitor.open(f"{life.server.base_url}{TAB}")
        for gateway in ("stripe_connect", "stripe_platform"):
            button = "Enable billing" if "Billing is off" in visitor.page.text else "Change gateway"
            life.shown.append(visitor.submit(button, gateway=gateway).html)
            life.shown.append(visitor.open(f"{life.server.base_url}{TAB}/settings").html)
    with life.server.engine.read() as tx:
        apps = tx.payment_apps.list()
        for app in apps:
            for name in SEALED:
                if kept := tx.payment_apps.secret_of(app.id, name):
                    life.secrets[f"{name} of {app.gateway}"] = kept.reveal()
    life.shown += [repr(app) for app in apps]
    life.shown += [repr(gateway_of(life.server.engine, app.gateway)) for app in apps]
    life.shown += [str(vars(gateway_of(life.server.engine, app.gateway))) for app in apps]


def _ask(life: Life) -> None:
    """Ask every door with its own tokens, and with wrong ones."""
    engine = life.server.engine
    with engine.read() as tx:
        ada = tx.users.find_by_email(life.server.seed.users[0][0])
    assert ada is not None
    made = create_api_token(engine, name="tests")
    dashboard, _ = issue_dashboard_token(engine, user_id=ada.id, actor="test")
    customer = become_customer(engine, user_id=ada.id, billing_email=ada.email)
    wanted = SetupWanted(nonce="once", mode="embedded", success_url=f"{life.server.base_url}/back", currency="usd")
    session = begin_checkout(engine, customer_id=customer.id, wanted=wanted)
    assert session.client_secret is not None
    life.secrets |= {
        "a token of the Konnect door": made.secret.reveal(),
        "a dashboard token": dashboard.reveal(),
        "the client secret of a session": session.client_secret,
    }
    life.shown += [repr(made), repr(dashboard), repr(session)]
    asked = (
        ("/v3/openmeter/apps", made.secret.reveal()),
        ("/v3/openmeter/apps", made.secret.reveal()[:-4] + "aaaa"),
        ("/v3/openmeter/customers", dashboard.reveal()),
        ("/v1/dashboard/billing/status", dashboard.reveal()),
        ("/v1/dashboard/billing/status", made.secret.reveal()),
    )
    for path, token in asked:
        answer = httpx.get(f"{life.server.base_url}{path}", headers={"Authorization": f"Bearer {token}"}, timeout=60)
        assert answer.status_code in (200, 401), (path, answer.text)
        life.shown.append(f"{answer.headers} {answer.text}")
    for command in (["gateways", "list"], ["tokens", "list"]):
        done = CliRunner().invoke(command_line, [*command, "--database", f"sqlite:///{life.place}"])
        life.shown += [done.output, repr(done.exception)]


def _have_the_key_refused(life: Life, stripe: StripeSimulator) -> None:
    """Offer a key that is none, and have the good one refused for a while."""
    engine = life.server.engine
    with engine.read() as tx:
        app = tx.payment_apps.of_gateway("stripe_platform")
    assert app is not None
    with pytest.raises(BillingError) as refused:
        rotate_app_key(engine, app_id=app.id, api_key=Secret(WRONG_KEY))
    life.shown += [str(refused.value), repr(refused.value), str(vars(refused.value))]
    stripe.revoke_key()
    recover(engine)
    stripe.restore_key()


def test_no_secret_of_a_gateway_is_in_a_log(life: Life) -> None:
    said = [*life.log.by_server, *life.log.by_client]
    assert any("/v1/webhook_endpoints" in line for line in said), "no call of Stripe was logged: nothing is proved"
    ours = [line for line in said if not line.startswith(("httpx ", "httpcore"))]
    assert find_secrets("\n".join(ours), **life.secrets) == set()


def test_no_secret_of_a_gateway_is_on_a_page_in_an_answer_or_in_what_is_printed_of_things(life: Life) -> None:
    assert {"webhook_secret of stripe_platform", "refresh_token of stripe_connect"} <= life.secrets.keys()
    assert any("***" in text for text in life.shown), "no masked key was shown: nothing is proved"
    assert find_secrets("\n".join([*life.shown, repr(life.server.engine)]), **life.secrets) == set()


def test_no_secret_of_a_gateway_is_in_the_database_file_or_in_a_row_of_it(life: Life) -> None:
    raw = b"".join(file.read_bytes() for file in life.place.parent.glob("billing.db*") if file.suffix != ".sealing-key")
    with life.server.engine.database.look() as tx:
        rows = [
            str(tuple(row))
            for table in metadata.sorted_tables
            for row in tx.workspace._connection.execute(select(table))
        ]
    assert any("app.connect" in row for row in rows), "the audit was not read: nothing is proved"
    assert find_secrets("\n".join([raw.decode("latin-1"), *rows]), **life.secrets) == set()
