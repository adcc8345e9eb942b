"""Credit that is bought in the portal: at the price that was shown, once, or by itself whenever it runs low."""

from __future__ import annotations

import pytest

from billing_sdk.money import Money
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.workspace import PortalSettings
from billing_sdk.server.pages.portal import credit
from billing_sdk.server.usecases.grant_credit import grant_credit
from billing_sdk.testing.visitor import Visitor
from tests.contract.pages.visits import (
    CARD,
    DECLINED_WHEN_CHARGED,
    begin,
    charges_of,
    enter_portal,
    leaves_for_application,
    register,
    user_of,
)
from tests.serving import RunningServer


@pytest.fixture
def customer(site: RunningServer, visitor: Visitor, email: str) -> Customer:
    """Somebody on the free plan who has a card, at the page where credit is bought."""
    begin(visitor, site, plan_interest="free")
    leaves_for_application(lambda: register(visitor, email))
    enter_portal(visitor, site, email, sub_nav="payment_details")
    visitor.submit("Save card", **CARD)
    visitor.open("/portal/credit/top_up")
    with site.engine.read() as tx:
        found = tx.customers.find_by_user(user_of(site, email).id)
    assert found
    return found


def available(visitor: Visitor) -> str:
    return visitor.open("/portal/credit").text


def test_credit_is_bought_at_the_price_that_was_shown(
    site: RunningServer, visitor: Visitor, customer: Customer, email: str
) -> None:
    page = visitor.submit("Show the price", amount="25,5")
    assert "To be paid now US$25.50 Charged to Visa ending in 4242" in page.text
    assert charges_of(site, email) == []
    page = visitor.submit("Pay US$25.50")
    assert "The credit was bought." in page.text
    assert "Available US$25.50" in page.text
    assert charges_of(site, email) == ["succeeded 25.50 USD"]


@pytest.mark.attack(166)
def test_a_form_that_is_sent_twice_buys_once(
    site: RunningServer, visitor: Visitor, customer: Customer, email: str
) -> None:
    visitor.submit("Show the price", amount="25")
    form = visitor.page.forms
    visitor.submit("Pay US$25.00")
    [again] = [one.fields for one in form if "shown_minor" in one.fields]
    answer = visitor.http.post(f"{site.base_url}/portal/credit/top_up", data=again, headers={"Origin": site.base_url})
    assert answer.url.path == "/portal/credit"
    assert charges_of(site, email) == ["succeeded 25.00 USD"]


@pytest.mark.attack(165)
def test_a_price_that_was_edited_or_has_changed_is_not_paid(
    site: RunningServer, visitor: Visitor, customer: Customer, email: str
) -> None:
    visitor.submit("Show the price", amount="25")
    page = visitor.submit("Pay US$25.00", shown_minor="100")
    assert (page.status, "The price has changed." in page.text) == (422, True)
    visitor.submit("Show the price", amount="25")
    grant_credit(site.engine, customer_id=customer.id, name="A gift", amount=Money(100, "USD"))
    assert "The price has changed." in visitor.submit("Pay US$25.00").text
    assert charges_of(site, email) == []


PLAIN = "Write the amount in plain figures"


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("", "Show the price"),
        ("0", "Enter an amount above zero."),
        ("-5", "Enter an amount above zero."),
        ("99999999999", "Enter at most US$999,999,999.00."),
        ("1.000", PLAIN),
        ("1e3", PLAIN),
        ("12.345", PLAIN),
        ("many", PLAIN),
        ("25 USD", PLAIN),
    ],
)
def test_what_is_no_amount_buys_nothing_and_says_why(
    site: RunningServer, visitor: Visitor, customer: Customer, email: str, amount: str, said: str
) -> None:
    page = visitor.submit("Show the price", amount=amount)
    assert "To be paid now" not in page.text
    assert said in page.text


def test_a_declined_card_buys_nothing_and_can_be_tried_again(
    site: RunningServer, visitor: Visitor, customer: Customer, email: str
) -> None:
    visitor.open("/portal/payment_details")
    visitor.submit("Save card", **DECLINED_WHEN_CHARGED)
    visitor.open("/portal/credit/top_up?amount=25")
    page = visitor.submit("Pay US$25.00")
    assert (page.status, "The card was declined." in page.text) == (422, True)
    assert "There is no credit at present." in available(visitor)


def test_credit_runs_low_is_told_of_and_bought_by_itself_as_is_said(
    site: RunningServer, visitor: Visitor, customer: Customer
) -> None:
    assert "Write the amount in plain figures, such as" in visitor.submit("Save", threshold="x", top_up="20").text
    visitor.submit("Save", threshold="10", top_up="20")
    assert "When less than US$10.00 is available, US$20.00 is bought by itself." in visitor.page.text
    with site.engine.read() as tx:
        settings = tx.grants.find_settings(customer.id)
    assert (settings.threshold, settings.top_up) == (Money(1_000, "USD"), Money(2_000, "USD"))
    page = visitor.open("/portal/credit/top_up")
    assert 'value="10.00"' in page.html
    visitor.submit("Turn it off")
    assert "bought by itself" not in visitor.page.text


def test_whoever_has_no_payment_method_is_sent_to_add_one(site: RunningServer, visitor: Visitor, email: str) -> None:
    begin(visitor, site, plan_interest="free")
    leaves_for_application(lambda: register(visitor, email))
    enter_portal(visitor, site, email)
    page = visitor.open("/portal/credit/top_up?amount=25")
    assert "Add a payment method" in page.text


def test_credit_is_not_sold_where_the_operator_does_not_offer_it(
    site: RunningServer, visitor: Visitor, customer: Customer
) -> None:
    with site.engine.begin() as tx:
        before = tx.portal_settings.get()
        tx.portal_settings.save(PortalSettings(may_top_up=False))
    try:
        assert visitor.open("/portal/credit/top_up").status == 403
        assert "Buy credit" not in available(visitor)
    finally:
        with site.engine.begin() as tx:
            tx.portal_settings.save(before)


def test_the_history_of_credit_goes_on_page_by_page(
    site: RunningServer, visitor: Visitor, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credit, "PAGE_SIZE", 3)
    for number in range(5):
        grant_credit(site.engine, customer_id=customer.id, name=f"Gift {number}", amount=Money(100, "USD"))
    page = visitor.open("/portal/credit")
    assert ("Gift 4 Granted" in page.text, "Gift 1 Granted" in page.text) == (True, False)
    page = visitor.follow("Next page")
    assert ("Gift 4 Granted" in page.text, "Gift 1 Granted" in page.text) == (False, True)
    assert visitor.follow("First page").url.endswith("/portal/credit")
    assert visitor.open("/portal/credit?after=movement_x").status == 404


@pytest.mark.attack(118)
def test_a_page_of_another_account_is_not_shown(site: RunningServer, visitor: Visitor, customer: Customer) -> None:
    with site.engine.read() as tx:
        other = tx.customers.find_by_user(tx.users.find_by_email(site.seed.users[1][0]).id)
        theirs = tx.invoices.newest_of(other.id)[0].id
    grant_credit(site.engine, customer_id=other.id, name="Theirs", amount=Money(100, "USD"))
    with site.engine.read() as tx:
        movement = tx.grants.newest_movements(other.id, 1)[0].id
    assert visitor.open(f"/portal/credit?after={movement}").status == 404
    assert visitor.open(f"/portal/billing?after={theirs}").status == 404
