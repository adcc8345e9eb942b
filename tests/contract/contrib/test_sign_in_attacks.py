"""Attacks on a sign-in from the side of the browser, the same in both frameworks."""

from __future__ import annotations

import random
from http.client import HTTPConnection
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from tests.contract.contrib.apps import RunningApp, get, move_time, sign_in
from tests.contract.contrib.provider import KEY, Provider

EVIL = "evil.example"
POISON = {
    "Host": EVIL,
    "Forwarded": f"host={EVIL};proto=https",
    "X-Forwarded-Host": EVIL,
    "X-Forwarded-Server": EVIL,
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Port": "444",
    "X-Forwarded-Prefix": f"//{EVIL}",
    "X-Original-Url": f"https://{EVIL}/",
    "X-Rewrite-Url": f"https://{EVIL}/",
    "X-Script-Name": f"//{EVIL}",
    "Origin": f"https://{EVIL}",
    "Referer": f"https://{EVIL}/",
}


def session_name(app: RunningApp) -> str:
    """Return the name of the session's cookie."""
    return f"billing_session_{urlsplit(app.base_url).port}"


def back_from_provider(browser: httpx.Client) -> httpx.URL:
    """Start a sign-in, and return the address that the provider sends the browser back to."""
    there = browser.get("/billing/login")
    return httpx.URL(get(there.headers["location"]).headers["location"])


@pytest.mark.attack(35)
@pytest.mark.parametrize("host", [EVIL, "", f"user@{EVIL}", f"{EVIL}/x?", "127.0.0.1:1", "[::1"])
def test_a_poisoned_host_names_neither_the_way_back_nor_the_issuer(
    browser: httpx.Client, provider: Provider, host: str
) -> None:
    poison = {**POISON, "Host": host}
    for path in ("/billing/login", "/billing/register?plan_interest=pro"):
        response = browser.get(path, headers=poison)
        if response.status_code == 400 and "location" not in response.headers:
            continue  # the framework or its server refuses such a host by itself
        location = urlsplit(response.headers["location"])
        assert f"{location.scheme}://{location.netloc}" == provider.base_url
        assert parse_qs(location.query)["redirect_uri"] == [f"{browser.base_url}/billing/callback"]
        assert EVIL not in response.headers["location"] + str(response.headers.get_list("set-cookie"))


@pytest.mark.attack(35)
def test_a_poisoned_host_is_nowhere_in_what_comes_after_the_sign_in(
    app: RunningApp, browser: httpx.Client, provider: Provider
) -> None:
    back = back_from_provider(browser)
    home = browser.get(back, headers=POISON)
    assert home.headers["location"] == "/"
    assert provider.bodies["/oauth2/token"]["redirect_uri"] == f"{app.base_url}/billing/callback"
    for path in ("/reports", "/billing/portal?return_url=/x", "/billing/login"):
        response = browser.get(path, headers=POISON)
        assert EVIL not in response.headers.get("location", "") + response.text
    signed_out = browser.post("/billing/logout", headers={**POISON, "Origin": app.base_url})
    assert EVIL not in signed_out.headers["location"]


@pytest.mark.attack(31)
def test_an_answer_by_form_post_is_refused(browser: httpx.Client, provider: Provider) -> None:
    back = back_from_provider(browser)
    form = dict(back.params)
    for address in ("/billing/callback", f"/billing/callback?{urlencode(form)}"):
        assert browser.post(address, data=form).status_code == 405
    assert provider.calls["/oauth2/token"] == 0
    assert browser.get("/").json() == {"user": None}


@pytest.mark.attack(31)
def test_an_answer_in_the_fragment_never_arrives(browser: httpx.Client, provider: Provider) -> None:
    back = back_from_provider(browser)
    response = browser.get(f"/billing/callback#{back.query.decode()}")
    assert response.status_code == 400
    assert provider.calls["/oauth2/token"] == 0


@pytest.mark.attack(32)
def test_a_session_that_was_planted_before_the_sign_in_never_becomes_the_visitors(
    app: RunningApp, browser: httpx.Client
) -> None:
    with app.browser() as attacker:
        sign_in(attacker)
        planted = attacker.cookies[session_name(app)]
    browser.cookies.set(session_name(app), planted, domain="127.0.0.1", path="/")
    back = back_from_provider(browser)
    response = browser.get(back)
    handed_out = [cookie for cookie in response.headers.get_list("set-cookie") if cookie.startswith(session_name(app))]
    assert len(handed_out) == 1
    assert planted not in handed_out[0]
    assert get(f"{app.base_url}/", cookies={session_name(app): planted}).json() == {"user": None}


@pytest.mark.attack(32)
def test_nothing_is_kept_under_the_old_id_when_the_sign_in_fails(app: RunningApp, browser: httpx.Client) -> None:
    back = back_from_provider(browser)
    before = dict(browser.cookies)
    assert browser.get(back.copy_set_param("code", "made up")).status_code == 400
    assert session_name(app) not in browser.cookies
    assert get(f"{app.base_url}/", cookies=before).json() == {"user": None}


@pytest.mark.attack(26)
def test_a_state_is_spent_by_the_first_callback_even_if_that_is_refused(
    browser: httpx.Client, provider: Provider
) -> None:
    back = back_from_provider(browser)
    assert browser.get(back.copy_set_param("iss", f"https://{EVIL}")).status_code == 400
    assert browser.get(back).headers["location"] == "/"
    assert browser.get("/").json() == {"user": None}
    assert provider.calls["/oauth2/token"] == 0


@pytest.mark.attack(25, 27)
def test_a_state_counts_for_nothing_without_the_cookie_of_its_browser(
    browser: httpx.Client, provider: Provider
) -> None:
    back = back_from_provider(browser)
    browser.cookies.clear()
    assert browser.get(back).status_code == 400
    assert provider.calls["/oauth2/token"] == 0


