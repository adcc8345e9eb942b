"""The way to the server: what is sent again, how long it may take, and what is made of each answer."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import httpx
import pytest
import respx

from billing_sdk import AsyncClient, Client, errors
from billing_sdk._operation import Call
from billing_sdk.errors import DeadlineExceeded, InvalidRequest, Unreachable, UnsafeAnswer
from tests.unit.sdk.conftest import Driver
from tests.unit.sdk.kit import CLIENT_ID, ISSUER, SETTINGS, Monotonic, answer_always, token_response

LIST = {"has_more": False, "agreements": []}


def ask(driver: Driver) -> Any:
    """Make a call that can be repeated."""
    return driver.run(lambda c: c.agreements.list("customer_1"))


def tell(driver: Driver, **options: Any) -> Any:
    """Make a call that changes something."""
    return driver.run(lambda c: c.agreements.create(customer_id="customer_1", plan_code="pro", **options))


def route_of(issuer: respx.MockRouter, *answers: Any) -> respx.Route:
    """Let agreements be answered with one thing after the other."""
    return issuer.route(path="/api/v1/billing/agreements").mock(side_effect=list(answers))


@pytest.mark.parametrize(
    "trouble", [httpx.Response(502), httpx.Response(503), httpx.Response(504), httpx.Response(429)]
)
def test_what_can_be_repeated_is_repeated_after_trouble_on_the_way(
    trouble: httpx.Response, driver: Driver, issuer: respx.MockRouter
) -> None:
    route = route_of(issuer, trouble, httpx.ConnectError("no"), httpx.Response(200, json=LIST))
    assert ask(driver) == ()
    assert route.call_count == 3
    assert len(driver.pauses) == 2
    assert all(0 < seconds <= 0.4 for seconds in driver.pauses)


def test_a_change_is_repeated_only_under_an_idempotency_key(driver: Driver, issuer: respx.MockRouter) -> None:
    route = route_of(issuer, httpx.ConnectError("no"), httpx.ConnectError("no"), httpx.Response(200, json={}))
    with pytest.raises(Unreachable):
        tell(driver)
    assert route.call_count == 1
    tell(driver, idempotency_key="once")
    assert {call.request.headers["idempotency-key"] for call in route.calls[1:]} == {"once"}


def test_it_is_given_up_after_two_repetitions(driver: Driver, issuer: respx.MockRouter) -> None:
    route = route_of(issuer, *[httpx.Response(503) for _ in range(9)])
    with pytest.raises(errors.ServerFault):
        ask(driver)
    assert route.call_count == 3


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"Retry-After": "2"}, 2.0),
        ({"RateLimit-Reset": "3"}, 3.0),
        ({"Retry-After": "86400"}, 5.0),
        ({"Retry-After": "0"}, 0.0),
    ],
)
def test_the_server_says_when_to_come_again_within_reason(
    headers: dict[str, str], pause: float, driver: Driver, issuer: respx.MockRouter
) -> None:
    route_of(issuer, httpx.Response(429, headers=headers), httpx.Response(200, json=LIST))
    ask(driver)
    assert driver.pauses == [pause]


def test_a_pause_that_outlasts_the_deadline_is_not_begun(
    make_driver: Callable[..., Driver], issuer: respx.MockRouter
) -> None:
    route_of(issuer, httpx.Response(429, headers={"Retry-After": "4"}, json={"code": "rate_limited", "detail": "slow"}))
    driver = make_driver(deadline_seconds=3.0)
    with pytest.raises(errors.RateLimited) as caught:
        ask(driver)
    assert (driver.pauses, caught.value.facts["retry_after_seconds"]) == ([], 4)


@pytest.mark.parametrize(
    ("status", "document", "error", "facts"),
    [
        (
            404,
            {"code": "unknown_plan", "title": "x", "detail": "no plan", "plan": "gold"},
            errors.UnknownPlan,
            {"plan": "gold"},
        ),
        (409, {"errors": [{"code": "BILLING_CUSTOMER_EXISTS", "message": "x"}]}, errors.CustomerExists, {}),
        (404, {"errors": {"code": "ROUTE_NOT_FOUND", "message": "x"}}, errors.RouteNotFound, {}),
        (403, {"errors": [{"code": "INVALID_CREDENTIALS", "message": "x"}]}, errors.Forbidden, {}),
        (400, {"errors": [{"code": "INVENTED_TOMORROW", "message": "x"}]}, errors.InvalidRequest, {}),
        (400, {"error": "invalid_scope", "error_description": "x"}, errors.InvalidRequest, {"error": "invalid_scope"}),
        (418, {"code": "missing_setting", "detail": "x"}, errors.APIError, {}),
        (402, {"errors": []}, errors.PaymentRequired, {}),
        (409, {"errors": [7]}, errors.Conflict, {}),
        (413, None, errors.PayloadTooLarge, {}),
        (415, [], errors.UnsupportedMediaType, {}),
        (500, {"code": 7, "detail": []}, errors.ServerFault, {}),
        (505, None, errors.ServerFault, {}),
    ],
)
def test_each_way_of_saying_no_becomes_an_error_of_the_catalogue(
    status: int,
    document: Any,
    error: type[errors.APIError],
    facts: dict[str, Any],
    driver: Driver,
    issuer: respx.MockRouter,
) -> None:
    route_of(issuer, httpx.Response(status, json=document, headers={"X-Request-Id": "req_1"}))
    with pytest.raises(errors.APIError) as caught:
        tell(driver)
    assert type(caught.value) is error
    assert (caught.value.http_status, caught.value.request_id, caught.value.facts) == (status, "req_1", facts)


def test_a_page_of_html_is_told_by_its_status(driver: Driver, issuer: respx.MockRouter) -> None:
    route_of(issuer, httpx.Response(502, text="<script>alert(1)</script>"))
    with pytest.raises(errors.ServerFault) as caught:
        tell(driver)
    assert "script" not in str(caught.value)


@pytest.mark.attack(47, 85, 86)
@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(302, headers={"location": "https://evil.example/"}),
        httpx.Response(200, text="{}"),
        httpx.Response(200, text="{", headers={"content-type": "application/json"}),
        httpx.Response(200, text='{"a":1,"a":2}', headers={"content-type": "application/json"}),
        httpx.Response(200, content=b"{}" + b" " * 1_048_577, headers={"content-type": "application/json"}),
        httpx.Response(
            200, content=b"\x1f\x8b", headers={"content-type": "application/json", "content-encoding": "gzip"}
        ),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"agreements": [{"id": 7}]}),
    ],
    ids=["redirect", "text", "broken", "twice", "long", "compressed", "list", "foreign"],
)
def test_an_answer_that_is_not_safe_to_use_is_refused(
    answer: httpx.Response, driver: Driver, issuer: respx.MockRouter
) -> None:
    route_of(issuer, answer)
    with pytest.raises(UnsafeAnswer):
        ask(driver)


def test_a_request_asks_for_plain_json_and_says_who_it_is(driver: Driver, issuer: respx.MockRouter) -> None:
    route = route_of(issuer, httpx.Response(200, json=LIST))
    ask(driver)
    headers = route.calls[0].request.headers
    assert headers["accept-encoding"] == "identity"
    assert headers["accept"].startswith("application/json")
    assert headers["user-agent"].startswith("billing-sdk/")


@pytest.mark.parametrize(
    "use",
    [
        lambda c: c.entitlements.list("to\r\nken"),
        lambda c: c.entitlements.list(""),
        lambda c: c.agreements.create(customer_id="c", plan_code="p", idempotency_key="a\nb"),
        lambda c: c.agreements.list("\ud800"),
        lambda c: c.organizations.delete("../users"[:2]),
        lambda c: c.run(iter(Call("GET", "https://evil.example/keys", lambda data: data))),
        lambda c: c.run(iter(Call("GET", "https://id.example.evil.example/", lambda data: data))),
    ],
)
def test_what_could_break_out_of_a_request_is_refused(use: Any, driver: Driver, issuer: respx.MockRouter) -> None:
    with pytest.raises(InvalidRequest):
        driver.run(use)


def test_an_id_can_not_become_a_path_of_its_own(driver: Driver, issuer: respx.MockRouter) -> None:
    route = issuer.route(method="DELETE").mock(httpx.Response(200, json={}))
    driver.run(lambda c: c.organizations.delete("a/../../users?x#y"))
    assert route.calls[0].request.url.raw_path == b"/api/v1/organization/a%2F..%2F..%2Fusers%3Fx%23y"


def machine_calls(issuer: respx.MockRouter) -> int:
    """Return how often a machine token was asked for."""
    return sum(b"client_credentials" in call.request.content for call in issuer.calls)


def test_the_machine_token_is_asked_for_once_and_names_its_audience(driver: Driver, issuer: respx.MockRouter) -> None:
    answer_always(issuer.route(path="/api/v1/billing/agreements"), LIST)
    for _ in range(3):
        ask(driver)
    assert machine_calls(issuer) == 1
    (sent,) = [call.request.content for call in issuer.calls if b"client_credentials" in call.request.content]
    assert dict(httpx.QueryParams(sent.decode())) == {
        "grant_type": "client_credentials",
        "client_id": "machine_1",
        "client_secret": "shh-machine",
        "audience": f"{ISSUER}/api",
    }


def test_a_machine_token_that_is_refused_is_renewed_once(driver: Driver, issuer: respx.MockRouter) -> None:
    route_of(issuer, httpx.Response(401), httpx.Response(200, json=LIST), httpx.Response(401), httpx.Response(401))
    assert ask(driver) == ()
    assert machine_calls(issuer) == 2
    with pytest.raises(errors.Unauthenticated):
        ask(driver)
    assert machine_calls(issuer) == 3


def test_a_users_token_that_is_refused_is_not_renewed(driver: Driver, issuer: respx.MockRouter) -> None:
    answer_always(issuer.get("/account_api/v1/entitlements"), {}, status=401)
    with pytest.raises(errors.Unauthenticated):
        driver.run(lambda c: c.entitlements.list("token"))
    assert machine_calls(issuer) == 0


@pytest.mark.attack(43)
def test_two_hundred_threads_ask_for_one_machine_token(issuer: respx.MockRouter) -> None:
    answer_always(issuer.route(path="/api/v1/billing/agreements"), LIST)
    together = threading.Barrier(200)
    client = Client(**SETTINGS)

    def list_all(_: int) -> Any:
        together.wait(30)
        return client.agreements.list("customer_1")

    with client, ThreadPoolExecutor(200) as pool:
        assert set(pool.map(list_all, range(200))) == {()}
    assert machine_calls(issuer) == 1


def test_a_machine_token_is_renewed_before_it_ends(driver: Driver, issuer: respx.MockRouter) -> None:
    answer_always(issuer.route(path="/api/v1/billing/agreements"), LIST)
    machine = driver.client._provider.machine
    clock = machine._monotonic = Monotonic()
    ask(driver)
    clock.advance(86_339)
    ask(driver)
    assert machine_calls(issuer) == 1
    clock.advance(1)
    ask(driver)
    assert machine_calls(issuer) == 2


def test_a_token_for_nobody_is_refused_without_machine_credentials(
    make_driver: Callable[..., Driver], issuer: respx.MockRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BILLING_M2M_CLIENT_ID", raising=False)
    with pytest.raises(errors.MissingSetting, match="BILLING_M2M_CLIENT_ID"):
        ask(make_driver(m2m_client_id=None))


def test_a_public_client_sends_its_id_alone(make_driver: Callable[..., Driver], issuer: respx.MockRouter) -> None:
    route = issuer.post("/oauth2/revoke").mock(httpx.Response(200))
    make_driver(client_secret=None).run(lambda c: c.login.revoke("t"))
    assert dict(httpx.QueryParams(route.calls[0].request.content.decode())) == {"token": "t", "client_id": CLIENT_ID}


def test_a_closed_client_says_so(make_driver: Callable[..., Driver], issuer: respx.MockRouter) -> None:
    driver = make_driver()
    driver.run(lambda c: c.close())
    with pytest.raises(Unreachable, match="closed"):
        ask(driver)


def test_a_client_that_another_thread_closes_meanwhile_says_so(issuer: respx.MockRouter) -> None:
    client = Client(**SETTINGS)
    used = client._transport._client()
    used.close()
    with pytest.raises(Unreachable, match="closed"):
        client.agreements.list("customer_1")


def test_no_secret_is_shown_by_a_client_or_a_call() -> None:
    call = Call("GET", "/", lambda data: data, token="secret-token", form={"client_secret": "shh-app"})
    with Client(**SETTINGS) as client:
        shown = f"{client!r} {client.config!r} {call!r} {token_response}"
    assert not [secret for secret in ("shh-app", "shh-machine", "secret-token") if secret in shown]


@pytest.fixture
def dripping() -> Iterator[str]:
    """The address of a server that sends one byte of a header after the other, and never ends."""
    over = threading.Event()
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:

        def drip() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\nX-Drip: ")
                while not over.wait(0.05):
                    try:
                        connection.sendall(b"x")
                    except OSError:
                        return

        thread = threading.Thread(target=drip)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        over.set()
        thread.join(10)


@pytest.mark.attack(48, 86)
def test_a_server_that_drips_is_given_up_at_the_deadline(dripping: str) -> None:
    client = Client(issuer=dripping, client_id="a", deadline_seconds=0.4)
    with client, pytest.raises(DeadlineExceeded):
        client.entitlements.list("token")


@pytest.mark.attack(48, 86)
def test_a_server_that_drips_is_given_up_at_the_deadline_by_a_task_too(dripping: str) -> None:
    async def ask_it() -> None:
        async with AsyncClient(issuer=dripping, client_id="a", deadline_seconds=0.4) as client:
            await client.entitlements.list("token")

    with pytest.raises(DeadlineExceeded):
        asyncio.run(ask_it())


def test_nobody_at_the_address_is_told_as_such(colour: str, make_driver: Callable[..., Driver]) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    driver = make_driver(issuer=address)
    with pytest.raises(Unreachable) as caught:
        driver.run(lambda c: c.entitlements.list("token"))
    assert not isinstance(caught.value, DeadlineExceeded)
