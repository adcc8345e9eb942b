"""Webhook endpoints, as rows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, text, update

from billing_sdk._secret import Secret
from billing_sdk.errors import NotFound
from billing_sdk.server.domain.events import DisabledReason, Endpoint, EventForm
from billing_sdk.server.sealing import Sealer
from billing_sdk.server.storage.paging import FIRST_PAGE, Page, PageRequest, read_page
from billing_sdk.server.storage.sealed import reseal_column
from billing_sdk.server.storage.search import file_endpoint, forget
from billing_sdk.server.storage.tables import Instant
from billing_sdk.server.storage.tables.outbox import endpoints, old_secrets

SHOWN = tuple(column for column in endpoints.c if "secret" not in column.name)


class EndpointRepository:
    """Keeps endpoints, in the transaction of its connection; their secrets are sealed, and apart from them."""

    def __init__(self, connection: Connection, sealer: Sealer) -> None:
        self._connection = connection
        self._sealer = sealer

    def add(self, endpoint: Endpoint) -> None:
        """Store a new endpoint."""
        self._connection.execute(insert(endpoints).values(_to_row(endpoint)))
        file_endpoint(self._connection, endpoint)

    def save(self, endpoint: Endpoint) -> None:
        """Store an endpoint that has changed."""
        self._connection.execute(update(endpoints).where(endpoints.c.id == endpoint.id).values(_to_row(endpoint)))
        file_endpoint(self._connection, endpoint)

    def keep_secret(self, endpoint_id: str, secret: Secret) -> None:
        """Keep the secret that an endpoint's bodies are signed with."""
        sealed = self._sealer.seal(secret, place=_place(endpoint_id, "secret"))
        self._connection.execute(update(endpoints).where(endpoints.c.id == endpoint_id).values(sealed_secret=sealed))

    def replace_secret(
        self, endpoint_id: str, secret: Secret, *, at: datetime, old_until: datetime | None = None
    ) -> None:
        """Keep another secret in the place of the present one; the endpoint is locked.

        Args:
            endpoint_id: the endpoint.
            secret: the new secret.
            at: when it takes its place.
            old_until: until when bodies are signed with the present one as well, beside those before it that are not
                over; None ends them all.
        """
        old = old_secrets.c.endpoint_id == endpoint_id
        over = old if old_until is None else old & (old_secrets.c.signs_until <= at)
        self._connection.execute(delete(old_secrets).where(over))
        (present, *_) = self.secrets_of(endpoint_id, at=at)
        if old_until is not None:
            last = self._connection.execute(select(func.max(old_secrets.c.number)).where(old)).scalar()
            values = {
                "endpoint_id": endpoint_id,
                "number": (last or 0) + 1,
                "sealed_secret": self._sealer.seal(present, place=_place(endpoint_id, "old_secret")),
                "signs_until": old_until,
            }
            self._connection.execute(insert(old_secrets).values(values))
        self.keep_secret(endpoint_id, secret)

    def secrets_of(self, endpoint_id: str, *, at: datetime) -> tuple[Secret, ...]:
        """Return the secrets that an endpoint's bodies are signed with at an instant, the newest first."""
        present = select(endpoints.c.sealed_secret).where(endpoints.c.id == endpoint_id)
        sealed = self._connection.execute(present).scalar()
        if sealed is None:
            return ()
        good = (old_secrets.c.endpoint_id == endpoint_id) & (old_secrets.c.signs_until > at)
        before = select(old_secrets.c.sealed_secret).where(good).order_by(old_secrets.c.number.desc())
        return (
            self._sealer.open(sealed, place=_place(endpoint_id, "secret")),
            *(
                self._sealer.open(old, place=_place(endpoint_id, "old_secret"))
                for old in self._connection.execute(before).scalars()
            ),
        )

    def reseal(self) -> int:
        """Seal anew what an older key has sealed, and return how many secrets there were."""
        columns = {"secret": endpoints.c.sealed_secret, "old_secret": old_secrets.c.sealed_secret}
        return sum(
            reseal_column(self._connection, self._sealer, column, lambda id_, *_, name=name: _place(id_, name))
            for name, column in columns.items()
        )

    def note_success(self, endpoint_id: str) -> None:
        """End an endpoint's run of failures."""
        failing = (endpoints.c.id == endpoint_id) & endpoints.c.failing_since.is_not(None)
        self._connection.execute(update(endpoints).where(failing).values(failing_since=None))

    def note_failure(self, endpoint_id: str, *, at: datetime) -> datetime:
        """Begin an endpoint's run of failures if it has none, and return when the run began."""
        since = func.coalesce(endpoints.c.failing_since, at, type_=Instant)
        noted = update(endpoints).where(endpoints.c.id == endpoint_id).values(failing_since=since)
        found = self._connection.execute(noted.returning(endpoints.c.failing_since)).scalar()
        return at if found is None else found

    def disable(self, endpoint_id: str, reason: DisabledReason) -> None:
        """Send an endpoint nothing more until it is enabled again."""
        named = endpoints.c.id == endpoint_id
        self._connection.execute(update(endpoints).where(named).values(is_enabled=False, disabled_reason=reason))

    def remove(self, endpoint_id: str) -> None:
        """Forget an endpoint together with all that waits for it.

        Raises:
            NotFound: there is no such endpoint.
        """
        if not self._connection.execute(delete(endpoints).where(endpoints.c.id == endpoint_id)).rowcount:
            raise NotFound(f"there is no endpoint {endpoint_id[:64]!r}")
        forget(self._connection, "endpoint", endpoint_id)

    def get(self, endpoint_id: str, *formats: EventForm) -> Endpoint:
        """Return an endpoint, of whatever format or of one of some.

        Raises:
            NotFound: there is no such endpoint.
        """
        row = self._connection.execute(select(*SHOWN).where(endpoints.c.id == endpoint_id)).mappings().first()
        if row is None or (formats and row["format"] not in formats):
            raise NotFound(f"there is no endpoint {endpoint_id[:64]!r}")
        return _from_row(row)

    def lock(self, endpoint_id: str, *formats: EventForm) -> Endpoint:
        """Return an endpoint that nobody else changes until this transaction ends.

        Raises:
            NotFound: there is no such endpoint.
        """
        held = select(endpoints.c.id).where(endpoints.c.id == endpoint_id).with_for_update(key_share=True)
        self._connection.execute(held)
        return self.get(endpoint_id, *formats)

    def find_by_url(self, url: str) -> Endpoint | None:
        """Return the oldest endpoint with this address that gets signed tokens."""
        mine = (endpoints.c.url == url) & (endpoints.c.format == "jwt")
        query = select(*SHOWN).where(mine).order_by(endpoints.c.id).limit(1)
        row = self._connection.execute(query).mappings().first()
        return None if row is None else _from_row(row)

    def page(self, wanted: PageRequest = FIRST_PAGE) -> Page[Endpoint]:
        """Return a page of the endpoints of all formats, in the order of their ids."""
        return read_page(self._connection, select(*SHOWN), endpoints.c.id, wanted, _from_row)

    def list(self, *formats: EventForm) -> tuple[Endpoint, ...]:
        """Return all endpoints, or those of some formats, the oldest first."""
        query = select(*SHOWN).order_by(endpoints.c.id)
        if formats:
            query = query.where(endpoints.c.format.in_(formats))
        rows = self._connection.execute(query).mappings()
        return tuple(_from_row(row) for row in rows)

    def count_alone(self) -> int:
        """Return how many endpoints there are; nobody else adds one until this transaction ends."""
        if self._connection.dialect.name == "postgresql":
            self._connection.execute(text("LOCK TABLE webhook_endpoints IN SHARE ROW EXCLUSIVE MODE"))
        return self._connection.execute(select(func.count()).select_from(endpoints)).scalar_one()


def _place(endpoint_id: str, name: str) -> str:
    return f"webhook_endpoints/{endpoint_id}/{name}"


def _to_row(endpoint: Endpoint) -> Mapping[str, Any]:
    return {
        "id": endpoint.id,
        "name": endpoint.name,
        "description": endpoint.description,
        "url": endpoint.url,
        "event_types": list(endpoint.event_types),
        "is_enabled": endpoint.is_enabled,
        "disabled_reason": endpoint.disabled_reason,
        "failing_since": endpoint.failing_since,
        "created_at": endpoint.created_at,
        "format": endpoint.format,
        "api_version": endpoint.api_version,
        "metadata": dict(endpoint.metadata),
    }


def _from_row(row: RowMapping) -> Endpoint:
    return Endpoint(**{**row, "event_types": tuple(row["event_types"])})
