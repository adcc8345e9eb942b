"""What every answer of the server has, whichever door gave it."""

from __future__ import annotations

import re

import pytest

PATHS = ["/nothing/here", "/api/v1/users", "/account_api/v1/entitlements", "/api/docs", "/.well-known/jwks"]


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_carries_the_security_headers_and_a_request_id(http, path):
    headers = http.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "'unsafe-inline'" not in headers["content-security-policy"]
    assert re.fullmatch(r"req_[0-9a-f]{32}", headers["x-request-id"])


def test_a_private_answer_is_not_stored_anywhere(http):
    assert http.get("/account_api/v1/entitlements").headers["cache-control"] == "no-store"


def test_a_nonce_is_used_once(http):
    first, second = (http.get("/nothing").headers["content-security-policy"] for _ in range(2))
    assert first != second


def test_a_request_id_that_the_caller_sends_is_not_used(http):
    assert http.get("/nothing", headers={"X-Request-Id": "mine"}).headers["x-request-id"] != "mine"


def test_an_unknown_page_is_a_page_for_a_browser(http):
    answer = http.get("/<script>alert(1)</script>", headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "<script>" not in answer.text
    assert answer.headers["x-request-id"] in answer.text


def test_an_unknown_address_is_a_problem_document_for_a_program(http):
    answer = http.get("/nothing")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "route_not_found"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


def test_a_declared_body_above_one_mebibyte_is_refused(http):
    answer = http.post("/oauth2/token", content=b"x" * (1_048_576 + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")


def test_a_chunked_body_above_one_mebibyte_is_refused(http):
    answer = http.post("/oauth2/token", content=(b"x" * 1_024 for _ in range(1_025)))
    assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")


def test_the_reference_is_readable_without_another_host(http):
    page = http.get("/api/docs")
    assert page.status_code == 200
    assert "POST /v1/billing/agreements" in page.text
    assert "<script" not in page.text
    assert not re.search(r"https?://(?!127\.0\.0\.1)", page.text)


@pytest.mark.attack(134)
def test_no_answer_may_be_read_by_another_site(http):
    answer = http.options("/api/v1/users", headers={"Origin": "https://evil.example"})
    assert not [name for name in answer.headers if name.startswith("access-control-")]
