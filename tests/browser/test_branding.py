"""A sign-up with a brand and an operator's own pages: who sees what, and what none of it can do."""

from __future__ import annotations

import re
import secrets

import pytest
from playwright.sync_api import Page, expect

from billing_sdk.server.domain.workspace import Brand, BrandTexts, PageCode
from billing_sdk.server.usecases.own_pages import publish_own_page, save_draft
from billing_sdk.server.usecases.update_brand import update_brand
from tests.contract.pages.visits import CARD, PASSWORD, plans_of, sign_up_link

pytestmark = pytest.mark.browser

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
EVIL = "</style><script>document.title='owned'</script>\u202e"
SVG = b"""<svg xmlns="http://www.w3.org/2000/svg" onload="document.title='owned'">
<script>document.title = 'owned'; fetch('/portal')</script><rect width="9" height="9"/></svg>"""
SCRIPT = """
document.querySelector('.own').textContent = 'Hello from Acme';
document.head.append(Object.assign(document.createElement('script'), { textContent: "document.title = 'owned'" }));
new Image().src = 'https://evil.example/pixel.gif';
fetch('/portal/profile').then(() => { document.title = 'owned'; }, () => {});
"""
AROUND = '<p class="own" onclick="x()">Acme</p><billing-logo></billing-logo><billing-content></billing-content>'


@pytest.fixture(autouse=True)
def no_brand_afterwards(request):
    """Leave the server as it was, for the tests elsewhere that share it."""
    server = request.getfixturevalue("either_server" if "either_server" in request.fixturenames else "sqlite_server")
    yield
    update_brand(server.engine, brand=Brand(), dropped=("logo", "icon"))
    save_draft(server.engine, name="register", code=PageCode())
    publish_own_page(server.engine, name="register")


@pytest.fixture
def email() -> str:
    return f"vera-{secrets.token_hex(6)}@example.com"


def test_an_operator_brands_the_pages_and_a_customer_signs_up_on_them(either_server, tab, keyboard, email):
    tab.goto("/dashboard/brand")
    tab.get_by_label("E-mail address").fill(either_server.seed.users[0][0])
    tab.get_by_label("Password").fill(either_server.seed.users[0][1])
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("button", name="Sign out")).to_be_visible()
    tab.goto("/dashboard/brand")
    keyboard("Name")
    tab.keyboard.type("Acme Works")
    tab.get_by_label("Logo").set_input_files({"name": "logo.png", "mimeType": "image/png", "buffer": PNG})
    tab.get_by_label("Accent", exact=True).fill("#0b6e4f")
    keyboard("Show")
    tab.keyboard.press("Enter")
    expect(tab.frame_locator("iframe").get_by_text("Acme Works")).to_be_visible()
    tab.get_by_role("button", name="Save").click()
    expect(tab.get_by_role("status")).to_have_text("Your changes were saved.")

    tab.goto(sign_up_link(either_server, plan_interest="pro_monthly", has_success_page="true"))
    expect(tab.get_by_role("img", name="Acme Works")).to_be_visible()
    expect(tab.get_by_role("button", name="Create account")).to_have_css("background-color", "rgb(11, 110, 79)")
    expect(tab.get_by_text("Step 1 of 3")).to_be_visible()
    _register(tab, email)
    for label, value in zip(("Card number", "Expiry", "Security code", "Name on card"), CARD.values(), strict=True):
        tab.get_by_label(label).fill(value)
    keyboard("Pay")
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("heading", level=1)).to_have_text("You are all set")
    assert plans_of(either_server, email) == ["pro_monthly"]


def test_code_around_a_page_shows_what_it_says_and_can_not_break_out(sqlite_server, page, email):
    save_draft(sqlite_server.engine, name="register", code=PageCode(AROUND, ".own { color: rgb(1, 2, 3) }", SCRIPT))
    publish_own_page(sqlite_server.engine, name="register")
    stopped: list[str] = []
    sent, kept_back = set(), set()
    page.on("request", lambda request: sent.add(request.url))
    page.on("requestfailed", lambda request: kept_back.add(request.url) if request.failure == "csp" else None)
    page.on("console", lambda message: stopped.append(message.text))
    page.goto(sign_up_link(sqlite_server))
    expect(page.get_by_text("Hello from Acme")).to_have_css("color", "rgb(1, 2, 3)")
    assert "Create your account" in page.title()
    assert "https://evil.example/pixel.gif" in kept_back
    assert {url.split("/")[2] for url in sent - kept_back} == {sqlite_server.base_url.split("/")[2]}
    for what in ("script-src", "img-src", "connect-src"):
        assert any(what in text for text in stopped), (what, stopped)
    _register(page, email)
    expect(page.get_by_role("heading", level=1)).to_be_visible()


@pytest.mark.attack(161, 162)
def test_a_brand_of_hostile_words_and_pictures_does_nothing(sqlite_server, page):
    words = BrandTexts(welcome=EVIL, footer=EVIL)
    brand = Brand(name=EVIL.replace("\u202e", ""), texts={"en": words}, support_url="https://example.com/?a='\"><b>")
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    update_brand(sqlite_server.engine, brand=brand, files={"logo": SVG, "icon": SVG})
    page.goto(sign_up_link(sqlite_server))
    expect(page.locator(".welcome")).to_contain_text("</style><script>")
    assert "Create your account" in page.title()
    assert complaints == []
    page.goto(f"{sqlite_server.base_url}/static/brand/logo")
    assert page.evaluate("document.title") != "owned"
    assert all("script" in text.lower() for text in complaints)


def _register(page: Page, email: str) -> None:
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name=re.compile("Create account")).click()
