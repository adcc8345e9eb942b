"""The way from a sign-up or sign-in link back to the application, page by page."""

from __future__ import annotations

from dataclasses import replace

import pytest

from billing_sdk.server.usecases.assign_plan import assign_plan
from billing_sdk.testing.visitor import Visitor
from tests.contract.pages.visits import (
    CARD,
    DECLINED_CARD,
    DECLINED_WHEN_CHARGED,
    PASSWORD,
    agreements_of,
    begin,
    charges_of,
    leaves_for_application,
    plans_of,
    register,
    user_of,
)
from tests.serving import RunningServer


def test_a_new_person_registers_chooses_a_plan_pays_and_returns(
    site: RunningServer, visitor: Visitor, email: str
) -> None:
    begin(visitor, site)
    assert "Demo" in visitor.page.title
    page = register(visitor, email, given_name="Vera", family_name="Visitor")
    assert page.url.endswith("/plans")
    page = visitor.submit("Choose Pro")
    assert page.url.endswith("/payment")
    assert "Due today US$29.00" in page.text
    callback = leaves_for_application(lambda: visitor.submit("Pay US$29.00", **CARD))
    assert callback["state"] == "the-state"
    assert callback["code"]
    assert plans_of(site, email) == ["pro_monthly"]
    assert charges_of(site, email) == ["succeeded 29.00 USD"]


def test_a_free_plan_asks_for_no_card(site: RunningServer, visitor: Visitor, email: str) -> None:
    begin(visitor, site)
    register(visitor, email)
    leaves_for_application(lambda: visitor.submit(plan="free"))
    assert plans_of(site, email) == ["free"]
    assert charges_of(site, email) == []


def test_a_link_that_names_a_plan_shows_no_table(site: RunningServer, visitor: Visitor, email: str) -> None:
    begin(visitor, site, plan_interest="enterprise_monthly")
    page = register(visitor, email)
    assert page.url.endswith("/payment")
    assert "Due today US$99.00" in page.text
    assert "Choose another plan" not in page.text


def test_a_link_that_names_a_table_shows_that_table(site: RunningServer, visitor: Visitor, email: str) -> None:
    begin(visitor, site, pricing_table_key="spring_promo")
    page = register(visitor, email)
    assert [form.fields["plan"] for form in page.forms] == ["pro_monthly", "enterprise_monthly"]


def test_a_card_says_how_often_a_plan_is_paid_its_trial_its_currencies_and_its_tiers(
    site: RunningServer, visitor: Visitor, email: str
) -> None:
    begin(visitor, site, pricing_table_key="ways_to_pay")
    text = register(visitor, email).text

    for words in (
        "Choose how you pay",
        "US$9.00 per month 14 days free, no card needed",
        "US$79.00 every 3 months",
        "US$290.00 per year or €270.00 per year",
        "up to 10,000: included",
        "above 100,000: US$0.0002 for each token",
    ):
        assert words in text


def test_a_table_speaks_the_language_that_the_link_asks_for(site: RunningServer, visitor: Visitor, email: str) -> None:
    begin(visitor, site, pricing_table_key="ways_to_pay", lang="de-AT")
    page = register(visitor, email)

    assert "So möchten Sie zahlen" in page.text
    assert "Zwei Wochen zur Probe." in page.text
    assert "Jetzt testen" in page.text


def test_a_link_can_name_the_currency_that_is_paid_in(site: RunningServer, visitor: Visitor, email: str) -> None:
    begin(visitor, site, pricing_table_key="ways_to_pay", currency="EUR")
    text = register(visitor, email).text
    assert "€270.00 per year or US$290.00 per year" in text
    assert "US$79.00 every 3 months" in text
    page = visitor.submit(plan="pro_yearly")
    assert "Due today €270.00" in page.text
    leaves_for_application(lambda: visitor.submit("Pay €270.00", **CARD))
    assert charges_of(site, email) == ["succeeded 270.00 EUR"]


@pytest.mark.parametrize(("currency", "problem"), [("EUR", "is sold in USD"), ("euro", "not an ISO 4217")])
def test_a_plan_that_is_not_sold_in_the_currency_of_the_link_is_refused_at_once(
    site: RunningServer, visitor: Visitor, currency: str, problem: str
) -> None:
    page = begin(visitor, site, plan_interest="pro_monthly", currency=currency)
    assert page.status == 400
    assert problem in page.text


