"""Gates in both frameworks: shut when in doubt, bound to who asks, kept out of caches, and honest in the log."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import flask
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from billing_sdk import AccessClaims, Owner, TokenSet
from billing_sdk._operation import Flow
from billing_sdk.contrib import ALLOW, MemorySessions, Session, SignedInUser, Stale
from billing_sdk.contrib._gate import opens_at_once
from billing_sdk.contrib._guard import NeedsPermission
from billing_sdk.contrib._who_asks import renew, session_at_hand
from billing_sdk.errors import (
    BillingError,
    Forbidden,
    InvalidRequest,
    NotFound,
    RateLimited,
    ServerFault,
    Unauthenticated,
    UnsafeAnswer,
)
from tests.unit.contrib.doors import FlaskDoor, StarletteDoor, World
from tests.unit.contrib.making import AT, ISSUER, session, visit

Door = FlaskDoor | StarletteDoor
HTML = {"accept": "text/html"}


@pytest.fixture(params=[FlaskDoor, StarletteDoor], ids=["flask", "starlette"])
def door(request: pytest.FixtureRequest) -> Door:
    """An application in each framework, with nothing in it."""
    found: Door = request.param(World())
    return found


def add(door: Door, path: str, gate: Callable[[Any], Any], **headers: str) -> None:
    """Add a route with a gate, whose view sends some headers along."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if isinstance(door, FlaskDoor):

        def view() -> flask.Response:
            door.world.ran.append(path)
            return flask.Response("secret", headers=sent)

        door.app.add_url_rule(path, path, gate(view))
        return

    async def endpoint(_: Request) -> Response:
        door.world.ran.append(path)
        return Response("secret", headers=sent)

    door.app.router.routes.append(Route(path, gate(endpoint)))


def failing(error: Exception) -> Callable[[str], Flow[Any]]:
    """Return what fetches entitlements and fails."""

    def fetch(_: str) -> Flow[Any]:
        yield from ()
        raise error

    return fetch


@pytest.mark.attack(105)
@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UnsafeAnswer("the answer makes no sense"), 503),
        (ServerFault("500"), 503),
        (RateLimited("429"), 503),
        (Unauthenticated("the token was revoked"), 401),
        (ValueError("a bug of ours"), 500),
    ],
    ids=lambda value: type(value).__name__,
)
def test_whatever_goes_wrong_on_the_way_to_the_entitlements_lets_nobody_in(
    door: Door, error: Exception, status: int
) -> None:
    add(door, "/deny", door.billing.requires("reports"))
    add(door, "/plan", door.billing.requires_plan("pro"))
    add(door, "/stale", door.billing.requires("reports", when_unreachable=Stale(300)))
    door.billing.application.snapshots._fetch = failing(error)
    for path in ("/deny", "/plan", "/stale"):
        assert door.ask(path, is_ada=True)[0] == status
    assert door.world.ran == []


