"""The issuer's keys, kept: while it rotates them, falls silent or is made to answer floods."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import respx

from billing_sdk import AsyncClient, Client, KeySet, KeyStatus
from billing_sdk._operation import Call
from billing_sdk.auth.discovery import Metadata
from billing_sdk.errors import BillingError, InvalidToken, TokenError, UnknownKey, Unreachable
from tests.unit.sdk.conftest import Clocked, Driver
from tests.unit.sdk.kit import (
    ISSUER,
    KEY,
    METADATA,
    OTHER_KEY,
    SETTINGS,
    access_claims,
    publish,
    segment,
)

TOKEN = KEY.sign(access_claims())
ROTATED = OTHER_KEY.sign(access_claims())


def keys_route(issuer: respx.MockRouter) -> respx.Route:
    """Return the route of the key set, to be answered in another way."""
    return issuer.get("/.well-known/jwks")


def fetches(issuer: respx.MockRouter) -> int:
    """Return how often the key set was asked for."""
    return sum(call.request.url.path == "/.well-known/jwks" for call in issuer.calls)


@pytest.mark.attack(82)
def test_a_rotated_key_is_accepted_on_first_use(clocked: Clocked, issuer: respx.MockRouter) -> None:
    clocked.verify(TOKEN)
    publish(issuer, OTHER_KEY.jwk())
    assert clocked.verify(ROTATED).sub == "kp_1"
    with pytest.raises(UnknownKey):
        clocked.verify(TOKEN)


def made_up(kid: str) -> str:
    """Return a token of a key that does not exist; its signature is never looked at."""
    return f"{segment({'alg': 'RS256', 'kid': kid})}.e30.AAAA"


@pytest.mark.attack(81)
@pytest.mark.parametrize("colour", ["sync"])
def test_ten_thousand_made_up_keys_in_a_minute_cost_eight_fetches(clocked: Clocked, issuer: respx.MockRouter) -> None:
    clocked.verify(TOKEN)
    for i in range(10_000):
        with pytest.raises(UnknownKey):
            clocked.show(made_up(f"made-up-{i}"))
        clocked.clock.advance(0.006)
    assert 2 < fetches(issuer) <= 8


@pytest.mark.attack(81)
@pytest.mark.parametrize("status", [500, 503])
def test_a_flood_costs_an_issuer_in_trouble_no_more(status: int, clocked: Clocked, issuer: respx.MockRouter) -> None:
    clocked.verify(TOKEN)
    clocked.clock.advance(3_601)  # the metadata is due again as well
    before = len(issuer.calls)
    for path in ("/.well-known/jwks", "/.well-known/openid-configuration"):
        issuer.get(path).mock(side_effect=lambda _: httpx.Response(status))
    for i in range(600):
        with pytest.raises(BillingError):
            clocked.show(made_up(f"made-up-{i}"))
        clocked.clock.advance(0.1)
    clocked.driver.settle()
    asked = [call.request.url.path for call in list(issuer.calls)[before:]]
    assert asked.count("/.well-known/openid-configuration") <= 8
    assert 2 < fetches(issuer) <= 8
    assert clocked.verify(TOKEN).sub == "kp_1"


@pytest.mark.attack(81)
def test_a_flood_before_any_key_is_known_costs_an_issuer_that_is_down_no_more(
    clocked: Clocked, issuer: respx.MockRouter
) -> None:
    keys_route(issuer).mock(side_effect=lambda _: httpx.Response(503))
    for i in range(600):
        with pytest.raises(BillingError):
            clocked.show(made_up(f"made-up-{i}"))
        clocked.clock.advance(0.1)
    assert clocked.status.fetches <= 8
    assert fetches(issuer) <= 10  # the first one is sent again, for whoever starts beside the issuer
    publish(issuer)
    clocked.clock.advance(10)
    assert clocked.verify(TOKEN).sub == "kp_1"


@pytest.mark.attack(81)
def test_a_flood_while_old_keys_are_fetched_again_costs_no_more(clocked: Clocked, issuer: respx.MockRouter) -> None:
    clocked.verify(TOKEN)
    clocked.clock.advance(1_000)
    before = fetches(issuer)
    keys_route(issuer).mock(side_effect=lambda _: httpx.Response(503))
    for i in range(600):
        with pytest.raises(BillingError):
            clocked.show(made_up(f"made-up-{i}"))
        clocked.show(TOKEN)
        clocked.clock.advance(0.1)
    clocked.driver.settle()
    assert fetches(issuer) - before <= 8


@pytest.mark.attack(82)
def test_during_a_flood_a_rotated_key_is_accepted_within_ten_seconds(
    clocked: Clocked, issuer: respx.MockRouter
) -> None:
    for i in range(50):
        with pytest.raises(UnknownKey):
            clocked.verify(made_up(f"made-up-{i}"))
    publish(issuer, OTHER_KEY.jwk())
    clocked.clock.advance(10)
    assert clocked.verify(ROTATED).sub == "kp_1"


@pytest.mark.attack(84)
def test_known_keys_are_served_while_they_are_fetched_again(clocked: Clocked, issuer: respx.MockRouter) -> None:
    clocked.verify(TOKEN)
    publish(issuer, OTHER_KEY.jwk())
    clocked.clock.advance(601)
    assert clocked.verify(TOKEN).sub == "kp_1"
    clocked.driver.settle()
    assert fetches(issuer) == 2
    with pytest.raises(UnknownKey):
        clocked.verify(TOKEN)


@pytest.mark.attack(83)
def test_known_keys_survive_an_outage_of_a_day_and_no_longer(clocked: Clocked, issuer: respx.MockRouter) -> None:
    clocked.verify(TOKEN)
    keys_route(issuer).mock(httpx.Response(500))
    for _ in range(23):
        clocked.clock.advance(3_600)
        assert clocked.verify(TOKEN).sub == "kp_1"
        clocked.driver.settle()
    with pytest.raises(BillingError):
        clocked.verify(ROTATED)
    clocked.clock.advance(3_600)
    with pytest.raises(BillingError):
        clocked.verify(TOKEN)


@pytest.mark.attack(83)
def test_keys_that_are_used_in_an_outage_are_counted(clocked: Clocked, issuer: respx.MockRouter) -> None:
    clocked.verify(TOKEN)
    assert clocked.status == KeyStatus(age_seconds=0.0, is_stale=False, stale_uses=0, fetches=1, failures=0)
    keys_route(issuer).mock(httpx.Response(500))
    clocked.clock.advance(901)
    for _ in range(3):
        clocked.verify(TOKEN)
    assert clocked.status == KeyStatus(age_seconds=901.0, is_stale=True, stale_uses=3, fetches=2, failures=1)
    publish(issuer)
    clocked.clock.advance(60)
    clocked.verify(TOKEN)
    assert clocked.status == KeyStatus(age_seconds=0.0, is_stale=False, stale_uses=3, fetches=3, failures=1)


@pytest.mark.attack(83)
def test_whoever_wants_no_old_keys_has_none(make_driver: Callable[..., Driver], issuer: respx.MockRouter) -> None:
    clocked = Clocked(make_driver(stale_keys_seconds=0))
    clocked.verify(TOKEN)
    keys_route(issuer).mock(httpx.Response(500))
    clocked.clock.advance(899)
    assert clocked.show(TOKEN).sub == "kp_1"
    clocked.driver.settle()
    clocked.clock.advance(1)
    with pytest.raises(BillingError):
        clocked.show(TOKEN)
    with pytest.raises(Unreachable):
        clocked.show(TOKEN)


@pytest.mark.attack(85, 86, 87)
@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(302, headers={"location": f"{ISSUER}/elsewhere"}),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json={"keys": []}),
        httpx.Response(200, content=b'{"keys":[', headers={"content-type": "application/json"}),
        httpx.Response(200, json={"keys": [KEY.jwk()] * 101}),
        httpx.Response(200, json={"keys": [{"kty": "oct", "k": "AAAA"}]}),
        httpx.Response(200, content=b"{" + b" " * 524_288, headers={"content-type": "application/json"}),
        httpx.Response(200, json={"keys": [OTHER_KEY.jwk()]}, headers={"content-encoding": "compress"}),
    ],
    ids=["redirect", "html", "empty", "cut", "many", "symmetric", "long", "compressed"],
)
def test_a_bad_set_does_not_replace_a_good_one(
    answer: httpx.Response, clocked: Clocked, issuer: respx.MockRouter
) -> None:
    clocked.verify(TOKEN)
    keys_route(issuer).mock(answer)
    clocked.clock.advance(601)
    clocked.verify(TOKEN)
    clocked.driver.settle()
    assert clocked.verify(TOKEN).sub == "kp_1"
    assert clocked.status.failures == 1


@pytest.mark.attack(86)
def test_keys_are_asked_for_with_a_deadline_of_five_seconds(driver: Driver, issuer: respx.MockRouter) -> None:
    driver.run(lambda c: c.tokens.verify_access(TOKEN))
    times = {call.request.url.path: call.request.extensions["timeout"]["read"] for call in issuer.calls}
    assert 0 < times["/.well-known/jwks"] <= 5
    assert 0 < times["/.well-known/openid-configuration"] <= 5


@pytest.mark.attack(65, 81)
def test_what_can_not_be_a_token_is_not_worth_a_fetch(driver: Driver, issuer: respx.MockRouter) -> None:
    for token in ("", "a.b.c", made_up("x" * 300), "x" * 20_000, None, b"a.b.c", TOKEN.encode(), 7):
        with pytest.raises(InvalidToken):
            driver.run(lambda c, token=token: c.tokens.verify_access(token))
    assert len(issuer.calls) == 0


def test_without_any_key_an_outage_is_told_and_asked_about_again_after_a_second(
    clocked: Clocked, issuer: respx.MockRouter
) -> None:
    keys_route(issuer).mock(side_effect=httpx.ConnectError("no"))
    for _ in range(5):
        with pytest.raises(Unreachable):
            clocked.verify(TOKEN)
    calls = fetches(issuer)
    publish(issuer)
    clocked.clock.advance(1)
    assert clocked.verify(TOKEN).sub == "kp_1"
    assert calls == 3  # one fetch and its two retries


@pytest.mark.attack(88)
def test_a_compromised_key_can_be_forgotten_at_once(clocked: Clocked, issuer: respx.MockRouter) -> None:
    clocked.show(TOKEN)
    publish(issuer, OTHER_KEY.jwk())
    clocked.driver.client.keys.purge()
    assert clocked.driver.client.tokens.known(TOKEN) is None
    with pytest.raises(UnknownKey):
        clocked.show(TOKEN)


@pytest.mark.attack(88)
@pytest.mark.parametrize("seconds", [901, 43_200])
def test_a_key_that_was_taken_back_ends_within_a_quarter_of_an_hour(
    seconds: float, clocked: Clocked, issuer: respx.MockRouter
) -> None:
    clocked.show(TOKEN)
    publish(issuer, OTHER_KEY.jwk())
    clocked.clock.advance(seconds)
    assert clocked.driver.client.tokens.known(TOKEN) is None
    with pytest.raises(UnknownKey):
        clocked.show(TOKEN)


@pytest.mark.attack(88)
def test_a_token_is_not_known_any_longer_than_its_key(clocked: Clocked, issuer: respx.MockRouter) -> None:
    clocked.show(TOKEN)
    publish(issuer, OTHER_KEY.jwk())
    clocked.show(ROTATED)  # brings the new set
    assert clocked.driver.client.tokens.known(TOKEN) is None
    assert clocked.driver.client.tokens.known(ROTATED) is not None
    with pytest.raises(UnknownKey):
        clocked.show(TOKEN)


@pytest.mark.attack(88)
def test_what_is_being_fetched_during_a_purge_is_not_kept(clocked: Clocked, issuer: respx.MockRouter) -> None:
    keys = clocked.driver.client._provider.keys
    before = keys.find("key-1", "RS256")
    next(before)
    before.send(Metadata.read(METADATA, issuer=ISSUER))
    keys.purge()
    after = keys.find("key-1", "RS256")
    assert isinstance(next(after), Call)  # does not wait for the fetch that began before
    with pytest.raises(StopIteration):
        before.send(KeySet.read({"keys": [KEY.jwk()]}))
    assert keys.fresh is None
    after.close()


@pytest.mark.attack(84, 91)
def test_a_hundred_threads_fetch_the_keys_once_and_a_rotation_once_more(issuer: respx.MockRouter) -> None:
    client = Client(**SETTINGS)
    together = threading.Barrier(100)

    def verify(token: str) -> Callable[[int], str]:
        def run(_: int) -> str:
            together.wait(30)
            return client.tokens.verify_access(token).sub

        return run

    with client, ThreadPoolExecutor(100) as pool:
        assert set(pool.map(verify(TOKEN), range(100))) == {"kp_1"}
        assert fetches(issuer) == 1
        publish(issuer, OTHER_KEY.jwk())
        assert set(pool.map(verify(ROTATED), range(100))) == {"kp_1"}
    assert fetches(issuer) == 2


@pytest.mark.attack(91)
def test_one_client_serves_two_event_loops(issuer: respx.MockRouter) -> None:
    client = AsyncClient(**SETTINGS)

    async def verify() -> set[str]:
        found = await asyncio.gather(*(client.tokens.verify_access(TOKEN) for _ in range(20)), return_exceptions=True)
        assert not [error for error in found if isinstance(error, TokenError)]
        await client._transport._client().aclose()
        return {claims.sub for claims in found if not isinstance(claims, BaseException)}

    with ThreadPoolExecutor(2) as pool:
        loops = [pool.submit(asyncio.run, verify()) for _ in range(2)]
        assert [loop.result(30) for loop in loops] == [{"kp_1"}, {"kp_1"}]
    assert fetches(issuer) == 1


@pytest.mark.attack(91)
def test_a_worker_verifies_although_its_parent_was_busy_when_it_forked(issuer: respx.MockRouter) -> None:
    client = Client(**SETTINGS)
    client.tokens.verify_access(TOKEN)
    held = [client._provider.verifier._verified._lock, client._provider.keys._bucket._lock, client._transport._lock]
    for lock in held:
        lock.acquire()
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        os._exit(0 if _verifies(client) else 1)
    for lock in held:
        lock.release()
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


def _verifies(client: Client) -> bool:
    try:
        known = client.tokens.verify_access(TOKEN)
        client.keys.purge()
        return client.tokens.verify_access(TOKEN) == known
    except BaseException:  # noqa: BLE001 - a child of a test may do nothing but end
        return False
