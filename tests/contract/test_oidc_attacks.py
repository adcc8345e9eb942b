"""What an attacker tries at the provider's door: its pages, its sessions, and codes without their proof."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from billing_sdk.server.clock import TestClock
from billing_sdk.server.domain.identity import Application
from tests.contract.conformance.relying_party import (
    PERSON,
    RelyingParty,
    move,
    provider_under_test,
    relying_party,
)
from tests.contract.oidc_client import SESSION_COOKIE, SignIn, browser_of, machine_credentials, post
from tests.engines import NOON
from tests.serving import RunningServer, serving


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server; each test signs in anew, and after a while, so that nobody has to wait."""
    with provider_under_test(tmp_path_factory.mktemp("attacks")) as running:
        yield running


@pytest.fixture
def client(server: RunningServer) -> Iterator[RelyingParty]:
    """An application whose person is signed in."""
    with relying_party(server) as opened:
        yield opened


@pytest.fixture
def stranger(server: RunningServer) -> Iterator[RelyingParty]:
    """An application whose person is not signed in."""
    move(server, hours=1)
    with relying_party(server, is_signed_in=False) as opened:
        yield opened


def page_of(client: RelyingParty, response: httpx.Response) -> httpx.Response:
    """Follow the provider to a page."""
    while response.is_redirect:
        assert response.status_code == 303
        response = client.browser.get(response.headers["location"])
    return response


def sign_in_at(client: RelyingParty, page: httpx.Response) -> httpx.Response:
    return client.submit(page, email=PERSON[0], password=PERSON[1])


@pytest.mark.attack(18)
@pytest.mark.parametrize("parameters", [{}, {"prompt": "create"}, {"redirect_uri": "https://evil.example/"}])
def test_no_page_of_a_sign_in_can_be_framed(stranger: RelyingParty, parameters: dict[str, str]) -> None:
    page = page_of(stranger, stranger.ask(**parameters))
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert page.headers["x-frame-options"] == "DENY"


@pytest.mark.attack(18)
def test_the_question_before_signing_out_can_not_be_framed(client: RelyingParty) -> None:
    page = client.browser.get("/logout")
    assert "Sign out?" in page.text
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert page.headers["x-frame-options"] == "DENY"


@pytest.mark.attack(19)
@pytest.mark.parametrize(
    ("token", "headers"),
    [
        ("", {}),
        ("0" * 64, {}),
        (None, {"Origin": "https://evil.example"}),
        (None, {"Origin": "null"}),
        (None, {"Sec-Fetch-Site": "cross-site"}),
    ],
)
def test_nobody_is_signed_in_by_a_form_of_another_site(
    stranger: RelyingParty, token: str | None, headers: dict[str, str]
) -> None:
    page = page_of(stranger, stranger.ask())
    own = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert own
    form = {"csrf_token": own[1] if token is None else token, "email": PERSON[0], "password": PERSON[1]}
    answer = stranger.browser.post(str(page.url), data=form, headers=headers)
    assert answer.status_code == 403
    assert SESSION_COOKIE not in stranger.browser.cookies


@pytest.mark.attack(19)
def test_nobody_is_signed_in_by_a_form_that_was_shown_in_another_browser(
    server: RunningServer, stranger: RelyingParty
) -> None:
    page = page_of(stranger, stranger.ask())
    with relying_party(server, is_signed_in=False) as victim:
        assert sign_in_at(victim, page).status_code == 400
        assert SESSION_COOKIE not in victim.browser.cookies


@pytest.mark.attack(20)
def test_a_password_is_not_sent_on_by_any_redirect(stranger: RelyingParty) -> None:
    response = sign_in_at(stranger, page_of(stranger, stranger.ask()))
    while response.headers["location"].startswith("/"):
        assert response.status_code == 303  # which makes a GET of a POST
        response = stranger.browser.get(response.headers["location"])
    assert response.status_code == 303


@pytest.mark.attack(21)
def test_a_code_leaks_neither_by_referrer_nor_by_a_cache(client: RelyingParty) -> None:
    response = client.ask(prompt="none")
    assert "code=" in response.headers["location"]
    assert response.headers["referrer-policy"] == "no-referrer"
    assert response.headers["cache-control"] == "no-store"
    assert response.content == b""


@pytest.mark.attack(21)
def test_a_page_of_a_sign_in_loads_nothing_from_elsewhere(stranger: RelyingParty) -> None:
    page = page_of(stranger, stranger.ask())
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    loaded = re.findall(r'(?:src|href|srcset|action)="([^"]+)"', page.text)
    assert loaded
    assert all(address.startswith(("/", "#", "?")) and not address.startswith("//") for address in loaded)
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert set(re.findall(r"https?://[^ ;]+", policy)) == {"https://suite.example:443"}  # where the form may end


