"""The brand on pages that customers see: its style sheet, its pictures, its links and its words."""

from __future__ import annotations

import pytest

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.domain.workspace import Brand, BrandTexts
from billing_sdk.server.usecases.update_brand import update_brand
from tests.in_process import in_process

HTML = {"Accept": "text/html"}
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
PNG = b"\x89PNG\r\n\x1a\n rest"


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with in_process(f"sqlite:///{tmp_path_factory.mktemp('brand') / 'billing.db'}", "http://127.0.0.1:3000") as client:
        yield client


def test_a_page_loads_the_brand_and_its_addresses_can_be_kept_for_ever(client):
    update_brand(client.engine, brand=Brand(accent="#0b6e4f", font="serif"), files={"logo": PNG})
    home = client.get("/", headers=HTML).text
    urls = [part.split('"')[0] for part in home.split('="') if part.startswith("/static/brand")]
    assert len(urls) == 2
    sheet, logo = (client.get(url) for url in urls)
    assert "--accent: #0b6e4f;" in sheet.text
    assert "Charter" in sheet.text
    assert logo.content == PNG
    assert {answer.headers["cache-control"] for answer in (sheet, logo)} == {"public, max-age=31536000, immutable"}
    assert client.get("/static/brand.css?v=old").headers["cache-control"] == "public, max-age=60"


@pytest.mark.attack(161, 162)
def test_a_picture_that_holds_a_script_can_do_nothing_when_it_is_opened_by_itself(client):
    update_brand(client.engine, brand=Brand(), files={"icon": SVG})
    answer = client.get("/static/brand/icon")
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_what_is_dropped_is_gone_and_what_nobody_mentions_stays(client):
    update_brand(client.engine, brand=Brand(), files={"icon": SVG, "logo": PNG})
    after = update_brand(client.engine, brand=Brand(name="Acme"), dropped=("icon",))
    assert set(after.files) == {"logo"}
    assert client.get("/static/brand/icon").status_code == 404
    assert client.get("/static/brand/logo").status_code == 200


@pytest.mark.attack(161, 167)
@pytest.mark.parametrize(
    ("brand", "parameter"),
    [
        (Brand(accent="red"), "accent"),
        (Brand(dark_accent="#24509f;"), "dark_accent"),
        (Brand(name="two\nlines"), "name"),
        (Brand(support_url="javascript:alert(1)"), "support_url"),
        (Brand(terms_url="mailto:help@example.com"), "terms_url"),
        (Brand(support_url="mailto:a@b.c?bcc=d@e.f"), "support_url"),
        (Brand(privacy_url="//example.com"), "privacy_url"),
        (Brand(texts={"en": BrandTexts("x" * 501)}), "texts"),
        (Brand(font="own"), "font"),
    ],
)
def test_what_can_not_be_shown_is_refused_and_changes_nothing(client, brand, parameter):
    before = update_brand(client.engine, brand=Brand(name="Before"), dropped=("font",))
    with pytest.raises(InvalidRequest) as refused:
        update_brand(client.engine, brand=brand)
    assert refused.value.facts["parameter"] == parameter
    with client.engine.read() as tx:
        assert tx.brand.get() == before
