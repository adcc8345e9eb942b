"""Signing in, staying signed in and signing out, the same in both frameworks."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from billing_sdk.contrib import SqliteSessions
from tests.contract.contrib.apps import RunningApp, Stage, get, move_time, running, sign_in
from tests.contract.contrib.provider import Provider
from tests.waiting import wait_until


def session_cookie(browser: httpx.Client) -> str | None:
    return next((cookie.value for cookie in browser.cookies.jar if cookie.name.startswith("billing_session")), None)


def back_from_provider(browser: httpx.Client, **parameters: str) -> httpx.URL:
    """Start a sign-in, and return the address that the provider sends the browser back to."""
    there = browser.get("/billing/login", params=parameters)
    return httpx.URL(get(there.headers["location"]).headers["location"])


def test_a_visitor_signs_in_and_is_back_where_they_wanted_to_be(browser: httpx.Client) -> None:
    assert browser.get("/").json() == {"user": None}
    response = sign_in(browser, "/?back=1")
    assert str(response.url).endswith("/?back=1")
    assert response.json() == {"user": "ada@example.com"}


@pytest.mark.attack(4)
def test_a_register_link_carries_the_choice_and_nothing_that_it_may_not(
    browser: httpx.Client, provider: Provider
) -> None:
    query = (
        "plan_interest=pro_monthly&is_create_org=true&org_name=Acme&state=mine&redirect_uri=https://evil.example&x=1"
    )
    browser.get(f"/billing/register?{query}", follow_redirects=True)
    asked = provider.asked
    assert (asked["plan_interest"], asked["is_create_org"], asked["org_name"]) == ("pro_monthly", "true", "Acme")
    assert asked["prompt"] == "create"
    assert asked["state"] != "mine"
    assert asked["redirect_uri"] == f"{browser.base_url}/billing/callback"
    assert "x" not in asked


@pytest.mark.parametrize(
    "query", ["is_create_org=yes", "plan_interest=a%0ab", "org_name=a&org_name=b", "plan_interest=%3C"]
)
def test_a_register_link_that_makes_no_sense_is_refused(browser: httpx.Client, query: str) -> None:
    assert browser.get(f"/billing/register?{query}").status_code == 400


@pytest.mark.attack(6)
@pytest.mark.parametrize(
    "return_to", ["//evil.example", "/\\evil.example", "/\t/evil.example", "https://evil.example", "\x00//evil.example"]
)
def test_a_sign_in_never_ends_elsewhere(browser: httpx.Client, return_to: str) -> None:
    response = sign_in(browser, return_to)
    assert str(response.url) == f"{browser.base_url}/"


@pytest.mark.attack(35)
def test_no_header_of_the_request_names_an_address(browser: httpx.Client, provider: Provider) -> None:
    forged = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    response = browser.get("/billing/login", headers=forged)
    redirect_uri = parse_qs(urlsplit(response.headers["location"]).query)["redirect_uri"][0]
    assert redirect_uri == f"{browser.base_url}/billing/callback"
    gated = browser.get("/reports", headers=forged)
    assert gated.headers["location"].startswith("/billing/login")


@pytest.mark.attack(1, 36)
def test_cookies_are_out_of_reach_of_scripts_and_other_sites(browser: httpx.Client) -> None:
    response = browser.get("/billing/login")
    cookie = response.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie


def test_no_token_ever_reaches_the_browser(browser: httpx.Client) -> None:
    sign_in(browser)
    for cookie in browser.cookies.jar:
        assert cookie.value is not None
        # The head of a token and the claims after it; three letters alone come up in what is sealed as well.
        assert not re.search(r"eyJ[\w-]*\.eyJ", cookie.value)


@pytest.mark.attack(25)
def test_a_callback_without_a_state_is_refused(browser: httpx.Client, provider: Provider) -> None:
    back = back_from_provider(browser)
    response = browser.get(back.copy_remove_param("state"))
    assert response.status_code == 400
    assert session_cookie(browser) is None
    assert provider.calls["/oauth2/token"] == 0


@pytest.mark.attack(26)
@pytest.mark.parametrize("state", ["", "another", "é", "\u20ac", "\x00", "x" * 5_000])
def test_a_callback_with_a_foreign_state_is_refused(browser: httpx.Client, provider: Provider, state: str) -> None:
    back = back_from_provider(browser)
    assert browser.get(back.copy_set_param("state", state)).status_code == 400
    assert provider.calls["/oauth2/token"] == 0


@pytest.mark.attack(27)
def test_a_callback_in_another_browser_is_refused(app: RunningApp, browser: httpx.Client, provider: Provider) -> None:
    back = back_from_provider(browser)
    with app.browser() as victim:
        assert victim.get(back).status_code == 400
        victim.get("/billing/login")
        assert victim.get(back).status_code == 400
        assert session_cookie(victim) is None
    assert provider.calls["/oauth2/token"] == 0


@pytest.mark.attack(26)
def test_a_sign_in_that_was_started_too_long_ago_is_refused(app: RunningApp, browser: httpx.Client) -> None:
    back = back_from_provider(browser)
    app.clock.move(601)
    response = browser.get(back)
    assert response.status_code == 400
    assert "expired" in response.text.lower()


@pytest.mark.attack(28)
@pytest.mark.parametrize("issuer", [None, "https://evil.example"])
def test_a_callback_from_another_issuer_is_refused(
    browser: httpx.Client, provider: Provider, issuer: str | None
) -> None:
    back = back_from_provider(browser)
    forged = back.copy_remove_param("iss") if issuer is None else back.copy_set_param("iss", issuer)
    assert browser.get(forged).status_code == 400
    assert provider.calls["/oauth2/token"] == 0


@pytest.mark.attack(29)
def test_a_code_of_another_sign_in_is_refused(app: RunningApp, browser: httpx.Client) -> None:
    with app.browser() as attacker:
        stolen = back_from_provider(attacker).params["code"]
    back = back_from_provider(browser)
    assert browser.get(back.copy_set_param("code", stolen)).status_code == 400
    assert session_cookie(browser) is None


@pytest.mark.attack(30)
@pytest.mark.parametrize("extra", ["&error=access_denied", "&code=second", "&state=second"])
def test_a_callback_that_says_two_things_is_refused(browser: httpx.Client, extra: str) -> None:
    back = back_from_provider(browser)
    assert browser.get(f"{back}{extra}").status_code == 400


@pytest.mark.attack(30)
def test_what_the_provider_says_of_a_refusal_is_shown_escaped(browser: httpx.Client, provider: Provider) -> None:
    provider.error = {"error": "access_denied", "error_description": "<script>alert(1)</script>"}
    response = sign_in(browser)
    assert response.status_code == 400
    assert "<script>" not in response.text
    assert "&lt;script&gt;" in response.text


@pytest.mark.attack(33)
def test_a_callback_that_is_opened_again_leads_home(browser: httpx.Client, provider: Provider) -> None:
    back = back_from_provider(browser, return_to="/?first=1")
    first, second = browser.get(back), browser.get(back)
    assert first.headers["location"] == "/?first=1"
    assert (second.status_code, second.headers["location"]) == (303, "/")
    assert browser.get("/").json() == {"user": "ada@example.com"}
    assert provider.calls["/oauth2/token"] == 1


@pytest.mark.attack(33)
def test_a_callback_that_is_sent_many_times_at_once_redeems_its_code_once(
    app: RunningApp, browser: httpx.Client, provider: Provider
) -> None:
    back = back_from_provider(browser)
    cookies = dict(browser.cookies)
    together = threading.Barrier(6)

    def press() -> int:
        together.wait(timeout=60)
        return get(back, cookies=cookies).status_code

    with ThreadPoolExecutor(6) as pool:
        statuses = [each.result() for each in [pool.submit(press) for _ in range(6)]]
    assert statuses == [303] * 6
    assert provider.calls["/oauth2/token"] == 1


@pytest.mark.attack(7)
def test_two_tabs_can_sign_in_at_once(browser: httpx.Client) -> None:
    first, second = back_from_provider(browser, return_to="/?tab=1"), back_from_provider(browser, return_to="/?tab=2")
    assert browser.get(first).headers["location"] == "/?tab=1"
    assert browser.get(second).headers["location"] == "/?tab=2"


@pytest.mark.attack(7)
def test_at_most_eight_sign_ins_of_a_browser_wait_at_once(browser: httpx.Client) -> None:
    backs = [back_from_provider(browser) for _ in range(9)]
    assert browser.get(backs[0]).status_code == 400
    assert browser.get(backs[1]).status_code == 303


@pytest.mark.attack(32)
def test_the_session_gets_a_new_id_at_every_sign_in(app: RunningApp, browser: httpx.Client) -> None:
    sign_in(browser)
    first = session_cookie(browser)
    assert first is not None
    sign_in(browser)
    assert session_cookie(browser) not in (None, first)
    name = f"billing_session_{urlsplit(app.base_url).port}"
    assert get(f"{app.base_url}/", cookies={name: first}).json() == {"user": None}


@pytest.mark.attack(34)
def test_a_sign_in_whose_link_expired_starts_again(browser: httpx.Client, provider: Provider) -> None:
    provider.error = {"error": "login_link_expired", "reauth_state": "eyJsb2dpbl9oaW50IjoiYWRhQGV4YW1wbGUuY29tIn0"}
    back = back_from_provider(browser, return_to="/?again=1")
    again = browser.get(back)
    assert parse_qs(urlsplit(again.headers["location"]).query)["login_hint"] == ["ada@example.com"]
    provider.error = {}
    assert str(browser.get(again.headers["location"], follow_redirects=True).url).endswith("/?again=1")


def test_signing_out_ends_the_session_everywhere(app: RunningApp, browser: httpx.Client, provider: Provider) -> None:
    sign_in(browser)
    kept = dict(browser.cookies)
    response = browser.post("/billing/logout", headers={"Origin": app.base_url})
    assert response.status_code == 303
    assert response.headers["location"].startswith(f"{provider.base_url}/logout?")
    assert browser.get("/").json() == {"user": None}
    assert get(f"{app.base_url}/", cookies=kept).json() == {"user": None}
    wait_until(lambda: provider.calls["/oauth2/revoke"] == 1, what="the refresh token is revoked")


def test_signing_out_of_a_provider_without_a_page_for_it_leads_home(
    app: RunningApp, browser: httpx.Client, provider: Provider
) -> None:
    provider.lacks = {"end_session_endpoint", "revocation_endpoint"}
    sign_in(browser)
    response = browser.post("/billing/logout", headers={"Origin": app.base_url})
    assert (response.status_code, response.headers["location"]) == (303, "/")
    assert browser.get("/").json() == {"user": None}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_another_site_can_sign_nobody_out(browser: httpx.Client, headers: dict[str, str]) -> None:
    sign_in(browser)
    assert browser.post("/billing/logout", headers=headers).status_code == 403
    assert browser.get("/billing/logout").status_code == 405
    assert browser.get("/").json() == {"user": "ada@example.com"}


def test_a_page_of_the_application_can_sign_out_whatever_its_referrer_policy(browser: httpx.Client) -> None:
    sign_in(browser)
    headers = {"Sec-Fetch-Site": "same-origin", "Origin": "null"}
    assert browser.post("/billing/logout", headers=headers).status_code == 303


def test_signing_out_without_a_session_leads_home(app: RunningApp, browser: httpx.Client) -> None:
    response = browser.post("/billing/logout", headers={"Origin": app.base_url})
    assert (response.status_code, response.headers["location"]) == (303, "/")


def test_a_session_ends_in_the_end(app: RunningApp, browser: httpx.Client) -> None:
    sign_in(browser)
    app.clock.move(43_201)
    assert browser.get("/").json() == {"user": None}


@pytest.mark.parametrize("cookie", ["x", "x.y", "", "a" * 600, "\u00e9"])
def test_a_cookie_that_was_made_up_is_nobody(app: RunningApp, cookie: str) -> None:
    name = f"billing_session_{urlsplit(app.base_url).port}"
    response = get(f"{app.base_url}/", headers={"Cookie": f"{name}={cookie}".encode()})
    assert response.json() == {"user": None}


def test_a_sign_in_that_can_not_start_says_so(app: RunningApp, browser: httpx.Client, provider: Provider) -> None:
    provider.is_down = True
    response = browser.get("/billing/login")
    assert response.status_code >= 500
    assert "text/html" in response.headers["content-type"]
    provider.is_down = False
    assert browser.get("/billing/login").status_code == 303


@pytest.mark.attack(43)
def test_an_access_token_that_ran_out_is_renewed_once_for_everybody_who_waits(
    app: RunningApp, browser: httpx.Client, provider: Provider
) -> None:
    provider.features.add("advanced_reports")
    sign_in(browser)
    move_time(app, provider, 3_590)
    cookies = dict(browser.cookies)
    together = threading.Barrier(8)

    def open_reports() -> int:
        together.wait(timeout=60)
        return get(f"{app.base_url}/reports", cookies=cookies).status_code

    asked = provider.calls["/oauth2/token"]
    with ThreadPoolExecutor(8) as pool:
        statuses = [each.result() for each in [pool.submit(open_reports) for _ in range(8)]]
    assert statuses == [200] * 8
    assert provider.calls["/oauth2/token"] == asked + 1


def test_a_session_that_the_provider_does_not_renew_has_ended(
    app: RunningApp, browser: httpx.Client, provider: Provider
) -> None:
    sign_in(browser)
    provider.refuses_refresh = True
    move_time(app, provider, 3_590)
    assert browser.get("/reports").headers["location"].startswith("/billing/login")
    assert browser.get("/").json() == {"user": None}


def test_sessions_on_disk_outlive_the_process(stage: Stage, provider: Provider, tmp_path: Path) -> None:
    with running(stage, provider, sessions=SqliteSessions(tmp_path / "sessions.db")) as app, app.browser() as browser:
        sign_in(browser)
        kept = dict(browser.cookies)
    with running(stage, provider, sessions=SqliteSessions(tmp_path / "sessions.db")) as app:
        assert get(f"{app.base_url}/", cookies=kept).json() == {"user": "ada@example.com"}
