"""Names that want to be more than text: they change no element of any page, and hide nothing."""

from __future__ import annotations

import html
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import quote, urlencode

import pytest

from billing_sdk.server import pages
from billing_sdk.server.domain.workspace import Brand, BrandTexts, PortalSettings
from billing_sdk.server.usecases.begin_session import begin_session
from billing_sdk.server.usecases.create_organization import create_organization
from billing_sdk.server.usecases.create_portal_link import create_portal_link
from billing_sdk.server.usecases.decide_end_request import refuse_end
from billing_sdk.server.usecases.open_portal_link import open_portal_link
from billing_sdk.server.usecases.request_end import request_end
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.usecases.update_brand import update_brand
from billing_sdk.server.usecases.update_portal_settings import update_portal_settings
from billing_sdk.server.web import csrf_token
from tests.contract.pages.plan_worlds import seat_plan
from tests.contract.pages.renaming import rename_everything
from tests.contract.pages.visits import CHALLENGE, PASSWORD
from tests.every_route import filled
from tests.in_process import InProcess, in_process
from tests.serving import CALLBACK

BASE_URL = "http://127.0.0.1:3000"
PLAIN = "Plain"
# Ends whatever it may stand in: a title, an attribute, a script, a comment, a template; then a script of its own.
MARKUP = (
    "</script></title></textarea></style>--></bdi><evil onload=alert(1)><svg/onload=alert(2)>"
    "\"'`><script>alert(3)</script>{{ 7*7 }}{% raw %}${7*7}&lt;&#x3c;javascript:alert(4)\u2028]]>"
)
HIDING = "P\u202elain\u200b\u2066\u00ad\u3164\ufeff\U000e0041\u2069"
BIDI_AND_INVISIBLE = set(HIDING) - set("Plain") | {"\u2028", "\u2029", "\u202a", "\u200e", "\u200f", "\u061c"}
JOURNEYS = {
    "register": {"prompt": "create"},
    "sign-in": {"prompt": "login"},
    "organization": {"prompt": "create", "is_create_org": "true"},
    "plans": {"prompt": "create"},
    "payment": {"prompt": "create", "plan_interest": "pro_monthly"},
    "success": {"prompt": "create", "plan_interest": "free", "has_success_page": "true"},
}


