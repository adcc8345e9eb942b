"""Whom an authorization request is answered to: a registered address, character by character, before all else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from authlib.oauth2.rfc6749 import OAuth2Error
from hypothesis import given, settings, strategies as st

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.domain.identity import Application
from billing_sdk.server.oidc.authorization_request import read_authorization_request
from billing_sdk.server.usecases.engine import Engine
from tests.contract.oidc_client import challenge_of
from tests.engines import engine_on

REGISTERED = "https://app.example/auth/callback"
WITH_QUERY = "https://app.example/auth/callback?tenant=1"
GOOD = {
    "client_id": "app",
    "redirect_uri": REGISTERED,
    "response_type": "code",
    "scope": "openid",
    "state": "s",
    "code_challenge": challenge_of("v" * 43),
    "code_challenge_method": "S256",
}
VARIANTS = [
    "",
    " ",
    "*",
    "null",
    "app.example/auth/callback",
    "//app.example/auth/callback",
    "///app.example/auth/callback",
    "http://app.example/auth/callback",
    "HTTPS://app.example/auth/callback",
    "https:app.example/auth/callback",
    "https:/app.example/auth/callback",
    "https:\\\\app.example\\auth\\callback",
    "https://app.example\\auth\\callback",
    "https://app.example/auth\\callback",
    "https://APP.example/auth/callback",
    "https://app.example./auth/callback",
    "https://app.example:443/auth/callback",
    "https://app.example:/auth/callback",
    "https://app.example:8443/auth/callback",
    "https://app.example.evil.example/auth/callback",
    "https://evilapp.example/auth/callback",
    "https://evil.example/auth/callback",
    "https://www.app.example/auth/callback",
    "https://app.example@evil.example/auth/callback",
    "https://user@app.example/auth/callback",
    "https://user:secret@app.example/auth/callback",
    "https://evil.example#@app.example/auth/callback",
    "https://evil.example\\@app.example/auth/callback",
    "https://evil.example/https://app.example/auth/callback",
    "https://evil.example?https://app.example/auth/callback",
    "https://\u0430pp.example/auth/callback",  # a Cyrillic letter
    "https://xn--pp-8cd.example/auth/callback",
    "https://app\u3002example/auth/callback",  # an ideographic full stop
    "https://app.example\uff0fauth/callback",  # a full-width slash
    "https://127.0.0.1/auth/callback",
    "https://[::1]/auth/callback",
    "https://app.example/auth/callback/",
    "https://app.example/auth/callback//",
    "https://app.example//auth/callback",
    "https://app.example/auth/./callback",
    "https://app.example/auth/../auth/callback",
    "https://app.example/auth/callback/..",
    "https://app.example/auth/callback/../../evil",
    "https://app.example/auth/%2e%2e/auth/callback",
    "https://app.example/auth/callback/%2e%2e%2fevil",
    "https://app.example/auth/callback%2f",
    "https://app.example/auth/callback%00",
    "https://app.example/auth%2fcallback",
    "https://app.example/%61uth/callback",
    "https://app.example/auth/callback;x=1",
    "https://app.example/auth/callback;/../evil",
    "https://app.example/auth/Callback",
    "https://app.example/AUTH/callback",
    "https://app.example/auth/callbac",
    "https://app.example/auth/callbackk",
    "https://app.example/auth/callback.evil",
    "https://app.example/auth/",
    "https://app.example",
    "https://app.example/auth/callback?",
    "https://app.example/auth/callback?x=1",
    "https://app.example/auth/callback?code=stolen",
    "https://app.example/auth/callback?tenant=2",
    "https://app.example/auth/callback?tenant=1&x=1",
    "https://app.example/auth/callback?tenant=1&tenant=1",
    "https://app.example/auth/callback?TENANT=1",
    "https://app.example/auth/callback#",
    "https://app.example/auth/callback#fragment",
    "https://app.example/auth/callback\n",
    "https://app.example/auth/callback\r\nLocation: https://evil.example",
    "https://app.example/auth/callback\t",
    "https://app.example/auth/callback ",
    " https://app.example/auth/callback",
    "\thttps://app.example/auth/callback",
    "\x00https://app.example/auth/callback",
    "https://app.example/auth/callback,https://evil.example",
    "https://app.example/auth/callback https://evil.example",
    "javascript:alert(1)//https://app.example/auth/callback",
    "data:text/html,https://app.example/auth/callback",
    "file:///auth/callback",
    "app.example:auth/callback",
    "urn:ietf:wg:oauth:2.0:oob",
]
# Each is wrong by itself, too; none of it may be told to an address that is not registered.
OTHER_MISTAKES = [
    {"response_type": "token"},
    {"response_type": ""},
    {"scope": '"\\'},
    {"code_challenge": ""},
    {"request": "x.y."},
    {"request_uri": "https://evil.example/object"},
    {"prompt": "none login"},
    {"max_age": "-1"},
    {"claims": "{"},
    {"audience": "https://evil.example"},
    {"state": "\r\nSet-Cookie: a=b"},
    {"response_mode": "fragment"},
    {"nonce": "x" * 10_000},
]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """One engine with the application; these requests change nothing."""
    with engine_on(f"sqlite:///{tmp_path_factory.mktemp('oidc')}/billing.db") as opened:
        with opened.begin() as tx:
            tx.applications.save(Application("app", "App", "web", (REGISTERED, WITH_QUERY)))
            machine = Application("machine", "Machine", "machine", (REGISTERED,))
            tx.applications.save(machine)
            tx.applications.save(Application("public", "P", "web", (REGISTERED,), (), (), False, requires_pkce=False))
            tx.applications.save(Application("let_off", "L", "web", (REGISTERED,), requires_pkce=False))
        yield opened


def test_at_least_fifty_variants_are_tried() -> None:
    assert len(set(VARIANTS)) >= 50


@pytest.mark.attack(10)
@pytest.mark.parametrize("redirect_uri", VARIANTS)
def test_a_variant_of_a_registered_address_is_not_answered(engine: Engine, redirect_uri: str) -> None:
    with pytest.raises(InvalidRequest, match="character by character"):
        read_authorization_request(engine, {**GOOD, "redirect_uri": redirect_uri})


@pytest.mark.attack(10)
def test_a_registered_address_is_answered_as_it_stands(engine: Engine) -> None:
    for redirect_uri in (REGISTERED, WITH_QUERY):
        assert read_authorization_request(engine, {**GOOD, "redirect_uri": redirect_uri}).redirect_uri == redirect_uri


@pytest.mark.attack(10)
@settings(max_examples=100, deadline=None)
@given(
    place=st.integers(0, len(REGISTERED)),
    gone=st.integers(0, 3),
    put=st.text(st.characters(exclude_categories=["Cs"]), max_size=4),
)
def test_no_edit_of_a_registered_address_is_answered(engine: Engine, place: int, gone: int, put: str) -> None:
    edited = REGISTERED[:place] + put + REGISTERED[place + gone :]
    if edited not in (REGISTERED, WITH_QUERY):
        with pytest.raises(InvalidRequest):
            read_authorization_request(engine, {**GOOD, "redirect_uri": edited})


@pytest.mark.attack(11)
@pytest.mark.parametrize("mistake", OTHER_MISTAKES)
@pytest.mark.parametrize(
    "whom", [{"client_id": "nobody"}, {"redirect_uri": "https://evil.example/"}, {"client_id": ""}]
)
def test_no_other_mistake_is_told_to_an_address_that_is_not_registered(
    engine: Engine, mistake: dict[str, str], whom: dict[str, str]
) -> None:
    with pytest.raises(InvalidRequest):
        read_authorization_request(engine, {**GOOD, **mistake, **whom})


@pytest.mark.attack(11)
@pytest.mark.parametrize("mistake", [mistake for mistake in OTHER_MISTAKES if "scope" not in mistake])
def test_a_mistake_is_told_to_the_registered_address_and_with_its_state(
    engine: Engine, mistake: dict[str, str]
) -> None:
    asked = {**GOOD, **mistake}
    with pytest.raises(OAuth2Error) as refusal:
        read_authorization_request(engine, asked)
    assert refusal.value.redirect_uri == REGISTERED
    assert refusal.value.state == asked["state"]


@pytest.mark.attack(12)
def test_an_application_for_machines_signs_nobody_in(engine: Engine) -> None:
    with pytest.raises(OAuth2Error) as refusal:
        read_authorization_request(engine, {**GOOD, "client_id": "machine"})
    assert refusal.value.error == "unauthorized_client"


WITHOUT_CHALLENGE = {name: value for name, value in GOOD.items() if not name.startswith("code_challenge")}


@pytest.mark.attack(13)
def test_only_an_application_with_a_secret_can_be_let_off_pkce(engine: Engine) -> None:
    assert read_authorization_request(engine, {**WITHOUT_CHALLENGE, "client_id": "let_off"})
    for client_id in ("app", "public"):
        with pytest.raises(OAuth2Error) as refusal:
            read_authorization_request(engine, {**WITHOUT_CHALLENGE, "client_id": client_id})
        assert refusal.value.error == "invalid_request"


@pytest.mark.attack(13)
@pytest.mark.parametrize(
    "challenge",
    [
        {"code_challenge": ""},
        {"code_challenge": GOOD["code_challenge"]},
        {"code_challenge_method": "S256"},
        {"code_challenge": GOOD["code_challenge"], "code_challenge_method": "plain"},
        {"code_challenge": "a" * 42, "code_challenge_method": "S256"},
        {"code_challenge": "a" * 42 + "\u00e4", "code_challenge_method": "S256"},
        {"code_challenge": "a" * 42 + "\n", "code_challenge_method": "S256"},
    ],
)
def test_whoever_is_let_off_pkce_does_not_get_by_with_half_of_it(engine: Engine, challenge: dict[str, str]) -> None:
    with pytest.raises(OAuth2Error) as refusal:
        read_authorization_request(engine, {**WITHOUT_CHALLENGE, "client_id": "let_off", **challenge})
    assert refusal.value.error == "invalid_request"


@pytest.mark.attack(17)
@pytest.mark.parametrize(
    ("claims", "error"),
    [
        ("{", "invalid_request"),
        ("[]", "invalid_request"),
        ('{"userinfo":[]}', "invalid_request"),
        ('{"userinfo":{"name":"x"}}', "invalid_request"),
        ('{"userinfo":{"name":{"essential":"yes"}}}', "invalid_request"),
        ('{"userinfo":{},"userinfo":{}}', "invalid_request"),
        ('{"id_token":{"sub":{"value":7}}}', "invalid_request"),
        ('{"id_token":{"acr":{"essential":true,"values":["x"]}}}', "unmet_authentication_requirements"),
        ("[" * 2_000, "invalid_request"),
        ('{"a":' * 40 + "1" + "}" * 40, "invalid_request"),
    ],
)
def test_claims_are_asked_for_by_a_document_of_the_standard_shape(engine: Engine, claims: str, error: str) -> None:
    with pytest.raises(OAuth2Error) as refusal:
        read_authorization_request(engine, {**GOOD, "claims": claims})
    assert refusal.value.error == error