@pytest.mark.attack(36)
@pytest.mark.parametrize("value", ["x" * 5_000, "x." + "y" * 5_000, ".", "a.b.c", "%00.%00"])
def test_a_cookie_of_any_size_or_shape_is_nobody_and_stops_no_sign_in(
    app: RunningApp, browser: httpx.Client, value: str
) -> None:
    port = urlsplit(app.base_url).port
    spoilt = {"Cookie": f"billing_session_{port}={value}; billing_sign_in_{port}={value}", "Accept": "text/html"}
    assert get(f"{app.base_url}/", headers=spoilt).json() == {"user": None}
    assert get(f"{app.base_url}/billing/login", headers=spoilt).status_code == 303


@pytest.mark.attack(36)
def test_a_cookie_that_was_planted_beside_the_real_one_is_disbelieved_with_it(
    app: RunningApp, browser: httpx.Client
) -> None:
    sign_in(browser)
    real = browser.cookies[session_name(app)]
    with app.browser() as attacker:
        sign_in(attacker)
        planted = attacker.cookies[session_name(app)]
    for pair in ((planted, real), (real, planted), (real, real)):
        cookies = "; ".join(f"{session_name(app)}={value}" for value in pair)
        assert get(f"{app.base_url}/", headers={"Cookie": cookies}).json() == {"user": None}
    assert get(f"{app.base_url}/", cookies={session_name(app): real}).json() == {"user": "ada@example.com"}


@pytest.mark.attack(30)
def test_a_refusal_of_any_length_is_cut_before_it_is_shown(browser: httpx.Client) -> None:
    back = back_from_provider(browser).copy_remove_param("code").copy_set_param("error", "access_denied")
    text = browser.get(back.copy_set_param("error_description", "<b>\r\n" + "y" * 9_000)).text
    assert "<b>" not in text
    assert 0 < text.count("y" * 50) < 9
    assert browser.get(back.copy_set_param("error_description", "y" * 30_000)).status_code in (400, 414)


@pytest.mark.attack(34)
@pytest.mark.parametrize("state", ["W10", "!!!", "e30" * 1_000, "eyJhIjo" + "W1tb" * 400])
def test_a_link_that_expired_with_an_unreadable_wish_starts_nothing(
    browser: httpx.Client, provider: Provider, state: str
) -> None:
    provider.error = {"error": "login_link_expired", "reauth_state": state}
    assert browser.get(back_from_provider(browser)).status_code == 400


PIECES = (
    *(
        "code=c",
        "state=s",
        "iss=x",
        "error=login_link_expired",
        "error=access_denied",
        "reauth_state=e30",
        "&",
        "&&",
        "=",
    ),
    *("return_to=/x", "return_to=//evil.example", "plan_interest=pro", "is_create_org=maybe", "org_name=", "lang=en"),
    *("%ff", "%00", "%0d%0aSet-Cookie:%20a=b", "%e2%82%ac", "%ed%a0%80", "+", "%", "%2", "%zz", ";", "\\", "\xff"),
    *("code=c&code=d", "x" * 3_000, "p=1&" * 50, "[]", "{}", "'\"<>"),
)


@pytest.mark.attack(26, 30, 34, 36)
def test_no_query_and_no_cookie_brings_a_route_down_or_a_visitor_elsewhere(app: RunningApp, provider: Provider) -> None:
    chance = random.Random(20_261_121)
    port = urlsplit(app.base_url).port
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    for _ in range(100):
        path = chance.choice(("login", "register", "callback", "callback", "portal"))
        query = "".join(chance.choice(PIECES) for _ in range(chance.randint(0, 5)))
        cookie = quote("".join(chance.choice(PIECES) for _ in range(2)), safe="=;.%")
        connection.putrequest("GET", f"/billing/{path}?{quote(query, safe='%=&+;[]{}')}", skip_accept_encoding=True)
        connection.putheader("Accept", chance.choice(("text/html", "application/json")))
        connection.putheader("Cookie", f"billing_sign_in_{port}={cookie}; billing_session_{port}={cookie}")
        connection.endheaders()
        response = connection.getresponse()
        body = response.read().decode()
        assert response.status in (303, 400, 401, 404, 414), (response.status, path, query, body)
        location = response.getheader("Location", "/")
        assert location.startswith((f"{provider.base_url}/", "/")), location
        assert not location.startswith("//")
        assert response.getheader("a") is None
        assert "b" not in [each.partition("=")[2] for each in response.headers.get_all("Set-Cookie") or []]
    connection.close()
    assert provider.calls["/oauth2/token"] == 0


@pytest.mark.attack(43, 82)
def test_strangers_with_made_up_keys_turn_a_rotation_into_nobodys_lost_session(
    app: RunningApp, browser: httpx.Client, provider: Provider
) -> None:
    provider.access_seconds = 100
    provider.features.add("advanced_reports")
    sign_in(browser)
    for number in range(6):
        made_up = jwt.encode({"sub": "kp_eve"}, KEY, "RS256", headers={"kid": f"made up {number}", "typ": "at+jwt"})
        get(f"{app.base_url}/reports", headers={"Authorization": f"Bearer {made_up}"})
    provider.key, provider.kid = generate_private_key(65_537, 2_048), "k2"
    move_time(app, provider, 101)
    assert browser.get("/reports").status_code == 503
    assert browser.get("/billing/portal").status_code == 503, "an ended token is not sent, to be refused"
    assert browser.get("/").json() == {"user": "ada@example.com"}
    # As when the issuer may be asked again, a few seconds later.
    app.billing.client.keys.purge()
    assert browser.get("/reports").status_code == 200
