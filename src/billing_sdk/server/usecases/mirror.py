"""What an adapter remembers of the objects at its processor, in the database of this server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from billing_sdk.errors import BillingError
from billing_sdk.server.clock import Clock
from billing_sdk.server.domain.workspace import RemoteKind, RemoteObject
from billing_sdk.server.storage import Database


class DatabaseMirror:
    """The mirror of one app; each call is a transaction of its own, so none of the caller's may be open.

    Args:
        database: where it is kept.
        clock: real time.
        app_id: of the linked account.
    """

    def __init__(self, database: Database, clock: Clock, app_id: str) -> None:
        self._database = database
        self._clock = clock
        self._app_id = app_id

    def find(self, kind: RemoteKind, our_id: str) -> RemoteObject | None:
        """Return what stands for something of ours; None where nothing does."""
        with self._database.look() as tx:
            return tx.remote_objects.find(self._app_id, kind, our_id)

    def our_id(self, kind: RemoteKind, remote_id: str) -> str | None:
        """Return what an object there stands for; None where it is not ours."""
        with self._database.look() as tx:
            return tx.remote_objects.our_id(self._app_id, kind, remote_id)

    def save(
        self,
        kind: RemoteKind,
        our_id: str,
        remote_id: str,
        *,
        fingerprint: str = "",
        detail: Mapping[str, Any] | None = None,
    ) -> RemoteObject:
        """Remember an object, in place of what was known of it."""
        with self._database.begin() as tx:
            before = tx.remote_objects.find(self._app_id, kind, our_id)
            kept: Mapping[str, Any] = {} if before is None else before.detail
            known = RemoteObject(
                app_id=self._app_id,
                kind=kind,
                our_id=our_id,
                remote_id=remote_id,
                fingerprint=fingerprint,
                detail=dict(kept if detail is None else detail),
                synced_at=self._clock.now(),
            )
            tx.remote_objects.save(known)
        return known

    def fail(self, kind: RemoteKind, our_id: str, error: BillingError) -> None:
        """Remember why an object could not be made or changed; one that is there stays known."""
        with self._database.begin() as tx:
            before = tx.remote_objects.find(self._app_id, kind, our_id)
            known = before or RemoteObject(self._app_id, kind, our_id, None)
            said = {"code": error.code, "message": str(error)}
            tx.remote_objects.save(replace(known, status="failed", error=said))
