"""Paying what is due in the portal: by the card on file, or by another one."""

from __future__ import annotations

from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.register_user import register_user
from billing_sdk.testing.visitor import Visitor
from tests.contract.pages.visits import (
    DECLINED_WHEN_CHARGED,
    PASSWORD,
    agreements_of,
    charges_of,
    enter_portal,
)
from tests.engines import card
from tests.serving import RunningServer


def test_what_is_due_is_paid_by_the_card_on_file_or_by_another_one(
    site: RunningServer, visitor: Visitor, email: str
) -> None:
    user = register_user(site.engine, email=email, password=PASSWORD)
    customer = become_customer(site.engine, user_id=user.id, billing_email=email, plan_key="pro_monthly")
    enter_portal(visitor, site, email, sub_nav="payment_details")
    assert "Pay what is due" not in visitor.page.text  # there is no card on file

    visitor.submit("Save card and pay US$29.00", **DECLINED_WHEN_CHARGED)
    page = visitor.open(f"{site.base_url}/portal/payment_details")
    assert "US$29.00 will be charged to your Visa ending in 0341." in page.text
    page = visitor.submit("Pay US$29.00 now")
    assert (page.status, "declined" in page.text, "Save card and pay US$29.00" in page.text) == (422, True, True)

    add_card(site.engine, customer_id=customer.id, card=card())
    visitor.open(f"{site.base_url}/portal/payment_details")
    page = visitor.submit("Pay US$29.00 now")
    assert ("What was due is paid." in page.text, "Pay what is due" in page.text) == (True, False)
    assert charges_of(site, email) == ["failed 29.00 USD", "failed 29.00 USD", "succeeded 29.00 USD"]
    assert [agreement.is_unpaid for agreement in agreements_of(site, email)] == [False]


def test_what_is_not_due_any_more_is_not_charged(site: RunningServer, visitor: Visitor, email: str) -> None:
    user = register_user(site.engine, email=email, password=PASSWORD)
    customer = become_customer(site.engine, user_id=user.id, billing_email=email, plan_key="pro_monthly")
    add_card(site.engine, customer_id=customer.id, card=card())
    enter_portal(visitor, site, email, sub_nav="payment_details")
    shown = visitor.page
    visitor.submit("Pay US$29.00 now")
    visitor.page = shown
    page = visitor.submit("Pay US$29.00 now")
    assert "What was due is paid." not in page.text
    assert charges_of(site, email) == ["succeeded 29.00 USD"]
