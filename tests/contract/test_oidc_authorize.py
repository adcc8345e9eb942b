"""The authorization endpoint answers only addresses that are registered, and says there what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest

from billing_sdk.server.clock import TestClock
from tests.contract.oidc_client import SignIn, answer_of, browser_of, challenge_of
from tests.serving import CALLBACK, RunningServer, serving

CLOCK = TestClock(datetime(2026, 11, 1, 12, tzinfo=UTC))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server for requests that change nothing."""
    with serving(f"sqlite:///{tmp_path_factory.mktemp('oidc')}/billing.db", clock=CLOCK) as running:
        yield running


@pytest.fixture
def sign_in(server: RunningServer) -> Iterator[SignIn]:
    """A sign-in in the browser of somebody who is signed in at the provider."""
    with browser_of(server) as browser:
        yield SignIn(server, browser)


@pytest.fixture
def stranger(server: RunningServer) -> Iterator[SignIn]:
    """A sign-in in the browser of somebody whom the provider does not know."""
    headers = {"Accept": "text/html"}
    with httpx.Client(base_url=server.base_url, headers=headers, timeout=60) as browser:
        yield SignIn(server, browser)


def refusal(response: httpx.Response, server: RunningServer) -> str:
    """Return the error that the application was told of."""
    assert response.status_code == 303
    answer = answer_of(response)
    assert answer.address == CALLBACK
    assert answer.parameters["state"] == "a-state"
    assert answer.parameters["iss"] == server.base_url
    assert answer.parameters["error_description"]
    assert "code" not in answer.parameters
    return answer.parameters["error"]


@pytest.mark.attack(10)
@pytest.mark.parametrize(
    "redirect_uri",
    [
        None,
        "",
        f"{CALLBACK}/",
        f"{CALLBACK}?x=1",
        f"{CALLBACK}?",
        f"{CALLBACK}#",
        f"{CALLBACK}/../callback",
        f"{CALLBACK}%2f",
        f"{CALLBACK};x",
        CALLBACK.upper(),
        CALLBACK[:-1],
        CALLBACK.replace("http:", "https:"),
        CALLBACK.replace("3000", "3001"),
        CALLBACK.replace("127.0.0.1", "127.0.0.1@evil.example"),
        CALLBACK.replace("127.0.0.1", "evil.example"),
        CALLBACK.replace("/callback", "//callback"),
        CALLBACK.replace("/callback", "\\callback"),
        f" {CALLBACK}",
        f"{CALLBACK}\n",
        "javascript:alert(1)",
        "//evil.example/callback",
    ],
)
def test_an_address_that_is_not_registered_gets_nothing(stranger: SignIn, redirect_uri: str | None) -> None:
    response = stranger.ask(redirect_uri=redirect_uri)
    assert response.status_code == 400
    assert "text/html" in response.headers["content-type"]
    assert "location" not in response.headers
    assert "not registered" in response.text


@pytest.mark.attack(11)
@pytest.mark.parametrize(
    "changes", [{"client_id": "nobody"}, {"client_id": None}, {"client_id": "nobody", "scope": '"'}]
)
def test_an_unknown_application_gets_a_page_whatever_else_is_wrong(
    stranger: SignIn, changes: dict[str, str | None]
) -> None:
    response = stranger.ask(redirect_uri="https://evil.example/", response_type="token", **changes)
    assert response.status_code == 400
    assert "location" not in response.headers


@pytest.mark.attack(12)
@pytest.mark.parametrize("response_type", ["token", "id_token", "code token", "code id_token", "none", "", None, '"'])
def test_only_codes_are_given(stranger: SignIn, server: RunningServer, response_type: str | None) -> None:
    assert refusal(stranger.ask(response_type=response_type), server) == "unsupported_response_type"


