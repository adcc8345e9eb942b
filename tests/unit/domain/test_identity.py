"""People and applications: names, and the addresses that may be returned to."""

from __future__ import annotations

import pytest

from billing_sdk.server.domain.identity import Application, User
from billing_sdk.server.domain.identity.application import origin_of
from tests.unit.domain.things import at

APPLICATION = Application("app", "App", "web", redirect_uris=("https://app.example/callback",))


def test_a_person_without_a_name_is_named_by_their_address():
    nameless = User("kp_1", "ada@example.com", "", "", at("2026-01-01"), at("2026-01-01"))

    assert nameless.name == "ada@example.com"


@pytest.mark.parametrize(
    "url", ["https://app.example/", "https://app.example:443/deep/page?x=1#y", "https://APP.example"]
)
def test_any_page_of_a_registered_origin_may_be_returned_to(url):
    assert APPLICATION.allows_return_to(url)


@pytest.mark.attack(116, 167)
@pytest.mark.parametrize(
    "url",
    [
        "http://app.example/",
        "https://app.example:8443/",
        "https://app.example.evil.test/",
        "https://app.example@evil.test/",
        "https://evil.test/https://app.example",
        "https://evil.test\\@app.example/",
        "//app.example/",
        "/callback",
        "javascript:alert(1)",
        "https:app.example",
        "https://app.example:port/",
        "https://app.example\n.evil.test/",
        "",
    ],
)
def test_no_other_address_may_be_returned_to(url):
    assert not APPLICATION.allows_return_to(url)


@pytest.mark.attack(116)
@pytest.mark.parametrize("url", ["com.evil.app:/", "javascript:alert(1)", "/callback", "", "https://[", "https://x@y/"])
def test_an_application_of_another_scheme_opens_no_way_back(url):
    application = Application("app", "App", "web", redirect_uris=("com.example.app:/callback",))
    assert not application.allows_return_to(url)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("http://127.0.0.1:3000/x", "http://127.0.0.1:3000"),
        ("https://a.example", "https://a.example:443"),
        ("http://[::1]/", "http://[::1]:80"),
        ("https://user@a.example", None),
        ("https://a.example:0x1/", None),
    ],
)
def test_an_origin_is_scheme_host_and_port(url, origin):
    assert origin_of(url) == origin
