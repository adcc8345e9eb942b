"""Every form of the pages, those of tomorrow as well: what it takes to be acted upon, and on whose account."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlencode

import pytest

from billing_sdk.errors import AuthenticationRequired
from billing_sdk.server import pages
from billing_sdk.server.ids import new_secret
from billing_sdk.server.storage.tables import metadata
from billing_sdk.server.usecases.begin_session import begin_session
from billing_sdk.server.usecases.checkout_links import checkout_path
from billing_sdk.server.usecases.create_organization import create_organization
from billing_sdk.server.usecases.create_portal_link import create_portal_link
from billing_sdk.server.usecases.invoice_links import links_to
from billing_sdk.server.usecases.open_portal_link import find_portal_visit, open_portal_link
from billing_sdk.server.usecases.operators import add_operator
from billing_sdk.server.usecases.register_user import register_user
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.web import csrf_token
from tests.contract.pages.visits import CARD, CHALLENGE, PASSWORD
from tests.contract.stripe_door.hybrid import begin_checkout_session, hybrid_plan
from tests.engines import payer
from tests.every_route import filled
from tests.in_process import InProcess, in_process
from tests.serving import CALLBACK
from tests.stored import rows_of

BASE_URL = "http://127.0.0.1:3000"
OURS = {"Origin": BASE_URL}
FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:3001"},
    {"Origin": "http://localhost:3000"},
    {"Origin": "https://127.0.0.1:3000"},
    {"Sec-Fetch-Site": "cross-site", **OURS},
    {"Sec-Fetch-Site": "same-site", **OURS},
    {"Sec-Fetch-Site": "none", **OURS},
    {"Sec-Fetch-Site": "", **OURS},
]
# What forms have, so that nothing but the missing token stands in their way.
FIELDS = {
    "plan": "free",
    "email": "eve@example.com",
    "password": PASSWORD,
    "given_name": "Eve",
    "family_name": "Evil",
    "name": "Evil",
    "country": "DE",
    "answer": "complete",
    **{name: CARD[name] for name in ("number", "expiry", "cvc")},
}
# Whose forms may bring files: such a body is read, and this one can't be.
WITH_FILES = {"/dashboard/brand", "/dashboard/brand/preview/{name}"}
# Tells of refusals, and of who was counted.
BOOKKEEPING = {"audit_records", "attempts"}


@dataclass(frozen=True)
class Somebody:
    """A person in the portal and on a journey, in one browser."""

    cookies: dict[str, str]
    portal_key: str
    link_key: str
    journey_id: str
    journey_key: str
    customer_id: str
    agreement_id: str
    invoice_id: str
    session_key: str
    sign_in_key: str
    client_id: str
    reference: str
    checkout_session_id: str
    checkout_key: str
    document_key: str

    def path(self, template: str) -> str:
        """Return an address with this person's own things in it."""
        own = {
            "agreement_id": self.agreement_id,
            "checkout_key": self.checkout_key,
            "checkout_session_id": self.checkout_session_id,
            "client_id": self.client_id,
            "invoice_id": self.invoice_id,
            "journey_id": self.journey_id,
            "key": self.document_key,
            "customer_id": self.customer_id or "x",
            "document_id": self.invoice_id or "x",
            "note_id": "x",
            "name": "base.css",
            "number": "1",
            "plan_key": "enterprise_monthly",
            "reference": self.reference,
        }
        return filled(template, lambda name: own.get(name, "x"))

    def key_for(self, template: str) -> str:
        """Return the key that the token of a form at an address is made of."""
        if template.startswith("/journey/"):
            return self.journey_key
        if template.startswith("/managed/"):
            return self.reference
        if template.startswith("/checkout/"):
            return self.checkout_key
        if template.startswith("/dashboard"):
            return self.sign_in_key if template == "/dashboard/sign-in" else self.session_key
        if template.startswith("/invoices/"):
            return self.document_key
        return self.link_key if template in ("/portal_redirect", "/invitation", "/account_link") else self.portal_key


@pytest.fixture(scope="module")
def database_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('forms') / 'billing.db'}"


@pytest.fixture(scope="module")
def app(database_url: str) -> Iterator[InProcess]:
    with in_process(database_url, BASE_URL) as running:
        yield running


@pytest.fixture(scope="module")
def grace(app: InProcess) -> Somebody:
    """Grace, who pays for a plan and manages an organization."""
    return somebody(app, app.seed.users[1][0])


@pytest.fixture(scope="module")
def ada(app: InProcess) -> Somebody:
    """Ada, who has nothing to do with Grace."""
    return replace(somebody(app, app.seed.users[0][0]), agreement_id="", invoice_id="")


