"""What the server signs is taken for exactly what it is: each kind of token, shown in the place of each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest

from billing_sdk import Client
from billing_sdk.errors import InvalidToken, InvalidWebhook, Unauthenticated
from billing_sdk.server.domain.events import Event
from billing_sdk.server.ids import new_id
from billing_sdk.server.outbox.catalogue import event_type_for
from billing_sdk.server.outbox.letter import sign_event
from billing_sdk.server.usecases.signing_keys import current_key
from billing_sdk.server.usecases.verify_access_token import authenticate
from tests.contract.oidc_client import SignIn, browser_of, machine_credentials, post
from tests.serving import RunningServer, serving

pytestmark = pytest.mark.attack(72)

USES: dict[str, tuple[Callable[[Client, RunningServer, str], Any], type[Exception]]] = {
    "access": (lambda client, _, token: client.tokens.verify_access(token), InvalidToken),
    "id": (lambda client, _, token: identity(client, token), InvalidToken),
    "webhook": (lambda client, _, token: client.webhooks.verify(token), InvalidWebhook),
    "account API": (lambda _, server, token: account(server, token), Unauthenticated),
}
# The server's own API takes an access token, and a machine's where the machine's API is called.
FITTING = {("access", "access"), ("id", "id"), ("webhook", "webhook"), ("access", "account API")}
FITTING |= {("machine", "account API")}
TYPES = {"access": "at+jwt", "machine": "at+jwt", "id": "JWT", "webhook": "webhook-event+jwt"}


def identity(client: Client, token: str) -> Any:
    """Take a token for an ID token."""
    assert client.config.client_id
    return client.run(client._provider.verifier.identity(token, client_id=client.config.client_id))


def account(server: RunningServer, token: str) -> Any:
    """Take a token for an access token of the server's own API."""
    return authenticate(server.engine, token=token, audience="account")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server for all: nothing here changes anything."""
    with serving(f"sqlite:///{tmp_path_factory.mktemp('kinds') / 'billing.db'}") as running:
        yield running


@pytest.fixture(scope="module")
def tokens(server: RunningServer) -> dict[str, str]:
    """One token of each kind, as the server issues it."""
    with browser_of(server) as browser:
        answer = SignIn(server, browser).tokens()
    machine = {"grant_type": "client_credentials", "audience": f"{server.base_url}/api", "scope": "read:users"}
    issued = post(server, "/oauth2/token", {**machine, **machine_credentials(server)}).json()
    engine = server.engine
    example = event_type_for("customer.plan_changed").example
    webhook = sign_event(
        Event(new_id("event"), "customer.plan_changed", "user", engine.now(), example),
        key=current_key(engine),
        issuer=server.base_url,
        audience="webhook_1",
        at=engine.now(),
        lifetime_seconds=60,
    )
    return {
        "access": answer["access_token"],
        "id": answer["id_token"],
        "machine": issued["access_token"],
        "webhook": webhook,
    }


@pytest.fixture(scope="module")
def client(server: RunningServer) -> Iterator[Client]:
    """A client that trusts the server."""
    with Client(issuer=server.base_url, client_id=server.seed.client_id, now=lambda: datetime.now(UTC)) as made:
        yield made


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("kind", TYPES)
def test_a_token_is_accepted_in_its_own_place_only(
    kind: str, use: str, tokens: dict[str, str], client: Client, server: RunningServer
) -> None:
    accept, refusal = USES[use]
    if (kind, use) in FITTING:
        assert accept(client, server, tokens[kind])
        return
    with pytest.raises(refusal):
        accept(client, server, tokens[kind])


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("kind", TYPES)
def test_claims_alone_tell_the_kinds_apart_where_a_provider_names_them_all_jwt(
    kind: str, use: str, tokens: dict[str, str], client: Client, server: RunningServer
) -> None:
    claims = jwt.decode(tokens[kind], options={"verify_signature": False})
    token = current_key(server.engine).sign(claims, typ="JWT")
    accept, refusal = USES[use]
    if (kind, use) in FITTING and use != "account API":
        assert accept(client, server, token)
        return
    with pytest.raises(refusal):
        accept(client, server, token)


@pytest.mark.parametrize("kind", TYPES)
def test_the_server_names_each_kind_in_the_header(kind: str, tokens: dict[str, str]) -> None:
    assert jwt.get_unverified_header(tokens[kind])["typ"] == TYPES[kind]
