"""What pages do not let happen: foreign forms, foreign journeys, skipped steps, text that becomes markup."""

from __future__ import annotations

import httpx
import pytest

from billing_sdk.testing.visitor import Visitor
from tests.contract.pages.visits import (
    CARD,
    PASSWORD,
    begin,
    charges_of,
    enter_portal,
    leaves_for_application,
    plans_of,
    register,
    user_of,
)
from tests.serving import RunningServer

HOSTILE = "<script>alert('x')</script>\"'&{{ 7*7 }}"
REORDERING = "Ada\u202egnp.exe\u200b"


def _on_plans_page(visitor: Visitor, site: RunningServer, email: str) -> str:
    """Bring a new person to the choice of plans, and return where the journey is."""
    begin(visitor, site)
    return register(visitor, email).url.rpartition("/")[0]


@pytest.mark.attack(163)
def test_a_form_without_its_token_is_refused_and_changes_nothing(
    site: RunningServer, visitor: Visitor, email: str
) -> None:
    journey = _on_plans_page(visitor, site, email)
    answer = visitor.http.post(f"{journey}/plans", data={"plan": "free"}, headers={"Origin": site.base_url})
    assert answer.status_code == 403
    assert plans_of(site, email) == []


@pytest.mark.attack(163)
@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}]
)
def test_a_form_that_another_site_sends_is_refused_and_changes_nothing(
    site: RunningServer, visitor: Visitor, email: str, headers: dict[str, str]
) -> None:
    journey = _on_plans_page(visitor, site, email)
    fields = {**visitor.page.forms[0].fields, "plan": "free"}
    answer = visitor.http.post(f"{journey}/plans", data=fields, headers=headers)
    assert answer.status_code == 403
    assert plans_of(site, email) == []


@pytest.mark.attack(163)
def test_the_token_of_another_browser_is_refused(site: RunningServer, visitor: Visitor, email: str) -> None:
    journey = _on_plans_page(visitor, site, email)
    with Visitor() as other:
        begin(other, site)
        foreign_token = other.page.forms[0].fields["csrf_token"]
    fields = {"csrf_token": foreign_token, "plan": "free"}
    answer = visitor.http.post(f"{journey}/plans", data=fields, headers={"Origin": site.base_url})
    assert answer.status_code == 403
    assert plans_of(site, email) == []


@pytest.mark.attack(168)
def test_the_journey_of_another_browser_can_not_be_seen_or_used(
    site: RunningServer, visitor: Visitor, email: str
) -> None:
    journey = _on_plans_page(visitor, site, email)
    with Visitor() as other:
        begin(other, site)
        fields = {**other.page.forms[0].fields, "plan": "free"}
        assert other.open(f"{journey}/plans").status == 400
        answer = other.http.post(f"{journey}/plans", data=fields, headers={"Origin": site.base_url})
    assert answer.status_code == 400
    assert email not in answer.text
    assert plans_of(site, email) == []


@pytest.mark.attack(168)
def test_a_payment_before_a_plan_is_chosen_changes_nothing(site: RunningServer, visitor: Visitor, email: str) -> None:
    journey = _on_plans_page(visitor, site, email)
    fields = {**visitor.page.forms[0].fields, **CARD, "plan": "pro_monthly", "shown": "pro_monthly"}
    answer = visitor.http.post(f"{journey}/payment", data=fields, headers={"Origin": site.base_url})
    assert str(answer.url).endswith("/plans")
    assert plans_of(site, email) == []


@pytest.mark.attack(168)
def test_the_success_page_can_not_be_sent_before_its_time(site: RunningServer, visitor: Visitor, email: str) -> None:
    begin(visitor, site, has_success_page="true")
    journey = register(visitor, email).url.rpartition("/")[0]
    answer = visitor.http.post(
        f"{journey}/success", data=visitor.page.forms[0].fields, headers={"Origin": site.base_url}
    )
    assert str(answer.url).endswith("/plans")


@pytest.mark.attack(165)
def test_a_plan_that_is_not_on_the_table_can_not_be_chosen(site: RunningServer, visitor: Visitor, email: str) -> None:
    _on_plans_page(visitor, site, email)
    page = visitor.submit(plan="team_free")
    assert page.status == 422
    assert plans_of(site, email) == []


@pytest.mark.attack(165)
def test_a_price_that_was_edited_in_the_browser_is_not_paid(site: RunningServer, visitor: Visitor, email: str) -> None:
    begin(visitor, site, plan_interest="pro_monthly")
    register(visitor, email)
    page = visitor.submit("Pay", shown="pro_monthly 0.01 USD", **CARD)
    assert page.status == 422
    assert "Due today US$29.00" in page.text
    assert plans_of(site, email) == []


