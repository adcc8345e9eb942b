"""The brand on pages that customers see: its style sheet, its pictures, its links and its words."""

from __future__ import annotations

import pytest

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.domain.workspace import Brand, BrandTexts
from billing_sdk.server.usecases.begin_session import begin_session
from billing_sdk.server.usecases.update_brand import update_brand
from billing_sdk.server.web import csrf_token
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


@pytest.fixture(scope="module")
def ada(client):
    """The cookies of an operator."""
    with client.engine.read() as tx:
        user = tx.users.find_by_email("ada@example.com")
    return {"provider_session": begin_session(client.engine, user_id=user.id)}


def post(client, ada, path, files=None, **fields):
    """Send a form of the dashboard as a browser does."""
    fields |= {"csrf_token": csrf_token(ada["provider_session"])}
    sent = {"files": files, "data": fields} if files else {"data": fields}
    return client.request("POST", path, cookies=ada, headers={**HTML, "Origin": client.base_url}, **sent)


LOOK = {"name": "Acme", "accent": "#ffd400", "dark_accent": "", "font": "geometric", "corners": "round"}


def test_an_operator_brands_the_pages_by_one_form_and_is_told_what_became_of_the_colours(client, ada):
    files = {"logo": ("Logo\r\n.png", PNG, "text/html"), "icon": ("", b"", "application/octet-stream")}
    words = {"welcome_de": "Willkommen", "support_url": "mailto:help@example.com"}
    saved = post(client, ada, "/dashboard/brand", files, **LOOK, **words)
    assert (saved.status_code, saved.headers["location"]) == (303, "/dashboard/brand?done=saved")
    page = client.get("/dashboard/brand", cookies=ada, headers=HTML).text
    assert "#ffd400 could not be read (1.3 to 1, and 4.5 is needed), so #856e00 is used." in page
    assert "#ffd400 is used as it is: it can be read." in page
    shown = client.get("/", headers=HTML).text
    assert 'alt="Acme"' in shown
    preview = client.get("/dashboard/brand/preview/sign_in?lang=de", cookies=ada, headers=HTML)
    assert "Willkommen" in preview.text
    assert 'href="mailto:help@example.com"' in preview.text


def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_lost_that_was_typed(client, ada):
    wrong = post(client, ada, "/dashboard/brand", **{**LOOK, "accent": "mauve"}, terms_url="https://example.com/terms")
    assert wrong.status_code == 422
    assert 'id="accent-wrong"' in wrong.text
    assert 'value="mauve"' in wrong.text
    assert 'value="https://example.com/terms"' in wrong.text
    heavy = post(client, ada, "/dashboard/brand", {"logo": ("l.png", PNG + bytes(60_000), "image/png")}, **LOOK)
    assert 'id="logo-wrong"' in heavy.text


def test_a_preview_shows_what_is_typed_and_stores_nothing(client, ada):
    update_brand(client.engine, brand=Brand(name="Before"))
    preview = post(client, ada, "/dashboard/brand/preview/register", **{**LOOK, "preview": "plans"})
    assert "Choose a plan" in preview.text
    assert "Acme" in preview.text
    url = preview.text.split('href="/dashboard/brand/sheet.css')[1].split('"')[0].replace("&amp;", "&")
    sheet = client.get(f"/dashboard/brand/sheet.css{url}", cookies=ada)
    assert "--accent: #856e00;" in sheet.text
    with client.engine.read() as tx:
        assert tx.brand.get().name == "Before"


@pytest.mark.attack(164)
@pytest.mark.parametrize("name", ["register", "sign_in", "organization", "plans", "payment", "success", "nothing"])
def test_every_preview_is_framed_by_our_own_pages_alone(client, ada, name):
    preview = client.get(f"/dashboard/brand/preview/{name}", cookies=ada, headers=HTML)
    assert preview.status_code == 200
    assert "frame-ancestors 'self'" in preview.headers["content-security-policy"]
    assert preview.headers["x-frame-options"] == "SAMEORIGIN"
    shell = client.get("/dashboard/brand", cookies=ada, headers=HTML).headers
    assert "frame-src 'self'" in shell["content-security-policy"]
    assert "frame-ancestors 'none'" in shell["content-security-policy"]


@pytest.mark.attack(163)
def test_files_come_with_the_token_of_the_form(client, ada):
    answer = client.request(
        "POST",
        "/dashboard/brand",
        cookies=ada,
        headers={**HTML, "Origin": client.base_url},
        data=LOOK,
        files={"logo": ("l.png", PNG, "image/png")},
    )
    assert answer.status_code == 403
