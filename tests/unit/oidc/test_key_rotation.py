"""One key follows another without anybody meeting a token whose key can't be known."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.signing_keys import (
    KEY_SET_MAX_AGE_SECONDS,
    current_key,
    published_keys,
    rotate_key,
)
from tests.engines import advance, engine_on

pytestmark = pytest.mark.attack(201)


@pytest.fixture
def engine() -> Iterator[Engine]:
    """An engine in memory."""
    with engine_on("sqlite://") as opened:
        yield opened


def test_the_next_key_is_published_for_longer_than_published_keys_may_be_kept(engine: Engine) -> None:
    present = current_key(engine)
    following = rotate_key(engine)
    assert {key.kid for key in published_keys(engine)} == {present.kid, following.kid}
    advance(engine, seconds=KEY_SET_MAX_AGE_SECONDS)
    assert current_key(engine).kid == present.kid
    advance(engine, minutes=5)
    assert current_key(engine).kid == following.kid


def test_a_key_stays_published_for_the_longest_life_of_a_token_and_a_day(engine: Engine) -> None:
    present = current_key(engine)
    rotate_key(engine)
    advance(engine, seconds=KEY_SET_MAX_AGE_SECONDS, minutes=5)
    settings = engine.settings
    longest = max(settings.access_token_seconds, settings.id_token_seconds, settings.webhook_token_seconds)
    advance(engine, seconds=longest + 86_400 - 1)
    assert present.kid in {key.kid for key in published_keys(engine)}
    advance(engine, seconds=1)
    assert present.kid not in {key.kid for key in published_keys(engine)}


def test_rotating_twice_keeps_all_that_may_sign_or_have_signed(engine: Engine) -> None:
    kids = {current_key(engine).kid, rotate_key(engine).kid, rotate_key(engine).kid}
    assert {key.kid for key in published_keys(engine)} == kids
    advance(engine, seconds=KEY_SET_MAX_AGE_SECONDS, minutes=5)
    assert current_key(engine).kid in kids
