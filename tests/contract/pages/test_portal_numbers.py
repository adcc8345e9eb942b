"""Add-ons and seats in the portal: shown with what they come to, and charged as they were shown."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from billing_sdk.server.clock import TestClock
from billing_sdk.server.domain.catalog import Policies
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.change_options import ChangeOptions
from billing_sdk.server.usecases.preview_agreement import preview_alteration
from billing_sdk.server.usecases.set_quantity import set_quantity
from billing_sdk.server.usecases.update_billing_settings import update_billing_settings
from tests.contract.pages.plan_worlds import seat_plan, use
from tests.contract.pages.portal_people import Somebody, on_plan
from tests.engines import DECLINED_WHEN_CHARGED, NOON, advance, card
from tests.serving import RunningServer, serving


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[RunningServer]:
    place = tmp_path_factory.mktemp("numbers") / "billing.db"
    with serving(f"sqlite:///{place}", clock=TestClock(NOON)) as running:
        seat_plan(running.engine)
        yield running


@pytest.fixture
def pro(server) -> Iterator[Somebody]:
    """Somebody who pays 29.00 USD a month."""
    with on_plan(server, "pro_monthly") as somebody:
        yield somebody


@pytest.fixture
def desks(server) -> Iterator[Somebody]:
    """Somebody who pays for three desks, 10.00 USD each."""
    with on_plan(server, "desks", ChangeOptions(quantities={"desk": 3})) as somebody:
        yield somebody


def test_an_add_on_is_bought_changed_and_given_up_with_what_it_comes_to_shown_before(pro):
    page = pro.open("add_ons")
    assert "Onboarding help" in page.text
    page = pro.visitor.follow("Add")
    assert "Due today US$5.00" in page.text
    page = pro.visitor.submit("Pay US$5.00")
    assert "Your add-ons have changed." in page.text
    assert "Onboarding help Add-on \u00d7 1" in page.text
    assert pro.paid == ["succeeded 29.00 USD", "succeeded 5.00 USD"]

    pro.open("add_ons/onboarding_help")
    pro.visitor.submit("Show what it costs", quantity="3")
    pro.visitor.submit("Pay US$10.00")
    assert [one.quantity for one in pro.agreement.add_ons] == [3]

    page = pro.open("add_ons/onboarding_help?quantity=0&when=now")
    assert "What was paid for the rest of the period is not returned." in page.text
    pro.visitor.submit("Confirm")
    assert pro.agreement.add_ons == ()


def test_seats_are_added_for_the_rest_of_the_period_with_the_reason_of_the_amount(desks):
    advance(desks.server.engine, days=14)
    desks.enter()
    page = desks.open("seats/desk?quantity=5")
    assert "5 instead of 3" in page.text
    assert "1/2 of US$50.00, for the time that is left. Less US$15.00, charged already." in page.text
    desks.visitor.submit("Pay US$10.00")
    assert desks.agreement.quantity_of("desk") == 5
    assert desks.paid == ["succeeded 30.00 USD", "succeeded 10.00 USD"]


def test_fewer_seats_wait_for_the_end_of_what_is_paid_and_can_be_taken_back(desks):
    page = desks.open("seats/desk?quantity=2")
    assert "Due today US$0.00" in page.text
    page = desks.visitor.submit("Confirm")
    assert "The change is planned." in page.text
    assert "Desk : 2" in page.text
    assert (desks.agreement.quantity_of("desk"), desks.agreement.pending_change.quantities) == (3, {"desk": 2})
    desks.visitor.submit("Undo")
    assert desks.agreement.pending_change is None


@pytest.mark.parametrize("asked", ["1", "51", "0", "-1", "2.5", "many", "999999999999"])
def test_a_number_that_cannot_be_had_says_why_and_offers_nothing_to_pay(desks, asked):
    page = desks.open(f"seats/desk?quantity={asked}")
    assert page.status == 422
    assert "Please correct the following" in page.text
    assert "Pay" not in [text for form in page.forms for text, _, _ in form.buttons]
    assert desks.agreement.quantity_of("desk") == 3


@pytest.mark.attack(165)
def test_an_amount_that_has_changed_since_it_was_shown_is_shown_again_and_not_charged(desks):
    desks.open("seats/desk?quantity=5")
    set_quantity(desks.server.engine, agreement_id=desks.agreement_id, fee_key="desk", quantity=4)
    page = desks.visitor.submit("Pay US$20.00")
    assert page.status == 422
    assert "Something has changed since this page was shown." in page.text
    assert "5 instead of 4" in page.text
    desks.visitor.submit("Pay US$10.00")
    assert desks.paid == ["succeeded 30.00 USD", "succeeded 10.00 USD", "succeeded 10.00 USD"]


@pytest.mark.attack(165)
def test_a_quote_is_good_for_ten_minutes_and_for_nothing_else(desks):
    desks.open("seats/desk?quantity=5")
    advance(desks.server.engine, minutes=10)
    assert desks.visitor.submit("Pay US$20.00").status == 422
    quote = next(form.fields["quote"] for form in desks.visitor.page.forms if "quote" in form.fields)
    desks.open("seats/desk?quantity=6")
    assert desks.visitor.submit("Pay", quote=quote).status == 422
    assert desks.paid == ["succeeded 30.00 USD"]


def test_a_form_that_is_sent_twice_buys_once(pro):
    pro.open("add_ons/onboarding_help?quantity=1")
    form = next(form for form in pro.visitor.page.forms if "quote" in form.fields)
    headers = {"Origin": pro.server.base_url}
    answers = [
        pro.visitor.http.post(f"{pro.server.base_url}{form.action}", data=form.fields, headers=headers).status_code
        for _ in range(2)
    ]
    assert answers == [200, 200]
    assert pro.paid == ["succeeded 29.00 USD", "succeeded 5.00 USD"]


def test_a_copy_whose_first_is_done_while_it_is_looked_at_leads_to_the_plan(desks, monkeypatch):
    def preview(engine, **asked):
        monkeypatch.undo()
        set_quantity(engine, agreement_id=desks.agreement_id, fee_key="desk", quantity=5)
        return preview_alteration(engine, **asked)

    desks.open("seats/desk?quantity=5")
    monkeypatch.setattr("billing_sdk.server.pages.portal.numbers.preview_alteration", preview)
    page = desks.visitor.submit("Pay US$20.00")
    assert "Your seats have changed." in page.text
    assert desks.paid == ["succeeded 30.00 USD", "succeeded 20.00 USD"]


@pytest.mark.parametrize("path", ["add_ons/pro_yearly", "add_ons/nothing", "seats/base_price", "seats/nothing"])
def test_what_is_no_add_on_or_seat_of_the_plan_is_not_there(pro, path):
    assert pro.open(path).status == 404


def test_what_is_used_is_shown_with_a_bar_that_warns(pro):
    use(pro.server.engine, pro.agreement_id, 79_999)
    assert "Little is left" not in pro.open().text
    use(pro.server.engine, pro.agreement_id, 1)
    page = pro.open()
    assert "80,000 of 100,000 used Little is left." in page.text
    assert 'class="meter meter-little"' in page.html
    use(pro.server.engine, pro.agreement_id, 20_000)
    assert "100,000 of 100,000 used All of it is used." in pro.open().text


def test_the_next_invoice_is_shown_as_it_will_be_issued(pro):
    end = pro.agreement.billed_until
    page = pro.open()
    assert f"Next invoice US$29.00 {end.day} {end:%B %Y}" in page.text
    assert "What the next invoice will say Pro, one month" in page.text


@pytest.fixture
def giving_back(server) -> Iterator[None]:
    """The policy that what was paid and not used is given back."""
    update_billing_settings(server.engine, policies=Policies(unused_days="refund"))
    yield
    update_billing_settings(server.engine, policies=Policies())


@pytest.mark.usefixtures("giving_back")
def test_a_cheaper_plan_begins_at_once_where_what_was_paid_is_given_back_and_the_rest_is_kept(server):
    with on_plan(server, "enterprise_monthly") as somebody:
        advance(server.engine, days=14)
        page = somebody.enter()
        page = somebody.visitor.open(f"{server.base_url}/portal/plan_selection/pro_monthly")
        assert "50% of US$99.00, for the time that is left." in page.text
        assert "Due today US$0.00 US$20.50 is kept as credit" in page.text
        somebody.visitor.submit("Confirm")
        with server.engine.read() as tx:
            assert [str(one) for one in tx.credits.balances(somebody.customer_id)] == ["20.50 USD"]
            assert [one.plan_key for one in tx.agreements.live_of(somebody.customer_id)] == ["pro_monthly"]


@pytest.mark.parametrize(
    ("number", "said"),
    [(DECLINED_WHEN_CHARGED, "The card was declined"), ("4000002760003184", "Confirm your payment")],
)
def test_a_card_that_is_declined_or_asks_for_a_confirmation_leaves_the_numbers_as_they_are(desks, number, said):
    add_card(desks.server.engine, customer_id=desks.customer_id, card=card(number))
    desks.open("seats/desk?quantity=5")
    page = desks.visitor.submit("Pay US$20.00")
    assert said in page.text
    assert desks.agreement.quantity_of("desk") == 3