@pytest.mark.attack(24)
def test_a_session_that_somebody_else_has_chosen_is_not_taken(stranger: RelyingParty) -> None:
    stranger.browser.cookies.set(SESSION_COOKIE, "chosen-by-the-attacker", domain="127.0.0.1")
    response = sign_in_at(stranger, page_of(stranger, stranger.ask()))
    (given,) = [cookie for cookie in response.headers.get_list("set-cookie") if cookie.startswith(SESSION_COOKIE)]
    assert not given.startswith(f"{SESSION_COOKIE}=chosen-by-the-attacker")
    assert {"HttpOnly", "Path=/", "SameSite=lax"} <= set(given.split("; "))
    with httpx.Client(base_url=stranger.server.base_url, cookies={SESSION_COOKIE: "chosen-by-the-attacker"}) as other:
        assert not RelyingParty(stranger.server, other).is_signed_in


@pytest.mark.attack(24)
def test_signing_in_again_begins_a_new_session_and_ends_the_one_before(client: RelyingParty) -> None:
    before = client.browser.cookies[SESSION_COOKIE]
    response = sign_in_at(client, page_of(client, client.ask(prompt="login")))
    assert response.status_code == 303
    assert client.browser.cookies[SESSION_COOKIE] != before
    with httpx.Client(base_url=client.server.base_url, cookies={SESSION_COOKIE: before}) as thief:
        assert not RelyingParty(client.server, thief).is_signed_in


@pytest.mark.attack(24)
def test_a_session_that_was_signed_out_of_is_over_for_whoever_has_its_key(client: RelyingParty) -> None:
    before = client.browser.cookies[SESSION_COOKIE]
    client.log_out()
    with httpx.Client(base_url=client.server.base_url, cookies={SESSION_COOKIE: before}) as thief:
        assert not RelyingParty(client.server, thief).is_signed_in


@pytest.mark.attack(14)
def test_a_verifier_without_a_challenge_shows_that_the_challenge_was_taken_away(client: RelyingParty) -> None:
    code = client.code()
    client.expect_invalid_grant(client.redeem(code, code_verifier="v" * 43))
    client.expect_invalid_grant(client.redeem(code))


@pytest.mark.attack(16)
def test_a_request_object_is_never_fetched(client: RelyingParty) -> None:
    with socket.create_server(("127.0.0.1", 0)) as inside:
        inside.setblocking(False)
        address = f"http://127.0.0.1:{inside.getsockname()[1]}/object"
        assert client.refusal(client.ask(request_uri=address)) == "request_uri_not_supported"
        with pytest.raises(BlockingIOError):
            inside.accept()


@pytest.mark.attack(17)
def test_an_answer_is_only_about_the_person_who_was_hinted_at(server: RunningServer, client: RelyingParty) -> None:
    hint = client.tokens()["id_token"]
    move(server, hours=1)
    with relying_party(server, is_signed_in=False) as other:
        page = page_of(other, other.ask(id_token_hint=hint))
        response = other.submit(page, email="ada@example.com", password=PERSON[1])
        assert other.refusal(response) == "login_required"


@pytest.mark.attack(17)
def test_an_answer_is_only_about_the_person_who_was_asked_for(client: RelyingParty) -> None:
    subject = client.tokens()["claims"]["sub"]
    assert client.code(prompt="none", claims=f'{{"id_token":{{"sub":{{"value":"{subject}"}}}}}}')
    other = '{"id_token":{"sub":{"value":"kp_somebody_else"}}}'
    assert client.refusal(client.ask(prompt="none", claims=other)) == "login_required"


@pytest.mark.attack(17)
@pytest.mark.parametrize("wanted", [{"plan_interest": "gold"}, {"pricing_table_key": "summer"}, {"is_create_org": "7"}])
def test_a_silent_request_never_shows_a_page(client: RelyingParty, wanted: dict[str, str]) -> None:
    assert client.refusal(client.ask(prompt="none", **wanted)) == "invalid_request"


@pytest.mark.attack(22)
@pytest.mark.parametrize(
    "mistake", [{"response_type": "token"}, {"prompt": "none", "max_age": "0"}, {"scope": "openid", "claims": "{"}]
)
def test_an_error_names_its_issuer_like_a_success(client: RelyingParty, mistake: dict[str, str]) -> None:
    response = client.ask(**mistake)
    assert client.refusal(response)  # which looks at `iss`
    published = client.browser.get("/.well-known/openid-configuration").json()
    assert published["authorization_response_iss_parameter_supported"] is True


