"""Gates: who is let in, what everybody else is told, and what happens when the billing server is out of reach."""

from __future__ import annotations

import logging
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.contract.contrib.apps import RunningApp, Stage, get, move_time, running, sign_in
from tests.contract.contrib.provider import Provider
from tests.waiting import wait_until

GATED = ["/reports", "/blocking", "/lounge", "/admin", "/stale", "/open"]


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def entitlement_calls(provider: Provider) -> int:
    return provider.calls["/account_api/v1/entitlements"]


@pytest.mark.attack(104)
def test_a_browser_that_is_signed_out_is_sent_to_sign_in_and_back(app: RunningApp, browser: httpx.Client) -> None:
    for path in GATED:
        response = browser.get(f"{path}?year=2026&q=a%20b")
        assert response.status_code == 303
        location = urlsplit(response.headers["location"])
        assert location.path == "/billing/login"
        assert parse_qs(location.query)["return_to"] == [f"{path}?year=2026&q=a%20b"]
    assert app.told.views == 0


def test_after_signing_in_the_visitor_sees_what_they_asked_for(browser: httpx.Client, provider: Provider) -> None:
    provider.features.add("advanced_reports")
    response = browser.get("/reports?year=2026", follow_redirects=True)
    assert response.json() == {"user": "ada@example.com"}
    assert str(response.url).endswith("/reports?year=2026")


def test_what_a_form_has_sent_is_not_sent_again_after_signing_in(browser: httpx.Client) -> None:
    response = browser.post("/reports", data={"a": "b"})
    assert response.status_code == 303
    assert parse_qs(urlsplit(response.headers["location"]).query)["return_to"] == ["/"]


@pytest.mark.attack(104)
@pytest.mark.parametrize("authorization", [None, "Bearer x", "Bearer", "Bearer a b", "Basic YTpi", "\xe9"])
def test_a_program_without_a_valid_token_is_told_so(app: RunningApp, authorization: str | None) -> None:
    sent = {"Accept": b"application/json"} | (
        {"Authorization": authorization.encode("latin-1")} if authorization else {}
    )
    for path in GATED:
        response = get(f"{app.base_url}{path}", headers=sent)
        assert response.status_code == 401
        assert response.headers["content-type"] == "application/problem+json"
        assert response.headers["www-authenticate"] == "Bearer"
        assert response.json()["code"] == "unauthenticated"
    assert app.told.views == 0


@pytest.mark.attack(104)
def test_tokens_that_are_not_access_tokens_open_nothing(app: RunningApp, provider: Provider) -> None:
    provider.features.add("advanced_reports")
    ended = provider.sign({"scp": ["openid"], "exp": 1_000_000_000, "iat": 999_999_000}, typ="at+jwt")
    identity = provider.sign({"aud": ["the application"], "nonce": "n", "email": "ada@example.com"})
    foreign = Provider(base_url="https://evil.example").access_token()
    for token in (ended, identity, foreign, provider.webhook()):
        assert get(f"{app.base_url}/reports", headers=bearer(token)).status_code == 401
    assert app.told.views == 0


@pytest.mark.parametrize("path", ["/reports", "/blocking"])
def test_a_program_with_a_bearer_token_is_let_in(app: RunningApp, provider: Provider, path: str) -> None:
    provider.features.add("advanced_reports")
    response = get(f"{app.base_url}{path}", headers=bearer(provider.access_token()))
    assert response.status_code == 200
    assert app.told.views == 1


@pytest.mark.attack(104)
@pytest.mark.parametrize(
    "issued",
    [
        {"azp": "another application"},
        {"azp": None},
        {"azp": None, "client_id": "another application"},
        {"azp": None, "client_id": 7},
        {"azp": "another application", "aud": ["https://another.example"]},
    ],
    ids=repr,
)
def test_a_token_that_was_issued_to_another_application_opens_nothing(
    app: RunningApp, provider: Provider, issued: dict[str, object]
) -> None:
    provider.features.add("advanced_reports")
    token = provider.access_token(**issued)
    assert [get(f"{app.base_url}{path}", headers=bearer(token)).status_code for path in GATED] == [401] * len(GATED)
    assert app.told.views == 0


