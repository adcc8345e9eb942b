"""The certified `oidc-provider` 9.13.3 for Node.js, unmodified, as an independent provider for our sign-in."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from billing_sdk.client import utc_now
from billing_sdk.errors import BillingError, ExpiredToken, InvalidToken, IssuerMismatch, SignInError
from tests.unit.sdk.conftest import Driver

ROOT = Path(__file__).parents[2]
NODE = ROOT / ".foreign/node"
SCRIPT = ROOT / "tests/contract/foreign/oidc_provider.mjs"
HOME = "http://127.0.0.1:9/"
TASK = {
    "client_id": "app:1",  # a colon has to survive HTTP Basic
    "client_secret": "a secret of the tests, 100% secret",
    "redirect_uri": "http://127.0.0.1:9/callback",
    "home": HOME,
}
SCOPES = ["openid", "profile", "email", "offline_access"]

pytestmark = pytest.mark.foreign


def node_binary() -> str:
    """Return the Node.js that the provider needs: the one that was installed beside it, or that of the machine."""
    return next((str(path) for path in NODE.glob("node_modules/node-linux-*/bin/node")), "node")


@pytest.fixture(scope="module", params=["client_secret_basic", "client_secret_post"])
def issuer(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of the provider, once for each way of sending the client's secret."""
    assert (NODE / "node_modules/oidc-provider").is_dir(), "it is not installed; run: sh scripts/foreign.sh"
    process = subprocess.Popen(
        [node_binary(), str(SCRIPT), json.dumps({**TASK, "auth_method": request.param})],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"FOREIGN_NODE": str(NODE), "PATH": os.environ["PATH"]},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        line = process.stdout.readline().strip()
        assert line, process.communicate()[1]
        yield line
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(params=["sync", "async"])
def driver(request: pytest.FixtureRequest, issuer: str) -> Iterator[Driver]:
    """A client of each colour."""
    settings = {"client_id": TASK["client_id"], "client_secret": TASK["client_secret"], "deadline_seconds": 60}
    driver = Driver(request.param, issuer=issuer, redirect_uri=TASK["redirect_uri"], now=utc_now, **settings)
    yield driver
    driver.close()


@pytest.fixture
def browser() -> Iterator[httpx.Client]:
    """A browser that has not been at the provider."""
    with httpx.Client(timeout=60) as browser:
        yield browser


def walk(browser: httpx.Client, url: str) -> str:
    """Follow redirects as a browser does, until they leave the provider for the application."""
    for _ in range(10):
        response = browser.get(url)
        assert response.status_code in (302, 303), response.text
        url = str(response.url.join(response.headers["location"]))
        if url.startswith(HOME):
            return url
    raise AssertionError("the provider never sends the browser back")


def sign_in(driver: Driver, browser: httpx.Client):
    start = driver.run(lambda c: c.login.login_url(scopes=SCOPES, prompt="consent"))
    back = walk(browser, str(start))
    return driver.run(lambda c: c.login.callback(back, start.transaction)), back, start.transaction


def test_a_sign_in_a_profile_a_renewal_and_a_sign_out(driver: Driver, browser: httpx.Client, issuer: str) -> None:
    signed_in, back, _ = sign_in(driver, browser)
    assert (signed_in.user.iss, signed_in.user.sub) == (issuer, "ada")
    assert parse_qs(urlsplit(back).query)["iss"] == [issuer]

    profile = driver.run(lambda c: c.login.profile(signed_in.tokens))
    assert (profile.sub, profile.email, profile.is_email_verified, profile.given_name) == (
        "ada",
        "ada@example.com",
        True,
        "Ada",
    )

    fresh = driver.run(lambda c: c.login.refresh(signed_in.tokens))
    assert fresh.access_token != signed_in.tokens.access_token
    assert driver.run(lambda c: c.login.profile(fresh)).sub == "ada"

    page = browser.get(driver.run(lambda c: c.login.logout_url(redirect=HOME, id_token_hint=fresh.id_token)))
    assert page.status_code == 200, page.text
    token = re.search(r'name="xsrf" value="([^"]+)"', page.text)
    action = re.search(r'action="([^"]+)"', page.text)
    assert token, page.text
    assert action, page.text
    left = browser.post(action.group(1), data={"xsrf": token.group(1), "logout": "yes"})
    assert left.headers["location"].startswith(HOME)


@pytest.mark.attack(3, 29)
def test_the_provider_refuses_a_code_under_the_verifier_of_another_sign_in(
    driver: Driver, browser: httpx.Client
) -> None:
    first = driver.run(lambda c: c.login.login_url(scopes=SCOPES))
    second = driver.run(lambda c: c.login.login_url(scopes=SCOPES))
    back = httpx.URL(walk(browser, str(first)))
    injected = str(back.copy_set_param("state", second.transaction.state))
    with pytest.raises(SignInError) as caught:
        driver.run(lambda c: c.login.callback(injected, second.transaction))
    assert caught.value.facts == {"error": "invalid_grant"}


@pytest.mark.attack(25, 28)
@pytest.mark.parametrize(("name", "value"), [("iss", "https://evil.example"), ("iss", None), ("state", None)])
def test_a_callback_is_refused_without_what_the_provider_had_sent(
    driver: Driver, browser: httpx.Client, name: str, value: str | None
) -> None:
    start = driver.run(lambda c: c.login.login_url(scopes=SCOPES))
    back = httpx.URL(walk(browser, str(start)))
    bent = str(back.copy_remove_param(name) if value is None else back.copy_set_param(name, value))
    with pytest.raises(SignInError if name == "state" else IssuerMismatch):
        driver.run(lambda c: c.login.callback(bent, start.transaction))


def test_a_code_works_once_and_takes_its_tokens_with_it(driver: Driver, browser: httpx.Client) -> None:
    signed_in, back, transaction = sign_in(driver, browser)
    with pytest.raises(SignInError):
        driver.run(lambda c: c.login.callback(back, transaction))
    with pytest.raises(BillingError):
        driver.run(lambda c: c.login.profile(signed_in.tokens))


def test_a_revoked_refresh_token_renews_nothing(driver: Driver, browser: httpx.Client) -> None:
    signed_in, _, _ = sign_in(driver, browser)
    driver.run(lambda c: c.login.revoke(signed_in.tokens.refresh_token))
    with pytest.raises((ExpiredToken, InvalidToken)):
        driver.run(lambda c: c.login.refresh(signed_in.tokens))
