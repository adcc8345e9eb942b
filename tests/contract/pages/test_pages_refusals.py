"""What people are told when something is refused: in words for people, beside the field that it is about."""

from __future__ import annotations

from dataclasses import replace

import pytest

from billing_sdk.errors import Forbidden, RateLimited
from billing_sdk.server.gateways import ManagedGateway
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.create_organization import create_organization
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.words import languages_in, remedy_for_people, waiting_time
from billing_sdk.testing.visitor import Visitor
from tests.contract.pages.visits import (
    CARD,
    begin,
    charges_of,
    leaves_for_application,
    plans_of,
    register,
    user_of,
)
from tests.engines import card
from tests.serving import RunningServer

ENGLISH = languages_in().best(["en"])


@pytest.mark.parametrize("expiry", ["12/20", "01/2000"])
def test_a_card_that_has_expired_is_refused_beside_its_date_and_pays_nothing(
    site: RunningServer, visitor: Visitor, email: str, expiry: str
) -> None:
    begin(visitor, site, plan_interest="pro_monthly")
    register(visitor, email)

    page = visitor.submit("Pay", **{**CARD, "expiry": expiry})

    assert (page.status, plans_of(site, email), charges_of(site, email)) == (422, [], [])
    assert "The card has expired" in page.text
    leaves_for_application(lambda: visitor.submit("Pay", **CARD))
    assert plans_of(site, email) == ["pro_monthly"]


class UnderWay(BaseException):
    """Ends a payment while the gateway thinks."""


class ThinkingGateway(ManagedGateway):
    """Has not answered yet."""

    def collect(self, bill, *, idempotency_key):  # type: ignore[no-untyped-def]  # as the base class says
        raise UnderWay


@pytest.mark.attack(166)
def test_a_payment_that_is_sent_while_the_same_is_under_way_leads_on_and_is_no_error(
    site: RunningServer, visitor: Visitor, email: str
) -> None:
    begin(visitor, site, plan_interest="pro_monthly")
    register(visitor, email)
    with site.engine.read() as tx:
        customer = tx.customers.find_by_user(user_of(site, email).id)
    assert customer
    add_card(site.engine, customer_id=customer.id, card=card())
    with pytest.raises(UnderWay):
        subscribe(replace(site.engine, gateway=ThinkingGateway()), customer_id=customer.id, plan_key="pro_monthly")

    page = visitor.submit("Pay", **CARD)

    assert (page.status, plans_of(site, email)) == (200, [])
    assert page.url.endswith("/payment")


def test_a_locked_out_visitor_reads_for_how_long_and_a_program_can_tell(site: RunningServer, visitor: Visitor) -> None:
    begin(visitor, site, prompt="login")
    form = visitor.page.forms[0].fields
    answers = [
        visitor.http.post(
            visitor.page.url,
            data={**form, "email": "locked@example.com", "password": "one of many guesses"},
            headers={"Origin": site.base_url},
        )
        for _ in range(6)
    ]

    assert [answer.status_code for answer in answers] == [422] * 5 + [429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
    assert "Wait a minute" in answers[-1].text
    assert "Retry-After" not in answers[-1].text


def test_a_new_account_that_an_organization_does_not_know_reads_what_a_person_can_do(
    site: RunningServer, visitor: Visitor, email: str
) -> None:
    organization = create_organization(site.engine, name="Closed")
    begin(visitor, site, org_code=organization.code)

    page = register(visitor, email)

    assert page.status == 403
    assert "whoever gave you this link" in page.text
    assert "scope" not in page.text


def test_a_link_with_an_unknown_organization_is_refused_before_the_form(site: RunningServer, visitor: Visitor) -> None:
    page = begin(visitor, site, org_code="org_00000000000")

    assert (page.status, page.forms) == (403, [])
    assert "whoever gave you this link" in page.text


@pytest.mark.parametrize(
    ("seconds", "words"), [(1, "a minute"), (60, "a minute"), (61, "2 minutes"), (600, "10 minutes")]
)
def test_how_long_to_wait_is_said_in_whole_minutes(seconds: int, words: str) -> None:
    error = RateLimited("too many", retry_after_seconds=seconds)

    assert ENGLISH.say(waiting_time(error)) == words
    assert ENGLISH.say(remedy_for_people(error)) == f"Wait {words} and try again."


def test_a_remedy_that_was_written_for_the_occasion_is_shown_as_it_is() -> None:
    assert ENGLISH.say(remedy_for_people(Forbidden("suspended", remedy="Contact us."))) == "Contact us."
