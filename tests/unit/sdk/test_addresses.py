"""Redirect and return addresses under mutation: whatever is taken leads where a browser would go."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from billing_sdk.server.domain.identity.application import origin_of
from soak.fuzz.addresses import APPLICATION, SEEDS, browser_origin, target

# A busy machine is no reason to fail.
MANY = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
# What parsers of addresses disagree about.
PIECES = (
    *("/", "//", "\\", "@", ":", "?", "#", "[", "]", "[::1]", ".", "%2e", "%00", "%2f", "\t", "\n", "\x00", " "),
    *("https:", "http://", "javascript:", "127.0.0.1", "localhost", "app.example", "evil.example", ":3000"),
    *("\u2044", "\uff0f", "\u3002", "\u212a", "\u00ad", "\ud800"),
)


@pytest.mark.attack(6, 9, 116)
@pytest.mark.parametrize("seed", SEEDS)
def test_each_known_trick_is_read_as_a_browser_reads_it(seed: bytes) -> None:
    target(seed)


@pytest.mark.attack(6, 9, 116)
@MANY
@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), max_size=8).map("".join))
def test_no_address_made_of_what_parsers_disagree_about_leads_elsewhere(text: str) -> None:
    target(text.encode("utf-8", "surrogatepass"))


@pytest.mark.attack(6, 9, 116)
@MANY
@given(st.sampled_from(SEEDS), st.integers(0, 40), st.sampled_from(PIECES), st.integers(0, 4))
def test_no_change_of_a_known_address_leads_elsewhere(seed: bytes, place: int, piece: str, dropped: int) -> None:
    target(seed[:place] + piece.encode("utf-8", "surrogatepass") + seed[place + dropped :])


@pytest.mark.attack(116)
@pytest.mark.parametrize(
    "url",
    [
        "https://app.example.evil.example/",
        "https://evil.example/https://app.example/",
        "https://app.example@evil.example/",
        "https://app.example\\@evil.example/",
        "https://app.example:8443/",
        "https://app.example:0/",
        "http://app.example/",
        "https://[app.example]/",
        "https://evil.example[::1]/",
        "javascript://app.example/%0aalert(1)",
        "//app.example/",
        "https:app.example",
        "https://app.example\t.evil.example/",
        " https://app.example/",
        "https://%61pp.example/",
        "https://\uff41pp.example/",
    ],
)
def test_a_return_address_of_another_origin_is_not_allowed(url: str) -> None:
    assert not APPLICATION.allows_return_to(url)


def test_a_return_address_of_a_registered_origin_is_allowed() -> None:
    for url in ("https://app.example/", "https://APP.example:443/x?y#z", "http://127.0.0.1:3000/anywhere"):
        assert APPLICATION.allows_return_to(url)
    assert origin_of("https://app.example:0/") == "https://app.example:0"


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("/reports", ""),
        ("https:evil.example", "https://evil.example:443"),
        ("\t//evil.example", None),
        ("/\\evil.example", None),
        ("HTTP:\\\\a@Evil.example\\x", "http://evil.example:80"),
        ("javascript:alert(1)", None),
    ],
)
def test_the_browser_of_these_tests_reads_addresses_as_browsers_do(text: str, origin: str | None) -> None:
    assert browser_origin(text) == origin
