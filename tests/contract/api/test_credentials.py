"""Who may call what: every operation of both OpenAPI documents, with every kind of wrong credential."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from billing_sdk.server.clock import TestClock
from billing_sdk.server.ids import new_id
from billing_sdk.server.oidc.issuing import issue_access_token, keep_family, sign_id_token
from billing_sdk.server.storage.tokens import TokenFamily
from billing_sdk.server.usecases.register_application import MANAGEMENT_SCOPES as ALL
from billing_sdk.server.usecases.signing_keys import current_key

pytestmark = pytest.mark.attack(122, 123)


class Issuing:
    """Makes tokens of every kind without a sign-in."""

    def __init__(self, server):
        self.server = server
        self.engine = server.engine
        with self.engine.read() as tx:
            self.user = tx.users.find_by_email(server.seed.users[0][0])
            self.org_code = tx.organizations.get_default().code

    def family(self, *, user=False, audience=None):
        engine = self.engine
        client_id = self.server.seed.client_id if user else self.server.seed.m2m_client_id
        to = engine.settings.management_audience[0] if audience is None else audience
        family = TokenFamily(
            new_id("family"),
            client_id,
            self.user.id if user else None,
            self.org_code if user else None,
            "openid",
            engine.now(),
            "" if user and audience is None else to,
        )
        with engine.begin() as tx:
            keep_family(tx, family, engine.settings)
        return family

    def machine(self, *scopes, audience=None):
        return self.token(self.family(audience=audience), *scopes)

    def person(self, *scopes, audience=None):
        return self.token(self.family(user=True, audience=audience), *scopes)

    def token(self, family, *scopes, engine=None):
        engine = engine or self.engine
        key = current_key(engine)
        with engine.begin() as tx:
            answer = issue_access_token(
                tx, family, scope=" ".join(scopes), key=key, at=engine.now(), settings=engine.settings
            )
        return answer["access_token"]

    def expired(self, *scopes, user=False):
        past = TestClock(self.engine.now() - timedelta(seconds=self.engine.settings.access_token_seconds + 1))
        return self.token(self.family(user=user), *scopes, engine=replace(self.engine, clock=past))

    def revoked(self, *scopes, user=False):
        family = self.family(user=user)
        token = self.token(family, *scopes)
        with self.engine.begin() as tx:
            tx.tokens.revoke_family(family.id, at=self.engine.now())
        return token

    def id_token(self):
        family = self.family(user=True)
        return sign_id_token(
            self.engine,
            family,
            self.user,
            scope="openid",
            access_token=self.token(family),
            nonce=None,
            key=current_key(self.engine),
        )


@pytest.fixture(scope="module")
def issuing(server):
    return Issuing(server)


WRONG_ANYWHERE = {
    "malformed": lambda issuing: "ey.not.ours",
    "of nobody": lambda issuing: issuing.machine(*ALL)[:-6] + "AAAAAA",
    "unsigned": lambda issuing: "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0." + issuing.machine(*ALL).split(".")[1] + ".",
    "an ID token": lambda issuing: issuing.id_token(),
}
WRONG_FOR_MACHINES = {
    **WRONG_ANYWHERE,
    "expired": lambda issuing: issuing.expired(*ALL),
    "revoked": lambda issuing: issuing.revoked(*ALL),
    "of another audience": lambda issuing: issuing.machine(*ALL, audience="https://other.example/api"),
    "a person's": lambda issuing: issuing.person(*ALL),
}
WRONG_FOR_PEOPLE = {
    **WRONG_ANYWHERE,
    "expired": lambda issuing: issuing.expired(user=True),
    "revoked": lambda issuing: issuing.revoked(user=True),
}


def told(answer):
    """What a caller learns: the status and the body, but for the id of the request."""
    return answer.status_code, {**answer.json(), "request_id": None}


@pytest.mark.parametrize("kind", [None, *WRONG_FOR_MACHINES])
def test_no_operation_serves_a_machine_whose_credential_is(http, management, issuing, kind):
    token = kind and WRONG_FOR_MACHINES[kind](issuing)
    answers = {operation.name: operation.call(http, token=token) for operation in management}
    assert {name: answer.status_code for name, answer in answers.items() if answer.status_code != 401} == {}
    # RFC 6750, section 3.1: who sent no token is told of no error.
    challenge = "Bearer" if kind is None else 'Bearer error="invalid_token"'
    assert {answer.headers["www-authenticate"] for answer in answers.values()} == {challenge}
    assert len({repr(told(answer)) for answer in answers.values()}) == 1


@pytest.mark.parametrize("kind", [None, *WRONG_FOR_PEOPLE])
def test_no_operation_serves_a_person_whose_credential_is(http, account, issuing, kind):
    token = kind and WRONG_FOR_PEOPLE[kind](issuing)
    answers = {operation.name: operation.call(http, token=token) for operation in account}
    assert {name: answer.status_code for name, answer in answers.items() if answer.status_code != 401} == {}
    assert len({repr(told(answer)) for answer in answers.values()}) == 1


def test_what_is_wrong_with_a_token_is_not_told(http, management, account, issuing):
    answers = {repr(told(management[0].call(http, token=make(issuing)))) for make in WRONG_FOR_MACHINES.values()}
    assert len(answers) == 1
    answers = {repr(told(account[0].call(http, token=make(issuing)))) for make in WRONG_FOR_PEOPLE.values()}
    assert len(answers) == 1


@pytest.mark.attack(118)
def test_a_persons_token_opens_no_machines_door_even_where_it_is_meant_for_it(http, management, issuing):
    token = issuing.person(*ALL, audience=issuing.engine.settings.management_audience[0])
    assert {operation.call(http, token=token).status_code for operation in management} == {403}


@pytest.mark.attack(118)
def test_a_machine_is_no_person(http, account, issuing):
    token = issuing.machine(*ALL)
    assert {operation.call(http, token=token).status_code for operation in account} == {403}


def test_a_person_who_is_suspended_or_gone_is_answered_like_anybody_unknown(http, server, account, issuing):
    [permissions] = [operation for operation in account if operation.path == "/v1/permissions"]
    for end in ("suspend", "delete"):
        with server.engine.begin() as tx:
            user = replace(issuing.user, id=new_id("kp"), email=f"{end}@example.com")
            tx.users.add(user)
        other = Issuing(server)
        other.user = user
        token = other.person()
        assert permissions.call(http, token=token).status_code == 200
        with server.engine.begin() as tx:
            tx.users.save(replace(user, is_suspended=True)) if end == "suspend" else tx.users.remove(user.id)
        assert {repr(told(operation.call(http, token=token))) for operation in account} == {
            repr(told(permissions.call(http, token="ey.not.ours")))
        }


def test_every_operation_of_the_management_api_names_one_of_the_scopes(management):
    assert [operation.name for operation in management if operation.scope not in ALL] == []


def test_the_scope_of_an_operation_is_all_that_it_takes(http, management, issuing):
    tokens = {scope: issuing.machine(scope) for scope in ALL}
    for operation in management:
        answer = operation.call(http, token=tokens[operation.scope])
        assert answer.status_code not in (401, 403), operation.name


def test_every_other_scope_together_does_not_open_an_operation(http, management, issuing):
    tokens = {scope: issuing.machine(*(other for other in ALL if other != scope)) for scope in ALL}
    for operation in management:
        answer = operation.call(http, token=tokens[operation.scope])
        assert answer.status_code == 403, operation.name
        assert operation.scope in answer.json()["errors"][0]["message"]


def test_a_scope_is_compared_as_a_whole(http, management, issuing):
    for operation in management:
        verb, _, noun = operation.scope.partition(":")
        tricks = (f"{verb}:{noun}s", f"{verb}:", noun, f"{verb}:*", "*", "admin", operation.scope.upper())
        token = issuing.machine(*(trick for trick in tricks if trick not in ALL))
        assert operation.call(http, token=token).status_code == 403, operation.name


@pytest.mark.attack(135)
@pytest.mark.parametrize("place", ["params", "both"])
def test_a_token_in_the_address_is_refused_wherever_else_it_is(http, management, account, issuing, place):
    token = issuing.machine(*ALL)
    for operation in (*management, *account):
        answer = http.request(
            operation.method,
            operation.prefix + operation.path,
            params={"access_token": token},
            headers={"Authorization": f"Bearer {token}"} if place == "both" else {},
        )
        assert answer.status_code == 400, operation.name
        assert token not in answer.text


@pytest.mark.attack(135)
def test_two_tokens_in_the_header_are_refused_even_where_both_are_good(http, management, account, issuing):
    for token, operations in ((issuing.machine(*ALL), management), (issuing.person(), account)):
        for operation in operations:
            headers = [("Authorization", f"Bearer {token}")] * 2
            answer = http.request(operation.method, operation.prefix + operation.path, headers=headers)
            assert answer.status_code == 400, operation.name
