"""Plans on the dashboard: a draft is made by a form, published, changed by a new version, compared, and moved to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from billing_sdk.server.usecases.add_feature import add_feature
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.testing.visitor import Visitor
from tests.engines import payer
from tests.serving import RunningServer, serving


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with serving(f"sqlite:///{tmp_path_factory.mktemp('plans') / 'billing.db'}") as running:
        yield running


@pytest.fixture(scope="module")
def ada(server: RunningServer) -> Iterator[Visitor]:
    """Ada, who is an operator, at the dashboard."""
    with Visitor() as visitor:
        visitor.open(f"{server.base_url}/dashboard")
        visitor.submit(email=server.seed.users[0][0], password=server.seed.users[0][1])
        yield visitor


def test_the_list_tells_of_each_plan_what_it_costs_and_how_many_have_it(ada, server):
    page = ada.open(f"{server.base_url}/dashboard/plans")
    assert "Pro, quarterly" in page.text
    assert "$79.00 every 3 months" in page.text
    assert "Team Free" not in ada.open(f"{server.base_url}/dashboard/plans?group=individuals").text
    assert "Pro, quarterly" not in ada.open(f"{server.base_url}/dashboard/plans?status=draft").text


def test_a_plan_is_made_published_and_changed_and_its_customers_are_moved(ada, server):
    engine = server.engine
    ada.open(f"{server.base_url}/dashboard/plans/_new")
    ada.submit(
        "Make a draft",
        name="Studio",
        key="studio",
        price="19.50",
        trial_days="",
        seat_name="Seats",
        seat_price="4",
        feature_0="ai_tokens",
        limit_0="2000",
        soft_0="yes",
        tiers_0="1000: 0.05\n*: 0.03",
        feature_1="sso",
    )
    assert ada.page.title.startswith("Studio")
    assert "$0.05 for each AI tokens" in ada.page.text
    ada.follow("Publish")
    assert "its key" in ada.page.text.lower()
    ada.submit("Publish")
    assert "The plan is for sale." in ada.page.text
    customer = payer(engine, "studio@example.com")
    agreement = subscribe(engine, customer_id=customer.id, plan_key="studio")

    ada.open(f"{server.base_url}/dashboard/plans/studio/edit")
    assert "Write a thousand as 1000" in ada.submit("Make the version", price="1,000").text
    assert ada.submit("Make the version", price="12.3456").status == 422
    ada.submit("Make the version", price="25", feature_1="", limit_0="5000")
    diff = ada.page.text
    assert "Removed" in diff, diff
    assert "New: + Up to 5,000 units" in diff
    assert "Gone: − Up to 2,000 units" in diff  # noqa: RUF001 - the minus sign of the page

    ada.follow("See what each customer would pay")
    assert "Goes over" in ada.page.text
    with engine.read() as tx:
        assert tx.agreements.get(agreement.id).next_version_id is None
    form = next(one for one in ada.page.forms if "confirmed" in one.unticked)
    form.fields["moved"] = "\u00b2"  # which counts as none
    ada.submit("Move customers", confirmed="yes")
    assert "1 customer was looked at so far. That was all of them." in ada.page.text
    with engine.read() as tx:
        moved = tx.agreements.get(agreement.id)
        assert moved.next_version_id == tx.catalog.get_version_of("studio", number=2).id

    ada.open(f"{server.base_url}/dashboard/plans/studio")
    ada.submit("Sell version 2")
    with engine.read() as tx:
        assert tx.catalog.get_plan("studio").version.number == 2
    ada.submit("Archive")
    ada.submit("Restore")
    assert "The plan is back." in ada.page.text


def test_a_move_now_says_apart_what_is_charged_at_once_and_promises_no_way_back(ada, server):
    engine = server.engine
    subscribe(engine, customer_id=payer(engine, "now@example.com").id, plan_key="pro_monthly")
    with engine.begin() as tx:
        version = tx.catalog.get_version_of("pro_monthly", number=1)
        tx.catalog.add_version(replace(version, id="version_now", number=2, created_at=engine.now()))
    address = f"{server.base_url}/dashboard/plans/pro_monthly/migrate?from=1&to=2"
    later, now = (ada.open(f"{address}&timing={timing}").text for timing in ("period_end", "now"))
    assert ("Charged now" in later, "It can be called off" in later) == (False, True)
    assert ("Charged now on this page" in now, "It can be called off" in now) == (True, False)
    ada.open(address)
    ada.submit("Move customers", confirmed="yes")
    with engine.read() as tx:
        concerned = tx.agreements.count_leaving(version.id, most=99)
    called_off = ada.open(f"{server.base_url}/dashboard/plans/pro_monthly/migrate?to=1").text
    assert concerned
    assert f"Customers: {concerned}." in called_off


def test_the_usual_limit_of_a_feature_is_taken_away_by_an_empty_field(ada, server):
    add_feature(server.engine, key="disk", name="Disk", feature_type="metered", max_units=5)
    ada.open(f"{server.base_url}/dashboard/features/disk")
    ada.submit("Save", max_units="")
    with server.engine.read() as tx:
        assert tx.features.get("disk").max_units is None
