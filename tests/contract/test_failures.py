"""What happens when something fails that nobody expected: the log knows, and the caller learns nothing."""

from __future__ import annotations

import logging

import httpx
import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Mount, Route

from billing_sdk.server import web
from billing_sdk.server.api.kinde import envelope
from billing_sdk.server.running import bind, origin_of, running
from billing_sdk.server.settings import Settings
from tests.waiting import wait_until

SECRET = "the inside of the server"


def fail():
    raise RuntimeError(SECRET)


def fail_as_page(_request, _engine):
    fail()


@pytest.fixture
def failing():
    """A server whose every route fails, with the stack of the real one."""
    door = FastAPI(exception_handlers=envelope.exception_handlers())
    door.get("/v1/thing")(fail)
    with bind("127.0.0.1", 0) as listener:
        settings = Settings(base_url=origin_of(listener, None), database_url="sqlite://")
        app = Starlette(
            routes=[Route("/page", web.endpoint(fail_as_page)), Mount("/api", app=door)],
            middleware=web.middleware(settings),
            exception_handlers=web.exception_handlers(),
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


def test_a_failure_in_the_door_has_the_doors_shape(failing):
    assert failing.get("/api/v1/thing").json()["errors"][0]["code"] == "SERVER_FAULT"