def test_nobody_signs_up_for_an_add_on_by_itself(site: RunningServer, visitor: Visitor) -> None:
    page = begin(visitor, site, plan_interest="onboarding_help")
    assert page.status == 400
    assert "add-on" in page.text


@pytest.mark.parametrize("asked_for", [{"plan_interest": "gold"}, {"pricing_table_key": "winter"}])
def test_an_unknown_plan_or_table_gets_a_page_that_says_so(
    site: RunningServer, visitor: Visitor, asked_for: dict[str, str]
) -> None:
    page = begin(visitor, site, **asked_for)
    assert page.status in (400, 404)
    assert "unknown" in page.text.lower()
    assert "Traceback" not in page.text


def test_a_form_that_was_refused_can_be_read_in_another_language(
    site: RunningServer, visitor: Visitor, email: str
) -> None:
    begin(visitor, site, is_create_org="true")
    register(visitor, email)
    refused = visitor.submit(name="")
    page = visitor.follow("Deutsch")

    assert (refused.status, page.status) == (422, 200)
    assert page.url.partition("?")[0] == refused.url.partition("?")[0]
    assert 'lang="de"' in page.html


def test_a_creator_who_may_not_choose_a_plan_is_told_who_can_help(
    site: RunningServer, visitor: Visitor, email: str
) -> None:
    with site.engine.begin() as tx:
        (role,) = tx.roles.of_creators()
        tx.roles.save(replace(role, permission_keys=()))
    begin(visitor, site, is_create_org="true")
    register(visitor, email)
    page = visitor.submit(name="Analytical Engines")
    with site.engine.begin() as tx:
        tx.roles.save(role)

    assert page.url.endswith("/success")
    assert "Your organization has no plan yet" in page.text
    assert "ask the people who run" in page.text


def test_an_organization_is_named_and_gets_its_own_plan(site: RunningServer, visitor: Visitor, email: str) -> None:
    begin(visitor, site, is_create_org="true")
    page = register(visitor, email)
    assert page.url.endswith("/organization")
    page = visitor.submit(name="Analytical Engines")
    assert "For your organization" in page.text
    visitor.submit(plan="team_pro")
    leaves_for_application(lambda: visitor.submit("Pay", **CARD))
    with site.engine.read() as tx:
        (organization,) = [o for o in tx.organizations.of_user(user_of(site, email).id) if not o.is_default]
        customer = tx.customers.find_by_organization(organization.code)
        assert customer
        plans = [agreement.plan_key for agreement in tx.agreements.live_of(customer.id)]
    assert organization.name == "Analytical Engines"
    assert plans == ["team_pro"]


def test_somebody_with_an_account_signs_in_instead(site: RunningServer, visitor: Visitor) -> None:
    begin(visitor, site)
    visitor.follow("Sign in")
    assert visitor.page.url.endswith("/sign-in")
    grace, password = site.seed.users[1]
    callback = leaves_for_application(lambda: visitor.submit("Sign in", email=grace, password=password))
    assert callback["code"]


def test_a_success_page_is_shown_where_the_link_asks_for_it(site: RunningServer, visitor: Visitor, email: str) -> None:
    begin(visitor, site, has_success_page="true")
    register(visitor, email)
    page = visitor.submit(plan="free")
    assert page.url.endswith("/success")
    assert "You are on Free" in page.text
    assert leaves_for_application(lambda: visitor.submit("Continue"))["code"]


def test_a_declined_card_says_why_and_a_good_one_pays(site: RunningServer, visitor: Visitor, email: str) -> None:
    begin(visitor, site, plan_interest="pro_monthly")
    register(visitor, email)
    page = visitor.submit("Pay", **DECLINED_CARD)
    assert page.status == 422
    assert "The card was declined" in page.text
    assert plans_of(site, email) == []
    leaves_for_application(lambda: visitor.submit("Pay", **CARD))
    assert plans_of(site, email) == ["pro_monthly"]
    assert charges_of(site, email) == ["failed 29.00 USD", "succeeded 29.00 USD"]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("4000000000009995", "not enough money"),
        ("4000000000000069", "has expired"),
        ("4000000000000127", "security code is wrong"),
        ("4000000000000341", "declined"),
        ("4111111111111111", "not a published test card"),
        ("12", "not a published test card"),
    ],
)
def test_each_refusal_of_a_card_has_words_of_its_own(
    site: RunningServer, visitor: Visitor, email: str, number: str, words: str
) -> None:
    begin(visitor, site, plan_interest="pro_monthly")
    register(visitor, email)
    page = visitor.submit("Pay", **{**CARD, "number": number})
    assert words in page.text
    assert f'value="{number}"' not in page.html
    assert plans_of(site, email) == []


