"""The modules of the Basic OP plan that sign somebody in and look at what the client is told."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

import pytest

from billing_sdk.server.oidc.people import ACR
from tests.contract.conformance.relying_party import (
    RelyingParty,
    module,
    move,
    provider_under_test,
    relying_party,
)
from tests.serving import RunningServer

# OpenID Connect Core 1.0, section 5.4.
CLAIMS = {
    "openid": {"sub"},
    "profile": set(
        """name given_name family_name middle_name nickname profile picture website gender birthdate zoneinfo locale
        updated_at preferred_username""".split()
    ),
    "email": {"email", "email_verified"},
    "address": {"address"},
    "phone": {"phone_number", "phone_number_verified"},
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server for all modules."""
    with provider_under_test(tmp_path_factory.mktemp("suite")) as running:
        with running.engine.begin() as tx:
            grace = tx.users.find_by_email("grace@example.com")
            assert grace is not None
            tx.users.save(replace(grace, picture="https://grace.example.com/portrait.png"))
        yield running


@pytest.fixture
def suite(server: RunningServer) -> Iterator[RelyingParty]:
    """The suite, with a tester who is signed in."""
    with relying_party(server) as opened:
        yield opened


@pytest.fixture
def stranger(server: RunningServer) -> Iterator[RelyingParty]:
    """The suite, with a tester whom the provider does not know yet."""
    with relying_party(server, is_signed_in=False) as opened:
        yield opened


@module("oidcc-server")
def test_a_sign_in_gives_a_token_that_opens_the_userinfo_endpoint(stranger: RelyingParty, name: str) -> None:
    answer = stranger.tokens()
    assert stranger.sign_ins == 1
    assert stranger.userinfo(answer)["sub"] == answer["claims"]["sub"]


@module("oidcc-server-client-secret-post")
def test_the_secret_may_be_in_the_form(suite: RelyingParty, name: str) -> None:
    suite.userinfo(suite.tokens(is_posted=True))


@module("oidcc-idtoken-signature")
def test_an_id_token_is_signed_by_a_published_key_that_it_names(suite: RelyingParty, name: str) -> None:
    header = json.loads(base64.urlsafe_b64decode(suite.tokens()["id_token"].split(".")[0] + "=="))
    assert header["alg"] == "RS256"
    assert header["kid"] in {key["kid"] for key in suite.browser.get("/.well-known/jwks").json()["keys"]}


@module("oidcc-idtoken-unsigned")
def test_an_unsigned_id_token_is_neither_offered_nor_given(suite: RelyingParty, name: str) -> None:
    offered = suite.browser.get("/.well-known/openid-configuration").json()["id_token_signing_alg_values_supported"]
    assert offered == ["RS256"]
    assert all(suite.tokens()["id_token"].split("."))


@module("oidcc-userinfo-get")
def test_userinfo_can_be_got(suite: RelyingParty, name: str) -> None:
    answer = suite.tokens()
    response = suite.browser.get("/oauth2/userinfo", headers={"Authorization": f"Bearer {answer['access_token']}"})
    assert response.headers["content-type"] == "application/json"
    suite.read_userinfo(response, answer)


@module("oidcc-userinfo-post-header")
def test_userinfo_can_be_posted_for_with_a_header(suite: RelyingParty, name: str) -> None:
    answer = suite.tokens()
    headers = {"Authorization": f"Bearer {answer['access_token']}"}
    suite.read_userinfo(suite.browser.post("/oauth2/userinfo", headers=headers), answer)


@module("oidcc-userinfo-post-body")
def test_userinfo_can_be_posted_for_with_a_form(suite: RelyingParty, name: str) -> None:
    answer = suite.tokens()
    form = {"access_token": answer["access_token"]}
    suite.read_userinfo(suite.browser.post("/oauth2/userinfo", data=form), answer)
    headers = {"Authorization": f"Bearer {answer['access_token']}"}
    assert suite.browser.post("/oauth2/userinfo", data=form, headers=headers).status_code == 400
    assert suite.browser.post("/oauth2/userinfo", data={"access_token": "x.y.z"}).status_code == 401


