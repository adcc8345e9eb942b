"""What holds for every address of the server, those that will be added tomorrow as well."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from httpx import Response

from tests.every_route import addresses_of, filled
from tests.in_process import InProcess, in_process
from tests.serving import CALLBACK

SECURE, PLAIN = "https://billing.example.com", "http://127.0.0.1:3000"
PUBLIC = {
    "/.well-known/jwks",
    "/.well-known/jwks.json",
    "/.well-known/oauth-authorization-server",
    "/.well-known/openid-configuration",
    "/.well-known/security.txt",
    "/embed/frame.js",
    "/embed/pricing-table.css",
    "/embed/pricing-table.js",
    "/static/brand.css",
    "/static/{name}",
}
EXACT = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
DIRECTIVES = {
    "default-src": "'none'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "object-src": "'none'",
    "form-action": "'self'",
    "connect-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
}
# What other sites load: from any of them the scripts, in a frame of a registered application the table.
FRAMED = "/embed/pricing-tables/{table_key}"
OF_ANY_SITE = {"cross-origin-resource-policy": "cross-origin"}
SHARED = {
    "/embed/frame.js": OF_ANY_SITE,
    "/embed/pricing-table.js": OF_ANY_SITE,
    FRAMED: {**OF_ANY_SITE, "x-frame-options": None},
}
UNDECLARED = ("TRACE", "DELETE", "PUT", "PATCH", "POST", "PROPFIND", "LINK")
ASSETS = {"name": "base.css"}


@pytest.fixture(scope="module", params=[SECURE, PLAIN])
def client(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcess]:
    """The application without a socket, as if behind a TLS proxy, or on this machine alone."""
    database_url = f"sqlite:///{tmp_path_factory.mktemp('routes') / 'billing.db'}"
    with in_process(database_url, request.param, security_contact="mailto:security@example.com") as client:
        yield client


def faults_of(answer: Response, path: str, *, is_secure: bool) -> list[str]:
    """Return what is wrong with the headers of an answer."""
    headers = answer.headers
    is_served = answer.status_code != 405
    exact = {**EXACT, **SHARED.get(path, {})} if is_served else EXACT
    faults = [f"{name}: {headers.get(name)}" for name, value in exact.items() if headers.get(name) != value]
    if answer.status_code >= 500:
        faults.append(f"status {answer.status_code}")
    policy = dict(part.strip().partition(" ")[::2] for part in headers.get("content-security-policy", "").split(";"))
    ancestors = {"frame-ancestors": "http://127.0.0.1:3000"} if path == FRAMED and is_served else {}
    directives = {**DIRECTIVES, **ancestors}
    faults += [f"{name} {policy.get(name)}" for name, value in directives.items() if policy.get(name) != value]
    scripts, styles = policy.get("script-src", ""), policy.get("style-src", "")
    if not scripts.startswith("'nonce-") or "unsafe" in scripts + styles or " " in scripts:
        faults.append(f"scripts {scripts} styles {styles}")
    if "camera=()" not in headers.get("permissions-policy", ""):
        faults.append("no Permissions-Policy")
    cached = headers.get("cache-control", "")
    may_be_public = path in PUBLIC and answer.status_code == 200
    if cached != "no-store" and not (may_be_public and cached.startswith("public")):
        faults.append(f"cached: {cached}")
    if ("max-age=31536000" in headers.get("strict-transport-security", "")) != is_secure:
        faults.append(f"HSTS {headers.get('strict-transport-security')}")
    faults += [name for name in headers if name.startswith("access-control-") or name == "server"]
    return faults


def answers_of(client: InProcess) -> Iterator[tuple[str, str, Response]]:
    """Ask every address by each of its methods, and by two that it does not take; as a browser where TLS is spoken."""
    headers = {"Accept": "text/html" if client.base_url == SECURE else "application/json"}
    for path, methods in addresses_of(client.app).items():
        undeclared = [method for method in UNDECLARED if method not in methods][:2]
        for method in (*sorted(methods), *undeclared):
            answer = client.request(method, filled(path, lambda name: ASSETS.get(name, "x")), headers=headers)
            if method in undeclared:
                # The reference stands below an API, which looks for an address of its own.
                assert answer.status_code == (404 if path == "/api/docs" else 405), f"{method} {path}"
            yield path, method, answer


@pytest.mark.attack(18, 119, 161, 162, 163, 164, 169, 172)
def test_every_answer_of_every_address_carries_every_security_header(client):
    is_secure = client.base_url == SECURE
    answers = list(answers_of(client))
    faults = {
        f"{method} {path}": found
        for path, method, answer in answers
        if (found := faults_of(answer, path, is_secure=is_secure))
    }
    assert faults == {}
    assert len(answers) > 200
    policies = [answer.headers["content-security-policy"] for *_, answer in answers]
    nonces = [policy.partition("script-src 'nonce-")[2][:22] for policy in policies]
    assert len(set(nonces)) == len(answers)


@pytest.mark.attack(162, 164)
@pytest.mark.parametrize(
    "path", ["/nowhere", "/api/v1/nowhere", "/portal/%00", "/static/..%2f..%2fsettings.py", "/%ff"]
)
def test_an_answer_that_no_address_gave_carries_them_as_well(client, path):
    answer = client.get(path)
    assert 400 <= answer.status_code < 500
    assert faults_of(answer, path, is_secure=client.base_url == SECURE) == []


@pytest.mark.attack(172)
def test_a_cookie_is_bound_to_the_host_where_https_is_spoken(client):
    query = {
        "client_id": client.seed.client_id,
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": "openid",
        "state": "the-state",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
        "prompt": "create",
    }
    cookies = client.get("/oauth2/auth", params=query).headers.get_list("set-cookie")
    assert cookies
    for cookie in cookies:
        name, *attributes = cookie.split("; ")
        is_secure = client.base_url == SECURE
        assert name.startswith("__Host-") is ("Secure" in attributes) is is_secure
        assert {"HttpOnly", "Path=/", "SameSite=lax"} <= set(attributes)
        assert not any(attribute.startswith("Domain") for attribute in attributes)


def test_whom_to_tell_about_a_hole_is_said_where_everybody_looks(client):
    answer = client.get("/.well-known/security.txt")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    lines = dict(line.split(": ", 1) for line in answer.text.splitlines())
    assert lines["Contact"] == "mailto:security@example.com"
    assert lines["Canonical"] == f"{client.base_url}/.well-known/security.txt"
    assert lines["Expires"].endswith("T00:00:00Z")
