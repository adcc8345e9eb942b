"""What may happen once happens once: codes, portal links and refresh tokens, 100 copies of each of 200 at once.

Two engines with connections of their own stand for two processes on one PostgreSQL; the copies of one thing are let
go together and split between them. Of a code's copies exactly one gets tokens, and since the others show that it was
copied, these are dead afterwards. Of a link's copies exactly one gets in. All copies of a refresh token that arrive
within the overlap get the same one successor; one more after it ends all that came from the sign-in.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar

from starlette.responses import Response

from billing_sdk.errors import LinkUsed, Unauthenticated
from billing_sdk.server.clock import TestClock
from billing_sdk.server.ids import digest_of, new_id, new_secret
from billing_sdk.server.oidc.issuing import new_refresh_token
from billing_sdk.server.oidc.provider import ProviderRequest
from billing_sdk.server.oidc.token import provider_of
from billing_sdk.server.opening import create_engine
from billing_sdk.server.settings import Settings
from billing_sdk.server.storage.tokens import AuthorizationCode, TokenFamily
from billing_sdk.server.usecases.create_portal_link import create_portal_link
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.open_portal_link import open_portal_link
from billing_sdk.server.usecases.seed_demo import DemoSeed, seed_demo
from billing_sdk.server.usecases.verify_access_token import authenticate
from soak._postgres import postgres
from soak.report import Bar

Answer = TypeVar("Answer")

THINGS = 200
COPIES = 100
REDIRECT_URI = "http://127.0.0.1:3000/callback"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@dataclass(frozen=True, slots=True)
class Site:
    """Two engines on one database, and the people that let many copies go at once."""

    engines: tuple[Engine, Engine]
    seed: DemoSeed
    user_id: str
    clock: TestClock
    pool: ThreadPoolExecutor
    copies: int

    @property
    def engine(self) -> Engine:
        """One of the two."""
        return self.engines[0]

    def at_once(self, act: Callable[[Engine], Answer]) -> list[Answer]:
        """Return what all copies of one thing were answered."""
        gate = threading.Barrier(self.copies)

        def go(number: int) -> Answer:
            gate.wait()
            return act(self.engines[number % 2])

        return list(self.pool.map(go, range(self.copies)))


def run(scale: float) -> tuple[Bar, ...]:
    """Measure on a PostgreSQL of its own."""
    things = max(4, round(THINGS * scale))
    with _site(max(10, round(COPIES * min(1.0, scale * 5)))) as site:
        return (*_codes(site, things), *_links(site, things), *_refresh_tokens(site, things))


@contextmanager
def _site(copies: int) -> Iterator[Site]:
    clock = TestClock(datetime(2026, 11, 1, 12, tzinfo=UTC))
    with postgres() as uri, ThreadPoolExecutor(copies) as pool:
        settings = Settings(
            base_url="http://127.0.0.1:9", database_url=uri, token_requests_per_second=0, portal_links_per_minute=0
        )
        first, second = create_engine(settings, clock=clock), create_engine(settings, clock=clock)
        try:
            seed = seed_demo(first, redirect_uris=(REDIRECT_URI,))
            with first.read() as tx:
                user = tx.users.find_by_email(seed.users[0][0])
            assert user is not None
            yield Site((first, second), seed, user.id, clock, pool, copies)
        finally:
            first.database.close()
            second.database.close()


def _codes(site: Site, things: int) -> tuple[Bar, ...]:
    exactly_one = dead = strange = 0
    for _ in range(things):
        code = _new_code(site)
        answers = site.at_once(partial(_redeem, site, code))
        good = [answer for answer in answers if answer.status_code == 200]
        strange += sum(answer.status_code not in (200, 400) for answer in answers)
        exactly_one += len(good) == 1
        dead += len(good) == 1 and not _is_alive(site, _member(good[0], "access_token"))
    return (
        _all_of(f"codes of whose {site.copies} copies exactly one got tokens", exactly_one, things),
        _all_of("sign-ins whose tokens were dead after their code had come again", dead, things),
        _none_of("answers to codes that were neither tokens nor a refusal", strange),
    )


def _links(site: Site, things: int) -> tuple[Bar, ...]:
    exactly_one = 0
    for _ in range(things):
        key = create_portal_link(site.engine, user_id=site.user_id).partition("key=")[2]
        exactly_one += sum(site.at_once(partial(_enter, key))) == 1
    return (_all_of(f"portal links of whose {site.copies} copies exactly one got in", exactly_one, things),)


def _refresh_tokens(site: Site, things: int) -> tuple[Bar, ...]:
    one_successor = revoked = strange = 0
    for _ in range(things):
        token = _new_refresh_token(site)
        answers = site.at_once(partial(_refresh, site, token))
        strange += sum(answer.status_code != 200 for answer in answers)
        successors = {_member(answer, "refresh_token") for answer in answers if answer.status_code == 200}
        one_successor += len(successors) == 1
        site.clock.advance(seconds=site.engine.settings.refresh_overlap_seconds + 1)
        reused = _refresh(site, token, site.engine)
        left = [_refresh(site, successor, site.engine) for successor in successors]
        alive = [answer for answer in answers if _is_alive(site, _member(answer, "access_token"))]
        revoked += reused.status_code == 400 and all(answer.status_code == 400 for answer in left) and not alive
    return (
        _all_of(f"refresh tokens whose {site.copies} copies got one successor", one_successor, things),
        _all_of("sign-ins that were over after their refresh token had come again", revoked, things),
        _none_of("answers to refresh tokens within the overlap that were no tokens", strange),
    )


def _new_family(site: Site) -> TokenFamily:
    at = site.engine.now()
    return TokenFamily(new_id("family"), site.seed.client_id, site.user_id, None, "openid offline", at, "", at)


def _new_code(site: Site) -> str:
    code, family = new_secret(), _new_family(site)
    expires_at = site.engine.now() + timedelta(minutes=1)
    with site.engine.begin() as tx:
        tx.tokens.add_family(family)
        tx.tokens.add_code(
            AuthorizationCode(digest_of(code), family, REDIRECT_URI, expires_at, code_challenge=CHALLENGE)
        )
    return code


def _new_refresh_token(site: Site) -> str:
    secret, family = new_secret(), _new_family(site)
    with site.engine.begin() as tx:
        tx.tokens.add_family(family)
        tx.tokens.add_refresh_token(new_refresh_token(family, secret, at=site.engine.now(), lifetime_seconds=86_400))
    return secret


def _redeem(site: Site, code: str, engine: Engine) -> Response:
    fields = {"code": code, "redirect_uri": REDIRECT_URI, "code_verifier": VERIFIER}
    return _ask(site, engine, {"grant_type": "authorization_code", **fields})


def _refresh(site: Site, token: str, engine: Engine) -> Response:
    return _ask(site, engine, {"grant_type": "refresh_token", "refresh_token": token})


def _ask(site: Site, engine: Engine, fields: dict[str, str]) -> Response:
    proof = {"client_id": site.seed.client_id, "client_secret": site.seed.client_secret}
    request = ProviderRequest(method="POST", path="/oauth2/token", fields={**fields, **proof})
    response: Response = provider_of(engine).create_token_response(request)
    return response


def _enter(key: str, engine: Engine) -> bool:
    try:
        open_portal_link(engine, key=key)
    except LinkUsed:
        return False
    return True


def _is_alive(site: Site, access_token: str) -> bool:
    try:
        authenticate(site.engine, token=access_token, audience="account")
    except Unauthenticated:
        return False
    return True


def _member(answer: Response, name: str) -> str:
    text: str = json.loads(bytes(answer.body))[name]
    return text


def _all_of(what: str, count: int, things: int) -> Bar:
    return Bar(what, f"{count} of {things}", "all", count == things)


def _none_of(what: str, count: int) -> Bar:
    return Bar(what, str(count), "none", count == 0)
