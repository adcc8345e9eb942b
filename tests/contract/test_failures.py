"""What happens when something fails that nobody expected: the log knows, and the caller learns nothing."""

from __future__ import annotations

import logging

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError, TimeoutError as PoolTimeout
from starlette.routing import Mount, Route

from billing_sdk.errors import ConfigurationError
from billing_sdk.server import web
from billing_sdk.server.api.kinde import envelope
from billing_sdk.server.pages import messages
from billing_sdk.server.pages.messages import page
from billing_sdk.server.running import bind, origin_of, running
from billing_sdk.server.settings import Settings
from billing_sdk.server.web import outages
from tests.waiting import wait_until

SECRET = "the inside of the server"


def fail():
    raise RuntimeError(SECRET)


def find_wrong_setting():
    raise ConfigurationError(SECRET, remedy="Look at " + SECRET, setting=SECRET)


def find_wrong_setting_as_page(_request, _engine):
    find_wrong_setting()


def lose_database():
    raise OperationalError("SELECT " + SECRET, {"value": SECRET}, ConnectionError(SECRET))


def lose_database_as_page(_request, _engine):
    lose_database()


def state_nonsense():
    with create_engine("sqlite://", hide_parameters=True).connect() as connection:
        connection.exec_driver_sql("SELECT * FROM nowhere")


def state_nonsense_as_page(_request, _engine):
    state_nonsense()


def find_no_connection():
    raise PoolTimeout(SECRET)


def fail_as_page(_request, _engine):
    fail()


@pytest.fixture
def failing(monkeypatch):
    """A server whose every route fails, with the stack of the real one."""
    monkeypatch.setattr(messages, "application_for", lambda _engine: "Demo")
    door = FastAPI(exception_handlers=envelope.exception_handlers())
    door.get("/v1/thing")(fail)
    door.get("/v1/lost")(lose_database)
    door.get("/v1/wrong")(state_nonsense)
    door.get("/v1/full")(find_no_connection)
    door.get("/v1/setting")(find_wrong_setting)
    with bind("127.0.0.1", 0) as listener:
        settings = Settings(base_url=origin_of(listener, None), database_url="sqlite://")
        app = web.Application(
            [
                Route("/page", web.endpoint(fail_as_page)),
                Route("/setting", web.endpoint(find_wrong_setting_as_page)),
                Route("/setting-of-a-page", page(find_wrong_setting_as_page)),
                Route("/lost", web.endpoint(lose_database_as_page)),
                Route("/wrong", web.endpoint(state_nonsense_as_page)),
                Route("/lost-page", page(lose_database_as_page)),
                Mount("/api", app=door),
            ],
            is_secure=settings.is_secure,
        )
        app.state.engine = None
        with running(app, listener), httpx.Client(base_url=settings.base_url) as client:
            yield client


@pytest.mark.attack(133)
@pytest.mark.parametrize(
    ("path", "accept", "media_type"),
    [
        ("/page", "application/json", "application/problem+json"),
        ("/page", "text/html", "text/html; charset=utf-8"),
        ("/api/v1/thing", "application/json", "application/json"),
    ],
)
def test_a_failure_is_logged_under_the_request_id_that_the_caller_gets(failing, caplog, path, accept, media_type):
    with caplog.at_level(logging.ERROR, "billing_sdk.server"):
        answer = failing.get(path, headers={"Accept": accept})
    assert answer.status_code == 500
    assert answer.headers["content-type"] == media_type
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert SECRET not in answer.text
    assert "RuntimeError" not in answer.text
    assert answer.headers["x-request-id"] in answer.text
    [record] = wait_until(lambda: [found for found in caplog.records if found.name == "billing_sdk.server"])
    assert answer.headers["x-request-id"] in record.getMessage()
    assert record.exc_info


@pytest.mark.attack(133)
@pytest.mark.parametrize("accept", ["application/json", "text/html"])
@pytest.mark.parametrize("path", ["/setting", "/setting-of-a-page", "/api/v1/setting"])
def test_what_is_wrong_with_the_settings_is_told_to_the_log_alone(failing, caplog, path, accept):
    with caplog.at_level(logging.ERROR, "billing_sdk.server"):
        answer = failing.get(path, headers={"Accept": accept})
    assert answer.status_code == 500
    assert SECRET not in answer.text
    assert "onfiguration" not in answer.text
    assert "Report this with the request id" in answer.text
    [record] = wait_until(lambda: [found for found in caplog.records if found.name == "billing_sdk.server"])
    assert answer.headers["x-request-id"] in record.getMessage()
    assert SECRET in caplog.text


@pytest.mark.attack(133)
@pytest.mark.parametrize("accept", ["application/json", "text/html"])
@pytest.mark.parametrize("path", ["/lost", "/lost-page", "/api/v1/lost", "/api/v1/full"])
def test_while_the_database_is_away_callers_hear_when_to_come_back_and_the_log_hears_once(
    failing, caplog, path, accept, monkeypatch
):
    monkeypatch.setattr(outages, "present", outages.Outage())
    with caplog.at_level(logging.ERROR, "billing_sdk.server"):
        answers = [failing.get(path, headers={"Accept": accept}) for _ in range(3)]
    assert {(answer.status_code, answer.headers["retry-after"]) for answer in answers} == {(503, "5")}
    assert all(SECRET not in answer.text and "SELECT" not in answer.text for answer in answers)
    [record] = [found for found in caplog.records if found.name == "billing_sdk.server"]
    assert SECRET not in record.getMessage()
    assert not record.exc_info


@pytest.mark.parametrize("path", ["/wrong", "/api/v1/wrong"])
def test_a_statement_that_is_wrong_is_no_outage(failing, caplog, path):
    with caplog.at_level(logging.ERROR, "billing_sdk.server"):
        answer = failing.get(path, headers={"Accept": "application/json"})
    assert answer.status_code == 500
    [record] = wait_until(lambda: [found for found in caplog.records if found.name == "billing_sdk.server"])
    assert record.exc_info


def test_a_failure_in_the_door_has_the_doors_shape(failing):
    assert failing.get("/api/v1/thing").json()["errors"][0]["code"] == "SERVER_FAULT"
