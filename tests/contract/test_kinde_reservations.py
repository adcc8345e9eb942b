"""Reservations through the Management API and the client: a limit that is held, and answers that are safe to repeat."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from billing_sdk import Client
from billing_sdk.errors import LimitReached, NotFound, ReservationEnded
from tests.contract.people import bearer, machine_token

pytestmark = pytest.mark.attack(108)


@pytest.fixture
def database_kind():
    """The wire is the same on every database."""
    return "sqlite"


@pytest.fixture
def agreement(server):
    """Grace's agreement for pro_monthly, which includes 100,000 tokens."""
    with server.engine.read() as tx:
        user = tx.users.find_by_email(server.seed.users[1][0])
        [agreement] = tx.agreements.live_of(tx.customers.find_by_user(user.id).id)
    return agreement


@pytest.fixture
def client(server):
    """A client with the machine's credentials."""
    settings = {
        "issuer": server.base_url,
        "m2m_client_id": server.seed.m2m_client_id,
        "m2m_client_secret": server.seed.m2m_client_secret,
    }
    with Client(**settings) as client:
        yield client


@pytest.fixture
def reserve(machine, agreement):
    """Reserve tokens under the agreement, with what is given in place of the usual."""

    def send(units="1", headers=None, **change):
        body = {"billing_feature_code": "ai_tokens", "meter_value": units, "customer_agreement_id": agreement.id}
        return machine.post("/billing/reservations", json={**body, **change}, headers=headers)

    return send


def test_a_reservation_is_made_committed_and_released_through_the_client(server, client, agreement):
    first = client.usage.reserve(feature_code="ai_tokens", units=60_000, agreement_id=agreement.id)
    second = client.usage.reserve(feature_code="ai_tokens", units="39999.5", agreement_id=agreement.id)
    with pytest.raises(LimitReached) as caught:
        client.usage.reserve(feature_code="ai_tokens", agreement_id=agreement.id)
    facts = {"feature": "ai_tokens", "limit": 100_000, "used": "0", "held": "99999.5", "asked": "1"}
    resets_at = agreement.period_at(server.engine.now()).end
    assert caught.value.facts == {**facts, "resets_at": f"{resets_at:%Y-%m-%dT%H:%M:%SZ}"}
    assert [client.usage.commit(first).status for _ in range(2)] == ["committed", "committed"]
    assert client.usage.release(second).status == "released"
    with pytest.raises(ReservationEnded):
        client.usage.commit(second)


def test_a_request_that_is_sent_again_with_its_key_reserves_once(reserve):
    key = {"Idempotency-Key": "use-1"}
    answers = [reserve("100000", headers=key) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["reservation"]["id"] for answer in answers}) == 1
    refusal = reserve("1")
    assert (refusal.status_code, refusal.json()["errors"][0]["code"]) == (402, "LIMIT_REACHED")


def test_what_can_not_be_reserved_is_refused(reserve):
    refusals = [
        ({"units": "0"}, 400),
        ({"units": "-1"}, 400),
        ({"units": "1e3"}, 400),
        ({"units": "9" * 21}, 400),
        ({"meter_value": 1}, 400),
        ({"user_id": "kp_1"}, 400),
        ({"customer_agreement_id": None}, 400),
        ({"customer_agreement_id": "agreement_0"}, 404),
        ({"billing_feature_code": "no_such_feature"}, 402),
        ({"billing_feature_code": "advanced_reports"}, 404),
        ({"expires_on": "2030-01-01T00:00:00Z"}, 400),
    ]
    assert [reserve(**change).status_code for change, _ in refusals] == [status for _, status in refusals]
    assert reserve("100000").status_code == 200, "what was refused has taken nothing"


def test_reserving_takes_the_scope_of_recording(server, http, agreement):
    token = machine_token(server, "read:billing_entitlements")
    body = {"billing_feature_code": "ai_tokens", "meter_value": "1", "customer_agreement_id": agreement.id}
    answer = http.post("/api/v1/billing/reservations", json=body, headers=bearer(token))
    assert (answer.status_code, answer.json()["errors"][0]["scope"]) == (403, "create:meter_usage")


def test_the_reservation_of_another_agreement_is_not_there(client, agreement):
    reservation = client.usage.reserve(feature_code="ai_tokens", agreement_id=agreement.id)
    for verb in (client.usage.commit, client.usage.release):
        with pytest.raises(NotFound):
            verb(replace(reservation, agreement_id="agreement_0"))
    assert client.usage.commit(reservation).status == "committed"


def test_of_a_reservation_so_much_is_counted_as_the_use_came_to(server, client, agreement):
    less, more, none = (
        client.usage.reserve(feature_code="ai_tokens", units=500, agreement_id=agreement.id) for _ in range(3)
    )
    assert [client.usage.commit(less, units=137).used for _ in range(2)] == [137, 137]
    assert client.usage.commit(more, units="700.5").used == Decimal("700.5")
    assert client.usage.commit(none, units=0).status == "committed"
    with server.engine.read() as tx:
        assert tx.usage.total(agreement.id, "ai_tokens", agreement.period_at(server.engine.now())) == Decimal("837.5")


def test_a_lease_is_reported_in_parts_over_the_wire(reserve, machine, agreement):
    lease = reserve("200000", is_lease=True, least="5").json()["reservation"]
    assert (lease["units"], lease["used"], lease["is_lease"], lease["lasts_seconds"]) == ("50000", "0", True, 60)
    told = {"customer_agreement_id": agreement.id}
    path = f"/billing/reservations/{lease['id']}"
    answers = [
        machine.post(f"{path}/report", json={**told, "used": used}).json()["reservation"] for used in ("40", "25", "40")
    ]
    assert [(answer["status"], answer["used"]) for answer in answers] == [("held", "40")] * 3
    ended = machine.post(f"{path}/commit", json={**told, "units": "41"}).json()["reservation"]
    assert (ended["status"], ended["used"]) == ("committed", "41")
    for body in ({"used": "-1"}, {"used": "1e3"}, {}, {"used": 1}):
        assert machine.post(f"{path}/report", json={**told, **body}).status_code == 400
    plain = reserve("5").json()["reservation"]["id"]
    assert machine.post(f"/billing/reservations/{plain}/report", json={**told, "used": "1"}).status_code == 400
