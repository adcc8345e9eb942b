"""`Billing` reads its settings when it gets its application, and names what is missing or can't work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flask
import pytest
from starlette.applications import Starlette

from billing_sdk.contrib import flask as for_flask, starlette as for_starlette
from billing_sdk.errors import ConfigurationError, InvalidSetting, MissingSetting

SECRET = "a secret of this test"
SETTINGS = {
    "issuer": "https://billing.example",
    "client_id": "the application",
    "redirect_uri": "https://app.example/billing/callback",
    "session_secret": SECRET,
}
Build = Callable[..., Any]


def in_flask(**options: Any) -> for_flask.Billing:
    return for_flask.Billing(flask.Flask(__name__), **options)


def in_starlette(**options: Any) -> for_starlette.Billing:
    return for_starlette.Billing(Starlette(), **options)


@pytest.fixture(params=[in_flask, in_starlette])
def build(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Build:
    for name in ("ISSUER", "CLIENT_ID", "REDIRECT_URI", "SESSION_SECRET"):
        monkeypatch.delenv(f"BILLING_{name}", raising=False)
    made: Build = request.param
    return made


@pytest.mark.parametrize(
    ("missing", "variable"),
    [
        ("issuer", "BILLING_ISSUER"),
        ("client_id", "BILLING_CLIENT_ID"),
        ("redirect_uri", "BILLING_REDIRECT_URI"),
        ("session_secret", "BILLING_SESSION_SECRET"),
    ],
)
def test_a_missing_setting_is_named_when_the_application_starts(build: Build, missing: str, variable: str) -> None:
    given = {name: value for name, value in SETTINGS.items() if name != missing}
    with pytest.raises(MissingSetting) as caught:
        build(**given)
    assert missing in str(caught.value)
    assert variable in str(caught.value)


def test_every_setting_may_come_from_the_environment(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SETTINGS.items():
        monkeypatch.setenv(f"BILLING_{name.upper()}", value)
    assert build().application.base == "/billing"


def test_flask_lends_its_secret_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BILLING_SESSION_SECRET", raising=False)
    app = flask.Flask(__name__)
    app.secret_key = SECRET
    billing = for_flask.Billing(app, **{**SETTINGS, "session_secret": None})
    assert billing.application.base == "/billing"


@pytest.mark.parametrize(
    "wrong",
    [
        {"session_secret": "short"},
        {"redirect_uri": "https://app.example/callback"},
        {"redirect_uri": "https://app.example/billing/callback/"},
        {"redirect_uri": "https://app.example/billing/callback?x=1"},
        {"redirect_uri": "http://app.example/billing/callback"},
        {"prefix": "billing"},
        {"prefix": "/"},
        {"prefix": "//evil.example"},
        {"prefix": "/billing?x=1"},
        {"prefix": None},
        {"home": "//evil.example"},
        {"home": "https://evil.example/"},
        {"home": "home"},
        {"home": ""},
        {"session_seconds": -5},
        {"session_seconds": 0},
        {"session_seconds": 59},
        {"session_seconds": 10**15},
        {"session_seconds": "600"},
        {"session_seconds": True},
    ],
    ids=repr,
)
def test_a_setting_that_can_not_work_is_refused_by_its_name_when_the_application_starts(
    build: Build, wrong: dict[str, Any]
) -> None:
    with pytest.raises(InvalidSetting, match=next(iter(wrong)).replace("_", ".")):
        build(**{**SETTINGS, **wrong})


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("redirect_url", "redirect_uri"),
        ("sesion_seconds", "session_seconds"),
        ("webhook_endpoint", "webhook_endpoint_id"),
        ("zzz", "session_seconds"),
    ],
)
def test_an_option_that_there_is_not_is_refused_with_the_nearest_that_there_is(
    build: Build, slip: str, meant: str
) -> None:
    with pytest.raises(InvalidSetting, match=slip) as caught:
        build(**SETTINGS, **{slip: "x"})
    assert meant in caught.value.remedy
    assert caught.value.facts == {"setting": slip}


def test_an_application_that_is_mounted_below_a_path_says_so_in_its_redirect_uri(build: Build) -> None:
    billing = build(**{**SETTINGS, "redirect_uri": "https://app.example/shop/billing/callback"})
    assert billing.login_link("In") == '<a href="/shop/billing/login">In</a>'
    assert billing.application.home == "/shop/"
    assert billing.application.portal("profile") == "https://app.example/shop/billing/portal?sub_nav=profile"


def test_the_routes_can_have_another_prefix(build: Build) -> None:
    billing = build(**{**SETTINGS, "prefix": "/money", "redirect_uri": "https://app.example/money/callback"})
    assert billing.register_link("Up") == '<a href="/money/register">Up</a>'


def test_a_billing_belongs_to_one_application(build: Build) -> None:
    billing = build(**SETTINGS)
    with pytest.raises(InvalidSetting):
        billing.init_app(flask.Flask(__name__) if isinstance(billing, for_flask.Billing) else Starlette())


@pytest.mark.parametrize("made", [for_flask.Billing, for_starlette.Billing])
def test_without_an_application_it_says_what_to_do(made: Build) -> None:
    with pytest.raises(ConfigurationError, match="init_app"):
        made().login_link("In")


def test_outside_a_request_nobody_is_signed_in_and_it_says_so(build: Build) -> None:
    with pytest.raises(ConfigurationError, match="request"):
        assert build(**SETTINGS).user


@pytest.mark.attack(109)
def test_a_gate_on_a_class_is_refused_rather_than_left_open(build: Build) -> None:
    class View:
        """A class, whose methods answer."""

    with pytest.raises(InvalidSetting):
        build(**SETTINGS).requires("advanced_reports")(View)


@pytest.mark.attack(109)
def test_a_gate_on_a_stream_is_refused_where_the_framework_would_call_it_itself() -> None:
    def stream() -> Any:
        yield "x"

    async def async_stream() -> Any:
        yield "x"

    for view in (stream, async_stream):
        with pytest.raises(InvalidSetting):
            in_starlette(**SETTINGS).requires("advanced_reports")(view)


@pytest.mark.attack(112)
def test_a_gated_view_keeps_its_name_and_its_signature(build: Build) -> None:
    def report(year: int, month: int = 1) -> str:
        """Show a month."""
        return f"{year} {month}"

    gated = build(**SETTINGS).requires("advanced_reports")(report)
    assert gated.__name__ == "report"
    assert gated.__doc__ == "Show a month."
    assert gated.__wrapped__ is report


def test_no_secret_shows_in_a_representation(build: Build) -> None:
    billing = build(**SETTINGS, client_secret="the client's secret")
    shown = repr(billing.application)
    assert SECRET not in shown
    assert "the client's secret" not in shown
