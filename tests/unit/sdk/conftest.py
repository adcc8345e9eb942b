"""Both colours of the client, and an issuer that answers from a table."""

from __future__ import annotations

import asyncio
import os
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
import respx
from httpx._transports import default

from billing_sdk import AsyncClient, Client, KeyStatus
from tests.unit.sdk.kit import ISSUER, NOW, SETTINGS, Monotonic, answer_always, publish, token_response


class Driver:
    """Runs an operation on a client of one colour, and never really sleeps."""

    def __init__(self, colour: str, **settings: Any) -> None:
        self.pauses: list[float] = []
        self.client: Any
        self._runner: asyncio.Runner | None = None
        if colour == "sync":
            self.client = Client(sleep=self.pauses.append, **{**SETTINGS, **settings})
        else:
            self._runner = asyncio.Runner()
            self.client = AsyncClient(sleep=self._rest, **{**SETTINGS, **settings})

    async def _rest(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def run(self, operation: Callable[[Any], Any]) -> Any:
        """Return what an operation gives, whatever the colour."""
        if self._runner is None:
            return operation(self.client)

        async def awaited() -> Any:
            found = operation(self.client)
            return await found if isinstance(found, Awaitable) else found

        return self._runner.run(awaited())

    def settle(self) -> None:
        """Wait for what runs in the background."""
        if self._runner is None:
            join_background()
        else:
            self._runner.run(self._gather())

    async def _gather(self) -> None:
        await asyncio.gather(*self.client._background)

    def close(self) -> None:
        """Close the client."""
        self.run(lambda client: client.close())
        if self._runner is not None:
            self._runner.close()


def join_background() -> None:
    """Wait for the threads that clients have started."""
    for thread in threading.enumerate():
        if thread.name == "billing-sdk":
            thread.join(10)


@pytest.fixture(scope="session", autouse=True)
def _certificates_are_read_once() -> Iterator[None]:
    """Reading the list of authorities takes longer than most of these tests; what it depends on is the key."""
    make, made = default.create_ssl_context, {}

    def create(*args: Any, **kwargs: Any) -> ssl.SSLContext:
        key = repr((args, kwargs, os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")))
        if key not in made:
            made[key] = make(*args, **kwargs)
        return made[key]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(default, "create_ssl_context", create)
        yield


@pytest.fixture(params=["sync", "async"])
def colour(request: pytest.FixtureRequest) -> str:
    """Each test that asks for it runs in both colours."""
    return str(request.param)


@pytest.fixture
def make_driver(colour: str) -> Iterator[Callable[..., Driver]]:
    """Makes clients of the colour with other settings."""
    made: list[Driver] = []

    def make(**settings: Any) -> Driver:
        made.append(Driver(colour, **settings))
        return made[-1]

    yield make
    for driver in made:
        driver.close()


@pytest.fixture
def driver(make_driver: Callable[..., Driver]) -> Driver:
    """A client of the colour with the usual settings."""
    return make_driver()


@pytest.fixture
def issuer() -> Iterator[respx.MockRouter]:
    """An issuer with metadata, one key, and a machine token for whoever asks."""
    with respx.mock(base_url=ISSUER, assert_all_called=False) as router:
        publish(router)
        machine = token_response(access_token="machine-token", expires_in=86_400)
        answer_always(router.post("/oauth2/token", data__contains={"grant_type": "client_credentials"}), machine)
        yield router
        join_background()  # or it would ask the issuer of the next test


class Clocked:
    """A client whose caches count on a clock that a test moves."""

    def __init__(self, driver: Driver) -> None:
        self.clock = Monotonic()
        self.driver = driver
        provider = driver.client._provider
        provider.__init__(driver.client.config, now=lambda: NOW, monotonic=self.clock)

    @property
    def status(self) -> KeyStatus:
        """How the keys are doing."""
        found: KeyStatus = self.driver.client.keys.status()
        return found

    def verify(self, token: str) -> Any:
        """Verify a token that was not seen before."""
        self.driver.client._provider.verifier._verified.clear()
        return self.show(token)

    def show(self, token: str) -> Any:
        """Show a token, again or for the first time."""
        return self.driver.run(lambda c: c.tokens.verify_access(token))


@pytest.fixture
def clocked(driver: Driver) -> Clocked:
    """A client with a clock."""
    return Clocked(driver)
