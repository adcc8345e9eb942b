"""Webhooks: verified, handled once, never lost, and seen by the gates at once."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from tests.contract.contrib.apps import RunningApp, get, post, sign_in
from tests.contract.contrib.provider import Provider
from tests.waiting import wait_until

JWT = {"Content-Type": "application/jwt"}


def send(app: RunningApp, body: str | bytes, path: str = "/billing/webhooks", **headers: str) -> httpx.Response:
    sent = {**JWT, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return post(f"{app.base_url}{path}", content=body, headers=sent)


def test_an_event_reaches_its_handlers_typed(app: RunningApp, provider: Provider) -> None:
    body = provider.webhook("customer.plan_changed", customer_id="customer_1", sequence=7, plan={"key": "pro_monthly"})
    assert send(app, body).status_code == 200
    (event,) = app.told.events
    assert (event.type, event.customer_id, event.sequence) == ("customer.plan_changed", "customer_1", 7)
    assert event.plan is not None
    assert event.plan.key == "pro_monthly"


@pytest.mark.attack(93)
def test_an_event_that_is_sent_again_is_handled_once(app: RunningApp, provider: Provider) -> None:
    body = provider.webhook()
    answers = [send(app, body, webhook_id=f"another {attempt}") for attempt in range(5)]
    assert [answer.status_code for answer in answers] == [200] * 5
    assert len(app.told.events) == 1


@pytest.mark.attack(93)
def test_an_event_that_is_signed_anew_is_still_the_same_event(app: RunningApp, provider: Provider) -> None:
    for _ in range(3):
        assert send(app, provider.webhook(event_id="event_1")).status_code == 200
    assert len(app.told.events) == 1


@pytest.mark.attack(93)
def test_an_event_that_is_sent_many_times_at_once_is_handled_once(app: RunningApp, provider: Provider) -> None:
    body = provider.webhook()
    together = threading.Barrier(8)

    def deliver() -> int:
        together.wait(timeout=60)
        return send(app, body).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = {each.result() for each in [pool.submit(deliver) for _ in range(8)]}
    assert statuses <= {200, 409}
    assert len(app.told.events) == 1
    assert send(app, body).status_code == 200


@pytest.mark.attack(94)
@pytest.mark.attack(101)
def test_an_event_whose_handler_fails_is_handled_when_it_is_sent_again(app: RunningApp, provider: Provider) -> None:
    body = provider.webhook()
    app.told.is_failing = True
    failed = send(app, body)
    assert failed.status_code == 500
    assert "the handler fails" not in failed.text
    app.told.is_failing = False
    assert send(app, body).status_code == 200
    assert send(app, body).status_code == 200
    assert len(app.told.events) == 2


@pytest.mark.attack(92)
@pytest.mark.parametrize(
    "spoil",
    [
        lambda body: b"",
        lambda body: b"not a token",
        lambda body: body[:-1].encode(),
        lambda body: body.encode() + b"\n",
        lambda body: body.replace(".", "..").encode(),
        lambda body: f"{{{body!r}}}".encode(),
        lambda body: b"\xff\xfe" + body.encode(),
        lambda body: ".".join([*body.split(".")[:2], "A" * 342]).encode(),
    ],
)
def test_a_body_that_was_changed_changes_nothing(app: RunningApp, provider: Provider, spoil: object) -> None:
    assert callable(spoil)
    response = send(app, spoil(provider.webhook()))
    assert response.status_code == 400
    assert response.json()["code"] == "invalid_webhook"
    assert app.told.events == []


@pytest.mark.attack(96)
def test_a_users_token_is_not_a_webhook(app: RunningApp, provider: Provider) -> None:
    identity = provider.sign({"aud": ["the application"], "nonce": "n"})
    for token in (provider.access_token(), identity):
        assert send(app, token).status_code == 400
    assert app.told.events == []


@pytest.mark.attack(97)
def test_an_event_of_another_issuer_is_refused(app: RunningApp, provider: Provider) -> None:
    stranger = Provider(base_url=provider.base_url, key=generate_private_key(65_537, 2_048))
    neighbour = Provider(base_url="https://neighbour.example", key=provider.key)
    for body in (stranger.webhook(), neighbour.webhook()):
        assert send(app, body).status_code == 400
    assert app.told.events == []


@pytest.mark.attack(99)
def test_an_event_of_an_unknown_type_is_taken_and_does_no_harm(app: RunningApp, provider: Provider) -> None:
    assert send(app, provider.webhook("customer.birthday", cake=None)).status_code == 200
    assert [type(event).__name__ for event in app.told.events] == ["UnknownEvent"]


@pytest.mark.attack(100)
def test_a_body_of_another_kind_is_not_read(app: RunningApp, provider: Provider) -> None:
    body = provider.webhook()
    assert send(app, body, Content_Type="application/json").status_code == 415
    assert send(app, body, Content_Encoding="gzip").status_code == 415
    assert get(f"{app.base_url}/billing/webhooks").status_code == 405
    assert app.told.events == []


@pytest.mark.attack(100)
@pytest.mark.parametrize("path", ["/billing/webhooks", "/hooks"])
def test_a_body_without_end_is_not_read_to_its_end(app: RunningApp, path: str) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(64):
            yield b"x" * 16_384

    assert send(app, b"x" * 1_000_000, path).status_code == 413
    try:
        streamed = post(f"{app.base_url}{path}", content=endless(), headers=JWT).status_code
    except httpx.TransportError:
        streamed = 413  # the connection was closed on whoever went on sending
    assert streamed in (400, 411, 413)
    assert app.told.events == []


def test_keys_out_of_reach_ask_the_sender_to_try_again(app: RunningApp, provider: Provider) -> None:
    body = provider.webhook()
    provider.is_down = True
    response = send(app, body)
    assert response.status_code >= 500
    assert int(response.headers["retry-after"]) > 0
    provider.is_down = False
    wait_until(lambda: send(app, body).status_code == 200, what="the keys are fetched again")
    assert len(app.told.events) == 1


@pytest.mark.attack(111)
@pytest.mark.parametrize(
    "about", [{"user_id": "kp_ada"}, {"user": {"id": "kp_ada"}}, {"org_code": "org_1"}, {"customer_id": "customer_1"}]
)
def test_a_gate_closes_when_the_webhook_arrives(
    app: RunningApp, browser: httpx.Client, provider: Provider, about: dict[str, object]
) -> None:
    provider.org_code = "org_1"
    provider.features.add("advanced_reports")
    sign_in(browser)
    assert browser.get("/reports").status_code == 200
    provider.features.clear()
    assert browser.get("/reports").status_code == 200
    assert send(app, provider.webhook(**about)).status_code == 200
    assert browser.get("/reports").status_code == 402


def test_the_webhook_of_another_customer_leaves_a_snapshot_alone(
    app: RunningApp, browser: httpx.Client, provider: Provider
) -> None:
    provider.features.add("advanced_reports")
    sign_in(browser)
    assert browser.get("/reports").status_code == 200
    assert send(app, provider.webhook(user_id="kp_grace")).status_code == 200
    assert browser.get("/reports").status_code == 200
    assert provider.calls["/account_api/v1/entitlements"] == 1


@pytest.mark.attack(105)
def test_a_snapshot_that_an_event_has_dropped_is_not_used_when_the_server_is_away(
    app: RunningApp, browser: httpx.Client, provider: Provider
) -> None:
    provider.features.add("advanced_reports")
    sign_in(browser)
    assert browser.get("/stale").status_code == 200
    assert send(app, provider.webhook(user_id="kp_ada")).status_code == 200
    provider.is_down = True
    assert browser.get("/stale").status_code == 503


@pytest.mark.attack(103)
def test_the_middleware_hands_a_verified_event_and_the_raw_body_to_a_route(app: RunningApp, provider: Provider) -> None:
    body = provider.webhook(event_id="event_1")
    assert send(app, body, "/hooks").status_code == 200
    assert app.told.hooked == [f"event_1 {len(body)}"]


@pytest.mark.attack(92)
def test_nothing_unverified_passes_the_middleware(app: RunningApp, provider: Provider) -> None:
    assert send(app, provider.access_token(), "/hooks").status_code == 400
    assert send(app, provider.webhook(), "/hooks", Content_Type="text/html").status_code == 415
    assert app.told.hooked == []


@pytest.mark.attack(92)
@pytest.mark.parametrize("method", ["POST", "PUT", "post"])
def test_no_spelling_of_a_target_on_the_wire_passes_the_middleware(
    app: RunningApp, provider: Provider, method: str
) -> None:
    spellings = ("/hooks", "/hooks%0a", "/hooks%0A%0d", "//hooks", "/hooks/", "/%68ooks", "/hooks;x", "/x/../hooks")
    host = httpx.URL(app.base_url).netloc.decode()
    for target in spellings:
        for prefix in ("", "http://evil.example", app.base_url):
            with closing(http.client.HTTPConnection(host, timeout=60)) as connection:
                connection.request(method, f"{prefix}{target}", provider.access_token(), JWT)
                assert connection.getresponse().status in {307, 308, 400, 404, 405}
    assert app.told.hooked == []


@pytest.mark.attack(94)
def test_behind_the_middleware_an_event_is_handled_once_it_was_answered_well(
    app: RunningApp, provider: Provider
) -> None:
    body = provider.webhook()
    app.told.hook_status = 500
    assert send(app, body, "/hooks").status_code == 500
    app.told.hook_status = 200
    assert send(app, body, "/hooks").status_code == 200
    assert send(app, body, "/hooks").status_code == 200
    assert len(app.told.hooked) == 2


def test_the_middleware_leaves_every_other_request_alone(app: RunningApp) -> None:
    assert get(f"{app.base_url}/hooks").status_code == 405
    assert get(f"{app.base_url}/").status_code == 200
