"""What customers may do in the portal: set by the operator, neither shown nor done otherwise; and where links lead."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace

import pytest

from billing_sdk.server.clock import TestClock
from billing_sdk.server.domain.workspace import WISHES, PortalSettings, Wish, field_of
from billing_sdk.server.pages.dashboard.portal_settings import NAMES
from billing_sdk.server.pages.portal.sections import SECTIONS
from billing_sdk.server.usecases.create_organization import create_organization
from billing_sdk.server.usecases.create_portal_link import SUB_NAVS, create_portal_link
from billing_sdk.server.usecases.update_portal_settings import update_portal_settings
from billing_sdk.testing.visitor import Visitor
from tests.contract.pages.plan_worlds import seat_plan
from tests.contract.pages.portal_people import Somebody, on_plan
from tests.engines import NOON, person
from tests.serving import RunningServer, serving

# A page of each section that the operator's settings decide about, and what it says on the plan page.
OFFERED: dict[Wish, tuple[str, str]] = {
    "change_plan": ("/portal/plan_selection", "Change plan"),
    "cancel": ("/portal/plan_details/{id}/cancel", "Cancel plan"),
    "buy_add_ons": ("/portal/plan_details/{id}/add_ons/onboarding_help", "Add-ons"),
    "see_invoices": ("/portal/billing", "Invoices"),
}
FORMS: dict[Wish, str] = {
    "change_plan": "/portal/plan_selection/enterprise_monthly",
    "cancel": "/portal/plan_details/{id}/cancel",
    "pause": "/portal/plan_details/{id}/pause",
    "resume": "/portal/plan_details/{id}/resume",
    "buy_add_ons": "/portal/plan_details/{id}/add_ons/onboarding_help",
    "change_seats": "/portal/plan_details/{id}/seats/base_price",
}
# What each value of `sub_nav` of the contract opens.
LANDS = {
    "profile": "Profile",
    "plan_details": "Plan",
    "plan_selection": "Choose a plan",
    "payment_details": "Payment method",
    "organization_details": "Organization",
    "organization_members": "Members",
    "organization_billing": "Invoices",
    "organization_plan_details": "Plan",
    "organization_plan_selection": "Choose a plan",
    "organization_payment_details": "Payment method",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[RunningServer]:
    place = tmp_path_factory.mktemp("settings") / "billing.db"
    with serving(f"sqlite:///{place}", clock=TestClock(NOON)) as running:
        seat_plan(running.engine)
        yield running


@pytest.fixture(scope="module")
def pro(server) -> Iterator[Somebody]:
    """Somebody who pays 29.00 USD a month, and founds an organization."""
    with on_plan(server, "pro_monthly") as somebody:
        yield somebody


@pytest.fixture
def only(server) -> Iterator[None]:
    """Give the settings back that a test has changed."""
    yield
    update_portal_settings(server.engine, settings=PortalSettings())


def forbid(server: RunningServer, wish: Wish) -> None:
    update_portal_settings(server.engine, settings=replace(PortalSettings(may_pause=True), **{field_of(wish): False}))


@pytest.mark.usefixtures("only")
def test_credit_is_found_where_invoices_are_not_shown(pro):
    forbid(pro.server, "see_invoices")
    assert 'href="/portal/credit"' in pro.open().html


@pytest.mark.parametrize("wish", OFFERED)
@pytest.mark.usefixtures("only")
def test_what_the_operator_does_not_offer_is_neither_shown_nor_there(pro, wish):
    path, said = OFFERED[wish]
    url = pro.server.base_url + path.format(id=pro.agreement_id)
    assert (said in pro.open().text, pro.visitor.open(url).status) == (True, 200)
    forbid(pro.server, wish)
    assert said not in pro.open().text
    page = pro.visitor.open(url)
    assert (page.status, "This is not possible here" in page.text) == (403, True)


@pytest.mark.attack(168)
@pytest.mark.parametrize("wish", FORMS)
@pytest.mark.usefixtures("only")
def test_a_form_for_what_the_operator_does_not_offer_changes_nothing(pro, wish):
    token = pro.open().forms[-1].fields["csrf_token"]
    before, paid = pro.agreement, pro.paid
    forbid(pro.server, wish)
    url = pro.server.base_url + FORMS[wish].format(id=pro.agreement_id)
    fields = {"csrf_token": token, "quantity": "2", "when": "now"}
    answer = pro.visitor.http.post(url, data=fields, headers={"Origin": pro.server.base_url})
    assert answer.status_code == 403
    assert (pro.agreement, pro.paid) == (before, paid)


@pytest.mark.usefixtures("only")
def test_usage_that_is_not_shown_leaves_what_is_included(pro):
    forbid(pro.server, "see_usage")
    page = pro.open()
    assert "AI tokens up to 100,000" in page.text
    assert "<meter" not in page.html


@pytest.mark.usefixtures("only")
def test_an_operator_sets_what_customers_may_do(server):
    with Visitor() as ada:
        ada.open(f"{server.base_url}/dashboard")
        ada.submit(email=server.seed.users[0][0], password=server.seed.users[0][1])
        ada.open(f"{server.base_url}/dashboard/portal")
        (form,) = (form for form in ada.page.forms if form.action == "/dashboard/portal")
        assert form.unticked == {"may_pause", "cancellations_need_approval"}
        chosen = {"csrf_token": form.fields["csrf_token"], "may_pause": "yes", "shows_usage": "yes"}
        headers = {"Origin": server.base_url}
        answer = ada.http.post(f"{server.base_url}/dashboard/portal", data=chosen, headers=headers)
        assert "Your changes were saved." in answer.text
    with server.engine.read() as tx:
        settings = tx.portal_settings.get()
    assert {one.name for one in fields(settings) if getattr(settings, one.name)} == {"may_pause", "shows_usage"}


def test_every_setting_is_on_the_page_of_the_operator():
    assert sorted(NAMES) == sorted(one.name for one in fields(PortalSettings))
    assert {section.wish for section in SECTIONS} - {None} <= set(WISHES)


@pytest.mark.parametrize("sub_nav", SUB_NAVS)
def test_every_sub_nav_of_the_contract_lands_on_its_section(pro, org_code, sub_nav):
    pro.visitor.open(create_portal_link(pro.server.engine, user_id=pro.user_id, org_code=org_code, sub_nav=sub_nav))
    page = pro.visitor.submit("Continue")
    assert page.status == 200
    assert page.url.endswith(f"/portal/{sub_nav}")
    assert page.title.startswith(LANDS[sub_nav])


@pytest.fixture(scope="module")
def org_code(pro) -> str:
    """An organization that the customer has founded, and so manages."""
    return create_organization(pro.server.engine, name="Analytical Engines", creator_id=pro.user_id).code


def test_a_member_without_the_permission_sees_nothing_of_what_the_organization_pays(pro, org_code):
    engine = pro.server.engine
    member = person(engine, "member@example.com")
    with engine.begin() as tx:
        tx.organizations.add_member(org_code, member, at=engine.now())
    with Visitor() as visitor:
        visitor.open(create_portal_link(engine, user_id=member, org_code=org_code, sub_nav="organization_members"))
        page = visitor.submit("Continue")
        shown = [url for _, url in page.links if url.startswith("/portal/organization_")]
        assert set(shown) == {"/portal/organization_details", "/portal/organization_members"}
        for section in SECTIONS:
            if section.kind == "organization" and section.manages and "{" not in section.path:
                page = visitor.open(f"{pro.server.base_url}/portal/organization_{section.path}")
                assert (page.status, "org:write:billing" in page.text) == (403, True), section.path
