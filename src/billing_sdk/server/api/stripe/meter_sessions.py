"""Sessions of the event stream: a token of a quarter of an hour that stands for a key, and opens nothing else.

The token is the key, sealed: so what holds of the key, that it was revoked or lacks a scope, holds of its sessions, and
nothing has to be stored. Source: Stripe documentation, "High-throughput ingestion with higher rates".
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from billing_sdk._secret import Secret
from billing_sdk.errors import BillingError, ConfigurationError, Forbidden, Unauthenticated
from billing_sdk.server.api.stripe.bodies import Body, StripeRoute, View
from billing_sdk.server.api.stripe.ids import MeterSessionId
from billing_sdk.server.api.stripe.once import OnlyOnce
from billing_sdk.server.api.stripe.problems import refused
from billing_sdk.server.api.stripe.security import key_of, v2
from billing_sdk.server.api.stripe.values import Instant, Livemode
from billing_sdk.server.ids import new_id
from billing_sdk.server.occasion import name_caller
from billing_sdk.server.sealing import Sealer
from billing_sdk.server.usecases.api_tokens import authenticate_program, recall_program
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.web import authorization_of
from billing_sdk.server.web.operations import Operations

SCOPE: Final = "create:meter_usage"
LASTING: Final = timedelta(minutes=15)
PREFIX: Final = "mtrses_"
PLACE: Final = "stripe/meter_event_session"
MOST_KNOWN: Final = 10_000
LONGEST_TOKEN: Final = 16_384


router = Operations(route_class=StripeRoute)


class Nothing(Body):
    """A body that says nothing."""


class SessionView(View):
    """A session, the only time that its token is seen."""

    id: MeterSessionId
    object: Literal["v2.billing.meter_event_session"] = "v2.billing.meter_event_session"
    authentication_token: str
    created: Instant
    expires_at: Instant
    livemode: Livemode = None


class Session(NamedTuple):
    """A session as it begins.

    Attributes:
        token: what opens the stream.
    """

    id: str
    token: str
    created_at: datetime
    expires_at: datetime


class _Opened(NamedTuple):
    key: str
    expires_at: float


def begin_session(sealer: Sealer, key: str, *, at: datetime) -> Session:
    """Return a new session of whoever has a key."""
    session_id, ends = new_id("metersession"), at + LASTING
    sealed = sealer.seal(Secret(json.dumps([key, ends.timestamp()])), place=PLACE)
    return Session(session_id, PREFIX + sealed, at, ends)


@router.post("/billing/meter_event_session", **v2(SCOPE))
def create_session(request: Request, body: Nothing, once: OnlyOnce) -> Response:
    """Begin a session."""
    key = key_of(request)

    def serve(engine: Engine) -> View:
        session = begin_session(engine.sealer, key, at=engine.now())
        return SessionView(
            id=session.id,
            authentication_token=session.token,
            created=session.created_at,
            expires_at=session.expires_at,
        )

    return once(serve, body)


class Sessions:
    """Tells whose sessions tokens are; what was opened is kept, in memory, until there is too much of it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._opened: dict[str, _Opened] = {}

    async def actor_of(self, request: Request) -> str:
        """Return the program whose session a request carries, by its id.

        Raises:
            Unauthenticated: it carries none, one that has ended, or one whose key is good no more.
            Forbidden: the key does not allow to send events.
        """
        token = _token_of(request)
        opened = self._opened.get(token) or self._open(token)
        if self._engine.now().timestamp() >= opened.expires_at:
            raise _expired()
        caller = recall_program(self._engine, token=opened.key)
        if caller is None:
            caller = await run_in_threadpool(authenticate_program, self._engine, token=opened.key)
        actor = caller.user_id or caller.client_id
        name_caller(actor, caller.org_code)
        if caller.kind != "machine" or SCOPE not in caller.scopes:
            raise Forbidden(f"the key of the session lacks the scope {SCOPE}", scope=SCOPE)
        return actor

    def _open(self, token: str) -> _Opened:
        try:
            key, ends = json.loads(self._engine.sealer.open(token.removeprefix(PREFIX), place=PLACE).reveal())
        except (ConfigurationError, ValueError):
            raise _no_session() from None
        if len(self._opened) >= MOST_KNOWN:
            self._opened.clear()
        found = self._opened[token] = _Opened(key, ends)
        return found


def _token_of(request: Request) -> str:
    kind, _, token = (authorization_of(request) or "").partition(" ")
    token = token.strip()
    if kind.lower() != "bearer" or not token.startswith(PREFIX) or len(token) > LONGEST_TOKEN:
        raise _no_session()
    return token


def _no_session() -> Unauthenticated:
    return Unauthenticated(
        "the request carries no token of a meter event session",
        remedy="Create a session at /v2/billing/meter_event_session, and send its authentication_token as Bearer.",
    )


def _expired() -> BillingError:
    return refused(
        "billing_meter_event_session_expired",
        "the meter event session has expired",
        status=401,
        type="temporary_session_expired",
        remedy="Create a new session and send the events again.",
    )