@pytest.mark.parametrize(
    "issued",
    [
        {"azp": None, "client_id": "the application"},
        {"azp": "another application", "aud": ["the application"]},
        {"azp": "another application", "aud": ["https://reports.example"]},
        {"azp": "the-mobile-app"},
    ],
    ids=repr,
)
def test_a_token_is_taken_that_names_this_application_its_api_or_an_accepted_client(
    stage: Stage, provider: Provider, monkeypatch: pytest.MonkeyPatch, issued: dict[str, object]
) -> None:
    monkeypatch.setenv("BILLING_ACCEPTED_CLIENTS", "the-desktop-app the-mobile-app")
    monkeypatch.setenv("BILLING_AUDIENCE", "https://reports.example")
    provider.features.add("advanced_reports")
    with running(stage, provider) as app:
        response = get(f"{app.base_url}/reports", headers=bearer(provider.access_token(**issued)))
    assert response.status_code == 200


@pytest.mark.attack(107)
def test_a_bearer_token_counts_and_the_cookie_beside_it_does_not(
    app: RunningApp, browser: httpx.Client, provider: Provider
) -> None:
    provider.features.add("advanced_reports")
    assert browser.get("/reports", follow_redirects=True).status_code == 200
    assert browser.get("/reports", headers=bearer("made up")).status_code == 401
    assert browser.get("/reports").status_code == 200


def test_a_browser_without_the_feature_sees_a_page_that_names_it_and_leads_to_the_upgrade(
    app: RunningApp, browser: httpx.Client
) -> None:
    response = browser.get("/reports", follow_redirects=True)
    assert response.status_code == 402
    assert response.headers["content-type"].startswith("text/html")
    assert "advanced_reports" in response.text
    assert 'href="/billing/portal?sub_nav=plan_selection"' in response.text
    assert "default-src 'none'" in response.headers["content-security-policy"]
    assert app.told.views == 0


def test_a_program_without_the_feature_reads_what_is_missing_and_where_to_get_it(
    app: RunningApp, provider: Provider
) -> None:
    problem = get(f"{app.base_url}/reports", headers=bearer(provider.access_token())).json()
    assert (problem["status"], problem["code"], problem["feature"]) == (402, "payment_required", "advanced_reports")
    assert problem["upgrade_url"] == f"{app.base_url}/billing/portal?sub_nav=plan_selection"
    problem = get(f"{app.base_url}/lounge", headers=bearer(provider.access_token())).json()
    assert problem["plans"] == ["pro_monthly", "enterprise_monthly"]


def test_the_upgrade_of_an_organization_is_offered_to_whoever_may_change_its_plan(
    browser: httpx.Client, provider: Provider
) -> None:
    provider.org_code, provider.permissions = "org_1", {"org:write:billing"}
    response = browser.get("/reports", follow_redirects=True)
    assert response.status_code == 402
    assert "sub_nav=organization_plan_selection" in response.text


def test_a_plan_opens_what_is_made_for_it(browser: httpx.Client, provider: Provider) -> None:
    provider.plans.add("enterprise_monthly")
    assert browser.get("/lounge", follow_redirects=True).status_code == 200


def test_a_missing_permission_is_forbidden_and_a_given_one_opens(browser: httpx.Client, provider: Provider) -> None:
    response = browser.get("/admin", follow_redirects=True)
    assert response.status_code == 403
    assert "org:write:billing" in response.text
    provider.permissions.add("org:write:billing")
    assert browser.get("/billing/login?return_to=/admin", follow_redirects=True).status_code == 200


@pytest.mark.attack(109)
def test_no_other_method_goes_around_a_gate(app: RunningApp, browser: httpx.Client) -> None:
    sign_in(browser)
    assert browser.head("/reports").status_code == 402
    assert browser.post("/reports").status_code == 402
    assert browser.options("/reports").status_code in (200, 405)
    assert app.told.views == 0


@pytest.mark.attack(109)
def test_no_other_spelling_of_a_path_goes_around_a_gate(app: RunningApp) -> None:
    for path in ("//reports", "/./reports", "/reports/", "/%72eports", "/REPORTS", "/reports;x", "/reports%2f"):
        get(f"{app.base_url}{path}", headers={"Accept": "text/html"})
    assert app.told.views == 0


