"""The page where the holder of a test card confirms a payment: the way there, the two answers, and the way back."""

from __future__ import annotations

from unittest.mock import Mock

import pytest

from billing_sdk.errors import Conflict
from billing_sdk.money import Money
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.add_charge import add_charge
from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.one_off_charges import OneOff
from billing_sdk.server.usecases.register_user import register_user
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.testing.visitor import Page, Visitor
from tests.contract.pages.visits import (
    CARD,
    PASSWORD,
    begin,
    charges_of,
    enter_portal,
    leaves_for_application,
    plans_of,
    register,
)
from tests.engines import card
from tests.serving import RunningServer

ALWAYS = "4000 0027 6000 3184"
ONCE = "4000 0025 0000 3155"


def pay_in_journey(visitor: Visitor, site: RunningServer, email: str, number: str = ALWAYS) -> Page:
    """Sign up for a plan that costs something, and pay with a card whose holder is asked to confirm."""
    begin(visitor, site, plan_interest="pro_monthly")
    register(visitor, email)
    return visitor.submit("Pay", **{**CARD, "number": number})


def customer_with(site: RunningServer, email: str, number: str, plan_key: str | None = None) -> str:
    """Make a customer with a card, who is on a plan."""
    user = register_user(site.engine, email=email, password=PASSWORD)
    customer = become_customer(site.engine, user_id=user.id, billing_email=email, plan_key=plan_key)
    add_card(site.engine, customer_id=customer.id, card=card(number.replace(" ", "")))
    return customer.id


def test_a_sign_up_goes_on_after_its_payment_was_confirmed(site, visitor, email) -> None:
    page = pay_in_journey(visitor, site, email)
    assert page.title.startswith("Confirm your payment")
    assert ("US$29.00" in page.text, "Visa ending in 3184" in page.text) == (True, True)
    assert (plans_of(site, email), charges_of(site, email)) == ([], [])
    policy = visitor.http.get(page.url).headers["content-security-policy"]
    assert site.redirect_uri.removesuffix("/callback") in policy.partition("form-action")[2].partition(";")[0]

    assert leaves_for_application(lambda: visitor.submit("Complete"))["code"]
    assert plans_of(site, email) == ["pro_monthly"]
    assert charges_of(site, email) == ["succeeded 29.00 USD"]


def test_the_page_of_the_bank_has_the_language_of_the_journey(site, visitor, email) -> None:
    begin(visitor, site, plan_interest="pro_monthly", lang="de")
    register(visitor, email)
    page = visitor.submit(**{**CARD, "number": ALWAYS})
    assert page.title.startswith("Bestätigen Sie Ihre Zahlung")


def test_a_sign_up_whose_plan_was_chosen_from_the_table_goes_on_after_its_payment_was_confirmed(
    site, visitor, email
) -> None:
    begin(visitor, site)
    register(visitor, email)
    visitor.submit("Choose Pro")
    assert visitor.submit("Pay", **{**CARD, "number": ALWAYS}).title.startswith("Confirm your payment")
    assert leaves_for_application(lambda: visitor.submit("Complete"))["code"]
    assert (plans_of(site, email), charges_of(site, email)) == (["pro_monthly"], ["succeeded 29.00 USD"])


def test_a_payment_that_was_not_confirmed_leads_back_to_another_card(site, visitor, email) -> None:
    pay_in_journey(visitor, site, email)
    page = visitor.submit("Fail")
    assert "Nothing was charged" in page.text
    page = visitor.follow("Back")
    assert page.url.endswith("/payment")
    leaves_for_application(lambda: visitor.submit("Pay", **CARD))
    assert charges_of(site, email) == ["failed 29.00 USD", "succeeded 29.00 USD"]


def test_the_journey_leads_to_the_page_again_until_another_card_is_used(site, visitor, email) -> None:
    first = pay_in_journey(visitor, site, email)
    payment = f"{first.url.partition('=')[2]}/payment"
    visitor.open(payment)
    assert visitor.submit(use_saved_card="yes").url == first.url
    visitor.open(payment)
    leaves_for_application(lambda: visitor.submit(**CARD))
    assert "nothing to confirm any more" in visitor.open(first.url).text
    assert charges_of(site, email) == ["succeeded 29.00 USD"]


def test_an_upgrade_in_the_portal_is_confirmed_and_comes_back_to_the_plan(site, visitor, email) -> None:
    customer_with(site, email, ALWAYS, "free")
    enter_portal(visitor, site, email)
    visitor.open(f"{site.base_url}/portal/plan_selection/pro_monthly")
    assert visitor.submit("Pay US$29.00").title.startswith("Confirm your payment")

    page = visitor.submit("Complete")
    assert page.url == f"{site.base_url}/portal/plan_details?done=confirmed"
    assert "was confirmed and has gone through" in page.text
    assert plans_of(site, email) == ["pro_monthly"]


