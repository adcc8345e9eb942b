"""The portal's form for the billing address and tax numbers."""

from __future__ import annotations

import pytest

from billing_sdk.server.domain.customers import Address
from billing_sdk.server.domain.workspace import PortalSettings
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
        ({"country": ""}, "Enter the country."),
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


@pytest.mark.parametrize(
    ("language", "first", "germany"),
    [("en", "Afghanistan", "Germany"), ("de", "Afghanistan", "Deutschland"), ("tr", "ABD", "Almanya")],
)
def test_a_country_is_chosen_by_its_name_in_the_readers_language(
    site: RunningServer, visitor: Visitor, customer: str, language: str, first: str, germany: str
) -> None:
    page = visitor.open(f"/portal/billing_address?lang={language}")
    assert f'<option value="DE">{germany}</option>' in page.html
    names = page.html.partition('name="country"')[2].split("</select>")[0].split("</option>")
    assert first in names[1]


@pytest.mark.parametrize(
    ("tax_id", "said"),
    [
        ("DE123456789", "DE123456789 looks like a VAT number of Germany."),
        ("DE12345", "DE12345 does not look like a VAT number of Germany. Check it."),
        ("ATU12345678", "ATU12345678 looks like a VAT number of Austria; the address is in another country."),
        ("12-3456789", "12-3456789 stands on invoices as it is."),
    ],
)
def test_it_is_said_what_a_tax_number_looks_like(
    site: RunningServer, visitor: Visitor, customer: str, tax_id: str, said: str
) -> None:
    visitor.follow("Billing address")
    assert said in visitor.submit("Save", **{**TYPED, "tax_ids": tax_id}).text


def test_where_and_in_which_language_invoices_are_sent_is_kept(
    site: RunningServer, visitor: Visitor, customer: str
) -> None:
    visitor.follow("Billing address")
    page = visitor.submit("Save", **TYPED, billing_email="nobody", language="fr")
    assert "Enter a whole e-mail address" in page.text
    visitor.submit("Save", **TYPED, billing_email="Bills@Example.com", language="fr")
    with site.engine.read() as tx:
        found = tx.customers.find_by_user(user_of(site, customer).id)
    assert (found.billing_email, found.language) == ("bills@example.com", "fr")
    visitor.submit("Save", **TYPED, language="")
    with site.engine.read() as tx:
        assert tx.customers.find_by_user(user_of(site, customer).id).language is None


def test_an_address_is_not_changed_where_the_operator_does_not_let_it_be(
    site: RunningServer, visitor: Visitor, customer: str
) -> None:
    visitor.follow("Billing address")
    form = {**visitor.page.forms[-1].fields, **TYPED}
    with site.engine.begin() as tx:
        before = tx.portal_settings.get()
        tx.portal_settings.save(PortalSettings(may_edit_billing_address=False))
    try:
        answer = visitor.http.post(visitor.page.url, data=form, headers={"Origin": site.base_url})
        assert answer.status_code == 403
        assert 'name="line_1"' not in visitor.open("/portal/billing_address").html
    finally:
        with site.engine.begin() as tx:
            tx.portal_settings.save(before)
    assert kept(site, customer) == (None, ())
