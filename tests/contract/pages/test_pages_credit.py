"""Credit in the portal: what can be spent, what is left of each grant, and what came and went."""

from __future__ import annotations

from datetime import timedelta

from billing_sdk.money import Money
from billing_sdk.server.usecases.grant_credit import grant_credit
from billing_sdk.server.usecases.void_credit import void_credit
from billing_sdk.testing.visitor import Visitor
from tests.contract.pages.visits import begin, enter_portal, leaves_for_application, register, user_of
from tests.serving import RunningServer


def test_a_customer_sees_what_is_left_of_which_credit_and_what_happened(
    site: RunningServer, visitor: Visitor, email: str
) -> None:
    begin(visitor, site, plan_interest="free")
    leaves_for_application(lambda: register(visitor, email))
    with site.engine.read() as tx:
        customer = tx.customers.find_by_user(user_of(site, email).id)
    enter_portal(visitor, site, email)
    assert "Credit for usage" not in visitor.open(f"{site.base_url}/portal/billing").text
    assert "There is no credit at present." in visitor.open(f"{site.base_url}/portal/credit").text

    welcome = {"customer_id": customer.id, "name": "Welcome <b>", "amount": Money(1_250, "USD")}
    expires_at = site.engine.now() + timedelta(days=30)
    grant_credit(site.engine, **welcome, expires_at=expires_at, applies_to=["ai_tokens"])
    gone = grant_credit(site.engine, **{**welcome, "name": "A mistake"})
    void_credit(site.engine, grant_id=gone.id)

    assert "Credit for usage" in visitor.open(f"{site.base_url}/portal/billing").text
    shown = visitor.open(f"{site.base_url}/portal/credit").html
    for fact in ("US$12.50", "Welcome &lt;b&gt;", "AI tokens", "Granted", "A mistake", "Taken back", "-US$12.50"):
        assert fact in shown
    assert "<b>" not in shown


def test_credit_is_shown_to_whom_it_belongs_alone(site: RunningServer, visitor: Visitor, email: str) -> None:
    begin(visitor, site, plan_interest="free")
    leaves_for_application(lambda: register(visitor, email))
    with site.engine.read() as tx:
        other = tx.customers.find_by_user(tx.users.find_by_email(site.seed.users[1][0]).id)
    grant_credit(site.engine, customer_id=other.id, name="Somebody else's", amount=Money(1, "USD"))
    enter_portal(visitor, site, email)
    assert "Somebody else" not in visitor.open(f"{site.base_url}/portal/credit").text
