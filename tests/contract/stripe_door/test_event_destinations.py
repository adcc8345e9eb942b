"""Where events are sent to: destinations of v2 and endpoints of v1, which are the same thing under two names."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from billing_sdk.errors import InvalidRequest, NotFound
from billing_sdk.server.outbox.addresses import check_url
from billing_sdk.server.usecases.delete_endpoint import delete_endpoint
from billing_sdk.server.usecases.signed_endpoints import roll_secret
from billing_sdk.server.usecases.update_endpoint import update_endpoint
from tests.contract.stripe_door.door import Door
from tests.engines import sqlite_of

URL = "https://shop.example.com/hooks"
ACTIVATED = "v2.billing.pricing_plan_subscription.servicing_activated"
THIN: dict[str, Any] = {
    "name": "Ours",
    "type": "webhook_endpoint",
    "event_payload": "thin",
    "enabled_events": [ACTIVATED],
    "webhook_endpoint": {"url": URL},
}
ENDPOINT = {"url": URL, "enabled_events": ["invoice.paid", "customer.created"]}


def test_the_secret_is_told_once_and_only_to_whoever_asks_for_it(door: Door) -> None:
    asked = door.v2.post(
        "/core/event_destinations",
        {**THIN, "include": ["webhook_endpoint.signing_secret", "webhook_endpoint.url"], "metadata": {"team": "a"}},
    )
    assert asked["id"].startswith("ed_test_")
    assert asked["webhook_endpoint"]["signing_secret"].startswith("whsec_")
    assert asked["webhook_endpoint"]["url"] == URL
    assert (asked["status"], asked["event_payload"], asked["metadata"]) == ("enabled", "thin", {"team": "a"})
    again = door.v2.get(f"/core/event_destinations/{asked['id']}?include[0]=webhook_endpoint.url")
    assert again["webhook_endpoint"] == {"signing_secret": None, "url": URL}
    silent = door.v2.post("/core/event_destinations", THIN)
    assert silent["webhook_endpoint"] == {"signing_secret": None, "url": None}


def test_a_destination_is_changed_disabled_enabled_and_deleted(door: Door) -> None:
    made = door.v2.post("/core/event_destinations", THIN)
    path = f"/core/event_destinations/{made['id']}"
    changed = door.v2.post(
        path,
        {
            "name": "Theirs",
            "enabled_events": ["v2.billing.cadence.billed"],
            "webhook_endpoint": {"url": "https://shop.example.com/other"},
            "metadata": {"a": "b"},
            "include": ["webhook_endpoint.url"],
        },
    )
    assert (changed["name"], changed["enabled_events"]) == ("Theirs", ["v2.billing.cadence.billed"])
    assert changed["webhook_endpoint"]["url"] == "https://shop.example.com/other"
    assert door.v2.post(path, {"metadata": {"a": None}})["metadata"] == {}
    off = door.v2.post(f"{path}/disable", {})
    assert (off["status"], off["status_details"]) == ("disabled", {"disabled": {"reason": "user"}})
    assert door.v2.post(f"{path}/enable", {})["status"] == "enabled"
    assert door.v2.delete(path) == {"id": made["id"], "object": "v2.core.event_destination"}
    assert door.v2.refused("GET", path) == (404, "event_destination_not_found", None)


def test_destinations_are_listed_page_by_page_with_the_newest_first(door: Door) -> None:
    for known in door.v2.pages("/core/event_destinations"):
        door.v2.delete(f"/core/event_destinations/{known['id']}")
    made = [door.v2.post("/core/event_destinations", {**THIN, "name": str(one)})["id"] for one in range(3)]
    assert [one["id"] for one in door.v2.pages("/core/event_destinations?limit=2")] == made[::-1]


def test_an_endpoint_of_v1_is_made_shown_changed_and_deleted(door: Door) -> None:
    made = door.v1.post("/webhook_endpoints", {**ENDPOINT, "api_version": "2025-09-30.preview", "description": "x"})
    assert made["id"].startswith("we_")
    assert made["secret"].startswith("whsec_")
    path = f"/webhook_endpoints/{made['id']}"
    shown = door.v1.get(path)
    assert "secret" not in shown
    assert (shown["api_version"], shown["enabled_events"]) == ("2025-09-30.preview", ENDPOINT["enabled_events"])
    changed = door.v1.post(path, {"enabled_events": ["*"], "disabled": True, "metadata": {"a": "b"}})
    assert (changed["status"], changed["enabled_events"], changed["metadata"]) == ("disabled", ["*"], {"a": "b"})
    assert made["id"] in [one["id"] for one in door.v1.pages("/webhook_endpoints?limit=1")]
    assert door.v1.delete(path) == {"id": made["id"], "object": "webhook_endpoint", "deleted": True}
    assert door.v1.refused("GET", path) == (404, "resource_missing", "id")


def test_a_thin_destination_is_no_endpoint_of_v1(door: Door) -> None:
    made = door.v2.post("/core/event_destinations", THIN)
    of_v1 = "we_" + made["id"].rpartition("_")[2]
    assert door.v1.refused("GET", f"/webhook_endpoints/{of_v1}") == (404, "resource_missing", "id")
    assert of_v1 not in [one["id"] for one in door.v1.pages("/webhook_endpoints")]


def test_plain_http_is_fine_in_a_test_environment_also_on_a_public_host(door: Door) -> None:
    made = door.v2.post("/core/event_destinations", {**THIN, "webhook_endpoint": {"url": "http://hooks.example.com/a"}})
    assert made["status"] == "enabled"


@pytest.mark.parametrize(
    ("change", "code", "param"),
    [
        ({"type": "amazon_eventbridge"}, "event_destination_type_unsupported", "type"),
        ({"type": "azure_event_grid"}, "event_destination_type_unsupported", "type"),
        ({"type": "pigeon"}, "parameter_invalid", "type"),
        ({"amazon_eventbridge": {"aws_account_id": "1"}}, "parameter_invalid", "amazon_eventbridge"),
        ({"webhook_endpoint": None}, "parameter_missing", "webhook_endpoint.url"),
        ({"webhook_endpoint": {"url": "https://10.0.0.1/"}}, "parameter_invalid", "webhook_endpoint.url"),
        ({"webhook_endpoint": {"url": "ftp://example.com/"}}, "parameter_invalid", "webhook_endpoint.url"),
        ({"webhook_endpoint": {"url": "http://169.254.169.254/"}}, "parameter_invalid", "webhook_endpoint.url"),
        ({"events_from": ["@accounts"]}, "parameter_invalid", "events_from"),
        ({"snapshot_api_version": "2025-09-30.preview"}, "parameter_invalid", "snapshot_api_version"),
        ({"event_payload": "snapshot", "snapshot_api_version": "x"}, "parameter_invalid", "snapshot_api_version"),
        ({"enabled_events": ["invoice.paid"]}, "parameter_invalid", "enabled_events[0]"),
        ({"enabled_events": [ACTIVATED, "v2.billing.nothing"]}, "parameter_invalid", "enabled_events[1]"),
        ({"include": ["webhook_endpoint.secret"]}, "parameter_invalid", "include[0]"),
        ({"more": 1}, "parameter_unknown", "more"),
    ],
)
def test_a_destination_that_can_not_be_is_refused_by_name(
    door: Door, change: dict[str, Any], code: str, param: str | None
) -> None:
    before = len(door.v2.pages("/core/event_destinations"))
    assert door.v2.refused("POST", "/core/event_destinations", {**THIN, **change}) == (400, code, param)
    assert len(door.v2.pages("/core/event_destinations")) == before


@pytest.mark.parametrize(
    ("change", "code", "param"),
    [
        ({"connect": True}, "parameter_invalid", "connect"),
        ({"api_version": "yesterday"}, "parameter_invalid", "api_version"),
        ({"enabled_events": [ACTIVATED]}, "parameter_invalid", "enabled_events[0]"),
        ({"url": "https://127.0.0.1.nip.io:22/"}, "parameter_invalid", "url"),
    ],
)
def test_an_endpoint_that_can_not_be_is_refused_by_name(
    door: Door, change: dict[str, Any], code: str, param: str | None
) -> None:
    assert door.v1.refused("POST", "/webhook_endpoints", {**ENDPOINT, **change}) == (400, code, param)


@pytest.mark.parametrize("verb", ["", "/ping", "/enable", "/disable"])
def test_a_destination_that_is_not_there_is_not_found(door: Door, verb: str) -> None:
    path = f"/core/event_destinations/ed_test_{'0' * 32}{verb}"
    told = door.v2.call("POST", path, {})
    assert told.refusal == (404, "event_destination_not_found", None)
    assert f"ed_test_{'0' * 32}" in told.body["error"]["message"]


def test_whoever_lost_the_answer_gets_the_secret_with_the_same_key_and_nobody_else(door: Door) -> None:
    asked = {**THIN, "include": ["webhook_endpoint.signing_secret", "webhook_endpoint.url"]}
    made, again = (door.v2.post("/core/event_destinations", asked, Idempotency_Key="lost-1") for _ in range(2))
    assert again == made
    assert made["webhook_endpoint"]["signing_secret"].startswith("whsec_")
    hidden = [door.v2.post("/core/event_destinations", THIN, Idempotency_Key="lost-2") for _ in range(2)]
    assert [one["webhook_endpoint"]["signing_secret"] for one in hidden] == [None, None]
    for one in (made, hidden[0]):
        door.v2.delete(f"/core/event_destinations/{one['id']}")


def test_more_destinations_than_there_may_be_are_refused_and_not_tried_again(door: Door) -> None:
    made = []
    while (told := door.v2.call("POST", "/core/event_destinations", THIN)).status == 200:
        made.append(told.body["id"])
    assert told.refusal == (400, "too_many_event_destinations", None)
    assert told.headers["stripe-should-retry"] == "false"
    assert door.v1.refused("POST", "/webhook_endpoints", ENDPOINT) == (400, "too_many_webhook_endpoints", None)
    for one in made:
        door.v2.delete(f"/core/event_destinations/{one}")


def test_a_secret_is_kept_sealed_also_with_the_answer_to_a_key(door: Door) -> None:
    made = door.v1.post("/webhook_endpoints", ENDPOINT, Idempotency_Key="hook-1")
    again = door.v1.call("POST", "/webhook_endpoints", ENDPOINT, Idempotency_Key="hook-1")
    assert (again.body, again.headers["idempotent-replayed"]) == (made, "true")
    written = b"".join(line.encode() for line in sqlite_of(door.engine.database).iterdump())
    assert b"webhook_endpoints" in written
    assert made["secret"].encode() not in written
    door.v1.delete(f"/webhook_endpoints/{made['id']}")


def test_plain_http_is_for_a_test_environment_on_its_usual_ports_and_to_public_hosts() -> None:
    with pytest.raises(InvalidRequest):
        check_url("http://hooks.example.com/", may_call_this_machine=False, may_use_http=False)
    check_url("http://hooks.example.com/", may_call_this_machine=False, may_use_http=True)
    with pytest.raises(InvalidRequest):
        check_url("http://10.0.0.1/", may_call_this_machine=False, may_use_http=True)
    with pytest.raises(InvalidRequest):
        check_url("http://hooks.example.com:22/", may_call_this_machine=False, may_use_http=True)


@pytest.mark.parametrize("overlap", [timedelta(hours=25), timedelta(seconds=-1)])
def test_an_old_secret_goes_on_for_a_day_at_most(door: Door, overlap: timedelta) -> None:
    made = door.v2.post("/core/event_destinations", THIN)
    endpoint_id = "webhook_" + made["id"].rpartition("_")[2]
    with pytest.raises(InvalidRequest):
        roll_secret(door.engine, endpoint_id=endpoint_id, overlap=overlap)
    door.v2.delete(f"/core/event_destinations/{made['id']}")


def test_endpoints_of_this_door_are_none_of_the_management_api(door: Door) -> None:
    made = door.v2.post("/core/event_destinations", THIN)
    endpoint_id = "webhook_" + made["id"].rpartition("_")[2]
    with pytest.raises(NotFound):
        update_endpoint(door.engine, endpoint_id=endpoint_id, name="Mine")
    with pytest.raises(NotFound):
        delete_endpoint(door.engine, endpoint_id=endpoint_id)
    door.v2.delete(f"/core/event_destinations/{made['id']}")