class Structure(HTMLParser):
    """The elements of a page with the names of their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, ...]] = []
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, *(name for name, _ in attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.fixture(scope="module")
def database_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('names') / 'billing.db'}"


@pytest.fixture(scope="module")
def app(database_url: str) -> Iterator[InProcess]:
    with in_process(database_url, BASE_URL) as running:
        update_brand(running.engine, brand=Brand(name=PLAIN, texts={"en": BrandTexts(PLAIN, PLAIN)}))
        yield running


@pytest.fixture(scope="module")
def addresses(app: InProcess, database_url: str) -> dict[str, dict[str, str]]:
    """Every page with the cookies that show it."""
    return {**dict(portal_pages(app)), **dict(journey_pages(app)), **dict(table_pages(app))}


def table_pages(app: InProcess) -> Iterator[tuple[str, dict[str, str]]]:
    """The pricing table in a frame of another site, and where an operator builds it."""
    yield "/embed/pricing-tables/default_users", {}
    with app.engine.read() as tx:
        operator = tx.users.find_by_email(app.seed.users[0][0])
    cookies = {"provider_session": begin_session(app.engine, user_id=operator.id)}
    for path in (
        "",
        "/_new",
        *(f"/default_users{part}" for part in ("", "/add", "/preview", "/delete", "/cards/free")),
    ):
        yield f"/dashboard/pricing-tables{path}", cookies


def portal_pages(app: InProcess) -> Iterator[tuple[str, dict[str, str]]]:
    with app.engine.read() as tx:
        user = tx.users.find_by_email(app.seed.users[1][0])
        customer = tx.customers.find_by_user(user.id)
        own = {
            "agreement_id": tx.agreements.live_of(customer.id)[0].id,
            "invoice_id": tx.invoices.newest_of(customer.id)[0].id,
            "fee_key": "desk",
            "note_id": "x",
            "user_id": user.id,
        }
    seat_plan(app.engine)
    desks = subscribe(app.engine, customer_id=customer.id, plan_key="desks").id
    update_portal_settings(app.engine, settings=PortalSettings(cancellations_need_approval=True))
    asked = request_end(app.engine, agreement_id=desks, timing="now", actor=user.id, comment=PLAIN)
    refuse_end(app.engine, request_id=asked.id, actor="operator", answer=PLAIN)
    organization = create_organization(app.engine, name=PLAIN, creator_id=user.id)
    url = create_portal_link(app.engine, user_id=user.id, org_code=organization.code, return_url=f"{CALLBACK}?x=y")
    visit = open_portal_link(app.engine, key=url.partition("key=")[2])
    for route in pages.routes(app.engine):
        is_page = not route.path.endswith(
            ("/undo", "/withdraw", "/pause", "/resume", "/pdf", "/automatic")
        )  # no pages of their own
        if route.path.startswith("/portal/") and "GET" in route.methods and is_page:
            named = {**own, "plan_key": _plan_key_for(route.path)}
            if "{fee_key}" in route.path:
                named |= {"agreement_id": desks}
            yield filled(route.path, named.__getitem__), {"provider_portal": visit.session_key}
    yield "/portal_redirect?key=x", {}
    yield "/", {}


def _plan_key_for(path: str) -> str:
    if "/add_ons/" in path:
        return "onboarding_help"
    return "team_pro" if "organization_" in path else "enterprise_monthly"


def journey_pages(app: InProcess) -> Iterator[tuple[str, dict[str, str]]]:
    for step, parameters in JOURNEYS.items():
        request = {
            "client_id": app.seed.client_id,
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scope": "openid",
            "state": "s",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **parameters,
        }
        begun = app.get(f"/oauth2/auth?{urlencode(request)}")
        name, _, key = begun.headers["set-cookie"].partition(";")[0].partition("=")
        place = f"/journey/{name.removeprefix('provider_journey_')}"
        if step not in ("register", "sign-in"):
            form = {"csrf_token": csrf_token(key), "email": f"{step}@example.com", "password": PASSWORD}
            headers = {"Origin": BASE_URL}
            answer = app.request("POST", f"{place}/register", data=form, headers=headers, cookies={name: key})
            assert answer.status_code == 303, answer.text
        yield f"{place}/{step}", {name: key}


def shown(app: InProcess, addresses: dict[str, dict[str, str]]) -> dict[str, str]:
    found = {}
    for path, cookies in addresses.items():
        answer = app.get(path, headers={"Accept": "text/html"}, cookies=cookies)
        assert answer.status_code == 200 or "/organization_" in path, (
            f"{path}: {answer.status_code} {answer.headers.get('location')}"
        )
        found[path] = answer.text
    return found


@pytest.mark.attack(161, 174)
def test_no_name_becomes_an_element_of_a_page_or_a_template(app, addresses, database_url):
    rename_everything(database_url, PLAIN)
    plain = shown(app, addresses)
    rename_everything(database_url, MARKUP)
    hostile = shown(app, addresses)
    for path, page in hostile.items():
        assert Structure(page).elements == Structure(plain[path]).elements, path
    printed = [path for path, page in hostile.items() if "{{ 7*7 }}{% raw %}${7*7}" in html.unescape(page)]
    named = [path for path, page in plain.items() if PLAIN in page]
    assert printed == named
    assert len(named) > 20


@pytest.mark.attack(170)
def test_no_name_hides_or_turns_around_a_word_of_a_page(app, addresses, database_url):
    rename_everything(database_url, HIDING)
    for path, page in shown(app, addresses).items():
        assert not BIDI_AND_INVISIBLE & set(html.unescape(page)), path
        assert "Plain" in page or path == "/", path


@pytest.mark.attack(161)
@pytest.mark.parametrize("text", [MARKUP, HIDING])
def test_no_error_page_repeats_markup_of_the_address(app, text):
    for path in ("/", "/journey/", "/portal/", "/portal/billing/", "/static/", "/api/"):
        answer = app.get(path + quote(text, safe=""), headers={"Accept": "text/html"})
        assert 400 <= answer.status_code < 500
        assert "<evil" not in answer.text
        assert "<script>alert" not in answer.text


@pytest.mark.attack(161)
def test_the_one_image_and_the_one_script_are_ours_and_carry_no_foreign_code(app):
    mark = app.get("/static/mark.svg")
    assert mark.headers["content-type"] == "image/svg+xml"
    assert "default-src 'none'" in mark.headers["content-security-policy"]
    assert "<script" not in mark.text


@pytest.mark.attack(171)
def test_no_page_listens_to_or_sends_messages_across_windows(app):
    script = app.get("/static/enhance.js").text
    for word in ("postMessage", "onmessage", '"message"', "opener", "parent", "eval(", "innerHTML", "document.write"):
        assert word not in script
