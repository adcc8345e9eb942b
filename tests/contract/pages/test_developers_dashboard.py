"""Applications, keys and webhooks on the dashboard: secrets are shown once, and what was sent can be sent again."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest

from billing_sdk.server.outbox.catalogue import BY_CODE
from billing_sdk.server.usecases.create_organization import create_organization
from billing_sdk.testing.visitor import Visitor
from tests.serving import RunningServer, serving

SECRET = re.compile(r'id="secret">([^<]+)<')


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with serving(f"sqlite:///{tmp_path_factory.mktemp('developers') / 'billing.db'}") as running:
        yield running


@pytest.fixture(scope="module")
def ada(server: RunningServer) -> Iterator[Visitor]:
    """Ada, who is an operator, at the dashboard."""
    with Visitor() as visitor:
        visitor.open(f"{server.base_url}/dashboard")
        visitor.submit(email=server.seed.users[0][0], password=server.seed.users[0][1])
        yield visitor


def secret_on(visitor: Visitor) -> str:
    found = SECRET.search(visitor.page.html)
    assert found, visitor.page.text
    return found[1]


def test_a_key_is_shown_once_opens_the_api_and_is_revoked(ada, server):
    ada.open(f"{server.base_url}/dashboard/keys/_new")
    ada.submit("Make the key", name="Nightly job", expires="2020-01-01")
    assert ada.page.status == 422
    ada.submit("Make the key", name="Nightly job", expires="", **{"scope:read:users": "yes"})
    key = secret_on(ada)
    ada.follow("I have copied it")
    address = ada.page.url
    assert "Never" in ada.page.text
    assert "read:users" in ada.page.text
    assert key not in ada.page.html + ada.open(f"{server.base_url}/dashboard/keys").html
    asked = {"Authorization": f"Bearer {key}"}
    assert httpx.get(f"{server.base_url}/v3/openmeter/meters", headers=asked).status_code in (200, 403)
    ada.open(address)
    assert "Never" not in ada.page.text
    ada.submit("Revoke the key")
    assert "It opens nothing any more." in ada.page.text
    with server.engine.read() as tx:
        token = next(one for one in tx.api_tokens.page().items if one.name == "Nightly job")
    assert token.revoked_at is not None


def test_an_application_is_registered_changed_and_given_another_secret(ada, server):
    ada.open(f"{server.base_url}/dashboard/applications/_new")
    ada.submit("Register the application", name="Shop", redirect_uris="http://evil.example/callback")
    assert ada.page.status == 422
    ada.submit("Register the application", name="Shop", redirect_uris="https://shop.example/callback")
    first = secret_on(ada)
    ada.follow("I have copied it")
    assert "https://shop.example:443" in ada.page.text
    assert first not in ada.page.html
    ada.submit("Save", name="Shop front", redirect_uris="https://shop.example/callback\nhttps://b.example/back")
    with server.engine.read() as tx:
        (shop,) = (one for one in tx.applications.list() if one.name == "Shop front")
    assert shop.redirect_uris == ("https://shop.example/callback", "https://b.example/back")
    ada.submit("Make a new secret")
    assert secret_on(ada) != first


def test_a_machine_is_registered_with_the_scopes_that_were_ticked(ada, server):
    ada.open(f"{server.base_url}/dashboard/applications/_new")
    ada.submit("Register the application", name="Robot", kind="machine", **{"scope:read:users": "yes"})
    secret_on(ada)
    with server.engine.read() as tx:
        (robot,) = (one for one in tx.applications.list() if one.name == "Robot")
    assert robot.scopes == ("read:users",)


def test_an_endpoint_is_added_hears_of_events_and_hears_of_one_again(ada, server):
    ada.open(f"{server.base_url}/dashboard/webhooks/_new")
    ada.submit("Add the endpoint", url="ftp://example.com", name="Listener")
    assert ada.page.status == 422
    ada.submit("Add the endpoint", url="https://example.com/hooks", name="Listener")
    with server.engine.read() as tx:
        (endpoint,) = (one for one in tx.endpoints.list() if one.name == "Listener")
        user = tx.users.find_by_email(server.seed.users[0][0])
    create_organization(server.engine, name="<b>Acme</b>", creator_id=user.id)
    ada.follow("Deliveries")
    ada.follow("organization.created")
    assert "<b>Acme</b>" in ada.page.text
    assert "<b>Acme" not in ada.page.html
    ada.submit("Send again")
    assert "It is sent again." in ada.page.text
    ada.open(f"{server.base_url}/dashboard/webhooks/{endpoint.id}/deliveries?status=delivered")
    assert "Nothing was sent here." in ada.page.text
    ada.open(f"{server.base_url}/dashboard/webhooks/{endpoint.id}")
    ada.submit("Send again what has failed")
    ada.open(f"{server.base_url}/dashboard/webhooks/{endpoint.id}")
    ada.submit("Send these days again", since="2026-13-01")
    assert ada.page.status == 422
    ada.submit("Send these days again", since="2001-01-01", until="2001-01-02")
    assert "It is sent again." in ada.page.text
    ada.open(f"{server.base_url}/dashboard/webhooks/{endpoint.id}")
    ada.submit("Send these days again")
    ada.open(f"{server.base_url}/dashboard/webhooks/{endpoint.id}")
    unticked = {f"type:{one}": "" for one in BY_CODE}
    ada.submit("Save", name="Ear", every="", **{**unticked, "type:user.created": "yes"})
    ada.submit("Disable")
    with server.engine.read() as tx:
        changed = tx.endpoints.get(endpoint.id)
    assert (changed.name, changed.event_types, changed.is_enabled) == ("Ear", ("user.created",), False)
    ada.submit("Delete")
    assert "Ear" not in ada.page.text


def test_the_secret_of_an_endpoint_is_shown_once(ada, server):
    ada.open(f"{server.base_url}/dashboard/webhooks/_new?format=thin")
    ada.submit("Add the endpoint", url="https://example.com/thin", name="Thin")
    secret = secret_on(ada)
    assert secret.startswith("whsec_")
    ada.follow("I have copied it")
    assert secret not in ada.page.html
    ada.submit("Send a ping")
    assert "v2.core.event_destination.ping" in ada.page.text
    ada.follow("v2.core.event_destination.ping")
    assert "event_destination.ping" in ada.page.text
    ada.open(f"{server.base_url}/dashboard/webhooks")
    ada.follow("Thin")
    ada.submit("Make a new secret")
    assert secret_on(ada) != secret