def somebody(app: InProcess, email: str) -> Somebody:
    with app.engine.read() as tx:
        user = tx.users.find_by_email(email)
        customer = tx.customers.find_by_user(user.id)
        agreement = tx.agreements.live_of(customer.id)[0] if customer else None
        invoices = tx.invoices.newest_of(customer.id) if customer else ()
    organization = create_organization(app.engine, name=f"{email} Inc", creator_id=user.id)

    def link() -> str:
        url = create_portal_link(app.engine, user_id=user.id, org_code=organization.code, sub_nav="plan_details")
        return url.partition("key=")[2]

    links = links_to(app.engine, invoices[0]) if invoices else None
    checkout = begin_checkout_session(app.engine, hybrid_plan(app.engine))
    visit = open_portal_link(app.engine, key=link())
    request = {
        "client_id": app.seed.client_id,
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": "openid",
        "state": "s",
        "prompt": "create",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    begun = app.get(f"/oauth2/auth?{urlencode(request)}")
    name, _, journey_key = begun.headers["set-cookie"].partition(";")[0].partition("=")
    add_operator(app.engine, email=email, actor="test")
    session_key, sign_in_key = begin_session(app.engine, user_id=user.id), new_secret()
    return Somebody(
        cookies={
            "provider_portal": visit.session_key,
            name: journey_key,
            "provider_session": session_key,
            "provider_journey_dashboard": sign_in_key,
        },
        portal_key=visit.session_key,
        link_key=link(),
        journey_id=name.removeprefix("provider_journey_"),
        journey_key=journey_key,
        customer_id=customer.id if customer else "",
        agreement_id=agreement.id if agreement else "",
        invoice_id=invoices[0].id if invoices else "",
        session_key=session_key,
        sign_in_key=sign_in_key,
        client_id=app.seed.client_id,
        reference=reference_for(app, f"payer-{email}"),
        checkout_session_id=checkout,
        checkout_key=checkout_path(app.engine, checkout).rpartition("/")[2],
        document_key=links.hosted_url.rpartition("/")[2] if links else f"no-document-of-{user.id}",
    )


def reference_for(app: InProcess, email: str) -> str:
    """Return what names the page where a payment of somebody waits to be confirmed."""
    customer = payer(app.engine, email, number="4000002760003184")
    with pytest.raises(AuthenticationRequired) as waits:
        subscribe(app.engine, customer_id=customer.id, plan_key="pro_monthly")
    return str(waits.value.facts["url"]).rpartition("/")[2]


def templates(app: InProcess, method: str) -> list[str]:
    found = [route.path for route in pages.routes(app.engine) if method in route.methods]
    assert len(found) > 10
    return found


def post(app: InProcess, who: Somebody, template: str, fields: dict[str, str], headers: dict[str, str]):
    body = {"key": who.link_key, **FIELDS, **fields}
    return app.request(
        "POST",
        who.path(template),
        data=body,
        headers={"Accept": "text/html", **headers},
        cookies=who.cookies,
    )


def state_of(database_url: str) -> dict[str, list]:
    rows = {name: rows for name, rows in rows_of(database_url).items() if name not in BOOKKEEPING}
    # A visit goes on because it is used, which is noted where a test takes long.
    place = metadata.tables["portal_visits"].c.keys().index("expires_at")
    return rows | {"portal_visits": [(*row[:place], *row[place + 1 :]) for row in rows["portal_visits"]]}


@pytest.mark.attack(163)
def test_every_form_without_a_token_or_with_that_of_another_session_is_refused_and_changes_nothing(
    app, grace, ada, database_url
):
    before = state_of(database_url)
    for template in templates(app, "POST"):
        own, foreign = csrf_token(grace.key_for(template)), csrf_token(ada.key_for(template))
        for token in (
            {},
            {"csrf_token": ""},
            {"csrf_token": foreign},
            {"csrf_token": own[:-1]},
            {"csrf_token": own.upper()},
        ):
            answer = post(app, grace, template, token, OURS)
            assert answer.status_code == 403, f"{template} with {token}"
    assert state_of(database_url) == before


def test_every_form_with_its_own_token_passes_that_door(app):
    sam = somebody(app, register_user(app.engine, email="sam@example.com", password=PASSWORD).email)
    for template in templates(app, "POST"):
        for headers in (OURS, {"Sec-Fetch-Site": "same-origin", "Origin": "null"}):
            answer = post(app, sam, template, {"csrf_token": csrf_token(sam.key_for(template))}, headers)
            # What is behind it may still say no: there is no such agreement, or the visit has been ended by then.
            assert answer.status_code in (200, 303, 401, 404, 410, 422), template


@pytest.mark.attack(163)
def test_every_form_that_another_site_sends_is_refused_and_changes_nothing(app, grace, database_url):
    before = state_of(database_url)
    for template in templates(app, "POST"):
        for headers in FOREIGN:
            token = {"csrf_token": csrf_token(grace.key_for(template))}
            answer = post(app, grace, template, token, headers)
            assert answer.status_code == 403, f"{template} from {headers}"
    assert state_of(database_url) == before


@pytest.mark.attack(163)
@pytest.mark.parametrize("media_type", ["text/plain", "application/json", "multipart/form-data; boundary=x", ""])
def test_a_body_that_another_site_could_send_without_asking_is_no_form(app, grace, database_url, media_type):
    before = state_of(database_url)
    for template in templates(app, "POST"):
        token = urlencode({"csrf_token": csrf_token(grace.key_for(template)), "key": grace.link_key, **FIELDS})
        answer = app.request(
            "POST",
            grace.path(template),
            content=token,
            headers={**OURS, "Content-Type": media_type},
            cookies=grace.cookies,
        )
        takes_files = template in WITH_FILES and media_type.startswith("multipart/")
        assert answer.status_code == (400 if takes_files else 415), template
    assert state_of(database_url) == before


@pytest.mark.attack(117, 163)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_at_every_page_changes_nothing(app, grace, database_url, method):
    before = state_of(database_url)
    for template in templates(app, method):
        path = grace.path(template) + ("?key=" + grace.link_key if template == "/portal_redirect" else "")
        for headers in ({}, {"Sec-Purpose": "prefetch;prerender"}, {"User-Agent": "LinkPreviewBot"}):
            answer = app.request(method, path, headers={"Accept": "text/html", **headers}, cookies=grace.cookies)
            assert answer.status_code < 500, template
    assert state_of(database_url) == before


@pytest.mark.attack(118, 168)
def test_nobody_sees_or_changes_what_belongs_to_another_account(app, grace, ada, database_url):
    forged = {f"provider_journey_{grace.journey_id}": ada.journey_key}
    eve = replace(grace, cookies={**ada.cookies, **forged}, portal_key=ada.portal_key, journey_key=ada.journey_key)
    before = state_of(database_url)
    owned = ("{agreement_id}", "{invoice_id}", "{journey_id}")
    for method in ("GET", "POST"):
        for template in templates(app, method):
            # An operator sees the customers of the whole workspace.
            if any(name in template for name in owned) and not template.startswith("/dashboard"):
                token = {"csrf_token": csrf_token(eve.key_for(template))}
                answer = (
                    app.get(eve.path(template), headers={"Accept": "text/html"}, cookies=eve.cookies)
                    if method == "GET"
                    else post(app, eve, template, token, OURS)
                )
                assert answer.status_code in (400, 404), f"{method} {template}"
                assert app.seed.users[1][0] not in answer.text
    assert state_of(database_url) == before


@pytest.mark.attack(168)
def test_nothing_is_shown_or_done_without_a_visit_or_a_journey(app, grace, database_url):
    nobody = replace(grace, cookies={})
    before = state_of(database_url)
    for method in ("GET", "POST"):
        for template in templates(app, method):
            if template.startswith(("/portal/", "/journey/")):
                token = {"csrf_token": csrf_token(grace.key_for(template))}
                answer = (
                    app.get(nobody.path(template), headers={"Accept": "text/html"})
                    if method == "GET"
                    else post(app, nobody, template, token, OURS)
                )
                assert answer.status_code in (400, 401), f"{method} {template}"
    assert state_of(database_url) == before


@pytest.mark.attack(24, 120)
def test_opening_another_link_gives_the_browser_a_new_key_and_ends_the_visit_before(app, ada):
    first = open_portal_link(app.engine, key=ada.link_key)
    url = create_portal_link(app.engine, user_id=first.user_id)
    fresh = url.partition("key=")[2]
    fields = {"key": fresh, "csrf_token": csrf_token(fresh)}
    chosen = {"provider_portal": first.session_key}
    answer = app.request("POST", "/portal_redirect", data=fields, headers=OURS, cookies=chosen)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/portal/profile"
    assert first.session_key not in answer.headers["set-cookie"]
    assert find_portal_visit(app.engine, session_key=first.session_key) is None


@pytest.mark.attack(119)
def test_the_key_of_a_link_is_in_no_log_and_in_no_address_afterwards(app, caplog):
    caplog.set_level(logging.DEBUG)
    key = create_portal_link(app.engine, user_id=user_id_of(app)).partition("key=")[2]
    form = {"key": key, "csrf_token": csrf_token(key)}
    app.get(f"/portal_redirect?key={key}", headers={"Accept": "text/html"})
    answers = [app.request("POST", "/portal_redirect", data=form, headers=OURS) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 410]
    assert all(key not in str(answer.headers) + answer.text for answer in answers)
    # The client of this test says where it goes; the server doesn't.
    assert not [record for record in caplog.records if key in record.getMessage() and record.name[:4] != "http"]


@pytest.mark.attack(169)
def test_whoever_leaves_the_portal_leaves_no_page_behind(app, ada):
    key = create_portal_link(app.engine, user_id=user_id_of(app)).partition("key=")[2]
    visit = open_portal_link(app.engine, key=key)
    cookies = {"provider_portal": visit.session_key}
    seen = app.get("/portal/profile", cookies=cookies)
    assert (seen.headers["cache-control"], seen.headers["vary"]) == ("no-store", "Cookie, Accept-Language")
    token = {"csrf_token": csrf_token(visit.session_key)}
    answer = app.request("POST", "/portal/leave", data=token, headers=OURS, cookies=cookies)
    assert answer.headers["clear-site-data"] == '"cache"'
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert app.get("/portal/profile", cookies=cookies).status_code == 401


def user_id_of(app: InProcess) -> str:
    with app.engine.read() as tx:
        return tx.users.find_by_email(app.seed.users[0][0]).id