@pytest.mark.attack(165)
def test_what_a_browser_says_about_money_is_not_listened_to(site: RunningServer, visitor: Visitor, email: str) -> None:
    begin(visitor, site, plan_interest="pro_monthly", has_success_page="true")
    register(visitor, email)
    invented = {
        **dict.fromkeys(("amount", "amount_minor", "price", "total", "unit_amount"), "1"),
        **dict.fromkeys(("quantity", "discount", "trial_days", "version", "replaces"), "100"),
        "currency": "JPY",
        "plan": "free",
        "plan_key": "free",
        "customer_id": "customer_x",
        "org_code": "org_x",
    }
    form = {**visitor.page.forms[0].fields, **CARD, **invented}
    visitor.http.post(visitor.page.url, data=form, headers={"Origin": site.base_url})
    assert plans_of(site, email) == ["pro_monthly"]
    assert charges_of(site, email) == ["succeeded 29.00 USD"]


@pytest.mark.attack(163)
def test_opening_pages_changes_nothing(site: RunningServer, visitor: Visitor, email: str) -> None:
    journey = _on_plans_page(visitor, site, email)
    for path in ("", "/plans?plan=free", "/payment?plan=free", "/success"):
        visitor.open(f"{journey}{path}")
    assert plans_of(site, email) == []


@pytest.mark.attack(161)
def test_hostile_names_are_text_and_never_markup(site: RunningServer, visitor: Visitor, email: str) -> None:
    begin(visitor, site, is_create_org="true")
    register(visitor, email, given_name=HOSTILE)
    visitor.submit(name=HOSTILE)
    leaves_for_application(lambda: visitor.submit(plan="team_free"))
    with site.engine.read() as tx:
        codes = [o.code for o in tx.organizations.of_user(user_of(site, email).id) if not o.is_default]
    for section in ("profile", "organization_details", "organization_members"):
        page = enter_portal(visitor, site, email, sub_nav=section, org_code=codes[0])
        assert page.status == 200
        assert HOSTILE in " ".join([page.text, *page.forms[-1].fields.values()])
        assert "<script>alert" not in page.html


@pytest.mark.attack(170)
def test_text_that_would_rearrange_the_page_loses_what_does_so(
    site: RunningServer, visitor: Visitor, email: str
) -> None:
    begin(visitor, site)
    page = visitor.submit(email="", given_name=REORDERING)
    assert page.forms[0].fields["given_name"] == "Adagnp.exe"


def test_no_secret_comes_back(site: RunningServer, visitor: Visitor, email: str) -> None:
    begin(visitor, site, plan_interest="pro_monthly")
    page = visitor.submit(email="", password=PASSWORD)
    assert PASSWORD not in page.html
    register(visitor, email)
    page = visitor.submit("Pay", **{**CARD, "number": "4000000000000002", "cvc": "987", "name": "Vera V"})
    fields = page.forms[0].fields
    assert (fields["number"], fields["expiry"], fields["cvc"]) == ("", "", "")
    assert fields["name"] == "Vera V"
    assert "987" not in page.text


@pytest.mark.attack(162, 169)
@pytest.mark.parametrize("path", ["/", "/portal/profile", "/portal_redirect?key=x", "/journey/journey_x/plans"])
def test_every_page_is_private_and_runs_no_foreign_code(site: RunningServer, path: str) -> None:
    answer = httpx.get(f"{site.base_url}{path}", headers={"Accept": "text/html"})
    policy = answer.headers["Content-Security-Policy"]
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "unsafe-inline" not in policy
    assert "http" not in policy
    assert " style=" not in answer.text
    assert " onclick=" not in answer.text
    assert '<html lang="en" dir="ltr">' in answer.text


@pytest.mark.attack(161)
@pytest.mark.parametrize("path", ["/static/secret.txt", "/static/..%2fsite.py", "/static/%2e%2e/site.py"])
def test_only_listed_assets_are_served(site: RunningServer, path: str) -> None:
    assert httpx.get(f"{site.base_url}{path}").status_code == 404


def test_a_program_that_asks_gets_a_problem_document(site: RunningServer) -> None:
    answer = httpx.get(f"{site.base_url}/portal/profile", headers={"Accept": "application/json"})
    assert answer.status_code == 401
    assert answer.json()["code"] == "unauthenticated"


@pytest.mark.parametrize("field", ["email", "given_name", "password"])
def test_a_field_of_any_length_is_answered_with_a_form(site: RunningServer, visitor: Visitor, field: str) -> None:
    begin(visitor, site)
    page = visitor.submit("Create account", **{"email": "a@example.com", "password": PASSWORD, field: "x" * 100_000})
    assert page.status == 422
    assert page.forms
