"""What an answer's time gives away: nothing of a secret that was guessed in part, or of who has an account.

Two kinds of guesses take turns, so that whatever else the machine does meets both alike. Welch's t on 100,000 samples
each, the slowest tenth left out, stays below 4.5; signing in takes the same time within a tenth, account or not.
"""

from __future__ import annotations

import math
import random
import statistics
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from authlib.oauth2.rfc6749 import InvalidClientError

from billing_sdk.errors import WrongCredentials
from billing_sdk.server.clock import TestClock
from billing_sdk.server.oidc.clients import authenticate_client
from billing_sdk.server.opening import create_engine
from billing_sdk.server.settings import Settings
from billing_sdk.server.usecases.check_password import check_password
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.seed_demo import seed_demo
from soak.report import Bar

SAMPLES = 100_000
SIGN_INS = 300
MOST_T = 4.5
MOST_DIFFERENCE = 0.10
METHODS = ("client_secret_post",)


def run(scale: float) -> tuple[Bar, ...]:
    """Measure on an engine of its own, in memory."""
    clock = TestClock(datetime(2026, 11, 1, 12, tzinfo=UTC))
    engine = create_engine(Settings(base_url="http://127.0.0.1:9", database_url="sqlite://"), clock=clock)
    try:
        seed = seed_demo(engine, redirect_uris=("http://127.0.0.1:3000/callback",))
        return (
            _client_secret(engine, seed.client_id, seed.client_secret, max(200, round(SAMPLES * scale))),
            _sign_in(engine, clock, seed.users[0][0], max(20, round(SIGN_INS * scale))),
        )
    finally:
        engine.database.close()


def _client_secret(engine: Engine, client_id: str, secret: str, count: int) -> Bar:
    def guess(text: str) -> Callable[[], None]:
        def ask() -> None:
            with suppress(InvalidClientError):
                form = {"client_id": client_id, "client_secret": text}
                authenticate_client(engine, headers={}, form=form, methods=METHODS)

        return ask

    # One guess is wrong from its first character on, the other only in its last.
    far, near = _take_turns(guess("#" * len(secret)), guess(secret[:-1] + "#"), count)
    t = abs(_welch(_trimmed(far), _trimmed(near)))
    return Bar(f"client secret, {count:,} guesses each: Welch's t", f"{t:.2f}", f"below {MOST_T}", t < MOST_T)


def _sign_in(engine: Engine, clock: TestClock, email: str, count: int) -> Bar:
    def attempt(address: str) -> Callable[[], None]:
        def ask() -> None:
            with suppress(WrongCredentials):
                check_password(engine, email=address, password="not the password of anybody")
            clock.advance(hours=1)  # or five attempts would be all

        return ask

    known, unknown = _take_turns(attempt(email), attempt("nobody@example.com"), count)
    difference = abs(statistics.median(known) / statistics.median(unknown) - 1)
    what = f"signing in, {count} attempts each: difference of the medians, account or not"
    return Bar(what, f"{difference:.1%}", "at most 10 %", difference <= MOST_DIFFERENCE)


def _take_turns(first: Callable[[], None], second: Callable[[], None], count: int) -> tuple[list[float], list[float]]:
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(count):
        for which in random.sample((0, 1), 2):
            began = time.perf_counter()
            (first, second)[which]()
            taken[which].append(time.perf_counter() - began)
    return taken


def _trimmed(samples: list[float]) -> list[float]:
    return sorted(samples)[: len(samples) * 9 // 10]


def _welch(first: list[float], second: list[float]) -> float:
    spread = statistics.variance(first) / len(first) + statistics.variance(second) / len(second)
    return (statistics.fmean(first) - statistics.fmean(second)) / math.sqrt(spread)