@pytest.mark.attack(110)
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_no_gated_answer_may_be_kept_for_somebody_else(
    app: RunningApp, browser: httpx.Client, provider: Provider, accept: str
) -> None:
    provider.features.add("advanced_reports")
    sign_in(browser)
    signed_out = get(f"{app.base_url}/reports", headers={"Accept": accept})
    for response in (signed_out, browser.get("/reports"), browser.get("/lounge")):
        assert response.headers["cache-control"] == "private, no-store"
        assert {"Cookie", "Authorization"} <= set(response.headers["vary"].split(", "))


def test_a_page_without_a_gate_keeps_its_own_headers(browser: httpx.Client) -> None:
    assert "no-store" not in browser.get("/").headers.get("cache-control", "")


@pytest.mark.attack(113)
def test_headers_that_name_a_user_name_nobody(app: RunningApp) -> None:
    forged = {"X-User": "kp_ada", "X-Forwarded-User": "kp_ada", "X-Org": "org_1", "Accept": "application/json"}
    assert get(f"{app.base_url}/reports", headers=forged).status_code == 401


def test_a_gate_asks_once_and_then_decides_by_itself(browser: httpx.Client, provider: Provider) -> None:
    provider.features.add("advanced_reports")
    sign_in(browser)
    for _ in range(5):
        assert browser.get("/reports").status_code == 200
    assert entitlement_calls(provider) == 1


def test_another_organization_is_another_customer(browser: httpx.Client, provider: Provider) -> None:
    provider.features.add("advanced_reports")
    provider.org_code = "org_1"
    assert browser.get("/reports", follow_redirects=True).status_code == 200
    provider.org_code = "org_2"
    provider.features.clear()
    assert browser.get("/billing/login?return_to=/reports", follow_redirects=True).status_code == 402


@pytest.mark.attack(111)
def test_a_change_that_no_webhook_told_is_seen_within_a_minute(
    app: RunningApp, browser: httpx.Client, provider: Provider
) -> None:
    provider.features.add("advanced_reports")
    sign_in(browser)
    assert browser.get("/reports").status_code == 200
    provider.features.clear()
    assert browser.get("/reports").status_code == 200
    app.clock.move(61)
    assert browser.get("/reports").status_code == 402


def test_a_snapshot_is_renewed_in_the_background_while_the_old_one_is_still_good(
    app: RunningApp, browser: httpx.Client, provider: Provider
) -> None:
    provider.features.add("advanced_reports")
    sign_in(browser)
    assert browser.get("/reports").status_code == 200
    provider.features.clear()
    app.clock.move(31)
    assert browser.get("/reports").status_code == 200
    wait_until(lambda: browser.get("/reports").status_code == 402, what="the renewed snapshot decides")
    assert entitlement_calls(provider) == 2


