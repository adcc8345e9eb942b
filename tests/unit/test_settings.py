"""The server's settings: what is unsafe does not start, and no secret is shown."""

from __future__ import annotations

import dataclasses

import pytest

from billing_sdk.errors import InvalidSetting, MissingSetting
from billing_sdk.server.settings import Settings

LOCAL = "http://127.0.0.1:9000"
PUBLIC = "https://billing.example.com"
DATABASE = "sqlite:///billing.db"


@pytest.mark.parametrize("url", [LOCAL, "http://localhost:9000", "http://[::1]:9000", PUBLIC, f"{PUBLIC}:8443"])
def test_https_is_accepted_anywhere_and_plain_http_on_loopback(url):
    assert Settings(url, DATABASE).base_url == url


@pytest.mark.parametrize(
    "url",
    [
        "http://billing.example.com",
        "http://10.0.0.1",
        "http://127.0.0.1.example.com",
        "ftp://127.0.0.1",
        f"{PUBLIC}/",
        f"{PUBLIC}/path",
        f"{PUBLIC}?query",
        f"{PUBLIC}#part",
        "https://user@billing.example.com",
        "https://billing.example.com:99999",
        "https://",
        "billing.example.com",
        "",
        "https://[::1",
    ],
)
def test_any_other_address_does_not_start(url):
    with pytest.raises(InvalidSetting, match="BILLING_SERVER_BASE_URL"):
        Settings(url, DATABASE)


@pytest.mark.parametrize("url", ["", "mysql://localhost/billing", "billing.db"])
def test_only_sqlite_and_postgresql_are_databases(url):
    with pytest.raises(InvalidSetting, match="BILLING_SERVER_DATABASE_URL"):
        Settings(LOCAL, url)


def test_a_live_environment_needs_https():
    with pytest.raises(InvalidSetting, match="plain http in a live environment"):
        Settings(LOCAL, DATABASE, environment="live")


def test_a_live_environment_does_not_keep_everything_in_memory():
    with pytest.raises(InvalidSetting, match="in memory"):
        Settings(PUBLIC, "sqlite://", environment="live")


@pytest.mark.parametrize("seconds", [0, -1, 10**9])
def test_a_duration_is_within_bounds(seconds):
    with pytest.raises(InvalidSetting, match="BILLING_SERVER_CODE_SECONDS"):
        Settings(LOCAL, DATABASE, code_seconds=seconds)


def test_a_refresh_token_outlives_the_access_token():
    with pytest.raises(InvalidSetting, match="refresh_token_seconds"):
        Settings(LOCAL, DATABASE, access_token_seconds=100, refresh_token_seconds=100)


def test_arguments_come_before_the_environment_and_the_environment_before_the_default():
    environ = {
        "BILLING_SERVER_BASE_URL": PUBLIC,
        "BILLING_SERVER_DATABASE_URL": DATABASE,
        "BILLING_SERVER_CODE_SECONDS": "30",
        "BILLING_SERVER_SHOW_PRICING_TABLE_AT_SIGN_UP": "false",
    }
    settings = Settings.from_environment(environ, base_url=LOCAL, database_url=None)
    assert (settings.base_url, settings.database_url, settings.code_seconds) == (LOCAL, DATABASE, 30)
    assert settings.show_pricing_table_at_sign_up is False
    assert settings.id_token_seconds == 3_600


@pytest.mark.parametrize("name", ["base_url", "database_url"])
def test_a_missing_setting_is_named(name):
    given = {"base_url": LOCAL, "database_url": DATABASE}
    del given[name]
    with pytest.raises(MissingSetting, match=f"BILLING_SERVER_{name.upper()}"):
        Settings.from_environment({}, **given)


@pytest.mark.parametrize(
    ("variable", "text"),
    [("CODE_SECONDS", "ten"), ("CODE_SECONDS", "٣٠"), ("CODE_SECONDS", "-1"), ("SHOW_PRICING_TABLE_AT_SIGN_UP", "yes")],
)
def test_a_value_that_can_not_be_read_is_named(variable, text):
    with pytest.raises(InvalidSetting, match=f"BILLING_SERVER_{variable}"):
        Settings.from_environment({f"BILLING_SERVER_{variable}": text}, base_url=LOCAL, database_url=DATABASE)


def test_a_password_is_neither_shown_nor_part_of_an_error():
    url = "postgresql://billing:hunter2@db.example.com/billing"
    assert "hunter2" not in repr(Settings(LOCAL, url))
    with pytest.raises(InvalidSetting) as refusal:
        Settings(LOCAL, "mysql://billing:hunter2@db.example.com/billing")
    assert "hunter2" not in str(refusal.value)


def test_settings_do_not_change():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings(LOCAL, DATABASE).base_url = PUBLIC


def test_the_management_audience_has_the_https_spelling_as_well():
    assert Settings(LOCAL, DATABASE).management_audience == (f"{LOCAL}/api", "https://127.0.0.1:9000/api")
    assert Settings(PUBLIC, DATABASE).management_audience == (f"{PUBLIC}/api",)


def test_webhooks_to_this_machine_are_for_local_test_environments():
    assert Settings(LOCAL, DATABASE).may_call_this_machine
    assert not Settings(PUBLIC, DATABASE).may_call_this_machine
    assert not Settings("https://127.0.0.1:9000", DATABASE, environment="live").may_call_this_machine


@pytest.mark.attack(115)
@pytest.mark.parametrize("seconds", [301, 86_400])
def test_a_link_into_the_portal_is_good_for_five_minutes_at_most(seconds):
    with pytest.raises(InvalidSetting, match="portal_link_seconds"):
        Settings("https://billing.example.com", "sqlite:///x.db", portal_link_seconds=seconds)


@pytest.mark.parametrize(
    "contact", ["security@example.com", "http://example.com", "mailto:a b", "mailto:a\nContact: b", ""]
)
def test_a_contact_that_nobody_can_use_is_refused(contact):
    with pytest.raises(InvalidSetting, match="security_contact"):
        Settings("https://billing.example.com", "sqlite:///x.db", security_contact=contact)
