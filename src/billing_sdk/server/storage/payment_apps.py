"""Payment apps, their secrets sealed and apart from them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, RowMapping, insert, select, update

from billing_sdk._secret import Secret
from billing_sdk.errors import NotFound
from billing_sdk.server.domain.workspace import GatewayKind, PaymentApp, SecretName
from billing_sdk.server.sealing import Sealer
from billing_sdk.server.storage.rows import row_of
from billing_sdk.server.storage.sealed import reseal_column
from billing_sdk.server.storage.tables.gateways import payment_apps

SECRETS: dict[SecretName, Column[Any]] = {
    "api_key": payment_apps.c.sealed_api_key,
    "webhook_secret": payment_apps.c.sealed_webhook_secret,
    "refresh_token": payment_apps.c.sealed_refresh_token,
    "connect_state": payment_apps.c.sealed_connect_state,
}


class PaymentAppRepository:
    """Keeps linked accounts, in the transaction of its connection."""

    def __init__(self, connection: Connection, sealer: Sealer) -> None:
        self._connection = connection
        self._sealer = sealer

    def add(self, app: PaymentApp) -> None:
        """Keep a new app."""
        self._connection.execute(insert(payment_apps).values(row_of(app)))

    def save(self, app: PaymentApp) -> None:
        """Store what has changed about an app."""
        values = row_of(app)
        self._connection.execute(update(payment_apps).where(payment_apps.c.id == values.pop("id")).values(values))

    def find(self, app_id: str) -> PaymentApp | None:
        """Return an app, also a deleted one; None where there is none."""
        row = self._connection.execute(select(payment_apps).where(payment_apps.c.id == app_id)).mappings().first()
        return None if row is None else _from_row(row)

    def get(self, app_id: str) -> PaymentApp:
        """Return an app, also a deleted one.

        Raises:
            NotFound: there is none.
        """
        found = self.find(app_id)
        if found is None:
            raise NotFound(f"there is no app {app_id[:64]!r}")
        return found

    def of_gateway(self, gateway: GatewayKind, *, lock: bool = False) -> PaymentApp | None:
        """Return the linked account of a gateway.

        Args:
            gateway: which one.
            lock: keep others from changing it before the transaction ends.
        """
        query = select(payment_apps).where(payment_apps.c.gateway == gateway, payment_apps.c.deleted_at.is_(None))
        row = self._connection.execute(query.with_for_update() if lock else query).mappings().first()
        return None if row is None else _from_row(row)

    def list(self) -> tuple[PaymentApp, ...]:
        """Return the apps that are not deleted, the oldest first."""
        query = select(payment_apps).where(payment_apps.c.deleted_at.is_(None)).order_by(payment_apps.c.id)
        return tuple(_from_row(row) for row in self._connection.execute(query).mappings())

    def keep_secret(self, app_id: str, name: SecretName, secret: Secret | None) -> None:
        """Keep a secret of an app, sealed; None forgets it."""
        sealed = None if secret is None else self._sealer.seal(secret, place=_place(app_id, name))
        where = payment_apps.c.id == app_id
        self._connection.execute(update(payment_apps).where(where).values({SECRETS[name]: sealed}))

    def secret_of(self, app_id: str, name: SecretName) -> Secret | None:
        """Return a secret of an app; None where none is kept."""
        query = select(SECRETS[name]).where(payment_apps.c.id == app_id)
        sealed = self._connection.execute(query).scalar_one_or_none()
        return None if sealed is None else self._sealer.open(sealed, place=_place(app_id, name))

    def events_listed_at(self, app_id: str) -> datetime | None:
        """Return until when every event of an app's account has come here; None where nobody has asked yet."""
        query = select(payment_apps.c.events_listed_at).where(payment_apps.c.id == app_id)
        found: datetime | None = self._connection.execute(query).scalar_one_or_none()
        return found

    def note_events_listed(self, app_id: str, at: datetime) -> None:
        """Note until when every event of an app's account has come here."""
        where = payment_apps.c.id == app_id
        self._connection.execute(update(payment_apps).where(where).values(events_listed_at=at))

    def reseal(self) -> int:
        """Seal anew what an older key has sealed, and return how many secrets there were."""
        return sum(
            reseal_column(self._connection, self._sealer, column, lambda app_id, name=name: _place(app_id, name))
            for name, column in SECRETS.items()
        )


def _place(app_id: str, name: SecretName) -> str:
    return f"payment_apps/{app_id}/{name}"


def _from_row(row: RowMapping) -> PaymentApp:
    values = {name: row[name] for name in PaymentApp.__slots__}
    return PaymentApp(**{**values, "missing": tuple(row["missing"])})