@pytest.mark.attack(105)
def test_every_staleness_that_was_let_through_is_logged_and_counted(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    add(door, "/deny", door.billing.requires("reports"))
    add(door, "/stale", door.billing.requires("reports", when_unreachable=Stale(300)))
    add(door, "/open", door.billing.requires("reports", when_unreachable=ALLOW))
    assert door.ask("/deny", is_ada=True)[0] == 200
    assert set(door.billing.counts.values()) == {0}, "a current answer is nothing to tell"
    door.world.features = None
    door.world.at = AT + timedelta(seconds=61)
    door.billing.application.snapshots._monotonic = lambda: 10.0**9
    door.billing.application.snapshots.last = lambda _: None  # type: ignore[method-assign]
    with caplog.at_level(logging.INFO, logger="billing_sdk.contrib"):
        assert [door.ask(path, is_ada=True)[0] for path in ("/deny", "/open", "/stale")] == [503, 200, 503]
    counts = door.billing.counts
    assert (counts["gate_let_in_unchecked"], counts["gate_denied_out_of_reach"]) == (1, 2)
    levels = {record.levelname for record in caplog.records if "let in unchecked" in record.message}
    assert levels == {"WARNING"}


@pytest.mark.attack(105)
def test_a_stale_answer_is_let_through_for_its_time_and_counted(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    add(door, "/stale", door.billing.requires("reports", when_unreachable=Stale(300)))
    moved = 0.0
    door.billing.application.snapshots._monotonic = lambda: moved
    door.billing.application.snapshots.outage._monotonic = lambda: moved
    assert door.ask("/stale", is_ada=True)[0] == 200
    door.world.features = None
    with caplog.at_level(logging.WARNING, logger="billing_sdk.contrib"):
        for moved, status in ((59.0, 200), (300.0, 200), (301.0, 503)):
            door.world.at = AT + timedelta(seconds=moved)
            assert door.ask("/stale", is_ada=True)[0] == status
    assert door.billing.counts["gate_let_in_stale"] == 1
    assert [record.message for record in caplog.records if "let in stale" in record.message]


@pytest.mark.attack(105)
def test_an_outage_is_one_warning_and_not_one_for_each_request(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    add(door, "/x", door.billing.requires("reports"))
    door.world.features = None
    door.billing.application.snapshots.outage._monotonic = lambda: 0.0
    with caplog.at_level(logging.WARNING, logger="billing_sdk.contrib"):
        assert [door.ask("/x", is_ada=True)[0] for _ in range(5)] == [503] * 5
    assert [record.getMessage() for record in caplog.records] == ["entitlements can't be refreshed: unreachable"]


@pytest.mark.attack(104)
def test_every_denial_is_on_record(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    add(door, "/x", door.billing.requires("other_feature"))
    add(door, "/y", door.billing.requires_permission("org:write:billing"))
    with caplog.at_level(logging.INFO, logger="billing_sdk.contrib"):
        assert (door.ask("/x")[0], door.ask("/x", is_ada=True)[0], door.ask("/y", is_ada=True)[0]) == (401, 402, 403)
    told = [record.message for record in caplog.records if record.message.startswith("denied")]
    assert [("kp_ada" in message, "other_feature" in message) for message in told] == [
        (False, True),
        (True, True),
        (True, False),
    ]
    assert door.billing.counts["gate_denied"] == 3
    assert door.world.ran == []


@pytest.mark.attack(110)
@pytest.mark.parametrize("is_ada", [False, True])
def test_no_header_of_the_view_puts_a_gated_answer_into_a_cache(door: Door, is_ada: bool) -> None:
    public = {"Cache_Control": "public, max-age=3600", "CDN_Cache_Control": "max-age=3600"}
    others = {"Surrogate_Control": "max-age=3600", "Expires": "Thu, 01 Dec 2033 16:00:00 GMT", "Vary": "Accept"}
    add(door, "/x", door.billing.requires("reports"), **public, **others)
    for headers in ({}, HTML, {"if-none-match": "*"}):
        sent = door.ask("/x", is_ada=is_ada, headers=headers)[2]
        assert sent["cache-control"] == "private, no-store"
        assert {"cookie", "authorization"} <= set(sent["vary"].lower().split(", "))
        assert not {"cdn-cache-control", "surrogate-control", "expires"} & {name.lower() for name in dict(sent)}


@pytest.mark.attack(110)
@pytest.mark.parametrize("is_ada", [False, True])
def test_a_page_that_has_looked_who_asks_is_not_shown_to_anybody_else(door: Door, is_ada: bool) -> None:
    def greet() -> str:
        return f"Hello {door.billing.user.name}" if door.billing.user else "Hello"

    if isinstance(door, FlaskDoor):
        door.app.add_url_rule("/hello", "hello", greet)
        door.app.add_url_rule("/about", "about", lambda: "about us")
        cached = flask.Response("", headers={"Cache-Control": "max-age=60"})
        door.app.add_url_rule("/own", "own", lambda: greet() and cached)
    else:

        async def hello(_: Request) -> Response:
            return Response(greet())

        async def about(_: Request) -> Response:
            return Response("about us")

        async def own(_: Request) -> Response:
            return Response(greet(), headers={"Cache-Control": "max-age=60"})

        door.app.router.routes += [Route("/hello", hello), Route("/about", about), Route("/own", own)]
    hello_headers = door.ask("/hello", is_ada=is_ada)[2]
    assert (hello_headers["cache-control"], hello_headers["vary"]) == ("private", "Cookie, Authorization")
    own_headers = door.ask("/own", is_ada=is_ada)[2]
    assert (own_headers["cache-control"], own_headers["vary"]) == ("max-age=60", "Cookie, Authorization")
    assert not {"cache-control", "vary"} & {name.lower() for name in dict(door.ask("/about", is_ada=is_ada)[2])}


@pytest.mark.attack(107, 110)
@pytest.mark.parametrize(
    "other",
    [Owner("https://x", "kp_ada", None), Owner(ISSUER, "kp_eve", None), Owner(ISSUER, "kp_ada", "org_1")],
    ids=repr,
)
def test_what_is_known_of_one_owner_decides_nothing_for_another(door: Door, other: Owner) -> None:
    add(door, "/x", door.billing.requires("reports"))
    assert door.ask("/x", is_ada=True)[0] == 200
    snapshots = door.billing.application.snapshots
    assert snapshots.fresh(Owner(ISSUER, "kp_ada", None)) is not None
    assert snapshots.fresh(other) is None
    assert snapshots.last(other) is None


@pytest.mark.attack(107)
def test_a_session_with_another_issuer_opens_nothing_though_store_and_secret_are_shared(door: Door) -> None:
    add(door, "/x", door.billing.requires_permission("org:write:billing"))
    sessions = door.billing.application.sessions
    assert isinstance(sessions, MemorySessions)
    key, header = door.billing.application.session_cookie.issue()
    ours = session(permissions=frozenset({"org:write:billing"}))
    for issuer, status in ((ISSUER, 200), ("https://neighbour.example", 401), (f"{ISSUER}/", 401)):
        sessions.save(key, replace(ours, issuer=issuer))
        assert door.ask("/x", headers={"cookie": header.partition(";")[0]})[0] == status


@pytest.mark.attack(107)
def test_two_applications_in_one_process_do_not_share_who_asks() -> None:
    first, second = FlaskDoor(World()), FlaskDoor(World())
    key, header = first.billing.application.session_cookie.issue()
    everything = session(permissions=frozenset({"org:write:billing"}))
    first.billing.application.sessions.save(key, everything)
    request = visit(cookie=header.partition(";")[0])
    assert session_at_hand(first.billing.application, request) is not None
    assert session_at_hand(second.billing.application, request) is None
    assert not opens_at_once(second.billing.application, request, NeedsPermission("org:write:billing"))
    assert opens_at_once(first.billing.application, request, NeedsPermission("org:write:billing"))


def claims(sub: str = "kp_ada", iss: str = ISSUER) -> AccessClaims:
    """What a renewed access token says."""
    read = {"iss": iss, "sub": sub, "iat": 0, "exp": 4_000_000_000, "org_code": "org_2", "permissions": ["admin"]}
    return AccessClaims.read(read)


@pytest.mark.attack(107)
@pytest.mark.parametrize(("sub", "iss", "stays"), [("kp_ada", ISSUER, True), ("kp_eve", ISSUER, False)])
def test_a_renewed_token_of_somebody_else_ends_the_session(sub: str, iss: str, stays: bool) -> None:
    door = FlaskDoor(World())
    application = door.billing.application
    found = session()
    key, header = application.session_cookie.issue()
    application.sessions.save(key, found)

    def refresh(_: TokenSet, **__: Any) -> Flow[TokenSet]:
        yield from ()
        return replace(found.tokens, access_token="an.other.one")

    def verify(_: str) -> Flow[AccessClaims]:
        yield from ()
        return claims(sub, iss)

    application.client.login = Described(refresh=refresh)  # type: ignore[assignment]
    application.client.tokens = Described(verify_access=verify)  # type: ignore[assignment]
    request = visit(cookie=header.partition(";")[0])
    renewed: Session | None = door.billing.client.run(renew(application, request, found))
    assert (renewed is not None) is stays
    assert (application.sessions.find(key, AT) is not None) is stays
    if renewed is not None:
        assert renewed.owner == Owner(ISSUER, "kp_ada", "org_2"), "the organization is the new token's"


class Described:
    """A resource whose operations are described by functions."""

    def __init__(self, **flows: Callable[..., Flow[Any]]) -> None:
        for name, flow in flows.items():
            setattr(self, name, type("Operation", (), {"flow": staticmethod(flow)}))


@pytest.mark.attack(107)
@pytest.mark.parametrize("path", ["/x?org_code=org_1", "/x?org=org_1&sub=kp_eve", "/x?feature=reports"])
def test_what_an_address_says_of_a_customer_decides_nothing(door: Door, path: str) -> None:
    add(door, "/x", door.billing.requires("other_feature"))
    assert door.ask(path, is_ada=True, headers={"X-Org-Code": "org_1", "X-Feature": "other_feature"})[0] == 402
    assert door.world.ran == []


@pytest.mark.attack(113)
@pytest.mark.parametrize(
    "spoofed",
    [
        {"X-User": "kp_ada", "X-Org": "org_1", "X-Remote-User": "kp_ada", "Remote-User": "kp_ada"},
        {"X-Forwarded-User": "kp_ada", "X-Forwarded-Email": "ada@example.com", "X-Auth-Request-User": "kp_ada"},
        {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Prefix": "//evil.example"},
        {"Forwarded": "host=evil.example;proto=http", "X-Original-Host": "evil.example", "X-Forwarded-Proto": "http"},
    ],
    ids=lambda headers: next(iter(headers)),
)
def test_no_header_names_who_asks_or_where_this_is(door: Door, spoofed: dict[str, str]) -> None:
    add(door, "/x", door.billing.requires("other_feature"))
    assert door.ask("/x", headers=spoofed)[0] == 401
    status, _, headers = door.ask("/x", headers={**spoofed, **HTML})
    assert (status, headers["location"]) == (303, "/billing/login?return_to=%2Fx")
    status, body, _ = door.ask("/x", is_ada=True, headers=spoofed)
    assert status == 402
    assert '"upgrade_url": "https://app.example/billing/portal?sub_nav=plan_selection"' in body
    assert "evil" not in body
    assert door.world.ran == []


HOSTILE_TEXTS = [
    "a\r\nroot: let in",
    "\x1b[31mred\x1b[0m",
    "\u202eevil",
    "\x00",
    "\u2028line",
    "\ud800",
    "{0.__class__}%s%n",
]


@pytest.mark.attack(114)
@pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=ascii)
def test_no_claim_writes_a_line_of_the_log(door: Door, text: str, caplog: pytest.LogCaptureFixture) -> None:
    add(door, "/x", door.billing.requires("other_feature"))
    add(door, "/open", door.billing.requires("other_feature", when_unreachable=ALLOW))
    key, header = door.billing.application.session_cookie.issue()
    named = replace(session(), user=SignedInUser(text), org_code=text)
    door.billing.application.sessions.save(key, named)
    with caplog.at_level(logging.DEBUG, logger="billing_sdk"):
        door.ask("/x", headers={"cookie": header.partition(";")[0]})
        door.world.features = None
        door.billing.application.snapshots.clear()
        door.ask("/open", headers={"cookie": header.partition(";")[0], "authorization": ""})
    messages = [record.getMessage() for record in caplog.records]
    assert len(messages) >= 2
    assert all(message.isprintable() for message in messages)


@pytest.mark.attack(105)
@pytest.mark.parametrize(
    "error", [Unauthenticated("revoked"), Forbidden("no scope"), NotFound("nobody"), InvalidRequest("no")]
)
def test_a_server_that_says_no_is_no_outage_that_opens_a_gate(door: Door, error: BillingError) -> None:
    add(door, "/open", door.billing.requires("reports", when_unreachable=ALLOW))
    add(door, "/stale", door.billing.requires("reports", when_unreachable=Stale(300)))
    door.billing.application.snapshots._fetch = failing(error)
    assert door.ask("/open", is_ada=True)[0] == error.status
    assert door.ask("/stale", is_ada=True)[0] == error.status
    assert door.world.ran == []