@pytest.mark.attack(13)
@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge": None},
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": "s256"},
        {"code_challenge": "short"},
        {"code_challenge": "a" * 44},
        {"code_challenge": "a" * 42 + "="},
        {"code_challenge": "a" * 42 + "."},
    ],
)
def test_pkce_is_needed_and_plain_is_none(
    stranger: SignIn, server: RunningServer, changes: dict[str, str | None]
) -> None:
    assert refusal(stranger.ask(**changes), server) == "invalid_request"


@pytest.mark.attack(15)
@pytest.mark.parametrize("name", ["client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge", "x"])
def test_a_parameter_given_twice_is_refused(stranger: SignIn, name: str) -> None:
    parameters = [*stranger.parameters(x="1").items(), (name, "again")]
    response = stranger.browser.get("/oauth2/auth", params=parameters)
    assert response.status_code == 400
    assert "location" not in response.headers


@pytest.mark.attack(15)
def test_parameters_come_from_the_form_or_from_the_address(stranger: SignIn) -> None:
    parameters = stranger.parameters()
    assert stranger.browser.post("/oauth2/auth", data=parameters).status_code == 303
    assert stranger.browser.post("/oauth2/auth?prompt=none", data=parameters).status_code == 400


@pytest.mark.attack(16)
@pytest.mark.parametrize(
    ("name", "error"), [("request", "request_not_supported"), ("request_uri", "request_uri_not_supported")]
)
def test_request_objects_are_not_read(stranger: SignIn, server: RunningServer, name: str, error: str) -> None:
    assert refusal(stranger.ask(**{name: "http://127.0.0.1:9/object"}), server) == error


@pytest.mark.attack(17)
@pytest.mark.parametrize(
    "changes",
    [
        {"prompt": "none login"},
        {"prompt": "something"},
        {"max_age": "-1"},
        {"max_age": "1e20"},
        {"max_age": "NaN"},
        {"max_age": ""},
        {"id_token_hint": "eyJhbGciOiJub25lIn0.eyJzdWIiOiJrcF8xIn0."},
        {"response_mode": "form_post"},
        {"response_mode": "fragment"},
        {"login_hint": "a\r\nb"},
        {"login_hint": "x" * 5_000},
    ],
)
def test_what_can_not_be_understood_is_refused(sign_in: SignIn, server: RunningServer, changes: dict[str, str]) -> None:
    assert refusal(sign_in.ask(**changes), server) == "invalid_request"


def test_an_api_that_is_not_ours_is_no_audience(stranger: SignIn, server: RunningServer) -> None:
    assert refusal(stranger.ask(audience="https://elsewhere.example/api"), server) == "invalid_target"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [("plan_interest", "gold", "gold"), ("pricing_table_key", "summer", "summer")],
)
def test_an_unknown_plan_or_table_is_named_on_a_page(stranger: SignIn, name: str, value: str, said: str) -> None:
    response = stranger.ask(**{name: value}, prompt="create")
    assert response.status_code == 404
    assert "text/html" in response.headers["content-type"]
    assert said in response.text
    assert "set-cookie" not in response.headers


@pytest.mark.attack(17)
def test_a_silent_request_is_answered_at_once(stranger: SignIn, sign_in: SignIn, server: RunningServer) -> None:
    assert refusal(stranger.ask(prompt="none"), server) == "login_required"
    answer = answer_of(sign_in.ask(prompt="none"))
    assert answer.parameters["code"]
    assert answer.parameters["iss"] == server.base_url


def test_a_silent_request_does_not_switch_to_a_foreign_organization(sign_in: SignIn, server: RunningServer) -> None:
    assert refusal(sign_in.ask(prompt="none", org_code="org_00000000000"), server) == "access_denied"


@pytest.mark.attack(17)
def test_a_silent_request_for_somebody_else_needs_a_sign_in(server: RunningServer, sign_in: SignIn) -> None:
    id_token = sign_in.tokens()["id_token"]
    with browser_of(server, "ada@example.com") as other:
        response = SignIn(server, other).ask(prompt="none", id_token_hint=id_token)
    assert refusal(response, server) == "login_required"