def test_an_assigned_plan_is_asked_for_until_it_is_paid(site: RunningServer, visitor: Visitor, email: str) -> None:
    begin(visitor, site, plan_interest="free")
    leaves_for_application(lambda: register(visitor, email))
    (free,) = agreements_of(site, email)
    assign_plan(site.engine, customer_id=free.customer_id, plan_key="enterprise_monthly")
    begin(visitor, site, prompt="")
    page = visitor.submit("Pay US$99.00", **DECLINED_WHEN_CHARGED)
    assert (page.status, page.url.rpartition("/")[2]) == (422, "payment")
    assert "The card was declined" in page.text
    page = begin(visitor, site, prompt="")
    assert "Due today US$99.00" in page.text
    leaves_for_application(lambda: visitor.submit("Pay US$99.00", **CARD))
    assert leaves_for_application(lambda: begin(visitor, site, prompt=""))["code"]
    assert charges_of(site, email) == ["failed 99.00 USD", "succeeded 99.00 USD"]


def test_another_plan_can_be_chosen_before_paying(site: RunningServer, visitor: Visitor, email: str) -> None:
    begin(visitor, site)
    register(visitor, email)
    visitor.submit(plan="enterprise_monthly")
    visitor.follow("Choose another plan")
    page = visitor.submit(plan="pro_monthly")
    assert "Due today US$29.00" in page.text


def test_what_was_typed_is_kept_beside_what_is_wrong(site: RunningServer, visitor: Visitor, email: str) -> None:
    begin(visitor, site)
    page = visitor.submit(email="not an address", password="short", given_name="Vera")
    assert page.status == 422
    assert page.title.startswith("Error:")
    fields = page.forms[0].fields
    assert (fields["email"], fields["given_name"], fields["password"]) == ("not an address", "Vera", "")
    assert 'aria-invalid="true"' in page.html
    assert 'role="alert"' in page.html


def test_a_taken_address_says_so(site: RunningServer, visitor: Visitor) -> None:
    begin(visitor, site)
    page = register(visitor, email=site.seed.users[0][0])
    assert page.status == 422
    assert "Sign in, or use another address" in page.text


def test_wrong_credentials_do_not_tell_which_part_is_wrong(site: RunningServer, visitor: Visitor) -> None:
    begin(visitor, site, prompt="login")
    unknown = visitor.submit("Sign in", email="nobody@example.com", password=PASSWORD)
    wrong = visitor.submit("Sign in", email=site.seed.users[0][0], password="not the right one")
    assert unknown.status == wrong.status == 422
    assert unknown.text == wrong.text


def test_too_many_attempts_are_told_to_wait(site: RunningServer, visitor: Visitor) -> None:
    begin(visitor, site, prompt="login")
    for _ in range(6):
        page = visitor.submit("Sign in", email="guessed@example.com", password="one of many guesses")
    assert page.status == 429
    assert "Wait a minute" in page.text


def test_the_address_that_the_link_suggests_is_filled_in(site: RunningServer, visitor: Visitor, email: str) -> None:
    page = begin(visitor, site, login_hint="hint@example.com")
    assert page.forms[0].fields["email"] == "hint@example.com"


def test_a_page_out_of_order_leads_to_the_right_one(site: RunningServer, visitor: Visitor, email: str) -> None:
    start = begin(visitor, site).url.rpartition("/")[0]
    for path in ("organization", "plans", "payment", "success"):
        assert visitor.open(f"{start}/{path}").url.endswith("/register")
    register(visitor, email)
    for path in ("register", "sign-in", "payment", "success"):
        assert visitor.open(f"{start}/{path}").url.endswith("/plans")
