"""An operator at the dashboard of a server without a socket, with the world that pages are looked at in."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx

from billing_sdk.server.app import create_app
from billing_sdk.server.settings import NO_LIMITS, Settings
from billing_sdk.server.web import csrf_token
from billing_sdk.server.web.cookies import SESSION
from tests.databases import begin_migrated
from tests.every_route import filled
from tests.in_process import InProcess
from tests.world import World, world

BASE_URL = "http://127.0.0.1:3000"


class Operator:
    """Asks for pages and sends their forms, as somebody who has signed in."""

    def __init__(self, client: InProcess, made: World) -> None:
        self._client = client
        self.made = made
        self.engine = made.engine
        self.ids = made.ids
        self.cookies = made.cookies["operator"]

    def path(self, template: str) -> str:
        """Return an address with ids of the world in it."""
        return filled(template, self.ids.__getitem__)

    def get(self, template: str, **parameters: str) -> httpx.Response:
        """Ask for a page."""
        query = f"?{urlencode(parameters)}" if parameters else ""
        return self._client.get(self.path(template) + query, cookies=self.cookies, headers={"Accept": "text/html"})

    def text(self, template: str, **parameters: str) -> str:
        """Return what a page says, without its markup."""
        answer = self.get(template, **parameters)
        assert answer.status_code == 200, answer.text
        return plain(answer)

    def post(self, template: str, **fields: str) -> httpx.Response:
        """Send a form."""
        return self.send(self.path(template), {"csrf_token": csrf_token(self.cookies[SESSION]), **fields})

    def send(self, address: str, body: Mapping[str, str]) -> httpx.Response:
        """Send a form as it stands on a page."""
        return self._client.request(
            "POST",
            address,
            data=dict(body),
            cookies=self.cookies,
            headers={"Accept": "text/html", "Origin": BASE_URL},
        )


def plain(answer: httpx.Response) -> str:
    """Return what stands in the content of a page, without its markup."""
    main = answer.text.partition("<main")[2].partition("</main>")[0]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", f"<{main}")))


@contextmanager
def at_the_dashboard(folder: Path) -> Iterator[Operator]:
    """Yield an operator for the length of a `with` block."""
    url = f"sqlite:///{folder / 'billing.db'}"
    begin_migrated(url)
    limits: dict[str, Any] = dict(NO_LIMITS)
    app = create_app(Settings(BASE_URL, url, **limits), delivers=False)
    try:
        with asyncio.Runner() as runner:
            made = world(app.state.engine)
            yield Operator(InProcess(app, made.seed, BASE_URL, runner), made)
    finally:
        app.state.engine.database.close()
