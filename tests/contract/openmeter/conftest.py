"""One server for the tests of the door that OpenMeter clients use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from billing_sdk.server.usecases.api_tokens import create_api_token
from tests.in_process import InProcess, in_process


class Door:
    """Sends requests with an API token that has every scope."""

    def __init__(self, client: InProcess) -> None:
        self.engine = client.engine
        self._client = client
        self._token = create_api_token(client.engine, name="tests").secret.reveal()
        self._count = 0

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Send one request, and return the status and the body of the answer."""
        sent = {} if body is None else {"json": body}
        given = {"Authorization": f"Bearer {self._token}", **headers}
        answer = self._client.request(method, path, headers=given, **sent)
        return answer.status_code, answer.json() if answer.content else None

    def got(self, path: str) -> Any:
        """Return what there is at a path."""
        status, body = self.send("GET", path)
        assert status == 200, body
        return body

    def made(self, path: str, body: Any, status: int = 201) -> Any:
        """Return what a POST of a good body makes."""
        found, told = self.send("POST", path, body)
        assert found == status, told
        return told

    def name(self, prefix: str) -> str:
        """Return a key that nobody has had."""
        self._count += 1
        return f"{prefix}_{self._count}"

    def customer(self) -> str:
        """Return the key of a new customer."""
        key = self.name("acme")
        self.made("/api/v1/customers", {"name": key, "key": key, "usageAttribution": {"subjectKeys": [f"{key}-app"]}})
        return key

    def metered(self) -> str:
        """Return the key of a new feature, and of the meter that counts its units by models."""
        key = self.name("tokens")
        meter = {"slug": key, "aggregation": "SUM", "eventType": key, "valueProperty": "$.units"}
        self.made("/api/v1/meters", {**meter, "groupBy": {"model": "$.model"}})
        self.made("/api/v1/features", {"key": key, "name": key, "meterSlug": key})
        return key

    def use(self, feature: str, subject: str, units: int, model: str = "large") -> str:
        """Report that something was used, and return the id of the event."""
        event_id = self.name("event")
        event = {"specversion": "1.0", "id": event_id, "source": "tests", "type": feature, "subject": subject}
        status, told = self.send("POST", "/api/v1/events", {**event, "data": {"units": units, "model": model}})
        assert status == 204, told
        return event_id


@pytest.fixture(scope="package")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """The door of a server with the demo catalogue."""
    database_url = f"sqlite:///{tmp_path_factory.mktemp('openmeter') / 'billing.db'}"
    with in_process(database_url, "http://127.0.0.1:3000") as client:
        yield Door(client)
