"""Who may ask the door: an operator with a dashboard token, and nobody with any other."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing_sdk.errors import Forbidden
from billing_sdk.server.usecases.dashboard_tokens import TYP, audience_of, issue_dashboard_token
from billing_sdk.server.usecases.operators import add_operator, remove_operator
from billing_sdk.server.usecases.signing_keys import current_key
from tests.contract.kolaylogin.conftest import token_for

OPERATIONS = [("GET", "status"), ("POST", "enable"), ("POST", "disable")]


def asked(off, token, method="GET", path="status", **options):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return off.request(method, f"/v1/dashboard/billing/{path}", headers=headers, **options)


def claims_of(off):
    engine = off.engine
    with engine.read() as tx:
        ada = tx.users.find_by_email("ada@example.com")
    at = engine.now().timestamp()
    return {
        "iss": engine.settings.base_url,
        "sub": ada.id,
        "aud": [audience_of(engine.settings)],
        "iat": int(at),
        "exp": int(at) + 60,
        "jti": "dashboard_1",
    }


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_operation_needs_a_token(off, method, path):
    answer = asked(off, None, method, path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthenticated")


def test_a_token_of_the_right_kind_is_good(off):
    assert asked(off, current_key(off.engine).sign(claims_of(off), typ=TYP)).status_code == 200


@pytest.mark.attack(122)
@pytest.mark.parametrize("typ", ["at+jwt", "JWT", "kinde+jwt", "DASHBOARD+JWT", ""])
def test_a_token_of_another_kind_is_refused_whatever_it_claims(off, typ):
    answer = asked(off, current_key(off.engine).sign(claims_of(off), typ=typ))
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthenticated")


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://elsewhere.example.com"},
        {"aud": ["http://127.0.0.1:3000/api"]},
        {"aud": "http://127.0.0.1:3000/v1/dashboard"},
        {"exp": 1},
        {"sub": "kp_nobody"},
    ],
)
def test_a_token_for_something_else_is_refused(off, changed):
    answer = asked(off, current_key(off.engine).sign({**claims_of(off), **changed}, typ=TYP))
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthenticated")


def test_an_access_token_of_a_machine_is_refused(off):
    form = {
        "grant_type": "client_credentials",
        "client_id": off.seed.m2m_client_id,
        "client_secret": off.seed.m2m_client_secret,
        "audience": off.engine.settings.management_audience[0],
    }
    token = off.request("POST", "/oauth2/token", data=form).json()["access_token"]
    assert asked(off, token).status_code == 401


def test_a_dashboard_token_is_no_access_token(off):
    headers = {"Authorization": f"Bearer {token_for(off)}"}
    for path in ("/api/v1/organizations", "/account_api/v1/permissions", "/oauth2/v2/user_profile"):
        assert off.get(path, headers=headers).status_code == 401, path


def test_a_token_in_the_address_is_refused(off):
    answer = off.get(f"/v1/dashboard/billing/status?access_token={token_for(off)}")
    assert answer.status_code in (400, 401)


def test_only_an_operator_gets_a_token(off):
    with off.engine.read() as tx:
        grace = tx.users.find_by_email("grace@example.com")
    with pytest.raises(Forbidden):
        issue_dashboard_token(off.engine, user_id=grace.id, actor="test")
    add_operator(off.engine, email="Grace@example.com", actor="test")
    token, ends_at = issue_dashboard_token(off.engine, user_id=grace.id, actor="test")
    assert timedelta(0) < ends_at - off.engine.now() <= timedelta(seconds=3_600)
    assert asked(off, token.reveal()).status_code == 200
    remove_operator(off.engine, user_id=grace.id, actor="test")
    assert asked(off, token.reveal()).status_code == 401


@pytest.mark.parametrize("path", ["nothing", "status/x"])
def test_what_is_not_there_is_said_in_the_same_envelope(off, path):
    answer = asked(off, token_for(off), "GET", path)
    assert answer.status_code == 404
    assert set(answer.json()["error"]) >= {"code", "message"}


def test_the_openapi_document_has_the_three_operations(off):
    paths = off.get("/v1/dashboard/openapi.json").json()["paths"]
    found = {(method.upper(), path.rpartition("/")[2]) for path, methods in paths.items() for method in methods}
    assert found == set(OPERATIONS)
