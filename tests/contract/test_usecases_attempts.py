"""Guessing is slow: at one account, from one address, at sign-in and at sign-up, in every process."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from starlette.requests import Request

from billing_sdk.errors import BillingError, EmailTaken, RateLimited, WrongCredentials
from billing_sdk.server import web
from billing_sdk.server.usecases import check_password as module
from billing_sdk.server.usecases.check_password import check_password
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.limit_attempts import count_attempt, sign_in_attempts
from tests.engines import PASSWORD, advance, engine_on, person
from tests.trip import Trip

pytestmark = pytest.mark.attack(23)

OFFICE = "203.0.113.7"


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One engine for tests that each use accounts and addresses of their own."""
    with engine_on(f"sqlite:///{tmp_path_factory.mktemp('attempts')}/billing.db") as engine:
        yield engine


@pytest.fixture
def cheap(monkeypatch):
    """Passwords are compared at once, where the test is about counting only."""
    monkeypatch.setattr(module, "matches", lambda password, stored: password == PASSWORD and stored is not None)


def outcome(engine: Engine, email: str, password: str, address: str | None) -> str:
    try:
        check_password(engine, email=email, password=password, address=address)
    except BillingError as error:
        return error.code
    return "in"


def test_many_accounts_can_not_be_tried_from_one_address(shared, cheap):
    person(shared, "victim@example.com")
    tried = [outcome(shared, f"user{number}@example.com", "Summer2026!", OFFICE) for number in range(6)]
    assert tried == ["wrong_credentials"] * 5 + ["rate_limited"]
    assert outcome(shared, "victim@example.com", PASSWORD, OFFICE) == "rate_limited"
    assert outcome(shared, "victim@example.com", PASSWORD, "198.51.100.9") == "in"
    assert outcome(shared, "victim@example.com", PASSWORD, None) == "in"


def test_an_own_account_does_not_buy_more_guesses(shared, cheap):
    person(shared, "mallory@example.com")
    tried = []
    for number in range(6):
        tried.append(outcome(shared, f"other{number}@example.com", "Summer2026!", "203.0.113.8"))
        tried.append(outcome(shared, "mallory@example.com", PASSWORD, "203.0.113.8"))
    assert tried[:9] == ["wrong_credentials", "in"] * 4 + ["wrong_credentials"]
    assert set(tried[9:]) == {"rate_limited"}


def test_people_who_sign_in_rightly_do_not_use_up_their_address(shared, cheap):
    for number in range(7):
        person(shared, f"colleague{number}@example.com")
    assert {outcome(shared, f"colleague{number}@example.com", PASSWORD, "203.0.113.9") for number in range(7)} == {"in"}


def test_the_waiting_grows_with_each_failure_and_is_said_in_seconds(shared, cheap):
    waits = []
    for _ in range(3):
        while True:
            try:
                check_password(shared, email="grows@example.com", password="wrong")
            except WrongCredentials:
                continue
            except RateLimited as error:
                waits.append(error.facts["retry_after_seconds"])
                break
        advance(shared, seconds=waits[-1])
    assert waits == [60, 120, 240]


def test_the_count_is_in_the_database_and_not_in_a_process(database_url, cheap):
    with engine_on(database_url) as engine, ThreadPoolExecutor(4) as pool:
        attempted = sign_in_attempts("ada@example.com", OFFICE)

        def attempt(number: int) -> str:
            try:
                count_attempt(replace(engine), attempted)
            except RateLimited:
                return "refused"
            return "taken"

        assert sorted(pool.map(attempt, range(12))) == ["refused"] * 7 + ["taken"] * 5
    with engine_on(database_url) as again:
        assert outcome(again, "ada@example.com", PASSWORD, None) == "rate_limited"


def test_the_same_work_is_done_for_an_account_that_there_is_not(shared, monkeypatch):
    verified = []
    monkeypatch.setattr(module, "matches", lambda password, stored: verified.append(stored) or False)
    person(shared, "known@example.com")
    for email in ("known@example.com", "unknown@example.com"):
        assert outcome(shared, email, "a wrong password", None) == "wrong_credentials"
    assert len(verified) == 2
    assert verified[0].startswith("$argon2id$")
    assert verified[1] is None


def test_accounts_can_not_be_made_or_looked_for_at_will_from_one_address(shared):
    person(shared, "taken@example.com")

    def sign_up(email: str, address: str | None = OFFICE) -> str:
        try:
            Trip(shared, prompt="create").sign_up(email=email, address=address)
        except BillingError as error:
            return error.code
        return "made"

    assert sign_up("taken@example.com") == EmailTaken.code
    assert [sign_up(f"new{number}@example.com") for number in range(4)] == ["made"] * 4
    assert sign_up("taken@example.com") == "rate_limited"
    assert sign_up("one-more@example.com") == "rate_limited"
    assert sign_up("one-more@example.com", address=None) == "made"


@pytest.mark.parametrize(
    ("proxies", "header", "address"),
    [
        (0, "203.0.113.7", None),
        (1, "203.0.113.7", "203.0.113.7"),
        (1, "10.1.2.3, 203.0.113.7", "203.0.113.7"),
        (2, "198.51.100.1, 203.0.113.7, 10.0.0.2", "203.0.113.7"),
        (2, "203.0.113.7", None),
        (1, "::ffff:203.0.113.7", "203.0.113.7"),
        (1, "2001:db8:1:2:3::9", "2001:db8:1:2::/64"),
        (1, "not an address", None),
        (1, "", None),
    ],
)
def test_only_what_a_trusted_proxy_has_added_says_where_a_visitor_is(shared, proxies, header, address):
    request = Request({"type": "http", "headers": [(b"x-forwarded-for", header.encode())]})
    assert web.client_address(request, replace(shared.settings, trusted_proxies=proxies)) == address