@module("oidcc-ensure-request-without-nonce-succeeds-for-code-flow")
def test_a_nonce_is_not_needed_and_not_made_up(suite: RelyingParty, name: str) -> None:
    assert "nonce" not in suite.tokens(nonce=None)["claims"]


def _check_scope(suite: RelyingParty, scope: str) -> None:
    said = suite.userinfo(suite.tokens(scope=scope))
    asked = set(chain.from_iterable(CLAIMS[name] for name in scope.split()))
    assert asked <= said.keys()
    standard = set(chain.from_iterable(CLAIMS.values()))
    assert said.keys() & standard <= asked | {"preferred_username"}
    assert isinstance(said.get("updated_at", 0), int)
    assert isinstance(said.get("address", {}), dict)


@module("oidcc-scope-profile")
def test_the_profile_scope_tells_the_profile(suite: RelyingParty, name: str) -> None:
    _check_scope(suite, "openid profile")


@module("oidcc-scope-email")
def test_the_email_scope_tells_the_email_address(suite: RelyingParty, name: str) -> None:
    _check_scope(suite, "openid email")


@module("oidcc-scope-address")
def test_the_address_scope_tells_the_address(suite: RelyingParty, name: str) -> None:
    _check_scope(suite, "openid address")


@module("oidcc-scope-phone")
def test_the_phone_scope_tells_the_phone_number(suite: RelyingParty, name: str) -> None:
    _check_scope(suite, "openid phone")


@module("oidcc-scope-all")
def test_all_scopes_together_tell_everything(suite: RelyingParty, name: str) -> None:
    _check_scope(suite, "openid email phone address profile")


@module("oidcc-alternate-happy-flow")
def test_neither_scopes_nor_parameters_have_an_order(suite: RelyingParty, name: str) -> None:
    suite.ask(scope="email openid")
    backwards = dict(reversed(suite.asked.items()))
    sent = suite.callback(suite.browser.get("/oauth2/auth", params=backwards))
    assert "email" in suite.userinfo(suite.read_tokens(suite.redeem(sent["code"])))


@module("oidcc-claims-essential")
def test_a_claim_that_is_asked_for_by_name_is_told_where_it_was_asked_for(suite: RelyingParty, name: str) -> None:
    answer = suite.tokens(claims='{"userinfo":{"name":{"essential":true}}}')
    said = suite.userinfo(answer)
    assert said["name"] == "Grace Hopper"
    assert said.keys() & set(chain.from_iterable(CLAIMS.values())) == {"sub", "name"}
    assert "name" not in answer["claims"]
    other = suite.tokens(claims='{"id_token":{"nickname":null}}')
    assert other["claims"]["nickname"] == "Amazing Grace"
    assert "nickname" not in suite.userinfo(other)


@module("oidcc-ensure-request-with-acr-values-succeeds")
def test_an_offered_way_to_sign_in_is_named_and_others_are_no_error(suite: RelyingParty, name: str) -> None:
    offered = suite.browser.get("/.well-known/openid-configuration").json()["acr_values_supported"]
    assert suite.tokens(acr_values=" ".join(offered))["claims"]["acr"] in offered
    assert suite.tokens(acr_values="1 2")["claims"]["acr"] == ACR


@module("oidcc-refresh-token")
def test_a_refresh_token_gives_the_same_person_to_the_same_client(
    suite: RelyingParty, server: RunningServer, name: str
) -> None:
    first = suite.tokens(scope="openid offline")
    move(server, seconds=1)
    del suite.asked["nonce"]
    refresh = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = suite.read_tokens(suite.token_request(**refresh, scope="openid"))
    for name in ("iss", "sub", "aud", "azp", "auth_time"):
        assert second["claims"][name] == first["claims"][name]
    assert second["claims"]["iat"] == first["claims"]["iat"] + 1
    assert len(second["refresh_token"]) >= 43
    suite.userinfo(second)
    suite.client_id = "suite_two"
    stolen = {"grant_type": "refresh_token", "refresh_token": second["refresh_token"]}
    suite.expect_invalid_grant(suite.token_request(**stolen))