@pytest.mark.attack(17)
def test_a_sign_in_can_be_too_old(sign_in: SignIn, server: RunningServer) -> None:
    CLOCK.advance(seconds=30)
    assert refusal(sign_in.ask(prompt="none", max_age="29"), server) == "login_required"
    assert refusal(sign_in.ask(prompt="none", max_age="0"), server) == "login_required"
    assert answer_of(sign_in.ask(prompt="none", max_age="31")).parameters["code"]


@pytest.mark.parametrize("prompt", ["login", "create", "select_account"])
def test_a_prompt_makes_even_a_known_person_sign_in(sign_in: SignIn, prompt: str) -> None:
    first = sign_in.ask(prompt=prompt)
    step = sign_in.browser.get(first.headers["location"])
    assert step.headers["location"].rsplit("/", 1)[1] in ("sign-in", "register")


@pytest.mark.attack(20)
@pytest.mark.attack(22)
def test_the_answer_names_its_issuer_and_is_never_sent_as_a_form(sign_in: SignIn, server: RunningServer) -> None:
    answer = sign_in.arrive()
    assert answer.address == CALLBACK
    assert answer.parameters.keys() == {"code", "state", "iss"}
    assert answer.parameters["state"] == "a-state"
    assert answer.parameters["iss"] == server.base_url


def test_unknown_parameters_have_no_effect(sign_in: SignIn) -> None:
    assert sign_in.arrive(utm_source="news", supports_reauth="true").parameters["code"]


def test_a_journey_ends_once_and_only_in_its_own_browser(sign_in: SignIn, stranger: SignIn) -> None:
    journey = sign_in.ask().headers["location"].rsplit("/", 1)[1]
    resume = f"/oauth2/auth/resume?journey={journey}"
    assert stranger.browser.get(resume).status_code == 400
    assert sign_in.browser.head(resume).status_code == 405
    assert answer_of(sign_in.browser.get(resume)).parameters["code"]
    assert sign_in.browser.get(resume).status_code == 400


def test_a_code_is_only_for_whoever_is_still_signed_in(server: RunningServer, sign_in: SignIn) -> None:
    journey = sign_in.ask().headers["location"].rsplit("/", 1)[1]
    sign_in.browser.cookies.delete("provider_session")
    assert sign_in.browser.get(f"/oauth2/auth/resume?journey={journey}").status_code == 400


@pytest.mark.attack(24)
def test_a_journey_of_one_person_gives_no_code_to_another(server: RunningServer, sign_in: SignIn) -> None:
    journey = sign_in.ask().headers["location"].rsplit("/", 1)[1]
    with browser_of(server, "ada@example.com") as other:
        sign_in.browser.cookies.set("provider_session", other.cookies["provider_session"], domain="127.0.0.1")
        sign_in.browser.cookies.delete("provider_session", domain="")
    response = sign_in.browser.get(f"/oauth2/auth/resume?journey={journey}")
    assert (response.status_code, "location" in response.headers) == (400, False)


@pytest.mark.attack(24)
def test_whoever_has_left_the_organization_meanwhile_gets_no_code(server: RunningServer, sign_in: SignIn) -> None:
    with server.engine.read() as tx:
        user = tx.users.find_by_email("grace@example.com")
        assert user is not None
        org_code = tx.organizations.get_default().code
    journey = sign_in.ask(org_code=org_code).headers["location"].rsplit("/", 1)[1]
    with server.engine.begin() as tx:
        tx.organizations.remove_member(org_code, user.id)
    try:
        response = sign_in.browser.get(f"/oauth2/auth/resume?journey={journey}")
    finally:
        with server.engine.begin() as tx:
            tx.organizations.add_member(org_code, user.id, at=CLOCK.now())
    assert refusal(response, server) == "access_denied"


@pytest.mark.attack(14)
def test_a_challenge_is_what_its_verifier_answers(sign_in: SignIn) -> None:
    assert challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    code = sign_in.arrive().parameters["code"]
    assert sign_in.redeem(code, code_verifier="a" * 43).json()["error"] == "invalid_grant"
