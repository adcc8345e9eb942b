"""The portal's form for the billing address and tax numbers."""

from __future__ import annotations

import pytest

from billing_sdk.server.domain.customers import Address
from billing_sdk.testing.visitor import Visitor
from tests.contract.pages.visits import begin, enter_portal, leaves_for_application, register, user_of
from tests.serving import RunningServer

TYPED = {
    "line_1": "12 Analytical Way",
    "line_2": "Floor 3",
    "postal_code": "10115",
    "city": "Berlin",
    "region": "",
    "country": "de",
    "tax_ids": "de 123 456 789, 12-345",
}


@pytest.fixture
def customer(site: RunningServer, visitor: Visitor, email: str) -> str:
    """Somebody who is on the free plan, with the portal open."""
    begin(visitor, site, plan_interest="free")
    leaves_for_application(lambda: register(visitor, email))
    enter_portal(visitor, site, email, sub_nav="payment_details")
    return email


def kept(site: RunningServer, email: str) -> tuple[Address | None, tuple[str, ...]]:
    with site.engine.read() as tx:
        customer = tx.customers.find_by_user(user_of(site, email).id)
    assert customer is not None
    return customer.address, customer.tax_ids


def test_an_address_is_typed_kept_and_shown(site: RunningServer, visitor: Visitor, customer: str) -> None:
    visitor.follow("Billing address")
    page = visitor.submit("Save", **TYPED)
    assert "Your changes were saved." in page.text
    assert kept(site, customer) == (
        Address("DE", None, "Berlin", "10115", ("12 Analytical Way", "Floor 3")),
        ("DE123456789", "12-345"),
    )
    assert 'value="12 Analytical Way"' in page.html
    assert 'value="DE123456789, 12-345"' in page.html


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"country": ""}, "Enter the country&#39;s code of two letters."),
        ({"country": "XX"}, "Give the country by its code"),
        ({"tax_ids": "?"}, "Give up to five numbers"),
    ],
)
def test_what_is_no_address_is_said_beside_its_field(
    site: RunningServer, visitor: Visitor, customer: str, typed: dict[str, str], said: str
) -> None:
    visitor.follow("Billing address")
    page = visitor.submit("Save", **{**TYPED, **typed})
    assert said in page.html
    assert 'value="12 Analytical Way"' in page.html
    assert kept(site, customer) == (None, ())
