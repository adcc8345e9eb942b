"""The wire: requests with two lengths, methods that nobody declared, other sites, and what errors give away."""

from __future__ import annotations

import socket
from contextlib import suppress
from importlib.metadata import version
from urllib.parse import urlsplit

import pytest

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE")


def exchange(server, request, *, more=b""):
    """Send octets, and return everything that comes back until the server closes or is silent."""
    address = urlsplit(server.base_url)
    with socket.create_connection((address.hostname, address.port), timeout=60) as connection:
        answer = b""
        with suppress(OSError):  # a server that has refused the request may be gone before all of it was sent
            connection.sendall(request + more)
            connection.shutdown(socket.SHUT_WR)
        with suppress(OSError):
            while chunk := connection.recv(65_536):
                answer += chunk
    return answer


def post(*headers, body=b"", line=b"POST /oauth2/token HTTP/1.1"):
    return b"\r\n".join([line, b"Host: billing.example", *headers, b"", b""]) + body


SMUGGLED = {
    "a length and chunks": post(b"Content-Length: 6", b"Transfer-Encoding: chunked", body=b"0\r\n\r\nGET"),
    "two lengths": post(b"Content-Length: 3", b"Content-Length: 4", body=b"abcd"),
    "a list of lengths": post(b"Content-Length: 3, 4", body=b"abcd"),
    "a negative length": post(b"Content-Length: -1"),
    "a length with a sign": post(b"Content-Length: +3", body=b"abc"),
    "a length in hexadecimal": post(b"Content-Length: 0x3", body=b"abc"),
    "a length in other digits": post("Content-Length: \u0663".encode(), body=b"abc"),
    "a space before the colon": post(b"Content-Length : 3", body=b"abc"),
    "an unknown coding": post(b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n"),
    "two codings": post(b"Transfer-Encoding: chunked, identity", body=b"0\r\n\r\n"),
    "a chunk size with a sign": post(b"Transfer-Encoding: chunked", body=b"-1\r\n\r\n0\r\n\r\n"),
    "a chunk size that is none": post(b"Transfer-Encoding: chunked", body=b"zz\r\nab\r\n0\r\n\r\n"),
    "a chunk that is longer than it says": post(b"Transfer-Encoding: chunked", body=b"2\r\nabcd\r\n0\r\n\r\n"),
    "a chunk that does not end": post(b"Transfer-Encoding: chunked", body=b"2\r\nabX\r0\r\n\r\n"),
    "a line feed in a header": post(b"X-One: a\nX-Two: b"),
    "a NUL in a header": post(b"X-One: a\x00b"),
    "no host": b"GET /api/docs HTTP/1.1\r\n\r\n",
    "two hosts": post(b"Host: other.example", line=b"GET /api/docs HTTP/1.1"),
    "headers without end": post(*(b"X-%d: %s" % (number, b"a" * 1_000) for number in range(100))),
}


@pytest.mark.attack(131)
@pytest.mark.parametrize("kind", SMUGGLED)
def test_a_request_that_two_readers_could_read_differently_is_refused(server, kind):
    answer = exchange(server, SMUGGLED[kind], more=b"GET /api/docs HTTP/1.1\r\nHost: billing.example\r\n\r\n")
    statuses = [line.split()[1] for line in answer.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]
    assert statuses in ([], [b"400"], [b"431"]), answer[:200]
    assert b"API reference" not in answer  # nothing behind it was taken for a request


@pytest.mark.attack(131)
def test_the_libraries_that_read_requests_are_not_those_with_published_flaws():

    def numbers(name):
        return tuple(int(part) for part in version(name).split(".")[:3])

    assert numbers("httptools") >= (0, 9)
    assert numbers("python-multipart") >= (0, 0, 31)


@pytest.mark.attack(131)
def test_a_semicolon_separates_no_fields_of_a_form(http, server):
    seed = server.seed
    form = f"grant_type=client_credentials;client_id={seed.m2m_client_id}&client_secret={seed.m2m_client_secret}"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = http.post("/oauth2/token", content=form, headers=headers)
    assert 400 <= answer.status_code < 500


# Where clients of OpenMeter send their events.
OF_ANOTHER_DOOR = ("POST", "/api/v1/events")


@pytest.mark.attack(132)
def test_a_method_that_a_path_does_not_declare_is_refused_with_those_that_it_does(http, management, account):
    declared = {}
    for operation in (*management, *account):
        declared.setdefault(operation.prefix + operation.path, set()).add(operation.method)
    for path, methods in declared.items():
        for method in METHODS:
            if method in methods or (method, path) == OF_ANOTHER_DOOR:
                continue
            answer = http.request(method, path)
            assert answer.status_code == 405, (method, path)
            assert set(answer.headers["allow"].split(", ")) == methods, (method, path)
            assert method == "HEAD" or answer.json()["errors"][0]["code"] == "METHOD_NOT_ALLOWED"


@pytest.mark.attack(132)
@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_a_method_is_what_the_request_line_says(machine, header):
    code = machine.post("/organization", json={"name": "Acme"}).json()["organization"]["code"]
    for method in ("GET", "POST"):
        machine.request(method, f"/organization/{code}", headers={header: "DELETE"}, params={"_method": "DELETE"})
    assert machine.get("/organization", params={"code": code}).status_code == 200


@pytest.mark.attack(132)
def test_a_request_is_not_echoed(http):
    answer = http.request("TRACE", "/api/v1/users", headers={"X-Secret": "canary"})
    assert "canary" not in answer.text


ORIGINS = [
    "https://evil.example",
    "null",
    "http://127.0.0.1",
    "https://billing.example.evil.example",
    "https://evilbilling.example",
]


@pytest.mark.attack(134)
@pytest.mark.parametrize("origin", [*ORIGINS, "the server's own"])
def test_no_other_site_may_read_an_answer_or_ask_whether_it_may(http, server, machine, origin):
    origin = server.base_url if origin == "the server's own" else origin
    asked = {"Origin": origin, "Access-Control-Request-Method": "DELETE"}
    token = {"Authorization": machine.headers["authorization"]}
    for answer in (
        http.options("/api/v1/user", headers=asked),
        http.get("/api/v1/users", headers={"Origin": origin, **token}),
        http.get("/account_api/v1/entitlements", headers={"Origin": origin}),
        http.get("/.well-known/openid-configuration", headers={"Origin": origin}),
        http.post("/oauth2/token", headers={"Origin": origin}),
    ):
        allowed = {name: value for name, value in answer.headers.items() if name.startswith("access-control-")}
        assert "access-control-allow-credentials" not in allowed
        assert allowed.get("access-control-allow-origin", "*") == "*"
        if "/api" in answer.url.path or "/account_api" in answer.url.path:
            assert allowed == {}
        assert answer.headers["cross-origin-resource-policy"] in ("same-origin", "cross-origin")


LEAKS = (
    "Traceback",
    "sqlalchemy",
    "sqlite3",
    "psycopg",
    "SELECT ",
    "/src/",
    ".py",
    "site-packages",
    "pydantic",
    "fastapi",
)


@pytest.mark.attack(133)
def test_no_refusal_shows_the_inside_of_the_server_or_what_was_sent(http, management, account, machine):
    token = machine.headers["authorization"]
    canary = "c4n4ry"
    for operation in (*management, *account):
        answers = [operation.call(http, headers={"Authorization": f"Bearer {canary}"})]
        if operation.body is not None:
            sent = {canary: canary, "name": [canary]}
            cut_off = b'{"x": "' + canary.encode()
            answers.append(operation.call(http, headers={"Authorization": token}, json=sent))
            answers.append(operation.call(http, headers={"Authorization": token}, json=None, content=cut_off))
        for answer in answers:
            assert answer.status_code >= 400
            assert [leak for leak in LEAKS if leak in answer.text] == [], (operation.name, answer.text)
            assert token.split()[1] not in answer.text
            assert answer.json()["request_id"] == answer.headers["x-request-id"]
            entries = answer.json()["errors"]
            assert all(entry["code"].isupper() and entry["message"] for entry in entries), (operation.name, entries)
            values = [
                value for entry in entries for name, value in entry.items() if name not in ("message", "parameter")
            ]
            assert canary not in repr(values)
