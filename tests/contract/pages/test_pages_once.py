"""What happens once, however often and at whatever moment it is asked for: a payment, and a portal link."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from billing_sdk.testing.visitor import Visitor
from tests.contract.pages.visits import (
    CARD,
    agreements_of,
    begin,
    charges_of,
    leaves_for_application,
    portal_link,
    register,
    user_of,
)
from tests.serving import RunningServer

COPIES = 8


@pytest.fixture
def form(server: RunningServer, visitor: Visitor, email: str) -> dict[str, str]:
    """The payment form of a new person, filled in and not sent yet."""
    begin(visitor, server, plan_interest="pro_monthly", has_success_page="true")
    register(visitor, email)
    return {**visitor.page.forms[0].fields, **CARD}


@pytest.mark.attack(166)
def test_a_payment_that_is_sent_again_and_again_makes_one_agreement(
    server: RunningServer, visitor: Visitor, email: str, form: dict[str, str]
) -> None:
    address, headers = visitor.page.url, {"Origin": server.base_url}
    first = visitor.http.post(address, data=form, headers=headers)
    second = visitor.http.post(address, data=form, headers=headers)
    assert str(first.url).endswith("/success")
    assert str(second.url).endswith("/success")
    assert len(agreements_of(server, email)) == 1
    assert charges_of(server, email) == ["succeeded 29.00 USD"]


@pytest.mark.attack(166)
def test_payments_that_are_sent_at_once_make_one_agreement(
    server: RunningServer, visitor: Visitor, email: str, form: dict[str, str]
) -> None:
    address, cookies, headers = visitor.page.url, dict(visitor.http.cookies), {"Origin": server.base_url}

    def send(_: int) -> int:
        with httpx.Client(cookies=cookies, timeout=30, headers=headers) as browser:
            return browser.post(address, data=form).status_code

    with ThreadPoolExecutor(COPIES) as pool:
        statuses = list(pool.map(send, range(COPIES)))
    assert all(status < 500 for status in statuses), statuses
    assert len(agreements_of(server, email)) == 1
    assert charges_of(server, email) == ["succeeded 29.00 USD"]
    with server.engine.read() as tx:
        customer = tx.customers.find_by_user(user_of(server, email).id)
        assert len(tx.customers.methods_of(customer.id)) == 1


@pytest.mark.attack(115)
def test_of_many_who_open_a_portal_link_at_once_one_gets_in(server: RunningServer, visitor: Visitor) -> None:
    visitor.open(portal_link(server, server.seed.users[0][0]))
    fields = visitor.page.forms[0].fields

    def open_it(_: int) -> int:
        return httpx.post(
            f"{server.base_url}/portal_redirect",
            data=fields,
            headers={"Origin": server.base_url, "Accept": "text/html"},
            timeout=30,
        ).status_code

    with ThreadPoolExecutor(COPIES) as pool:
        statuses = sorted(pool.map(open_it, range(COPIES)))
    assert statuses == [303, *[410] * (COPIES - 1)]


@pytest.mark.attack(166, 168)
def test_a_journey_answers_the_application_once(server: RunningServer, visitor: Visitor, email: str) -> None:
    begin(visitor, server)
    journey = register(visitor, email).url.rpartition("/")[0]
    leaves_for_application(lambda: visitor.submit(plan="free"))
    page = visitor.open(journey)
    assert page.status == 400
    assert "over" in page.text
