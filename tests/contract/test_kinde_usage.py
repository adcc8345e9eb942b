"""Meter usage through the Management API."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest


@pytest.fixture
def agreement(server):
    """Grace's agreement for pro_monthly."""
    with server.engine.read() as tx:
        user = tx.users.find_by_email(server.seed.users[1][0])
        [agreement] = tx.agreements.live_of(tx.customers.find_by_user(user.id).id)
    return agreement


@pytest.fixture
def record(machine, agreement):
    """Send a reading of ai_tokens, with what is given in place of the usual."""

    def send(value="1", headers=None, **change):
        body = {
            "customer_agreement_id": agreement.id,
            "billing_feature_code": "ai_tokens",
            "meter_value": value,
            **change,
        }
        return machine.post("/billing/meter_usage", json=body, headers=headers)

    return send


def total(answer):
    assert answer.status_code == 200, answer.text
    return answer.json()["usage"]["total"]


def test_deltas_add_up_exactly(record):
    totals = [total(record("0.1")) for _ in range(3)]
    assert [float(text) for text in totals] == [0.1, 0.2, 0.3]


def test_an_absolute_reading_takes_the_place_of_what_was_counted(record):
    record("5")
    assert float(total(record("2", meter_type_code="absolute"))) == 2
    assert float(total(record("1", meter_type_code="delta"))) == 3


def test_the_published_time_format_is_taken(record, server):
    used_at = server.engine.now() - timedelta(milliseconds=1)
    assert record("1", meter_usage_timestamp=used_at.isoformat()).status_code == 200
    eastern = (used_at + timedelta(hours=11)).strftime("%Y-%m-%dT%H:%M:%S+11")
    assert record("1", meter_usage_timestamp=eastern).status_code in (200, 400)


@pytest.mark.parametrize(
    "value",
    [
        "",
        " 1",
        "-1",
        "+1",
        "1e3",
        "1E+999999",
        "NaN",
        "Infinity",
        "1_000",
        "\u0661",
        ".5",
        "5.",
        "9" * 21,
        "0x1",
        "1,5",
    ],
)
def test_a_quantity_that_is_not_a_plain_decimal_changes_nothing(record, value):
    answer = record(value)
    assert answer.status_code == 400
    assert float(total(record("0"))) == 0


@pytest.mark.parametrize("value", [1, 1.5, None, True, ["1"]])
def test_a_quantity_that_is_not_text_is_refused(record, value):
    answer = record(value)
    assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (400, "meter_value")


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"billing_feature_code": "no_such_feature"}, 404),
        ({"billing_feature_code": "advanced_reports"}, 404),
        ({"customer_agreement_id": "agreement_unknown"}, 404),
        ({"meter_type_code": "sum"}, 400),
        ({"meter_usage_timestamp": "2026-08-06T12:00:00"}, 400),
        ({"meter_usage_timestamp": "yesterday"}, 400),
        ({"total": "0"}, 400),
        ({"dimensions": {"model": ""}}, 400),
        ({"dimensions": {"model": "large"}, "meter_type_code": "absolute"}, 400),
    ],
)
def test_usage_that_can_not_be_counted_changes_nothing(record, change, status):
    assert record("1", **change).status_code == status
    assert float(total(record("0"))) == 0


def test_usage_can_be_marked(record):
    assert record("2", dimensions={"model": "large"}).status_code == 200
    assert float(total(record("3", dimensions={"model": "small"}))) == 5


def test_usage_of_the_future_is_refused(record, server):
    tomorrow = (server.engine.now() + timedelta(days=1)).isoformat()
    assert record("1", meter_usage_timestamp=tomorrow).status_code == 400


def test_the_same_key_counts_once(record):
    answers = [record("3", headers={"Idempotency-Key": "reading-1"}) for _ in range(3)]
    assert len({answer.content for answer in answers}) == 1
    assert float(total(record("0"))) == 3


def test_the_same_key_counts_once_however_many_send_it_at_once(record):
    def send(_):
        return record("3", headers={"Idempotency-Key": "reading-1"}).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = set(pool.map(send, range(16)))
    assert 200 in statuses
    assert statuses <= {200, 409}, "a call that is being served is not served again"
    assert float(total(record("0"))) == 3
