"""Own pages: an operator's code around pages, as a draft that nobody else sees, and live."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest

from billing_sdk.errors import InvalidRequest, PayloadTooLarge
from billing_sdk.server.domain.workspace import PageCode
from billing_sdk.server.usecases.begin_session import begin_session
from billing_sdk.server.usecases.own_pages import publish_own_page, revert_own_page, save_draft
from billing_sdk.server.web import csrf_token
from tests.contract.pages.visits import CHALLENGE
from tests.in_process import in_process
from tests.serving import CALLBACK

HTML = {"Accept": "text/html"}
AROUND = '<h2 class="own">Acme {{ 7 * 7 }}</h2><billing-content></billing-content><p>After</p>'
SESSION = "provider_session"


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with in_process(f"sqlite:///{tmp_path_factory.mktemp('own') / 'billing.db'}", "http://127.0.0.1:3000") as client:
        yield client


def cookies_of(client, email):
    with client.engine.read() as tx:
        user = tx.users.find_by_email(email)
    return {SESSION: begin_session(client.engine, user_id=user.id)}


@pytest.fixture(scope="module")
def ada(client):
    """The cookies of an operator."""
    return cookies_of(client, "ada@example.com")


@pytest.fixture
def written(client):
    """A draft for the page of registration, and nothing live."""
    save_draft(client.engine, name="register", code=PageCode())
    publish_own_page(client.engine, name="register")
    return save_draft(client.engine, name="register", code=PageCode(AROUND, ".own { color: red }", "document.title;"))


def register_page(client, cookies, **parameters):
    """Begin a sign-up in a browser, and return its first page."""
    request = {
        "client_id": client.seed.client_id,
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": "openid",
        "state": "the-state",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        "prompt": "create",
        **parameters,
    }
    answer = client.get(f"/oauth2/auth?{urlencode(request)}", cookies=cookies)
    cookies = {**cookies, **dict(answer.cookies)}
    return client.get(f"{answer.headers['location']}/register", cookies=cookies, headers=HTML)


def test_a_draft_is_seen_by_operators_alone_and_by_everybody_once_it_is_live(client, ada, written):
    grace = cookies_of(client, "grace@example.com")
    preview = client.get("/dashboard/pages/register/preview", cookies=ada, headers=HTML).text
    assert '<h2 class="own">Acme {{ 7 * 7 }}</h2>' in preview
    assert preview.index("Acme") < preview.index("<main") < preview.index("After")
    assert "Acme" in register_page(client, ada, pages_mode="preview").text
    for cookies, parameters in ((ada, {}), (grace, {"pages_mode": "preview"}), ({}, {"pages_mode": "preview"})):
        assert "Acme" not in register_page(client, cookies, **parameters).text
    publish_own_page(client.engine, name="register")
    assert "Acme" in register_page(client, {}).text


def test_its_style_sheet_and_script_are_files_of_this_server_with_the_nonce_of_the_page(client, written):
    publish_own_page(client.engine, name="register")
    page = register_page(client, {})
    policy = page.headers["content-security-policy"]
    nonce = re.search(r"'nonce-([^']+)'", policy)[1]
    sheet = re.search(r'href="(/static/pages/register\.css\?v=[0-9a-f]{32})"', page.text)[1]
    script = re.search(rf'src="(/static/pages/register\.js\?v=[0-9a-f]{{32}})" nonce="{nonce}"', page.text)[1]
    assert "connect-src 'none'" in policy
    for url, media_type in ((sheet, "text/css"), (script, "text/javascript")):
        answer = client.get(url)
        assert answer.headers["content-type"].startswith(media_type)
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert client.get("/static/pages/register.css?v=other").headers["cache-control"] == "public, max-age=60"


def test_a_file_of_a_draft_is_found_by_its_digest_only(client, written):
    assert client.get("/static/pages/register.css").status_code == 404
    assert client.get("/static/pages/other.css").status_code == 404
    assert client.get("/static/pages/register.html").status_code == 404


def test_a_draft_has_the_content_once_and_is_short(client, written):
    for html in ("<p>no content</p>", "<billing-content/><billing-content/>", "<!-- <billing-content/> -->x"):
        with pytest.raises(InvalidRequest, match="once"):
            save_draft(client.engine, name="register", code=PageCode(html))
    with pytest.raises(PayloadTooLarge):
        save_draft(client.engine, name="register", code=PageCode(css="x" * 20_001))
    with client.engine.read() as tx:
        assert tx.own_pages.get("register").draft == written.draft


def test_a_draft_is_dropped_for_what_is_live(client, written):
    publish_own_page(client.engine, name="register")
    save_draft(client.engine, name="register", code=PageCode(css="b {}"))
    assert revert_own_page(client.engine, name="register").draft.html == AROUND


def test_the_editor_saves_tells_what_is_stopped_puts_live_and_reverts(client, ada):
    def post(**fields):
        return client.request(
            "POST",
            "/dashboard/pages/success",
            cookies=ada,
            headers={**HTML, "Origin": client.base_url},
            data={"csrf_token": csrf_token(ada[SESSION]), **fields},
        )

    assert post(html="<p>x</p>").status_code == 422
    code = {"html": '<b onclick="x">B</b><billing-content></billing-content>', "css": "@import 'x';", "js": ""}
    assert post(**code).headers["location"] == "/dashboard/pages/success?done=own_page_saved"
    page = client.get("/dashboard/pages/success?done=own_page_saved", cookies=ada, headers=HTML).text
    for words in ("The draft was saved.", "onclick is left out; listen to", "browsers stop @import", "Draft"):
        assert words in page
    assert post(**code, publish="yes").headers["location"].endswith("done=own_page_live")
    assert post(**{**code, "css": ""}).status_code == 303
    newer = save_draft(client.engine, name="success", code=PageCode(AROUND)).draft
    page = post(**code, version="of-an-older-page", revert="yes")
    assert (page.status_code, "Somebody else has changed this meanwhile." in page.text) == (422, True)
    with client.engine.read() as tx:
        assert tx.own_pages.get("success").draft == newer
    assert post(**code, revert="yes").headers["location"].endswith("done=own_page_reverted")
    assert "Live" in client.get("/dashboard/pages", cookies=ada, headers=HTML).text
    assert client.get("/dashboard/pages/other", cookies=ada, headers=HTML).status_code == 404
