"""What a caller sees who sends too many requests: 429, for how long to wait, and the door's own shape of an error."""

from __future__ import annotations

import httpx
import pytest

from billing_sdk import Client
from billing_sdk.server.clock import TestClock
from billing_sdk.server.usecases.rate_limits import DENIALS_PER_MINUTE
from tests.contract.people import bearer
from tests.databases import copy_sqlite
from tests.engines import NOON
from tests.serving import serving

pytestmark = pytest.mark.attack(130)

LIMITS = {"token_requests_per_second": 2, "management_requests_per_second": 2, "refused_requests_per_minute": 3}


@pytest.fixture
def clock():
    return TestClock(NOON)


@pytest.fixture
def server(sqlite_template, tmp_path, clock):
    copy_sqlite(sqlite_template.place, str(tmp_path / "billing.db"))
    url = f"sqlite:///{tmp_path / 'billing.db'}"
    with serving(url, seed=sqlite_template.seed, clock=clock, trusted_proxies=1, **LIMITS) as running:
        yield running


@pytest.fixture
def http(server):
    with httpx.Client(base_url=server.base_url, timeout=30) as client:
        yield client


def ask_for_token(http, seed, **fields):
    form = {
        "grant_type": "client_credentials",
        "client_id": seed.m2m_client_id,
        "client_secret": seed.m2m_client_secret,
        **fields,
    }
    return http.post("/oauth2/token", data=form)


def test_a_client_that_asks_for_too_many_tokens_is_told_when_to_go_on(http, server, clock):
    statuses = [ask_for_token(http, server.seed).status_code for _ in range(5)]
    assert statuses == [200, 200, 200, 200, 429]
    answer = ask_for_token(http, server.seed)
    assert (answer.headers["retry-after"], answer.json()["code"]) == ("1", "rate_limited")
    clock.advance(seconds=int(answer.headers["retry-after"]))
    assert ask_for_token(http, server.seed).status_code == 200


def test_a_machine_that_calls_too_often_is_told_so_in_the_doors_own_words(http, server):
    headers = bearer(ask_for_token(http, server.seed).json()["access_token"])
    answers = [http.get("/api/v1/event_types", headers=headers) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 429]
    refused = answers[-1]
    assert refused.json()["errors"][0]["code"] == "RATE_LIMITED"
    assert refused.headers["retry-after"] == refused.headers["ratelimit-reset"] == "1"


@pytest.mark.parametrize("kind", ["token", "api", "person"])
def test_whoever_is_refused_again_and_again_is_held_off_and_a_good_credential_is_not(http, server, kind):
    def bad():
        if kind == "token":
            return ask_for_token(http, server.seed, client_secret="wrong").status_code
        prefix = "/api/v1/users" if kind == "api" else "/account_api/v1/roles"
        return http.get(prefix, headers=bearer("not.a.token")).status_code

    assert [bad() for _ in range(5)] == [401, 401, 401, 429, 429]
    assert ask_for_token(http, server.seed).status_code == 200


def test_a_flood_of_wrong_secrets_leaves_a_few_records_and_not_one_for_each(http, server):
    for _ in range(3 * DENIALS_PER_MINUTE):
        ask_for_token(http, server.seed, client_secret="wrong")
    with server.engine.read() as tx:
        denied = [record for record in tx.audit.of(server.seed.m2m_client_id) if record["action"] == "client.denied"]
    assert len(denied) == DENIALS_PER_MINUTE


@pytest.mark.parametrize("credential", [{}, {"client_secret": "x"}, {"authorization": "Basic eDp5"}])
def test_nothing_that_anybody_can_send_goes_around_the_allowance_of_an_address(http, credential):
    form = {"grant_type": "unheard-of", **credential}
    headers = {"Authorization": form.pop("authorization")} if "authorization" in form else {}
    answers = [http.post("/oauth2/token", data=form, headers=headers).status_code for _ in range(5)]
    assert answers == [400, 400, 400, 400, 429]


def test_a_forwarded_address_counts_only_as_far_as_a_proxy_of_ours_wrote_it(http):
    def refused(*chain):
        return http.get("/api/v1/users", headers={"X-Forwarded-For": ", ".join(chain)}).status_code

    # One proxy is ours: the last address is the caller, whatever the caller wrote before it.
    assert [refused(f"198.51.100.{number}", "203.0.113.9") for number in range(4)] == [401, 401, 401, 429]
    assert refused("203.0.113.9", "198.51.100.7") == 401


def test_the_client_waits_as_long_as_it_is_asked_to(server, clock):
    pauses = []
    seed = server.seed

    def sleep(seconds):
        pauses.append(seconds)
        clock.advance(seconds=seconds)

    client = Client(
        issuer=server.base_url,
        m2m_client_id=seed.m2m_client_id,
        m2m_client_secret=seed.m2m_client_secret,
        audience=server.engine.settings.management_audience[0],
        sleep=sleep,
    )
    with client:
        for _ in range(5):
            client.webhook_endpoints.list()
    assert pauses == [1.0]
