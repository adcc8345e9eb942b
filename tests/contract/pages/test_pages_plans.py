"""The plan sections of the portal: what is planned, what a change costs now and next, and taking it back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.change_options import ChangeOptions
from billing_sdk.server.usecases.hooks import CancellationRequest, SelectionRequest
from billing_sdk.server.usecases.pause_agreement import pause_agreement
from billing_sdk.server.usecases.register_user import register_user
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.testing.visitor import Visitor
from tests.contract.pages.visits import (
    CARD,
    PASSWORD,
    agreements_of,
    begin,
    charges_of,
    enter_portal,
    leaves_for_application,
    plans_of,
    register,
    user_of,
)
from tests.serving import RunningServer, serving


@pytest.fixture
def customer(site: RunningServer, visitor: Visitor, email: str) -> str:
    """Somebody who is on pro_monthly, has a card, and whose browser is not in the portal yet."""
    begin(visitor, site, plan_interest="pro_monthly")
    register(visitor, email)
    leaves_for_application(lambda: visitor.submit("Pay", **CARD))
    return email


def keep(_request: CancellationRequest) -> str:
    """Deny every cancellation."""
    return "Return the loaned robot first."


def only_small(request: SelectionRequest) -> str | None:
    """Deny the largest plan, and let the others pass."""
    return "Enterprise is for robots." if request.plan_key == "enterprise_monthly" else None


def test_a_plan_is_cancelled_to_the_end_of_what_is_paid_unless_it_is_to_end_now(
    site: RunningServer, visitor: Visitor, customer: str
) -> None:
    (agreement,) = agreements_of(site, customer)
    end = f"{agreement.billed_until.day} {agreement.billed_until:%B %Y}"
    enter_portal(visitor, site, customer)
    visitor.follow("Cancel plan")
    page = visitor.submit("Cancel plan")
    assert f"This plan ends on {end}" in page.text
    assert ("Next renewal" in page.text, "Cancel plan" in page.text) == (False, False)
    page = visitor.submit("Undo")
    assert "Everything stays as it is" in page.text
    assert f"Next renewal {end}" in page.text
    assert agreements_of(site, customer) == (agreement,)


def test_a_change_can_wait_for_the_end_of_what_is_paid_and_be_taken_back(
    site: RunningServer, visitor: Visitor, customer: str
) -> None:
    (agreement,) = agreements_of(site, customer)
    end = f"{agreement.billed_until.day} {agreement.billed_until:%B %Y}"
    enter_portal(visitor, site, customer, sub_nav="plan_selection")
    page = visitor.follow("Choose Enterprise")
    assert "Due today US$99.00" in page.text
    page = visitor.follow(f"Change on {end} instead")
    assert "Due today US$0.00" in page.text
    assert f"Then on {end} US$99.00" in page.text
    page = visitor.submit("Confirm")
    assert "Your plan will change" in page.text
    assert f"On {end} it changes to Enterprise" in page.text
    assert charges_of(site, customer) == ["succeeded 29.00 USD"]
    visitor.submit("Undo")
    assert agreements_of(site, customer) == (agreement,)


def test_a_price_that_has_changed_since_it_was_shown_is_shown_again(
    site: RunningServer, visitor: Visitor, customer: str
) -> None:
    enter_portal(visitor, site, customer, sub_nav="plan_selection")
    visitor.follow("Choose Enterprise")
    page = visitor.submit("Pay", quote="1.at-half-the-price")
    assert page.status == 422
    assert "has changed since this page was shown" in page.text
    assert plans_of(site, customer) == ["pro_monthly"]


def test_a_plan_is_paused_only_where_the_operator_lets_customers_do_that(
    site: RunningServer, visitor: Visitor, customer: str
) -> None:
    page = enter_portal(visitor, site, customer)
    assert "Pause plan" not in page.text
    (agreement,) = agreements_of(site, customer)
    token = visitor.page.forms[-1].fields
    address = f"{site.base_url}/portal/plan_details/{agreement.id}/pause"
    assert visitor.http.post(address, data=token, headers={"Origin": site.base_url}).status_code == 403
    pause_agreement(site.engine, agreement_id=agreement.id)
    page = visitor.open("/portal/plan_details")
    assert "Paused since" in page.text
    assert "The plan goes on" in visitor.submit("Resume plan").text
    (resumed,) = agreements_of(site, customer)
    assert len(resumed.pauses) == 1
    assert replace(resumed, number_changes=(), pauses=()) == agreement


def test_a_paused_plan_says_that_nothing_of_it_is_included_meanwhile(
    site: RunningServer, visitor: Visitor, customer: str
) -> None:
    (agreement,) = agreements_of(site, customer)
    before = enter_portal(visitor, site, customer).text
    pause_agreement(site.engine, agreement_id=agreement.id)
    paused = visitor.open("/portal/plan_details").text
    assert [("Advanced reports Included" in text, "until the plan goes on" in text) for text in (before, paused)] == [
        (True, False),
        (False, True),
    ]


def test_a_plan_that_is_still_to_be_paid_says_so_with_the_amount_and_where(
    site: RunningServer, visitor: Visitor, email: str
) -> None:
    user = register_user(site.engine, email=email, password=PASSWORD)
    become_customer(site.engine, user_id=user.id, billing_email=email, plan_key="pro_monthly")
    assert "US$29.00 is still to be paid" in enter_portal(visitor, site, email).text
    visitor.follow("Pay US$29.00")
    visitor.submit("Save card and pay US$29.00", **CARD)
    assert "still to be paid" not in visitor.open("/portal/plan_details").text


def test_what_is_left_of_a_plan_that_was_given_up_is_shown_as_credit(
    site: RunningServer, visitor: Visitor, customer: str
) -> None:
    (agreement,) = agreements_of(site, customer)
    enter_portal(visitor, site, customer)
    assert "Credit balance" not in visitor.open("/portal/billing").text
    cancel_agreement(site.engine, agreement_id=agreement.id, is_prorate=True)
    with site.engine.read() as tx:
        (balance,) = tx.credits.balances(agreement.customer_id)
    assert f"Credit balance US${balance.major:.2f}" in visitor.open("/portal/billing").text


def test_a_trial_without_a_card_is_begun_and_shown_in_the_portal(
    site: RunningServer, visitor: Visitor, email: str
) -> None:
    begin(visitor, site, plan_interest="free")
    leaves_for_application(lambda: register(visitor, email))
    enter_portal(visitor, site, email)
    page = visitor.open("/portal/plan_selection/starter")
    assert "US$9.00 per month 14 days free, no card needed" in page.text
    assert "Due today US$0.00" in page.text
    assert "card is needed" not in page.text
    page = visitor.submit("Confirm")
    assert "Your plan has changed" in page.text
    assert "Trial ends" in page.text
    assert charges_of(site, email) == []


def test_what_is_agreed_beside_a_plan_and_what_is_to_follow_is_shown(
    site: RunningServer, visitor: Visitor, customer: str
) -> None:
    with site.engine.read() as tx:
        payer = tx.customers.find_by_user(user_of(site, customer).id)
    options = ChangeOptions(add_ons={"onboarding_help": 2})
    subscribe(site.engine, customer_id=payer.id, plan_key="enterprise_monthly", options=options)
    page = enter_portal(visitor, site, customer)
    assert "Onboarding help Add-on \u00d7 2" in page.text
    page = visitor.open("/portal/plan_selection/starter")
    assert ("US$9.00 per month" in page.text, "14 days free" in page.text) == (True, False)  # they pay already

    later = ChangeOptions(timing="period_end")
    subscribe(site.engine, customer_id=payer.id, plan_key="pro_monthly", options=later)
    assert "it changes to Pro" in visitor.open("/portal/plan_details").text


def test_a_hook_says_in_the_portal_why_a_plan_can_be_neither_chosen_nor_given_up(
    tmp_path: Path, visitor: Visitor
) -> None:
    hooks = {"cancellation_hook": f"{__name__}:keep", "selection_hook": f"{__name__}:only_small"}
    with serving(f"sqlite:///{tmp_path / 'billing.db'}", **hooks) as server:
        grace = server.seed.users[1][0]
        enter_portal(visitor, server, grace)
        visitor.follow("Cancel plan")
        assert "Return the loaned robot first." in visitor.submit("Cancel plan").text
        visitor.open("/portal/plan_selection/enterprise_monthly")
        assert "Enterprise is for robots." in visitor.submit("Pay").text
        assert plans_of(server, grace) == ["pro_monthly"]


def test_a_hook_keeps_somebody_who_signs_up_from_a_plan_and_not_from_an_account(
    tmp_path: Path, visitor: Visitor, email: str
) -> None:
    with serving(f"sqlite:///{tmp_path / 'billing.db'}", selection_hook=f"{__name__}:only_small") as server:
        begin(visitor, server)
        register(visitor, email)
        assert "Enterprise is for robots." in visitor.submit(plan="enterprise_monthly").text
        page = visitor.submit(plan="pro_monthly")
        assert "Due today US$29.00 Then on" in page.text
        with Visitor() as other:
            begin(other, server, plan_interest="enterprise_monthly")
            leaves_for_application(lambda: register(other, f"other-{email}"))
        assert plans_of(server, f"other-{email}") == []
