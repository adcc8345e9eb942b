"""What another site, or a page's own content, can't do in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.contract.pages.visits import portal_link, sign_up_link, user_of
from tests.serving import RunningServer

pytestmark = pytest.mark.browser

WATCH = """
window.violations = [];
addEventListener("securitypolicyviolation", (event) => violations.push(event.effectiveDirective));
"""
INJECT = """() => {
  const script = document.createElement("script");
  script.textContent = "document.title = 'taken over'";
  const style = document.createElement("style");
  style.textContent = "body { display: none }";
  const form = document.createElement("form");
  form.action = "https://evil.example/";
  const image = document.createElement("img");
  image.src = "https://evil.example/pixel";
  document.body.append(script, style, form, image);
  form.requestSubmit();
}"""
SECTIONS = (
    "profile",
    "plan_details",
    "plan_selection",
    "plan_selection/enterprise_monthly",
    "payment_details",
    "billing",
    "credit",
)


def enter(page: Page, server: RunningServer) -> None:
    page.goto(portal_link(server, server.seed.users[1][0], sub_nav="profile"))
    page.wait_for_url("**/portal/profile")


def name_of(server: RunningServer) -> str:
    return user_of(server, server.seed.users[1][0]).given_name


@pytest.mark.attack(162)
def test_no_page_breaks_its_own_policy_and_what_is_put_into_one_is_stopped_by_it(
    page: Page, server: RunningServer
) -> None:
    page.add_init_script(WATCH)
    enter(page, server)
    addresses = [f"{server.base_url}/portal/{section}" for section in SECTIONS]
    for address in (server.base_url, f"{server.base_url}/nowhere", sign_up_link(server), *addresses):
        page.goto(address)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert page.evaluate("() => violations") == []

    page.evaluate(INJECT)
    page.wait_for_function("() => new Set(violations).size >= 4")
    assert set(page.evaluate("() => violations")) == {"script-src-elem", "style-src-elem", "form-action", "img-src"}
    assert page.evaluate("() => document.title") != "taken over"
    assert page.evaluate("() => document.querySelector('h1').checkVisibility()")


@pytest.mark.attack(18, 164)
def test_no_page_can_be_put_into_a_frame_of_another_origin(page: Page, server: RunningServer) -> None:
    enter(page, server)
    paths = ["/", *(f"/portal/{section}" for section in SECTIONS), "/portal_redirect?key=x", "/oauth2/auth", "/logout"]
    frames = "".join(f'<iframe src="{server.base_url}{path}"></iframe>' for path in paths)
    evil = f"http://{server.base_url.split('/')[2].split(':')[0]}:1/"  # of the same site, so that cookies go along

    page.route(evil, lambda route: route.fulfill(body=f"<!doctype html>{frames}", content_type="text/html"))
    page.goto(evil)
    assert [frame.url.partition(":")[0] for frame in page.frames[1:]] == ["chrome-error"] * len(paths)
    page.goto("about:blank")


@pytest.mark.attack(163)
@pytest.mark.parametrize("origin", ["http://evil.example/", "http://127.0.0.1:1/"], ids=["other site", "other port"])
def test_a_form_of_another_origin_changes_nothing_even_with_a_stolen_token(
    page: Page, server: RunningServer, origin: str
) -> None:
    enter(page, server)
    token = page.locator("form input[name=csrf_token]").last.get_attribute("value")
    before = name_of(server)
    form = f"""<!doctype html><form method="post" action="{server.base_url}/portal/profile">
      <input name="csrf_token" value="{token}"><input name="given_name" value="Mallory"><button>Win</button></form>"""

    def serve(route: Route) -> None:
        route.fulfill(body=form, content_type="text/html")

    page.route(origin, serve)
    page.goto(origin)
    with page.expect_response(f"{server.base_url}/portal/profile") as response:
        page.get_by_role("button").click()
    assert response.value.status in (401, 403)
    assert name_of(server) == before != "Mallory"


@pytest.mark.attack(169)
def test_going_back_after_signing_out_shows_nothing_of_the_account(page: Page, server: RunningServer) -> None:
    enter(page, server)
    expect(page.get_by_label("First name")).to_have_value(name_of(server))
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="You have signed out")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Profile")
    assert server.seed.users[1][0] not in page.content()


@pytest.mark.attack(172)
def test_no_script_of_a_page_can_read_a_cookie(context: BrowserContext, page: Page, server: RunningServer) -> None:
    page.goto(sign_up_link(server))
    enter(page, server)
    cookies = [cookie for cookie in context.cookies() if cookie["name"].startswith("provider_")]
    assert len(cookies) >= 2
    assert all(cookie["httpOnly"] and cookie["sameSite"] == "Lax" for cookie in cookies)
    assert page.evaluate("() => document.cookie") == ""


@pytest.mark.attack(116, 119)
def test_the_key_of_a_link_is_in_no_address_that_the_portal_shows_or_sends(page: Page, server: RunningServer) -> None:
    referrers: list[str] = []
    page.on("request", lambda request: referrers.append(request.headers.get("referer", "")))
    link = portal_link(server, server.seed.users[1][0], sub_nav="profile")
    page.goto(link)
    page.wait_for_url("**/portal/profile")
    key = link.partition("key=")[2]
    assert page.url == f"{server.base_url}/portal/profile"
    assert key not in page.content()
    assert set(referrers) == {""}
