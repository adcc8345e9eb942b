"""Cancelling in the portal: why, when, and with an operator's approval where it is needed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from billing_sdk.server.clock import TestClock
from billing_sdk.server.domain.workspace import PortalSettings
from billing_sdk.server.usecases.decide_end_request import approve_end
from billing_sdk.server.usecases.request_end import request_end
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.update_portal_settings import update_portal_settings
from billing_sdk.testing.visitor import Visitor
from tests.contract.pages.portal_people import Somebody, on_plan
from tests.engines import NOON, advance, events_of
from tests.serving import RunningServer, serving


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[RunningServer]:
    place = tmp_path_factory.mktemp("cancellations") / "billing.db"
    with serving(f"sqlite:///{place}", clock=TestClock(NOON)) as running:
        update_portal_settings(running.engine, settings=PortalSettings(cancellations_need_approval=True))
        yield running


@pytest.fixture
def pro(server) -> Iterator[Somebody]:
    with on_plan(server, "pro_monthly") as somebody:
        yield somebody


@pytest.fixture(scope="module")
def ada(server) -> Iterator[Visitor]:
    """Ada, who is an operator."""
    with Visitor() as visitor:
        visitor.open(f"{server.base_url}/dashboard")
        visitor.submit(email=server.seed.users[0][0], password=server.seed.users[0][1])
        yield visitor


def ask(pro: Somebody, **fields: str) -> str:
    """Ask for the end of the plan, and return the id of the request."""
    pro.open("cancel")
    page = pro.visitor.submit("Ask for the end", **fields)
    assert "Your request was sent." in page.text
    with pro.server.engine.read() as tx:
        return tx.end_requests.newest_of([pro.agreement_id])[pro.agreement_id].id


def test_a_plan_goes_on_until_an_operator_has_approved_that_it_ends(pro, ada):
    request_id = ask(pro, reason="too_expensive", comment="Half of it would do.")
    page = pro.open()
    assert "It goes on until somebody has decided." in page.text
    assert "Cancel plan" not in page.text
    assert pro.agreement.cancel_at is None

    page = ada.open(f"{pro.server.base_url}/dashboard/cancellations?status=waiting")
    assert "It costs too much Waiting" in page.text
    page = ada.open(f"{pro.server.base_url}/dashboard/cancellations/{request_id}")
    assert "Half of it would do." in page.text
    assert "The plan ends as the customer has asked." in ada.submit("End the plan as asked").text
    assert pro.agreement.cancel_at == pro.agreement.billed_until
    assert "This plan ends on" in pro.open().text
    told = [event for event in events_of(pro.server.engine, pro.customer_id) if "cancellation" in event]
    assert told == ["customer.cancellation_requested", "customer.cancellation_decided"]


def test_a_refusal_is_read_in_the_portal_and_the_plan_goes_on(pro, ada):
    request_id = ask(pro)
    ada.open(f"{pro.server.base_url}/dashboard/cancellations/{request_id}")
    ada.submit("Refuse", answer="Your contract runs to the end of May.")
    page = pro.open()
    assert "was refused" in page.text
    assert "Your contract runs to the end of May." in page.text
    assert "Cancel plan" in page.text
    assert pro.agreement.cancel_at is None


def test_a_request_is_withdrawn_and_then_nobody_can_approve_it(pro, ada):
    request_id = ask(pro)
    page = ada.open(f"{pro.server.base_url}/dashboard/cancellations/{request_id}")
    assert "The plan goes on." in (pro.open(), pro.visitor.submit("Withdraw the request"))[1].text
    page = ada.submit("End the plan as asked")
    assert page.status == 422
    assert "Withdrawn" in page.text
    assert pro.agreement.cancel_at is None


def test_asking_twice_is_asking_once(pro):
    first = ask(pro)
    assert "nobody has decided yet" in pro.open("cancel").text
    again = request_end(pro.server.engine, agreement_id=pro.agreement_id, timing="now", actor="vera")
    assert again.id == first


def test_what_was_charged_while_the_customer_waited_is_given_back(pro):
    engine = pro.server.engine
    request_id = ask(pro)
    advance(engine, days=28)
    run_due(engine)
    assert pro.paid == ["succeeded 29.00 USD", "succeeded 29.00 USD"]
    approve_end(engine, request_id=request_id, actor="operator")
    with engine.read() as tx:
        (balance,) = tx.credits.balances(pro.customer_id)
    assert (pro.agreement.status, str(balance)) == ("cancelled", "29.00 USD")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"reason": "because"}, "Choose one of the reasons, or none."),
        ({"comment": "x" * 501}, "Use at most 500 characters."),
    ],
)
def test_a_reason_that_there_is_not_is_refused_and_changes_nothing(pro, fields, said):
    pro.open("cancel")
    page = pro.visitor.submit("Ask for the end", **fields)
    assert (page.status, said in page.text) == (422, True)
    with pro.server.engine.read() as tx:
        assert tx.end_requests.find_waiting(pro.agreement_id) is None


def test_without_approval_a_plan_ends_at_once_and_the_reason_is_kept(pro):
    engine = pro.server.engine
    with engine.read() as tx:
        settings = tx.portal_settings.get()
    update_portal_settings(engine, settings=replace(settings, cancellations_need_approval=False))
    try:
        pro.open("cancel")
        page = pro.visitor.submit("Cancel plan", when="now", reason="unused")
    finally:
        update_portal_settings(engine, settings=settings)
    assert "The plan was cancelled." in page.text
    with engine.read() as tx:
        kept = tx.end_requests.newest_of([pro.agreement_id])[pro.agreement_id]
    assert (pro.agreement.status, kept.status, kept.reason) == ("cancelled", "approved", "unused")
