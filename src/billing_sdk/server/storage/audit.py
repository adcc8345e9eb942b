"""The audit: who did what to what, and what it looked like before and after."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from billing_sdk.server.storage.tables.visits import audit_records


class AuditRepository:
    """Appends to the audit, in the transaction of its connection; a trigger refuses to change what is there."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def record(
        self,
        actor: str,
        action: str,
        subject: str,
        at: datetime,
        before: Any = None,
        after: Any = None,
        request_id: str | None = None,
    ) -> None:
        """Record what was done, or refused.

        Args:
            actor: who, such as `user`, `api` or a user's id.
            action: what, such as `agreement.create` or `charge.declined`.
            subject: the id of the thing.
            at: when.
            before: a dataclass or mapping as it was; only a digest of it is kept.
            after: the same as it is now.
            request_id: what finds the request in the log.
        """
        self._connection.execute(
            insert(audit_records).values(
                at=at,
                actor=actor,
                action=action,
                subject=subject,
                before_digest=_digest(before),
                after_digest=_digest(after),
                request_id=request_id,
            )
        )

    def of(self, subject: str) -> tuple[Mapping[str, Any], ...]:
        """Return the records about one thing, the oldest first."""
        query = select(audit_records).where(audit_records.c.subject == subject).order_by(audit_records.c.position)
        return tuple(dict(row) for row in self._connection.execute(query).mappings())


def _digest(state: Any) -> str | None:
    if state is None:
        return None
    content = asdict(state) if is_dataclass(state) and not isinstance(state, type) else state
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()