@pytest.mark.attack(49)
def test_no_answer_with_a_token_is_kept_or_read_by_another_site(client: RelyingParty) -> None:
    origin = {"Origin": "https://evil.example"}
    answer = client.tokens()
    form = {"token": answer["access_token"], "client_id": client.client_id, "client_secret": client.secret}
    bearer = {"Authorization": f"Bearer {answer['access_token']}", **origin}
    machine = {"grant_type": "client_credentials", **machine_credentials(client.server)}
    answers = [
        post(client.server, "/oauth2/token", dict(machine), headers=origin),
        post(client.server, "/oauth2/token", {"grant_type": "password"}, headers=origin),
        post(client.server, "/oauth2/introspect", dict(form), headers=origin),
        post(client.server, "/oauth2/revoke", dict(form), headers=origin),
        httpx.get(f"{client.server.base_url}/oauth2/userinfo", headers=bearer),
    ]
    assert [answer.status_code for answer in answers] == [200, 400, 200, 200, 401]
    for path in ("/oauth2/token", "/oauth2/userinfo"):
        asked = {**origin, "Access-Control-Request-Method": "POST"}
        answers.append(httpx.options(f"{client.server.base_url}{path}", headers=asked))
        assert answers[-1].status_code == 405
    for response in answers:
        assert response.headers["cache-control"] == "no-store"
        assert not [name for name in response.headers if name.startswith("access-control-")]


@pytest.mark.attack(46)
def test_a_machine_to_which_nothing_was_granted_gets_nothing(server: RunningServer) -> None:
    secret = {"client_id": "idle", "client_secret": machine_credentials(server)["client_secret"]}
    with server.engine.begin() as tx:
        digest = tx.applications.find_secret_digest(server.seed.m2m_client_id)
        tx.applications.save(Application("idle", "Idle", "machine"), secret_digest=digest)
    for scope in (None, "", "read:users", "*"):
        answer = post(server, "/oauth2/token", {"grant_type": "client_credentials", "scope": scope, **secret})
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")


@pytest.mark.attack(23)
def test_a_page_does_not_tell_whether_an_account_exists(stranger: RelyingParty) -> None:
    page = page_of(stranger, stranger.ask())
    answers = []
    for email in (PERSON[0], "nobody@example.com"):
        answer = stranger.submit(page, email=email, password="a wrong password")
        text = re.sub(r'(nonce|name="once" value)="[^"]+"', "", answer.text).replace(email, "")
        answers.append((answer.status_code, text, {*answer.headers} - {"content-length"}))
    assert answers[0] == answers[1]


@pytest.mark.attack(23)
def test_a_visitor_who_tries_many_accounts_is_told_to_wait(tmp_path: Path) -> None:
    with (
        serving(f"sqlite:///{tmp_path}/billing.db", clock=TestClock(NOON), trusted_proxies=1) as server,
        browser_of(server) as browser,
    ):
        guess = SignIn(server, browser).parameters(prompt="login")
        step = browser.get(browser.get("/oauth2/auth", params=guess).headers["location"])
        page = browser.get(step.headers["location"])
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
        assert token

        def attempt(number: int, address: str) -> httpx.Response:
            form = {"csrf_token": token[1], "email": f"user{number}@example.com", "password": "Summer2026!"}
            headers = {"Origin": server.base_url, "X-Forwarded-For": f"192.0.2.{number}, {address}"}
            return browser.post(str(page.url), data=form, headers=headers)

        answers = [attempt(number, "203.0.113.7") for number in range(6)]
        assert [answer.status_code for answer in answers] == [422] * 5 + [429]
        assert answers[-1].headers["retry-after"] == "60"
        assert attempt(9, "198.51.100.9").status_code == 422


def refresh(client: RelyingParty, token: str) -> httpx.Response:
    return client.token_request(grant_type="refresh_token", refresh_token=token)


@pytest.mark.attack(42)
def test_a_copy_of_a_refresh_token_ends_all_that_came_from_its_sign_in(client: RelyingParty) -> None:
    first = client.tokens(scope="openid offline")
    second = refresh(client, first["refresh_token"]).json()
    move(client.server, seconds=11)
    client.expect_invalid_grant(refresh(client, first["refresh_token"]))
    client.expect_invalid_grant(refresh(client, second["refresh_token"]))
    client.userinfo(first, status=401)
    client.userinfo(second, status=401)


@pytest.mark.attack(42)
def test_an_answer_that_was_lost_can_be_asked_for_again_until_it_is_used(client: RelyingParty) -> None:
    first = client.tokens(scope="openid offline")
    lost = refresh(client, first["refresh_token"]).json()
    move(client.server, seconds=10)
    again = refresh(client, first["refresh_token"]).json()
    assert again["refresh_token"] == lost["refresh_token"]
    latest = refresh(client, again["refresh_token"]).json()
    client.expect_invalid_grant(refresh(client, first["refresh_token"]))
    client.expect_invalid_grant(refresh(client, latest["refresh_token"]))