@pytest.mark.attack(105)
def test_out_of_reach_each_gate_does_what_it_was_told(
    app: RunningApp, browser: httpx.Client, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    provider.features.add("advanced_reports")
    sign_in(browser)
    assert browser.get("/stale").status_code == 200
    provider.is_down = True
    app.clock.move(299)
    with caplog.at_level(logging.WARNING, logger="billing_sdk.contrib"):
        statuses = {path: browser.get(path).status_code for path in ("/reports", "/lounge", "/stale", "/open")}
    assert statuses == {"/reports": 503, "/lounge": 503, "/stale": 200, "/open": 200}
    assert any("unchecked" in record.message for record in caplog.records), "an unchecked visitor is on record"
    app.clock.move(2)
    assert browser.get("/stale").status_code == 503
    provider.is_down = False
    assert browser.get("/stale").status_code == 200


@pytest.mark.attack(105)
def test_out_of_reach_a_refusal_says_when_to_come_back(browser: httpx.Client, provider: Provider) -> None:
    sign_in(browser)
    provider.is_down = True
    response = browser.get("/reports")
    assert (response.status_code, response.headers["retry-after"]) == (503, "5")
    assert response.headers["content-type"].startswith("text/html")


@pytest.mark.attack(105)
def test_a_stale_answer_that_was_never_a_yes_is_none_now(
    app: RunningApp, browser: httpx.Client, provider: Provider
) -> None:
    sign_in(browser)
    assert browser.get("/stale").status_code == 402
    provider.is_down = True
    app.clock.move(100)
    assert browser.get("/stale").status_code == 402


def test_a_token_that_runs_out_while_the_server_is_away_does_not_sign_anybody_out(
    app: RunningApp, browser: httpx.Client, provider: Provider
) -> None:
    provider.features.add("advanced_reports")
    provider.permissions.add("org:write:billing")
    sign_in(browser)
    provider.is_down = True
    move_time(app, provider, 3_601)
    assert browser.get("/reports").status_code == 503
    assert browser.get("/admin").status_code == 503
    provider.is_down = False
    assert browser.get("/reports").status_code == 200


@pytest.mark.attack(105)
def test_while_the_server_hangs_one_visitor_waits_and_every_gate_does_what_it_was_told(
    app: RunningApp, browser: httpx.Client, provider: Provider
) -> None:
    provider.features.add("advanced_reports")
    sign_in(browser)
    provider.is_silent = True
    try:
        statuses = [browser.get("/open").status_code for _ in range(50)]
        assert statuses == [200] * 50
        assert browser.get("/reports").status_code == 503
        assert entitlement_calls(provider) <= 2, "the one that waited, and one in the background"
    finally:
        provider.is_silent = False
    wait_until(lambda: browser.get("/reports").status_code == 200, what="the server is asked again")


def test_while_the_server_hangs_a_token_that_runs_out_is_renewed_in_the_background(
    app: RunningApp, browser: httpx.Client, provider: Provider
) -> None:
    provider.features.add("advanced_reports")
    sign_in(browser)
    move_time(app, provider, 3_601)
    asked = provider.calls["/oauth2/token"]
    provider.is_silent = True
    try:
        assert [browser.get("/reports").status_code for _ in range(50)] == [503] * 50
        assert provider.calls["/oauth2/token"] - asked <= 2
    finally:
        provider.is_silent = False
    wait_until(lambda: browser.get("/reports").status_code == 200, what="the server is asked again")


def test_a_session_whose_token_was_revoked_has_to_sign_in_again(browser: httpx.Client, provider: Provider) -> None:
    sign_in(browser)
    provider.refuses_tokens = True
    response = browser.get("/reports")
    assert response.status_code == 401
    assert "/billing/login?return_to=%2Freports" in response.text
    assert browser.get("/").json() == {"user": None}


def test_the_portal_opens_for_whoever_is_signed_in(browser: httpx.Client, provider: Provider) -> None:
    target = "/billing/portal?sub_nav=plan_details&return_url=/account"
    first = browser.get(target)
    assert parse_qs(urlsplit(first.headers["location"]).query)["return_to"] == [target]
    portal = browser.get(first.headers["location"], follow_redirects=True).json()["portal"]
    assert portal["sub_nav"] == "plan_details"
    assert portal["return_url"] == f"{browser.base_url}/account"


def test_the_portal_leads_back_only_to_where_the_application_has_said(
    browser: httpx.Client, provider: Provider
) -> None:
    sign_in(browser)
    assert browser.get("/billing/portal", params={"return_url": "https://evil.example/"}).status_code == 400
    signed = browser.get("/links").text.partition('href="')[2].partition('"')[0].replace("&amp;", "&")
    location = browser.get(signed).headers["location"]
    assert parse_qs(urlsplit(location).query)["return_url"] == ["https://elsewhere.example/"]
    assert browser.get(signed.replace("elsewhere", "evil")).status_code == 400


@pytest.mark.parametrize(
    "query", ["sub_nav=everything", "sub_nav=profile&sub_nav=plan_details", "return_url=//evil.example"]
)
def test_a_portal_link_that_makes_no_sense_is_refused(browser: httpx.Client, query: str) -> None:
    sign_in(browser)
    assert browser.get(f"/billing/portal?{query}").status_code == 400


def test_the_portal_of_a_server_out_of_reach_says_so(browser: httpx.Client, provider: Provider) -> None:
    sign_in(browser)
    provider.is_down = True
    assert browser.get("/billing/portal").status_code >= 500
