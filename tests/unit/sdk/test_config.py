"""Settings: from arguments or the environment, named when they are missing, refused when they are not safe."""

from __future__ import annotations

from typing import Any

import pytest

from billing_sdk import AsyncClient, Client, Config
from billing_sdk.errors import InvalidSetting, MissingSetting

ENVIRON = {
    "BILLING_ISSUER": "https://id.example/",
    "BILLING_CLIENT_ID": "app_1",
    "BILLING_CLIENT_SECRET": "shh-app",
    "BILLING_REDIRECT_URI": "https://app.example/callback",
    "BILLING_LOGOUT_REDIRECT_URI": "https://app.example/",
    "BILLING_M2M_CLIENT_ID": "machine_1",
    "BILLING_M2M_CLIENT_SECRET": "shh-machine",
    "BILLING_AUDIENCE": "https://acme.example/api",
    "BILLING_SCOPES": "openid offline",
    "BILLING_WEBHOOK_ENDPOINT_ID": "webhook_1",
    "BILLING_ACCEPTED_CLIENTS": "mobile desktop",
}


def test_every_setting_can_come_from_the_environment() -> None:
    config = Config.load({}, environ=ENVIRON)
    assert config == Config(
        issuer="https://id.example",
        client_id="app_1",
        client_secret="shh-app",
        redirect_uri="https://app.example/callback",
        logout_redirect_uri="https://app.example/",
        m2m_client_id="machine_1",
        m2m_client_secret="shh-machine",
        audience="https://acme.example/api",
        webhook_endpoint_id="webhook_1",
        accepted_clients=("mobile", "desktop"),
        scopes=("openid", "offline"),
    )
    assert (config.management_audience, config.origin) == ("https://acme.example/api", "https://id.example")


def test_an_argument_goes_before_the_environment() -> None:
    config = Config.load({"client_id": "app_2", "scopes": ["openid"]}, environ=ENVIRON)
    assert (config.client_id, config.scopes) == ("app_2", ("openid",))


def test_no_secret_is_shown() -> None:
    assert "shh" not in repr(Config.load({}, environ=ENVIRON))


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({}, "BILLING_ISSUER"),
        ({"BILLING_ISSUER": ""}, "BILLING_ISSUER"),
        ({"BILLING_ISSUER": "https://id.example"}, "BILLING_CLIENT_ID"),
        ({"BILLING_ISSUER": "https://id.example", "BILLING_M2M_CLIENT_ID": "m"}, "BILLING_M2M_CLIENT_SECRET"),
    ],
)
def test_a_missing_setting_is_named(environ: dict[str, str], named: str) -> None:
    with pytest.raises(MissingSetting, match=named) as caught:
        Config.load({}, environ=environ)
    assert caught.value.facts == {"setting": named}


@pytest.mark.attack(9)
@pytest.mark.parametrize(
    "issuer",
    ["https://id.example", "https://id.example:8443", "http://127.0.0.1:9000", "http://localhost:9", "http://[::1]:9"],
)
def test_an_issuer_is_https_or_on_this_machine(issuer: str) -> None:
    assert Config(issuer=issuer, client_id="a").issuer == issuer


@pytest.mark.attack(9)
@pytest.mark.parametrize(
    "issuer",
    [
        "http://id.example",
        "http://10.0.0.1",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "ftp://id.example",
        "id.example",
        "https://",
        "https://user:secret@id.example",
        "https://id.example?x=1",
        "https://id.example#x",
        "https://id.example\\@evil.example",
        "https://id.ex ample",
        "https://id.example\n",
        "https://[::1",
        "https://id.example:port",
        "http://id.example[::1]:9000",
        "http://[::1]id.example:9000",
        "http://localhost[::1]",
        "https://id.example:[::1]:9000",
        "https://id%2eexample",
        "https://@id.example",
    ],
)
def test_an_unsafe_issuer_is_refused(issuer: str) -> None:
    with pytest.raises(InvalidSetting):
        Config(issuer=issuer, client_id="a")


@pytest.mark.attack(9)
@pytest.mark.parametrize(
    "setting",
    [
        {"redirect_uri": "http://app.example/callback"},
        {"logout_redirect_uri": "javascript:1"},
        {"deadline_seconds": 0.0},
        {"deadline_seconds": 301.0},
        {"stale_keys_seconds": -1.0},
        {"stale_keys_seconds": 86_401.0},
        {"longest_token_seconds": 0.0},
        {"longest_token_seconds": float("nan")},
    ],
    ids=repr,
)
def test_an_unsafe_setting_is_refused(setting: dict[str, Any]) -> None:
    with pytest.raises(InvalidSetting):
        Config(issuer="https://id.example", client_id="a", **setting)


@pytest.mark.parametrize("colour", [Client, AsyncClient])
@pytest.mark.parametrize(
    ("slip", "meant"), [("client_idd", "client_id"), ("foo", "issuer"), ("m2m_id", "m2m_client_id")]
)
def test_a_setting_that_there_is_not_is_refused_with_the_nearest_that_there_is(
    colour: Any, slip: str, meant: str
) -> None:
    with pytest.raises(InvalidSetting, match=slip) as caught:
        colour(issuer="https://id.example", client_id="a", **{slip: 1})
    assert meant in caught.value.remedy


@pytest.mark.parametrize("name", ["scopes", "accepted_clients"])
def test_a_list_that_was_given_as_one_text_is_refused(name: str) -> None:
    with pytest.raises(InvalidSetting, match=name):
        Config.load({name: "openid offline"}, environ=ENVIRON)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("audience", "parties"),
    [
        (None, {"app", "mobile"}),
        ("https://reports.example", {"app", "mobile", "https://reports.example"}),
        ("https://id.example/api", {"app", "mobile"}),
        ("https://id.example/api/", {"app", "mobile"}),
    ],
)
def test_bearer_tokens_are_for_this_application_and_never_for_the_issuers_own_api(
    audience: str | None, parties: set[str]
) -> None:
    config = Config(issuer="https://id.example", client_id="app", audience=audience, accepted_clients=("mobile",))
    assert config.bearer_parties == parties


@pytest.mark.parametrize("colour", [Client, AsyncClient])
def test_a_client_reads_the_environment(colour: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    assert colour().config == Config.load({}, environ=ENVIRON)
