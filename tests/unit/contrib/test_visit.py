"""A request is read the same from WSGI and ASGI, and nothing that a stranger sends names an address."""

from __future__ import annotations

import pytest

from billing_sdk.contrib._visit import AsgiVisit, Visit, local_path, visit_from_wsgi
from tests.unit.contrib.making import visit


@pytest.mark.parametrize(
    "path", ["/", "/reports", "/reports?year=2026&q=a%20b", "/caf%C3%A9", "/a//b", "/@ada", "/a;b"]
)
def test_a_path_of_this_application_is_kept(path: str) -> None:
    assert local_path(path) == path


@pytest.mark.attack(6)
@pytest.mark.parametrize(
    "value",
    [
        "",
        "reports",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\/evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "/\r/evil.example",
        "\t//evil.example",
        " //evil.example",
        "\x00//evil.example",
        "/\x00/evil.example",
        "https:evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "/a b",
        "/caf\u00e9",
        "/\u2215evil.example",
        "/\ud800",
        "/" + "x" * 2_048,
        "@evil.example",
        "/path\x7f",
    ],
)
def test_whatever_could_lead_elsewhere_is_not_a_path(value: str) -> None:
    assert local_path(value) is None


def asgi(path: bytes, query: bytes = b"", **headers: str) -> Visit:
    sent = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    return AsgiVisit({"method": "GET", "raw_path": path, "query_string": query, "headers": sent})


def wsgi(path: str, query: str = "", **environ: str) -> Visit:
    return visit_from_wsgi({"REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": query, **environ})


def test_both_interfaces_give_the_target_as_it_was_sent() -> None:
    assert asgi(b"/caf%C3%A9", b"a=%26").target == "/caf%C3%A9?a=%26"
    assert wsgi("/caf\xc3\xa9", "a=%26").target == "/caf%C3%A9?a=%26"


def test_the_target_includes_where_the_application_is_mounted() -> None:
    assert wsgi("/reports", SCRIPT_NAME="/shop").target == "/shop/reports"


def test_both_interfaces_give_headers_by_their_names() -> None:
    assert asgi(b"/", user_agent="x").header("user-agent") == "x"
    assert wsgi("/", HTTP_USER_AGENT="x").header("user-agent") == "x"
    assert wsgi("/", CONTENT_TYPE="application/jwt").header("content-type") == "application/jwt"
    assert asgi(b"/").header("accept") == ""
    assert wsgi("/").header("accept") == ""


def test_a_cookie_is_read_by_its_whole_name() -> None:
    request = visit(cookie="billing=1; xbilling=2; billing2=3; other=a=b")
    assert request.cookie("billing") == "1"
    assert request.cookie("other") == "a=b"
    assert request.cookie("missing") == ""


@pytest.mark.attack(36)
def test_two_cookies_of_one_name_are_both_disbelieved() -> None:
    assert visit(cookie="billing=planted; billing=1").cookie("billing") == ""
    headers = [(b"cookie", b"billing=planted"), (b"cookie", b"billing=1")]
    assert AsgiVisit({"raw_path": b"/", "headers": headers}).cookie("billing") == ""


@pytest.mark.parametrize(
    ("headers", "is_api_client"),
    [
        ({"accept": "text/html,application/xhtml+xml"}, False),
        ({"accept": "TEXT/HTML"}, False),
        ({"accept": "application/json"}, True),
        ({"accept": "*/*"}, True),
        ({}, True),
        ({"accept": "text/html", "authorization": "Bearer x"}, True),
    ],
)
def test_a_program_is_told_by_its_credentials_or_by_not_reading_html(
    headers: dict[str, str], is_api_client: bool
) -> None:
    assert visit(**headers).is_api_client is is_api_client
