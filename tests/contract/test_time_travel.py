"""Time travel in users' tests: customers on a clock of their own, made by a call or on the server's pages."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from billing_sdk import Client
from billing_sdk.errors import ClockMovedBack, PaymentMethodRequired
from billing_sdk.server.clock import TestClock
from billing_sdk.testing import BillingServer, TimeTravel, Visitor
from billing_sdk.testing.server import billing_server as billing_server_at
from tests.receiver import receiving

START = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def billing_server() -> Iterator[BillingServer]:
    """A server of our own, whose sign-ins lead back to somebody who listens."""
    with receiving() as application, billing_server_at(redirect_uris=(application.url,)) as server:
        yield server


@pytest.fixture
def clock(billing_server: BillingServer) -> TimeTravel:
    return billing_server.clock(at=START)


def test_a_clock_stands_still_until_it_is_advanced(clock):
    assert clock.now == START
    clock.advance(months=1)
    assert clock.now == datetime(2026, 2, 28, 12, tzinfo=UTC)
    clock.advance(days=1, hours=2)
    assert clock.now == datetime(2026, 3, 1, 14, tzinfo=UTC)
    clock.advance(to=START + timedelta(days=365))
    assert clock.now == datetime(2027, 1, 31, 12, tzinfo=UTC)
    with pytest.raises(ClockMovedBack):
        clock.advance(days=-1)


def test_a_traveller_signs_up_in_the_clocks_time_and_can_sign_in(billing_server, clock):
    traveller = clock.sign_up("pro_monthly")

    [agreement] = traveller.agreements
    assert agreement.started_at == traveller.invoices[0].issued_at == START
    assert [str(amount) for amount in traveller.paid] == ["29.00 USD"]
    assert traveller.agreement_id == agreement.id
    with Client(**_settings(billing_server)) as client, Visitor() as visitor:
        visitor.open(client.login.login_url().url)
        visitor.submit(email=traveller.email, password=traveller.password)
        assert "code=" in visitor.page.url
    assert traveller.password not in repr(traveller)


def test_an_organization_can_travel_too(clock):
    traveller = clock.sign_up("team_pro", organization="Acme")

    assert traveller.org_code is not None
    assert [agreement.plan_key for agreement in traveller.agreements] == ["team_pro"]


def test_a_traveller_without_a_card_is_refused_what_costs_something(clock):
    with pytest.raises(PaymentMethodRequired):
        clock.sign_up("pro_monthly", card=None)
    with pytest.raises(LookupError):
        _ = clock.sign_up(card=None).agreement_id


def test_whoever_signs_up_on_the_pages_meanwhile_lives_by_the_clock_and_nobody_after(billing_server, clock):
    with Client(**_settings(billing_server)) as client:
        with clock.signing_up():
            inside = _sign_up_by_pages(billing_server, client, "inside@example.com")
        outside = _sign_up_by_pages(billing_server, client, "outside@example.com")

    assert (inside, outside) == (clock.id, None)


def test_an_asynchronous_test_advances_the_clock_in_a_thread(clock):
    async def travel() -> None:
        await asyncio.to_thread(clock.advance, days=2)

    asyncio.run(travel())

    assert clock.now == START + timedelta(days=2)


def test_two_clocks_do_not_disturb_each_other(billing_server, clock):
    other = billing_server.clock(at=START)
    clock.advance(years=3)

    assert (clock.now, other.now) == (datetime(2029, 1, 31, 12, tzinfo=UTC), START)


def test_a_server_whose_own_clock_is_moved_does_what_is_due_when_it_is_asked_to():
    clock = TestClock(START)
    with billing_server_at(clock=clock, timer_seconds=1) as server:
        clock.advance(days=28)

        assert server.run_due() == 1  # somebody of the demo has a plan that renews every month
        assert server.run_due() == 0


def _settings(server: BillingServer) -> dict[str, str]:
    return {
        "issuer": server.base_url,
        "client_id": server.client_id,
        "client_secret": server.client_secret,
        "redirect_uri": server.redirect_uris[0],
    }


def _sign_up_by_pages(server: BillingServer, client: Client, email: str) -> str | None:
    start = client.login.register_url(plan_interest="free")
    with server.engine.read() as tx:
        assert tx.users.find_by_email(email) is None
    with Visitor() as visitor:
        visitor.open(start.url)
        visitor.submit(email=email, password="correct horse battery staple")
    with server.engine.read() as tx:
        user = tx.users.find_by_email(email)
        assert user is not None
        customer = tx.customers.find_by_user(user.id)
    assert customer is not None
    return customer.clock_id
