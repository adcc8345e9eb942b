"""Tax on the pages: whoever agrees to a price has seen it with its tax."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from billing_sdk.server.domain.collection import Supplier, TaxSettings
from billing_sdk.server.domain.customers import Address
from billing_sdk.server.usecases.billing_profiles import create_profile
from billing_sdk.server.usecases.change_options import ChangeOptions
from billing_sdk.server.usecases.change_plan import change_plan
from billing_sdk.server.usecases.update_customer import update_customer
from billing_sdk.testing.visitor import Page, Visitor
from tests.contract.pages.visits import (
    CARD,
    begin,
    charges_of,
    enter_portal,
    leaves_for_application,
    plans_of,
    register,
    user_of,
)
from tests.serving import RunningServer, serving

BERLIN = {"line_1": "", "line_2": "", "postal_code": "10115", "city": "Berlin", "region": "", "tax_ids": ""}
GERMANY = {**BERLIN, "country": "de"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server of a seller in Austria that insists on tax, with the rates of the demo."""
    with serving(f"sqlite:///{tmp_path_factory.mktemp('site') / 'billing.db'}") as running:
        create_profile(
            running.engine,
            name="Everybody",
            is_default=True,
            supplier=Supplier("Alpaca GmbH", Address("AT")),
            tax=TaxSettings(is_enabled=True, is_enforced=True),
        )
        yield running


def checkout(site: RunningServer, visitor: Visitor, email: str) -> Page:
    begin(visitor, site, plan_interest="pro_monthly")
    return register(visitor, email)


def test_checkout_asks_where_somebody_is_and_then_shows_what_is_due_with_tax(
    site: RunningServer, visitor: Visitor, email: str
) -> None:
    page = checkout(site, visitor, email)
    assert "Billing address" in page.text
    assert "Card number" not in page.text
    page = visitor.submit("Continue", **GERMANY)
    assert "VAT 19% US$5.51" in page.text
    assert "Due today US$34.51" in page.text
    leaves_for_application(lambda: visitor.submit("Pay US$34.51", **CARD))
    assert plans_of(site, email) == ["pro_monthly"]
    assert charges_of(site, email) == ["succeeded 34.51 USD"]


def test_a_business_elsewhere_pays_without_tax(site: RunningServer, visitor: Visitor, email: str) -> None:
    checkout(site, visitor, email)
    page = visitor.submit("Continue", **{**GERMANY, "tax_ids": "DE 123 456 789"})
    assert "Due today US$29.00" in page.text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"country": ""}, "Enter the country."),
        ({"country": "XX"}, "Give the country by its code"),
        ({"tax_ids": "?"}, "Give up to five numbers"),
    ],
)
def test_what_is_no_address_is_said_at_checkout(
    site: RunningServer, visitor: Visitor, email: str, typed: dict[str, str], said: str
) -> None:
    checkout(site, visitor, email)
    page = visitor.submit("Continue", **{**GERMANY, **typed})
    assert said in page.html
    assert "Card number" not in page.text


def test_the_portal_asks_where_somebody_is_before_it_names_a_price(
    site: RunningServer, visitor: Visitor, email: str
) -> None:
    begin(visitor, site, plan_interest="free")
    leaves_for_application(lambda: register(visitor, email))
    enter_portal(visitor, site, email, sub_nav="plan_selection")
    at = visitor.page.url.rsplit("/", 1)[0]
    page = visitor.open(f"{at}/plan_selection/pro_monthly")
    assert "Billing address" in page.text
    visitor.submit("Save", **GERMANY)
    page = visitor.open(f"{at}/plan_selection/pro_monthly")
    assert "VAT 19% 19% of US$29.00. US$5.51" in page.text
    assert "Due today US$34.51" in page.text


def test_the_portal_asks_where_somebody_is_before_it_takes_money_for_a_plan_on_credit(
    site: RunningServer, visitor: Visitor, email: str
) -> None:
    begin(visitor, site, plan_interest="free")
    leaves_for_application(lambda: register(visitor, email))
    user = user_of(site, email)
    with site.engine.read() as tx:
        customer = tx.customers.find_by_user(user.id)
    assert customer is not None
    update_customer(site.engine, customer.id, address=Address("DE"))
    change_plan(site.engine, customer_id=customer.id, plan_key="pro_monthly", options=ChangeOptions(may_owe=True))
    update_customer(site.engine, customer.id, address=None)
    enter_portal(visitor, site, email, sub_nav="payment_details")
    page = visitor.submit("Save", **CARD)
    assert "Billing address" in page.text
    assert charges_of(site, email) == []


def test_credit_is_bought_at_a_price_that_its_tax_is_part_of(site: RunningServer, visitor: Visitor, email: str) -> None:
    begin(visitor, site, plan_interest="free")
    leaves_for_application(lambda: register(visitor, email))
    enter_portal(visitor, site, email, sub_nav="payment_details")
    visitor.submit("Save card", **CARD)
    assert visitor.open("/portal/credit/top_up?amount=100").url.endswith("/portal/billing_address")
    visitor.submit("Save", **GERMANY)
    page = visitor.open("/portal/credit/top_up?amount=100")
    assert "To be paid now US$119.00" in page.text
    visitor.submit("Pay US$119.00")
    assert "Available US$100.00" in visitor.page.text
    assert charges_of(site, email) == ["succeeded 119.00 USD"]
