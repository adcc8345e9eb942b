"""Pricing tables in frames of other sites: who may frame them, where their buttons lead, and that they are for all."""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from billing_sdk.server.usecases.register_application import register_application
from billing_sdk.server.usecases.save_pricing_table import save_pricing_table
from billing_sdk.server.words import languages_in, phrase
from tests.serving import RunningServer

APP = "https://app.example/callback"
REGISTER = "https://app.example/register?from=site"
TABLE = "/embed/pricing-tables/default_users"


@pytest.fixture(scope="module")
def shop(site: RunningServer) -> Iterator[httpx.Client]:
    """Somebody who has never been here, and an application at another address."""
    register_application(site.engine, name="App", kind="web", redirect_uris=[APP])
    with httpx.Client(base_url=site.base_url) as client:
        yield client


def policy_of(answer: httpx.Response) -> dict[str, list[str]]:
    parts = (part.split() for part in answer.headers["content-security-policy"].split(";"))
    return {name: values for name, *values in parts}


def links_of(answer: httpx.Response) -> list[str]:
    return [unescape(part.partition('"')[0]) for part in answer.text.split('href="')[1:] if 'target="_top"' in part]


def test_a_button_leads_out_of_the_frame_with_the_plan_and_the_table(shop):
    answer = shop.get(TABLE, params={"register_url": REGISTER})
    links = links_of(answer)
    asked = [parse_qs(urlsplit(link).query) for link in links]

    assert answer.status_code == 200
    assert {urlsplit(link)[:3] for link in links} == {("https", "app.example", "/register")}
    assert [one["plan_interest"] for one in asked] == [
        ["free"],
        ["pro_monthly"],
        ["pro_yearly"],
        ["enterprise_monthly"],
    ]
    assert all(one["pricing_table_key"] == ["default_users"] and one["from"] == ["site"] for one in asked)
    assert "lead nowhere" not in answer.text


@pytest.mark.attack(167)
@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://evil.example/register",
        "javascript:alert(1)",
        "//app.example/register",
        "https://app.example@evil.example/register",
        "https://app.example.evil.example/",
        "http://app.example/register",
        "https://app.example:444/register",
        '"><script>alert(1)</script>',
    ],
)
def test_an_address_that_is_none_of_a_registered_application_becomes_no_link(shop, url):
    answer = shop.get(TABLE, params={"register_url": url})

    assert links_of(answer) == []
    assert "lead nowhere" in answer.text
    assert "evil" not in answer.text
    assert "alert(1)" not in answer.text


@pytest.mark.attack(164)
def test_only_pages_of_registered_applications_frame_it(shop, site):
    for path, status in ((TABLE, 200), ("/embed/pricing-tables/none", 404)):
        answer = shop.get(path)
        assert answer.status_code == status
        assert set(policy_of(answer)["frame-ancestors"]) == {"https://app.example:443", "http://127.0.0.1:3000"}
        assert "x-frame-options" not in answer.headers
    for path in ("/", "/static/pricing.css", "/dashboard/sign-in"):
        answer = shop.get(path)
        assert policy_of(answer)["frame-ancestors"] == ["'none'"]
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"


def test_it_is_the_same_for_everybody_and_sets_no_cookie(shop):
    answer = shop.get(TABLE, params={"lang": "de"}, headers={"Cookie": "language=ar"})

    assert (answer.headers["cache-control"], answer.headers["vary"]) == ("public, max-age=60", "Accept-Language")
    assert answer.headers["content-language"] == "de"
    assert "set-cookie" not in answer.headers
    assert 'lang="de"' in answer.text
    assert "29,00\u00a0$" in answer.text
    assert 'dir="rtl"' in shop.get(TABLE, headers={"Accept-Language": "ar"}).text


def test_its_files_are_for_pages_of_any_site_and_are_few_and_small(shop):
    page = shop.get(TABLE)
    sheet = page.text.partition('rel="stylesheet" href="')[2].partition('"')[0]
    sent = [page, shop.get(sheet), shop.get("/embed/frame.js"), shop.get("/embed/pricing-table.js")]

    assert [answer.status_code for answer in sent] == [200] * 4
    assert sum(len(answer.content) for answer in sent) < 150_000
    for answer in (sent[0], *sent[2:]):
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert page.headers["cross-origin-embedder-policy"] == "require-corp"
    assert page.text.count("<script") == 1
    assert "style=" not in page.text


def test_a_colour_scheme_can_be_asked_for(shop):
    dark, both = (shop.get(f"/embed/pricing-table.css?{query}").text for query in ("color_scheme=dark", ""))

    assert "@media all" in dark
    assert "(prefers-color-scheme: dark)" not in dark
    assert "color-scheme: dark" in dark
    assert "(prefers-color-scheme: dark)" in both
    assert 'content="light"' in shop.get(TABLE, params={"color_scheme": "light"}).text
    assert 'content="light dark"' in shop.get(TABLE, params={"color_scheme": "x"}).text


def test_the_cadence_that_is_asked_for_is_shown_first(shop):
    for cadence, first in (("year", "year"), ("month", "month"), ("nonsense", "month")):
        text = shop.get(TABLE, params={"cadence": cadence}).text
        (checked,) = [part for part in text.split("<input")[1:] if " checked>" in part.partition("\n")[0]]
        assert f'value="{first}"' in checked


def test_a_table_that_is_not_live_is_shown_to_nobody(shop, site):
    save_pricing_table(site.engine, key="draft", group_key="individuals")

    answer = shop.get("/embed/pricing-tables/draft", params={"lang": "de"})
    assert (answer.status_code, answer.headers["cache-control"]) == (404, "no-store")
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("tag", ["ar", "de", "tr"])
def test_the_frame_is_called_by_the_name_that_a_table_has_in_the_language_of_the_page(shop, tag):
    script = shop.get("/embed/pricing-table.js")
    assert f'["{tag}", "{languages_in().best([tag]).say(phrase("Pricing table"))}"]' in script.text
