"""How a client proves who it is: in the header, or in the form where the issuer says that it takes that."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
import respx

from tests.unit.sdk.conftest import Driver
from tests.unit.sdk.kit import CLIENT_ID, METADATA, answer_always, publish

METHODS = "token_endpoint_auth_methods_supported"


def metadata(methods: list[str] | None) -> dict[str, Any]:
    """Return metadata that names these ways of sending the secret, or does not say."""
    others = {name: value for name, value in METADATA.items() if name != METHODS}
    return others if methods is None else {**others, METHODS: methods}


@pytest.mark.parametrize("methods", [None, [], ["client_secret_basic"], ["private_key_jwt"]])
def test_the_secret_goes_into_the_header_where_the_issuer_does_not_take_it_in_the_form(
    methods: list[str] | None, driver: Driver, issuer: respx.MockRouter
) -> None:
    publish(issuer, metadata=metadata(methods))
    route = issuer.post("/oauth2/revoke").mock(httpx.Response(200))
    driver.run(lambda c: c.login.revoke("t"))
    sent = route.calls[0].request
    assert dict(parse_qsl(sent.content.decode())) == {"token": "t"}
    scheme, _, credentials = sent.headers["authorization"].partition(" ")
    assert (scheme, b64decode(credentials).decode()) == ("Basic", f"{CLIENT_ID}:shh-app")


def test_the_secret_goes_into_the_form_alone_where_the_issuer_takes_it(
    driver: Driver, issuer: respx.MockRouter
) -> None:
    publish(issuer, metadata=metadata(["client_secret_basic", "client_secret_post"]))
    route = issuer.post("/oauth2/revoke").mock(httpx.Response(200))
    driver.run(lambda c: c.login.revoke("t"))
    sent = route.calls[0].request
    assert dict(parse_qsl(sent.content.decode())) == {"token": "t", "client_id": CLIENT_ID, "client_secret": "shh-app"}
    assert "authorization" not in sent.headers


def test_a_colon_in_an_id_is_not_read_as_the_start_of_the_secret(
    make_driver: Callable[..., Driver], issuer: respx.MockRouter
) -> None:
    publish(issuer, metadata=metadata(None))
    route = issuer.post("/oauth2/revoke").mock(httpx.Response(200))
    make_driver(client_id="app:1", client_secret="p%ss wörd").run(lambda c: c.login.revoke("t"))
    credentials = route.calls[0].request.headers["authorization"].removeprefix("Basic ")
    assert b64decode(credentials).decode() == "app%3A1:p%25ss+w%C3%B6rd"


def test_a_public_client_has_no_secret_to_send(make_driver: Callable[..., Driver], issuer: respx.MockRouter) -> None:
    publish(issuer, metadata=metadata(None))
    route = issuer.post("/oauth2/revoke").mock(httpx.Response(200))
    make_driver(client_secret=None).run(lambda c: c.login.revoke("t"))
    sent = route.calls[0].request
    assert dict(parse_qsl(sent.content.decode())) == {"token": "t", "client_id": CLIENT_ID}
    assert "authorization" not in sent.headers


def test_a_machine_does_the_same(driver: Driver, issuer: respx.MockRouter) -> None:
    publish(issuer, metadata=metadata(["client_secret_basic"]))
    answer_always(issuer.get("/api/v1/billing/agreements"), {"code": "OK", "agreements": [], "has_more": False})
    driver.run(lambda c: c.agreements.list("customer_1"))
    (sent,) = [call.request for call in issuer.calls if b"client_credentials" in call.request.content]
    assert b"client_secret" not in sent.content
    assert b64decode(sent.headers["authorization"].removeprefix("Basic ")) == b"machine_1:shh-machine"
