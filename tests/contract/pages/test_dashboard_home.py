"""The dashboard's home: the empty state, figures in words and charts, and what needs attention."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from billing_sdk.server.usecases.begin_session import begin_session
from tests.in_process import InProcess, in_process
from tests.world import user_id_of, world

BASE_URL = "http://127.0.0.1:3000"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcess]:
    place = tmp_path_factory.mktemp("home") / "billing.db"
    with in_process(f"sqlite:///{place}", BASE_URL) as running:
        yield running


@pytest.fixture(scope="module")
def made(app):
    return world(app.engine)


@pytest.fixture
def look(app, made):
    """Return the text of a page of the dashboard, as Ada sees it."""

    def look(path: str) -> str:
        answer = app.get(path, headers={"Accept": "text/html"}, cookies=made.cookies["operator"])
        assert answer.status_code == 200
        return answer.text

    return look


def test_home_shows_figures_of_the_currency_with_most_revenue_first(look):
    page = look("/dashboard")
    assert "Monthly recurring revenue" in page
    assert "US$5,328.00" in page
    assert page.count("<svg viewBox") == 5
    assert "€1,776.00" in look("/dashboard?currency=EUR")


def test_a_currency_that_there_is_none_of_is_the_usual_one(look):
    assert "US$5,328.00" in look("/dashboard?currency=<script>")


def test_each_chart_has_a_table_that_says_the_same(look):
    page = look("/dashboard")
    assert page.count(">As a table<") == 5
    assert page.count("US$5,328.00") == 3  # the tile, the title of the column, the table


def test_home_says_what_needs_attention_and_where_it_is_dealt_with(look):
    page = look("/dashboard")
    assert 'href="/dashboard/invoices">1 payment waits to be completed.' in page


def test_what_could_not_be_delivered_is_counted_where_it_is_listed(app, made, look):
    with app.engine.begin() as tx:
        at = app.engine.now()
        (delivery,) = tx.deliveries.claim(
            at=at, lease="lease", lease_ends_at=at + timedelta(minutes=1), limit_each=1, formats=("jwt",)
        )
        assert tx.deliveries.settle(replace(delivery, status="dead"), lease="lease")
    place = f"/dashboard/webhooks/{made.ids['endpoint_id']}/deliveries?status=dead"
    assert f'href="{place}">1 webhook could not be delivered.' in look("/dashboard")
    assert f'href="{place}"><bdi>1</bdi>' in look("/dashboard/webhooks")
    assert delivery.id in look(place)


def test_revenue_by_month_tells_what_was_gained_and_lost(look):
    page = look("/dashboard/revenue")
    assert "What recurring revenue gained and lost" in page
    assert page.count('<th scope="row">') == 24  # of the chart's table, and of the page's own


def test_home_is_an_empty_state_while_billing_is_off(tmp_path):
    with in_process(f"sqlite:///{tmp_path / 'off.db'}", BASE_URL, gateway=None) as off:
        cookies = {"provider_session": begin_session(off.engine, user_id=user_id_of(off.engine, "ada@example.com"))}
        page = off.get("/dashboard", headers={"Accept": "text/html"}, cookies=cookies).text
    assert 'href="/dashboard/applications/demo_app/billing">Enable billing' in page
    assert "Monthly recurring revenue" not in page


def test_home_says_so_where_nothing_has_been_counted_yet(tmp_path):
    with in_process(f"sqlite:///{tmp_path / 'new.db'}", BASE_URL) as new:
        cookies = {"provider_session": begin_session(new.engine, user_id=user_id_of(new.engine, "ada@example.com"))}
        assert "No figures yet" in new.get("/dashboard", headers={"Accept": "text/html"}, cookies=cookies).text


def test_home_says_that_no_mail_is_sent(look):
    page = look("/dashboard")
    assert "No mail server is set up, so nothing is sent" in page
    assert 'href="/dashboard/mail/sent"' in page


@pytest.mark.parametrize(("path", "says"), [("/dashboard", "لوحة التحكم"), ("/dashboard/invoices", ">صادرة<")])
def test_the_name_of_the_dashboard_and_the_status_of_an_invoice_are_said_in_the_language_of_the_operator(
    look, path, says
):
    assert says in look(f"{path}?lang=ar")
