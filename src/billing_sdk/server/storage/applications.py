"""Applications."""

from __future__ import annotations

from sqlalchemy import Connection, RowMapping, select

from billing_sdk.errors import NotFound
from billing_sdk.server.domain.identity import Application
from billing_sdk.server.storage.rows import row_of
from billing_sdk.server.storage.search import file_application
from billing_sdk.server.storage.tables.identity import applications
from billing_sdk.server.storage.upsert import upsert


class ApplicationRepository:
    """Keeps applications, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def save(self, application: Application, *, secret_digest: str | None = None) -> None:
        """Store a new or changed application; without a new secret it keeps the one that it has."""
        values = row_of(application)
        if secret_digest is not None:
            values["secret_digest"] = secret_digest
        changes = {name: value for name, value in values.items() if name != "client_id"}
        self._connection.execute(upsert(self._connection, applications, values, changes))
        file_application(self._connection, application)

    def get(self, client_id: str) -> Application:
        """Return an application.

        Raises:
            NotFound: there is no such application.
        """
        application = self.find(client_id)
        if application is None:
            raise NotFound(f"there is no application {client_id[:64]!r}")
        return application

    def lock(self, client_id: str) -> Application:
        """Return an application, which nobody else changes before the transaction ends.

        Raises:
            NotFound: there is no such application.
        """
        mine = applications.c.client_id == client_id
        self._connection.execute(select(applications.c.client_id).where(mine).with_for_update())
        return self.get(client_id)

    def find(self, client_id: str) -> Application | None:
        """Return an application, if there is one with this id."""
        row = self._connection.execute(select(applications).where(applications.c.client_id == client_id))
        found = row.mappings().first()
        return None if found is None else _from_row(found)

    def find_secret_digest(self, client_id: str) -> str | None:
        """Return the digest of an application's secret, to be compared in constant time."""
        found = select(applications.c.secret_digest).where(applications.c.client_id == client_id)
        return self._connection.execute(found).scalar()

    def list(self) -> tuple[Application, ...]:
        """Return all applications."""
        rows = self._connection.execute(select(applications).order_by(applications.c.client_id)).mappings()
        return tuple(_from_row(row) for row in rows)


def _from_row(row: RowMapping) -> Application:
    return Application(
        client_id=row["client_id"],
        name=row["name"],
        kind=row["kind"],
        redirect_uris=tuple(row["redirect_uris"]),
        logout_redirect_uris=tuple(row["logout_redirect_uris"]),
        scopes=tuple(row["scopes"]),
        is_confidential=row["is_confidential"],
        requires_pkce=row["requires_pkce"],
    )
