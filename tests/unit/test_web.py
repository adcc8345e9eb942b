"""The HTTP edge: what is checked before a door sees a request."""

from __future__ import annotations

import pytest
from starlette.requests import Request
from starlette.responses import Response

from billing_sdk.errors import Forbidden, InvalidRequest, UnsupportedMediaType
from billing_sdk.server.settings import Settings
from billing_sdk.server.web import CSRF_FIELD, check_csrf, csrf_token, form_of, query_of, set_journey_key
from billing_sdk.server.web.headers import content_security_policy

SETTINGS = Settings(base_url="https://billing.example.com", database_url="sqlite://")
KEY = "the key in the browser's cookie"


def request_with(headers=None, *, query="", body=b""):
    raw = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
    request = Request({"type": "http", "headers": raw, "query_string": query.encode(), "path": "/", "state": {}})
    request.state.body = body
    return request


def form_request(body, media_type="application/x-www-form-urlencoded"):
    return request_with({"Content-Type": media_type}, body=body)


def test_a_form_with_the_token_of_its_own_browser_passes():
    headers = {"Sec-Fetch-Site": "same-origin", "Origin": "null"}
    assert check_csrf(request_with(headers), {CSRF_FIELD: csrf_token(KEY)}, KEY, SETTINGS) is None


@pytest.mark.parametrize("token", ["", "x", csrf_token("another key"), "ä"])
def test_a_form_with_a_foreign_token_is_refused(token):
    with pytest.raises(Forbidden):
        check_csrf(request_with(), {CSRF_FIELD: token}, KEY, SETTINGS)


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://billing.example.com"},
        {"Origin": "https://billing.example.com.evil.example"},
    ],
)
def test_a_form_that_another_site_sent_is_refused_even_with_the_right_token(headers):
    with pytest.raises(Forbidden, match="another site"):
        check_csrf(request_with(headers), {CSRF_FIELD: csrf_token(KEY)}, KEY, SETTINGS)


def test_a_csrf_token_does_not_reveal_the_key():
    assert KEY not in csrf_token(KEY)


def test_a_form_may_have_as_many_boxes_as_a_role_has_permissions():
    assert len(form_of(form_request(b"&".join(b"allows:%d=yes" % number for number in range(1_000))))) == 1_000


def test_form_fields_are_read_once_each():
    assert form_of(form_request(b"a=1&b=%C3%A4&c=&d=\xc3\xa4")) == {"a": "1", "b": "\u00e4", "c": "", "d": "\u00e4"}


@pytest.mark.parametrize(
    "body",
    [b"a=1&a=2", b"a=%ff", b"a=%00", b"a=\xff", b"&".join(b"f%d=1" % i for i in range(1_001))],
    ids=lambda b: repr(b[:8]),
)
def test_a_form_that_can_be_read_in_two_ways_is_refused(body):
    with pytest.raises(InvalidRequest):
        form_of(form_request(body))


@pytest.mark.parametrize("media_type", ["application/json", "multipart/form-data", ""])
def test_a_body_of_another_type_is_not_read_as_a_form(media_type):
    with pytest.raises(UnsupportedMediaType):
        form_of(form_request(b"a=1", media_type))


def test_a_repeated_query_parameter_is_refused():
    with pytest.raises(InvalidRequest, match="client_id"):
        query_of(request_with(query="client_id=a&client_id=b"))


def test_cookies_are_bound_to_the_host_where_https_is_spoken():
    response = Response()
    set_journey_key(request_with(), response, SETTINGS, "journey_1", "key")
    cookie = response.headers["set-cookie"]
    assert cookie.startswith("__Host-provider_journey_journey_1=key;")
    for attribute in ("HttpOnly", "Secure", "Path=/", "SameSite=lax"):
        assert attribute in cookie
    assert "Domain" not in cookie


def test_a_ninth_tab_makes_the_oldest_journey_forgotten():
    known = "; ".join(f"__Host-provider_journey_journey_{number}=x" for number in range(8))
    response = Response()
    set_journey_key(request_with({"Cookie": known}), response, SETTINGS, "journey_9", "key")
    forgotten, kept = response.headers.getlist("set-cookie")
    assert forgotten.startswith('__Host-provider_journey_journey_0="";')
    assert "Max-Age=0" in forgotten
    assert kept.startswith("__Host-provider_journey_journey_9=key;")


def test_the_content_policy_allows_no_inline_script_without_the_nonce():
    policy = content_security_policy("abc", ("https://app.example",))
    assert "'unsafe-inline'" not in policy
    assert "script-src 'nonce-abc'" in policy
    assert "form-action 'self' https://app.example;" in policy
    assert "frame-ancestors 'none'" in policy