def test_another_plan_takes_the_place_of_a_change_whose_confirmation_was_left(site, visitor, email) -> None:
    customer_with(site, email, ALWAYS, "free")
    enter_portal(visitor, site, email)
    place = f"{site.base_url}/portal/plan_selection"
    visitor.open(f"{place}/pro_monthly")
    left = visitor.submit("Pay US$29.00")

    page = visitor.open(f"{place}/pro_monthly")
    assert (page.status, visitor.follow("Confirm the payment").url) == (409, left.url)
    visitor.open(f"{site.base_url}/portal/plan_details")
    assert visitor.follow("Confirm the payment").url == left.url

    page = visitor.open(f"{place}/enterprise_monthly")
    assert page.status == 200
    assert visitor.submit("Pay").title.startswith("Confirm your payment")
    assert "nothing to confirm any more" in visitor.open(left.url).text


def test_a_copy_of_a_change_of_plan_that_waits_leads_to_the_same_page_of_the_bank(site, visitor, email) -> None:
    customer_with(site, email, ALWAYS, "free")
    enter_portal(visitor, site, email)
    form = visitor.open(f"{site.base_url}/portal/plan_selection/pro_monthly")
    first = visitor.submit("Pay US$29.00")
    visitor.page = form
    assert visitor.submit("Pay US$29.00").url == first.url


@pytest.mark.parametrize("path", ["plan_selection/pro_monthly", "add_ons"])
def test_a_copy_that_comes_while_the_first_is_at_it_leads_to_the_plan(site, visitor, email, monkeypatch, path) -> None:
    is_change = path.startswith("plan_selection")
    customer_id = customer_with(site, email, "4242424242424242")
    subscribe(site.engine, customer_id=customer_id, plan_key="free" if is_change else "pro_monthly")
    enter_portal(visitor, site, email)
    if is_change:
        visitor.open(f"{site.base_url}/portal/{path}")
    else:
        with site.engine.read() as tx:
            (live,) = tx.agreements.live_of(customer_id)
        visitor.open(f"{site.base_url}/portal/plan_details/{live.id}/add_ons/onboarding_help?quantity=1")

    at_it = Conflict("another change of this customer's plan is under way")
    module = "changing.preview_in" if is_change else "numbers.preview_alteration"
    monkeypatch.setattr(f"billing_sdk.server.pages.portal.{module}", Mock(side_effect=at_it))
    page = visitor.submit("Pay")

    assert page.url == f"{site.base_url}/portal/plan_details?done=pending"


def test_an_invoice_in_the_portal_leads_to_where_its_payment_is_confirmed(site, visitor, email) -> None:
    customer_id = customer_with(site, email, ALWAYS, "free")
    add_charge(site.engine, customer_id=customer_id, charge=OneOff("Help", Money(500, "USD")), bill_now=True)
    with site.engine.read() as tx:
        (owed,) = tx.invoices.owed_by(customer_id)
    enter_portal(visitor, site, email)
    place = visitor.open(f"{site.base_url}/portal/billing/{owed.id}").url
    assert visitor.follow("Confirm the payment").title.startswith("Confirm your payment")

    page = visitor.submit("Complete")
    assert page.url == f"{place}?done=confirmed"
    assert "Confirm the payment" not in page.text
    assert charges_of(site, email) == ["succeeded 5.00 USD"]


def test_a_page_is_of_use_once(site, visitor, email) -> None:
    page = pay_in_journey(visitor, site, email)
    visitor.submit("Fail")
    visitor.page = page
    assert "nothing to confirm any more" in visitor.submit("Complete").text
    assert "nothing to confirm any more" in visitor.open(page.url).text
    assert (plans_of(site, email), charges_of(site, email)) == ([], ["failed 29.00 USD"])


@pytest.mark.parametrize("reference", ["x", "A" * 43, "charge_0193"])
def test_a_page_that_nobody_was_sent_to_is_not_there(site, visitor, reference) -> None:
    assert visitor.open(f"{site.base_url}/managed/authenticate/{reference}").status == 404


def test_nobody_is_led_back_to_another_place_than_a_page_of_a_payment(site, visitor, email) -> None:
    page = pay_in_journey(visitor, site, email)
    place = page.url.partition("?")[0]
    for back in ("https://evil.example/", "//evil.example", "/portal/..//evil.example", "/oauth2/auth", "/portal/a%0d"):
        assert visitor.open(f"{place}?back={back}").forms[0].fields["back"] == ""
    page = visitor.submit("Complete", back="//evil.example")
    assert page.url == place
    assert [target for _, target in page.links if "evil" in target] == []
    assert plans_of(site, email) == ["pro_monthly"]


def test_a_form_that_gives_no_answer_leaves_the_payment_open(site, visitor, email) -> None:
    page = pay_in_journey(visitor, site, email)
    page.forms[0].buttons[1] = ("Fail", "answer", "perhaps")
    assert visitor.submit("Fail").status == 400
    visitor.page = page
    leaves_for_application(lambda: visitor.submit("Complete"))
    assert charges_of(site, email) == ["succeeded 29.00 USD"]
