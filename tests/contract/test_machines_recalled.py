"""A machine that asks again is known at once, and not for longer than its token and its key count."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from billing_sdk.errors import Unauthenticated
from billing_sdk.server.ids import new_id
from billing_sdk.server.oidc.issuing import issue_access_token, keep_family
from billing_sdk.server.signing import SigningKey
from billing_sdk.server.storage.tokens import TokenFamily
from billing_sdk.server.usecases import callers
from billing_sdk.server.usecases.callers import KnownMachines, token_digest
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.signing_keys import current_key, purge_key
from billing_sdk.server.usecases.verify_access_token import authenticate_machine, recall_machine
from tests.engines import IN_MEMORY, NOON, advance, engine_on, person

pytestmark = pytest.mark.attack(122)


@pytest.fixture(scope="module")
def key() -> SigningKey:
    return SigningKey.generate(NOON)


@pytest.fixture
def engine(key) -> Iterator[Engine]:
    with engine_on(IN_MEMORY) as made:
        with made.begin() as tx:
            tx.keys.add(key)
        yield made


def issue(engine: Engine, *, user_id: str | None = None, audience: str | None = None) -> tuple[str, TokenFamily]:
    """Return a token for the management API, and what it descends from."""
    to = audience or engine.settings.management_audience[0]
    family = TokenFamily(new_id("family"), "app_machine", user_id, None, "", engine.now(), to)
    key = current_key(engine)
    with engine.begin() as tx:
        keep_family(tx, family, engine.settings)
        answer = issue_access_token(tx, family, scope="a b", key=key, at=engine.now(), settings=engine.settings)
    return answer["access_token"], family


def revoke(engine: Engine, family: TokenFamily) -> None:
    with engine.begin() as tx:
        tx.tokens.revoke_family(family.id, at=engine.now())


def test_only_who_was_verified_is_recalled_and_by_the_same_token(engine):
    token, _ = issue(engine)
    other, _ = issue(engine)
    assert recall_machine(engine, digest=token_digest(token)) is None
    caller = authenticate_machine(engine, token=token)
    assert recall_machine(engine, digest=token_digest(token)) is caller
    assert (caller.kind, caller.scopes) == ("machine", {"a", "b"})
    assert recall_machine(engine, digest=token_digest(other)) is None
    assert recall_machine(engine, digest=token_digest(token + "A")) is None


def test_a_person_is_not_recalled(engine):
    token, _ = issue(engine, user_id=person(engine))
    assert authenticate_machine(engine, token=token).kind == "user"
    assert recall_machine(engine, digest=token_digest(token)) is None


def test_a_token_for_another_api_is_neither_accepted_nor_recalled(engine):
    token, _ = issue(engine, audience="https://elsewhere.example/api")
    with pytest.raises(Unauthenticated):
        authenticate_machine(engine, token=token)
    assert recall_machine(engine, digest=token_digest(token)) is None


@pytest.mark.parametrize("withdraw", ["the token", "the key"])
def test_what_is_withdrawn_is_refused_within_a_second(engine, withdraw):
    token, family = issue(engine)
    authenticate_machine(engine, token=token)
    if withdraw == "the token":
        revoke(engine, family)
    else:
        purge_key(engine, kid=current_key(engine).kid)
    advance(engine, seconds=callers.STALE_SECONDS)
    assert callers.STALE_SECONDS <= 1
    assert [recall_machine(engine, digest=token_digest(token)) for _ in range(2)] == [None, None]
    with pytest.raises(Unauthenticated):
        authenticate_machine(engine, token=token)


def test_a_key_that_retires_is_refused_within_a_second(engine):
    token, _ = issue(engine)
    key = current_key(engine)
    with engine.begin() as tx:
        tx.keys.retire_others("the next one", retires_at=engine.now() + timedelta(seconds=0.1))
    authenticate_machine(engine, token=token)
    advance(engine, seconds=callers.STALE_SECONDS)
    assert recall_machine(engine, digest=token_digest(token)) is None
    with pytest.raises(Unauthenticated):
        authenticate_machine(engine, token=token)
    assert current_key(engine).kid != key.kid


def test_a_refusal_is_known_at_once_to_everybody_who_asks_the_same_process(engine):
    token, family = issue(engine)
    authenticate_machine(engine, token=token)
    revoke(engine, family)
    with pytest.raises(Unauthenticated):
        authenticate_machine(engine, token=token)
    assert recall_machine(engine, digest=token_digest(token)) is None


def test_an_expired_token_is_not_recalled(engine):
    token, _ = issue(engine)
    advance(engine, seconds=engine.settings.access_token_seconds - 0.1)
    authenticate_machine(engine, token=token)
    advance(engine, seconds=0.1)
    assert recall_machine(engine, digest=token_digest(token)) is None


def test_a_clock_that_was_set_back_lets_nobody_in_for_longer(engine):
    token, _ = issue(engine)
    advance(engine, hours=1)
    authenticate_machine(engine, token=token)
    advance(engine, hours=-1)
    assert recall_machine(engine, digest=token_digest(token)) is None


def test_one_of_many_looks_again_before_the_second_is_over_while_the_others_are_let_in(engine):
    token, _ = issue(engine)
    authenticate_machine(engine, token=token)
    advance(engine, seconds=callers.RENEWED_AFTER_SECONDS)
    assert [recall_machine(engine, digest=token_digest(token)) is None for _ in range(4)] == [True, False, False, False]
    authenticate_machine(engine, token=token)
    advance(engine, seconds=callers.RENEWED_AFTER_SECONDS - 0.1)
    assert recall_machine(engine, digest=token_digest(token)) is not None


def test_memory_is_bounded_and_keeps_those_who_came_last(engine, monkeypatch):
    monkeypatch.setattr(callers, "MOST_MACHINES", 2)
    token, _ = issue(engine)
    caller = authenticate_machine(engine, token=token)
    machines, at = KnownMachines(), engine.now()
    for name in ("first", "second", "first", "third"):
        machines.remember(name, caller, expires_at=at.timestamp() + 60, at=at)
    assert [machines.recall(token_digest(name), at=at) is not None for name in ("first", "second", "third")] == [
        True,
        False,
        True,
    ]
