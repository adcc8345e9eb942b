"""Features, meters and usage on the dashboard: what is measured can be made, looked at, and followed to its events."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.testing.visitor import Visitor
from tests.serving import RunningServer, serving


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with serving(f"sqlite:///{tmp_path_factory.mktemp('usage') / 'billing.db'}") as running:
        yield running


@pytest.fixture(scope="module")
def ada(server: RunningServer) -> Iterator[Visitor]:
    """Ada, who is an operator, at the dashboard."""
    with Visitor() as visitor:
        visitor.open(f"{server.base_url}/dashboard")
        visitor.submit(email=server.seed.users[0][0], password=server.seed.users[0][1])
        yield visitor


def test_a_counted_feature_is_made_changed_and_deleted(ada, server):
    ada.open(f"{server.base_url}/dashboard/features/_new")
    ada.submit("Add the feature", name="Renders", key="renders", type="metered", unit_name="render", max_units="10")
    assert ada.page.title.startswith("Renders")
    ada.submit("Save", unit_name="frame", max_units="many")
    assert ada.page.status == 422
    ada.submit("Save", unit_name="frame", max_units="20")
    with server.engine.read() as tx:
        feature = tx.features.get("renders")
    assert (feature.unit_name, feature.max_units) == ("frame", 20)
    ada.submit("Delete")
    assert "Renders" not in ada.page.text


def test_a_meter_is_made_renamed_and_archived(ada, server):
    ada.open(f"{server.base_url}/dashboard/usage/meters/_new")
    ada.submit(
        "Add the meter",
        name="Tokens by model",
        key="tokens_by_model",
        event_type="llm.call",
        value_path="$.tokens",
        dimensions="model: $.model",
    )
    assert "$.model" in ada.page.text
    ada.submit("Save", name="Tokens of models")
    ada.submit("Archive")
    with server.engine.read() as tx:
        meter = tx.meters.get("tokens_by_model")
    assert meter.name == "Tokens of models"
    assert meter.archived_at is not None


def test_usage_is_shown_by_window_as_a_file_and_down_to_its_events(ada, server):
    engine = server.engine
    with engine.read() as tx:
        grace = tx.users.find_by_email(server.seed.users[1][0])
        customer = tx.customers.find_by_user(grace.id)
        (agreement,) = tx.agreements.live_of(customer.id)
    record_usage(engine, agreement_id=agreement.id, feature_key="ai_tokens", value="1200", idempotency_key="first")
    page = ada.open(f"{server.base_url}/dashboard/usage?meter=ai_tokens&customer={customer.id}&group=customer_id")
    assert "Together 1,200" in page.text
    assert "Grace Hopper" in page.text
    german = ada.http.get(page.url, headers={"Accept-Language": "de"}).text
    assert re.search(r">1\.\d{1,2}\.</text>", german)  # the first day of the month, below its column
    ada.follow("See the events")
    ada.follow("first")
    assert '"value": "1200"' in ada.page.text
    file = ada.http.get(f"{server.base_url}/dashboard/usage/csv?meter=ai_tokens&window=month&group=customer_id")
    assert file.headers["content-type"].startswith("text/csv")
    assert f"{customer.id},1200" in file.text


@pytest.mark.parametrize(
    "asked",
    [
        "since=2026-01-01&until=2025-01-01",
        "since=2020-01-01&window=hour",
        "customer=nobody",
        "since=x&until=9999-99-99",
    ],
)
def test_what_can_t_be_asked_is_said_or_passed_over(ada, server, asked):
    page = ada.open(f"{server.base_url}/dashboard/usage?meter=ai_tokens&{asked}")
    assert page.status in (200, 422)
