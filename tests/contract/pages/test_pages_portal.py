"""The portal: the way in, and what a customer sees and changes there."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import httpx
import pytest

from billing_sdk.server.clock import TestClock
from billing_sdk.server.domain.catalog import Entitlement, LicenceFee, Phase, VersionContent
from billing_sdk.server.domain.rating import Flat, Terms
from billing_sdk.server.ids import new_id
from billing_sdk.server.usecases.archive_plan import archive_plan
from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.create_organization import create_organization
from billing_sdk.server.usecases.create_plan import create_plan
from billing_sdk.server.usecases.create_portal_link import SUB_NAVS
from billing_sdk.server.usecases.grant_allowance import grant_allowance
from billing_sdk.server.usecases.publish_plan import publish_plan
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.register_user import register_user
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.testing.visitor import Visitor
from tests.contract.pages.visits import (
    CARD,
    DECLINED_CARD,
    DECLINED_WHEN_CHARGED,
    PASSWORD,
    agreements_of,
    begin,
    charges_of,
    enter_portal,
    leaves_for_application,
    plans_of,
    portal_link,
    register,
    user_of,
)
from tests.serving import RunningServer, serving

ANYONE = {"Accept": "text/html"}


@pytest.fixture
def customer(site: RunningServer, visitor: Visitor, email: str) -> str:
    """Somebody who is on pro_monthly, has a card, and whose browser is not in the portal yet."""
    begin(visitor, site, plan_interest="pro_monthly")
    register(visitor, email, given_name="Vera", family_name="Visitor")
    leaves_for_application(lambda: visitor.submit("Pay", **CARD))
    return email


@pytest.fixture
def org_code(site: RunningServer, customer: str) -> str:
    """The code of an organization that the customer has created."""
    return create_organization(site.engine, name="Analytical Engines", creator_id=user_of(site, customer).id).code


@pytest.mark.attack(117)
def test_looking_at_a_link_does_not_use_it_up(site: RunningServer, visitor: Visitor, customer: str) -> None:
    link = portal_link(site, customer)
    for look in (httpx.head, httpx.get, httpx.get):
        assert look(link, headers=ANYONE).status_code == 200
    visitor.open(link)
    assert visitor.submit("Continue").url.endswith("/portal/plan_details")


@pytest.mark.attack(115)
def test_a_link_works_once(site: RunningServer, visitor: Visitor, customer: str) -> None:
    link = portal_link(site, customer)
    visitor.open(link)
    visitor.submit("Continue")
    with Visitor() as other:
        other.open(link)
        page = other.submit("Continue")
        assert page.status == 410
        assert "no longer valid" in page.text
        assert other.open(f"{site.base_url}/portal/profile").status == 401


@pytest.mark.attack(117, 163)
def test_a_link_without_a_form_of_ours_is_refused_and_stays_good(
    site: RunningServer, visitor: Visitor, customer: str
) -> None:
    link = portal_link(site, customer)
    key = link.partition("key=")[2]
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {}):
        answer = httpx.post(f"{site.base_url}/portal_redirect", data={"key": key}, headers=headers)
        assert answer.status_code == 403
    visitor.open(link)
    assert visitor.submit("Continue").status == 200


@pytest.mark.attack(115, 120)
def test_a_link_and_a_visit_end_with_their_time(database_url: str, visitor: Visitor) -> None:
    clock = TestClock(datetime(2026, 3, 1, 12, tzinfo=UTC))
    with serving(database_url, clock=clock) as server:
        grace = server.seed.users[1][0]
        link = portal_link(server, grace)
        clock.advance(seconds=server.engine.settings.portal_link_seconds)
        visitor.open(link)
        assert visitor.submit("Continue").status == 410
        assert enter_portal(visitor, server, grace).status == 200
        clock.advance(seconds=server.engine.settings.portal_idle_seconds)
        page = visitor.open("/portal/plan_details")
        assert page.status == 401
        assert "Your visit to this page is over" in page.text
        assert "Return to Demo" in page.text
        assert visitor.open("/portal/plan_details?lang=de").text.count("Öffnen Sie Ihr Konto von dort aus.") == 1


@pytest.mark.parametrize("sub_nav", SUB_NAVS)
def test_every_section_that_a_link_can_name_opens(
    site: RunningServer, visitor: Visitor, customer: str, org_code: str, sub_nav: str
) -> None:
    page = enter_portal(visitor, site, customer, sub_nav=sub_nav, org_code=org_code)
    assert page.status == 200
    assert page.url.endswith(f"/portal/{sub_nav}")
    assert "Return to Demo" in page.text
    assert site.redirect_uri.replace("/callback", "/account") in [target for _, target in page.links]


def test_the_plan_page_shows_price_renewal_and_usage(site: RunningServer, visitor: Visitor, customer: str) -> None:
    (agreement,) = agreements_of(site, customer)
    record_usage(site.engine, agreement_id=agreement.id, feature_key="ai_tokens", value="42500")
    text = enter_portal(visitor, site, customer).text
    renewal = agreement.period_at(site.engine.now()).end
    assert "US$29.00 per month" in text
    assert "42,500 of 100,000 used" in text
    assert f"Next renewal {renewal.day} {renewal:%B %Y}" in text
    grant_allowance(site.engine, customer_id=agreement.customer_id, feature_key="ai_tokens", amount="500.5")
    assert "42,500 of 100,500.5 used" in visitor.open("/portal/plan_details").text


def test_a_plan_is_changed_after_its_price_was_shown(site: RunningServer, visitor: Visitor, customer: str) -> None:
    enter_portal(visitor, site, customer, sub_nav="plan_selection")
    assert "Current plan" in visitor.page.text
    page = visitor.follow("Choose Enterprise")
    assert "Due today US$99.00" in page.text
    assert "Visa ending in 4242" in page.text
    assert "Visa mit den Endziffern 4242" in visitor.http.get(page.url, params={"lang": "de"}).text
    visitor.http.get(page.url, params={"lang": "en"})
    assert plans_of(site, customer) == ["pro_monthly"]
    page = visitor.submit("Pay US$99.00")
    assert "Your plan has changed" in page.text
    assert plans_of(site, customer) == ["enterprise_monthly"]
    assert charges_of(site, customer) == ["succeeded 29.00 USD", "succeeded 99.00 USD"]


@pytest.mark.attack(166)
def test_a_change_that_is_sent_twice_is_made_once(site: RunningServer, visitor: Visitor, customer: str) -> None:
    enter_portal(visitor, site, customer, sub_nav="plan_selection")
    visitor.follow("Choose Enterprise")
    address, fields = visitor.page.url, visitor.page.forms[-1].fields
    for _ in range(2):
        answer = visitor.http.post(address, data=fields, headers={"Origin": site.base_url})
        assert answer.status_code == 200
    assert charges_of(site, customer) == ["succeeded 29.00 USD", "succeeded 99.00 USD"]


@pytest.mark.attack(165)
def test_a_confirmation_from_before_another_change_does_nothing(
    site: RunningServer, visitor: Visitor, customer: str
) -> None:
    enter_portal(visitor, site, customer, sub_nav="plan_selection")
    visitor.follow("Choose Enterprise")
    page = visitor.submit("Pay", replaces=new_id("agreement"))
    assert page.status == 422
    assert "has changed since this page was shown" in page.text
    assert plans_of(site, customer) == ["pro_monthly"]


@pytest.mark.attack(165)
def test_a_plan_for_organizations_is_none_for_a_person(site: RunningServer, visitor: Visitor, customer: str) -> None:
    enter_portal(visitor, site, customer)
    page = visitor.open("/portal/plan_selection/team_pro")
    assert page.status == 404
    assert "Unknown plan" in page.text


def test_a_plan_is_cancelled_after_a_question(site: RunningServer, visitor: Visitor, customer: str) -> None:
    enter_portal(visitor, site, customer)
    visitor.follow("Cancel plan")
    assert plans_of(site, customer) == ["pro_monthly"]
    page = visitor.submit("Cancel plan", when="now")
    assert "The plan was cancelled" in page.text
    assert "No plan yet" in page.text
    assert plans_of(site, customer) == []


def test_whoever_is_on_an_archived_plan_sees_it_and_can_leave_it(
    site: RunningServer, visitor: Visitor, customer: str
) -> None:
    fee = LicenceFee("fee_1", "base_price", "Base price", "USD", Terms(Flat(Decimal(700))))
    half = replace(fee, id="fee_2", terms=Terms(Flat(Decimal(350))))
    phases = (Phase("half", "Half", 2, (half,)), Phase("free", "Free", 1, (Entitlement("e", "sso", "SSO"),)))
    content = VersionContent((fee,), opening_phases=phases)
    create_plan(site.engine, key="leaving", name="Leaving", content=content)
    publish_plan(site.engine, plan_key="leaving")
    with site.engine.read() as tx:
        payer = tx.customers.find_by_user(user_of(site, customer).id)
    subscribe(site.engine, customer_id=payer.id, plan_key="leaving")
    archive_plan(site.engine, plan_key="leaving")

    enter_portal(visitor, site, customer)
    assert "US$7.00 per month" in visitor.page.text
    assert "first 2 billing periods: US$3.50 next billing period: Free" in visitor.page.text
    assert "Due today US$99.00" in visitor.open("/portal/plan_selection/enterprise_monthly").text
    assert visitor.open("/portal/plan_selection/leaving").status == 404
    visitor.open("/portal/plan_details")
    visitor.follow("Cancel plan")
    assert "The plan was cancelled" in visitor.submit("Cancel plan", when="now").text


@pytest.mark.attack(118, 168)
def test_the_agreement_of_somebody_else_can_not_be_cancelled(
    site: RunningServer, visitor: Visitor, customer: str
) -> None:
    (grace, _), (agreement, *_) = site.seed.users[1], agreements_of(site, site.seed.users[1][0])
    enter_portal(visitor, site, customer)
    visitor.follow("Cancel plan")
    answer = visitor.http.post(
        f"{site.base_url}/portal/plan_details/{agreement.id}/cancel",
        data=visitor.page.forms[-1].fields,
        headers={"Origin": site.base_url},
    )
    assert answer.status_code == 404
    assert plans_of(site, grace) == ["pro_monthly"]


def test_a_card_is_replaced_unless_it_is_declined(site: RunningServer, visitor: Visitor, customer: str) -> None:
    enter_portal(visitor, site, customer, sub_nav="payment_details")
    page = visitor.submit("Save card", **DECLINED_CARD)
    assert page.status == 422
    assert "declined" in page.text
    assert "Visa ending in 4242" in page.text
    page = visitor.submit("Save card", **{**CARD, "number": "5555 5555 5555 4444"})
    assert "The card was saved" in page.text
    assert "Mastercard ending in 4444" in page.text


def test_somebody_without_a_card_adds_one_on_the_way_to_a_plan(
    site: RunningServer, visitor: Visitor, email: str
) -> None:
    begin(visitor, site)
    register(visitor, email)
    leaves_for_application(lambda: visitor.submit(plan="free"))
    enter_portal(visitor, site, email, sub_nav="plan_selection")
    visitor.follow("Choose Pro")
    visitor.follow("Add a card")
    page = visitor.submit("Save card", **CARD)
    assert page.url.endswith("/portal/plan_selection/pro_monthly")
    visitor.submit("Pay US$29.00")
    assert plans_of(site, email) == ["pro_monthly"]


def test_a_plan_that_waits_for_its_payment_is_paid_with_the_card(
    site: RunningServer, visitor: Visitor, email: str
) -> None:
    user = register_user(site.engine, email=email, password=PASSWORD)
    become_customer(site.engine, user_id=user.id, billing_email=email, plan_key="pro_monthly")
    enter_portal(visitor, site, email, sub_nav="payment_details")
    assert "US$29.00 will be charged to this card now" in visitor.page.text
    visitor.submit("Save card and pay US$29.00", **DECLINED_CARD)
    assert charges_of(site, email) == []
    page = visitor.submit("Save card and pay US$29.00", **CARD)
    assert "The card was saved" in page.text
    assert "will be charged" not in page.text
    assert charges_of(site, email) == ["succeeded 29.00 USD"]


def test_a_card_that_is_declined_when_charged_says_so_and_the_plan_stays_unpaid(
    site: RunningServer, visitor: Visitor, email: str
) -> None:
    user = register_user(site.engine, email=email, password=PASSWORD)
    become_customer(site.engine, user_id=user.id, billing_email=email, plan_key="pro_monthly")
    enter_portal(visitor, site, email, sub_nav="payment_details")
    page = visitor.submit("Save card and pay US$29.00", **DECLINED_WHEN_CHARGED)
    assert page.status == 422
    assert "The card was declined" in page.text
    assert "US$29.00 will be charged to this card now" in page.text
    visitor.submit("Save card and pay US$29.00", **CARD)
    assert charges_of(site, email) == ["failed 29.00 USD", "succeeded 29.00 USD"]


@pytest.mark.attack(118)
def test_an_invoice_is_shown_line_by_line_to_its_owner_only(
    site: RunningServer, visitor: Visitor, customer: str
) -> None:
    page = enter_portal(visitor, site, customer, sub_nav="profile")
    page = visitor.follow("Invoices")
    number, address = next(link for link in page.links if link[0].startswith("INV-"))
    page = visitor.follow(number)
    assert f"Invoice {number}" in page.text
    assert "Total US$29.00" in page.text
    assert "Flat price = US$29.00" in page.text
    page = visitor.follow("Show all that it is made of")
    for fact in (
        "version 1",
        "Rounding To the nearest, halves up",
        "Parts of a period To the second",
        "Flat price = US$29.00",
    ):
        assert fact in page.text
    enter_portal(visitor, site, site.seed.users[0][0])
    assert visitor.open(address).status == 404


def test_a_profile_is_changed(site: RunningServer, visitor: Visitor, customer: str) -> None:
    enter_portal(visitor, site, customer, sub_nav="profile")
    page = visitor.submit("Save", given_name="Verena", family_name="Gast")
    assert "saved" in page.text
    assert user_of(site, customer).name == "Verena Gast"


@pytest.mark.attack(120)
def test_only_who_manages_billing_sees_what_the_organization_pays(
    site: RunningServer, visitor: Visitor, customer: str, org_code: str
) -> None:
    ada = site.seed.users[0][0]
    with site.engine.begin() as tx:
        tx.organizations.add_member(org_code, user_of(site, ada).id, at=site.engine.now())
    enter_portal(visitor, site, ada, sub_nav="organization_members", org_code=org_code)
    assert visitor.page.status == 200
    for section in ("plan_details", "plan_selection", "payment_details", "billing", "plan_selection/team_free"):
        page = visitor.open(f"/portal/organization_{section}")
        assert page.status == 403
        assert "org:write:billing" in page.text
    enter_portal(visitor, site, customer, sub_nav="organization_plan_selection", org_code=org_code)
    assert visitor.page.status == 200


@pytest.mark.attack(120)
def test_a_member_who_has_left_sees_nothing_of_the_organization(
    site: RunningServer, visitor: Visitor, customer: str, org_code: str
) -> None:
    enter_portal(visitor, site, customer, sub_nav="organization_members", org_code=org_code)
    with site.engine.begin() as tx:
        tx.organizations.remove_member(org_code, user_of(site, customer).id)
    page = visitor.open("/portal/organization_members")
    assert page.status == 404
    assert "Analytical Engines" not in page.text


@pytest.mark.attack(169)
def test_signing_out_ends_the_visit(site: RunningServer, visitor: Visitor, customer: str) -> None:
    enter_portal(visitor, site, customer)
    cookies = dict(visitor.http.cookies)
    page = visitor.submit("Sign out")
    assert "signed out" in page.text
    answer = httpx.get(f"{site.base_url}/portal/profile", cookies=cookies, headers=ANYONE)
    assert answer.status_code == 401
