"""The address that a visitor is sent to: its parameters, and what protects the sign-in."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import respx

from billing_sdk import AuthUrl, SignInTransaction
from billing_sdk.auth import transaction as transactions
from billing_sdk.auth.options import RESERVED
from billing_sdk.errors import InvalidRequest, MissingSetting, StateMismatch, UnsafeAnswer
from tests.unit.sdk.conftest import Driver
from tests.unit.sdk.kit import (
    CLIENT_ID,
    ISSUER,
    METADATA,
    NOW,
    publish,
)

# RFC 7636, appendix B
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def sent(url: AuthUrl) -> dict[str, str]:
    """Return the parameters of an address, each of which is there once."""
    pairs = parse_qsl(urlsplit(str(url)).query, strict_parsing=True)
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


@pytest.mark.attack(1, 2, 3)
def test_a_register_link_carries_the_plan_and_what_protects_the_sign_in(
    driver: Driver, issuer: respx.MockRouter
) -> None:
    url = driver.run(lambda c: c.login.register_url(plan_interest="pro_monthly", return_to="/reports?x=1"))

    assert str(url).startswith(f"{ISSUER}/oauth2/auth?")
    transaction = url.transaction
    assert sent(url) == {
        "client_id": CLIENT_ID,
        "response_type": "code",
        "redirect_uri": "https://app.example/billing/callback",
        "scope": "openid profile email offline",
        "prompt": "create",
        "plan_interest": "pro_monthly",
        "state": transaction.state,
        "nonce": transaction.nonce,
        "code_challenge": transaction.challenge,
        "code_challenge_method": "S256",
    }
    assert (transaction.issuer, transaction.return_to, transaction.started_at) == (ISSUER, "/reports?x=1", NOW)


def test_a_link_carries_every_parameter_of_the_contract(driver: Driver, issuer: respx.MockRouter) -> None:
    url = driver.run(
        lambda c: c.login.login_url(
            pricing_table_key="spring_promo",
            is_create_org=True,
            org_name="Acme & Söhne",
            org_code="org_1",
            login_hint="phone:+441234:gb",
            lang="en",
            connection_id="conn_1",
            invitation_code="inv_1",
            is_invitation=True,
            has_success_page=True,
            workflow_deployment_id="w_1",
            supports_reauth=True,
            prompt="login",
            max_age_seconds=300,
            pages_mode="preview",
            audience=["https://a.example", "https://b.example"],
            scopes=["openid", "offline"],
            redirect_uri="https://app.example/other",
            extra={"utm_source": "mail", "is_use_auth_success_page": "true"},
        )
    )
    found = sent(url)
    assert (
        found.items()
        >= {
            "pricing_table_key": "spring_promo",
            "is_create_org": "true",
            "org_name": "Acme & Söhne",
            "org_code": "org_1",
            "login_hint": "phone:+441234:gb",
            "lang": "en",
            "connection_id": "conn_1",
            "invitation_code": "inv_1",
            "is_invitation": "true",
            "has_success_page": "true",
            "workflow_deployment_id": "w_1",
            "supports_reauth": "true",
            "prompt": "login",
            "max_age": "300",
            "pages_mode": "preview",
            "audience": "https://a.example https://b.example",
            "scope": "openid offline",
            "redirect_uri": "https://app.example/other",
            "utm_source": "mail",
            "is_use_auth_success_page": "true",
        }.items()
    )
    assert url.transaction.redirect_uri == "https://app.example/other"


@pytest.mark.attack(3, 4, 5, 6, 9)
@pytest.mark.parametrize(
    "options",
    [
        {"plan_interest": "pro monthly"},
        {"plan_interest": ""},
        {"plan_interest": "x" * 129},
        {"pricing_table_key": "a\r\nb"},
        {"is_create_org": "true"},
        {"has_success_page": 1},
        {"org_name": "a\x00b"},
        {"login_hint": "\ud800"},
        {"login_hint": "x" * 2_049},
        {"prompt": "none login"},
        {"redirect_uri": "http://app.example/callback"},
        {"scopes": ["profile"]},
        {"state": "mine"},
        {"nonce": "mine"},
        *({"max_age_seconds": age} for age in (-1, True, "60", 1.5, 10**9)),
        {"code_challenge_method": "plain"},
        *({"extra": {name: "mine"}} for name in sorted(RESERVED)),
        {"extra": {"Code_Challenge_Method": "plain"}},
        {"extra": {"plan_interest": "pro"}},
        {"extra": {"a b": "c"}},
        {"extra": {"a": "\n"}},
        {"extra": {f"p{i}": "x" * 2_000 for i in range(5)}},
        *(
            {"return_to": path}
            for path in ("//evil", "/\\evil", "/\t/evil", "\x00//evil", "https:evil", "javascript:1")
        ),
        *({"return_to": path} for path in ("evil", "", "/a b", "/ä", "/\n/evil", " /x")),
    ],
    ids=repr,
)
def test_an_option_that_is_not_safe_is_refused(
    options: dict[str, Any], driver: Driver, issuer: respx.MockRouter
) -> None:
    with pytest.raises(InvalidRequest):
        driver.run(lambda c: c.login.login_url(**options))


@pytest.mark.attack(1, 2, 3)
def test_state_nonce_and_verifier_are_fresh_each_time() -> None:
    made = [SignInTransaction.begin(redirect_uri="https://a.example", issuer=ISSUER, at=NOW) for _ in range(100_000)]
    for name in ("state", "nonce", "verifier"):
        found = {getattr(transaction, name) for transaction in made}
        assert len(found) == len(made)
        assert all(43 <= len(value) <= 128 for value in found)


@pytest.mark.attack(3)
def test_no_address_is_made_where_the_challenge_can_not_be_hashed(
    driver: Driver, issuer: respx.MockRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: str) -> str:
        raise ValueError("no such hash in this build")

    monkeypatch.setattr(transactions, "create_s256_code_challenge", fail)
    with pytest.raises(ValueError, match="no such hash"):
        driver.run(lambda c: c.login.login_url())


@pytest.mark.attack(3)
def test_a_provider_that_only_compares_plain_verifiers_is_refused(driver: Driver, issuer: respx.MockRouter) -> None:
    publish(issuer, metadata={**METADATA, "code_challenge_methods_supported": ["plain"]})
    with pytest.raises(UnsafeAnswer):
        driver.run(lambda c: c.login.login_url())


@pytest.mark.attack(4)
def test_an_endpoint_keeps_its_own_query(driver: Driver, issuer: respx.MockRouter) -> None:
    publish(issuer, metadata={**METADATA, "authorization_endpoint": f"{ISSUER}/oauth2/auth?policy=sign+in"})
    found = sent(driver.run(lambda c: c.login.login_url()))
    assert (found["policy"], found["client_id"], found["code_challenge_method"]) == ("sign in", CLIENT_ID, "S256")


@pytest.mark.attack(4)
@pytest.mark.parametrize("more", ["?client_id=app_2", "?state=", "?x=1&redirect_uri=https://evil.example", "#", "#x"])
def test_an_endpoint_that_sets_or_hides_what_protects_the_sign_in_is_refused(
    more: str, driver: Driver, issuer: respx.MockRouter
) -> None:
    publish(issuer, metadata={**METADATA, "authorization_endpoint": f"{ISSUER}/oauth2/auth{more}"})
    with pytest.raises(UnsafeAnswer):
        driver.run(lambda c: c.login.login_url())


@pytest.mark.attack(3)
def test_the_challenge_is_the_one_of_the_standard() -> None:
    transaction = SignInTransaction("s", "n", VERIFIER, "https://a.example", ISSUER, NOW)
    assert transaction.challenge == CHALLENGE


def test_a_transaction_survives_a_session_and_shows_no_secret() -> None:
    transaction = SignInTransaction.begin(redirect_uri="https://a.example", issuer=ISSUER, at=NOW, return_to="/x")
    assert SignInTransaction.read(json.loads(json.dumps(transaction.write()))) == transaction
    shown = repr(AuthUrl("https://id.example?state=" + transaction.state, transaction))
    assert not [secret for secret in (transaction.state, transaction.nonce, transaction.verifier) if secret in shown]


@pytest.mark.parametrize("change", [{"state": ""}, {"nonce": 1}, {"started_at": "x"}, {"started_at": 2**70}])
def test_a_record_that_is_no_transaction_is_refused(change: dict[str, Any]) -> None:
    transaction = SignInTransaction.begin(redirect_uri="https://a.example", issuer=ISSUER, at=NOW)
    with pytest.raises(StateMismatch):
        SignInTransaction.read({**transaction.write(), **change})


def test_a_sign_in_without_a_redirect_address_names_the_setting(
    make_driver: Callable[..., Driver], issuer: respx.MockRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BILLING_REDIRECT_URI", raising=False)
    driver = make_driver(redirect_uri=None)
    with pytest.raises(MissingSetting, match="BILLING_REDIRECT_URI"):
        driver.run(lambda c: c.login.login_url())


@pytest.mark.attack(34)
def test_an_expired_link_starts_again_with_what_it_was_asked_for(driver: Driver, issuer: respx.MockRouter) -> None:
    asked = {"plan_interest": "pro", "is_create_org": "true", "redirect_uri": "https://evil.example", "state": "mine"}
    state = base64.urlsafe_b64encode(json.dumps(asked).encode()).decode()

    url = driver.run(lambda c: c.login.restart_url(state, return_to="/reports"))

    found = sent(url)
    assert (found["plan_interest"], found["is_create_org"]) == ("pro", "true")
    assert found["redirect_uri"] == "https://app.example/billing/callback"
    assert found["state"] == url.transaction.state
    assert url.transaction.return_to == "/reports"


@pytest.mark.attack(34)
@pytest.mark.parametrize("state", ["%%%", "W10=", "e30" + "=" * 2_049, base64.b64encode(b'{"prompt":"x"}').decode()])
def test_a_reauth_state_that_is_not_readable_is_refused(state: str, driver: Driver, issuer: respx.MockRouter) -> None:
    with pytest.raises(InvalidRequest):
        driver.run(lambda c: c.login.restart_url(state))


@pytest.mark.attack(9)
@pytest.mark.parametrize("redirect", ["http://app.example/", "javascript:alert(1)", "//evil.example", "/home"])
def test_nobody_is_sent_to_an_unsafe_address_after_signing_out(
    redirect: str, driver: Driver, issuer: respx.MockRouter
) -> None:
    with pytest.raises(InvalidRequest):
        driver.run(lambda c: c.login.logout_url(redirect=redirect))


def test_signing_out_names_the_way_back_in_both_spellings(driver: Driver, issuer: respx.MockRouter) -> None:
    url = driver.run(lambda c: c.login.logout_url(redirect="https://app.example/", id_token_hint="hint"))
    assert url.startswith(f"{ISSUER}/logout?")
    assert dict(parse_qsl(urlsplit(url).query)) == {
        "client_id": CLIENT_ID,
        "redirect": "https://app.example/",
        "post_logout_redirect_uri": "https://app.example/",
        "id_token_hint": "hint",
    }
