"""The audit: who did what to what, and what it looked like before and after.

Each record carries a MAC over all of its fields, so that none can be made up or changed by whoever has the database
and not the sealing key. Records that are committed get a link each, in order, which covers the one before: none can
be taken away or put elsewhere. Links are made by one process at a time and after the fact, so writers never wait for
one another.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from pydantic_core import to_json
from sqlalchemy import Connection, Row, RowMapping, exists, func, insert, select, text

from billing_sdk.server.ids import new_id
from billing_sdk.server.occasion import current_occasion
from billing_sdk.server.storage.audit_changes import changes_between
from billing_sdk.server.storage.later import Later
from billing_sdk.server.storage.seeds import SeedRepository
from billing_sdk.server.storage.tables.visits import audit_links, audit_records

SEED = "audit"
FIRST = "0" * 64
BATCH = 1_000
LOOKED_AT = 20_000
# A transaction that commits after so many later ones have got their links waits for the nightly check.
LOOK_BACK = 100_000
# Any number that nothing else on the same PostgreSQL server takes an advisory lock on.
LINK_LOCK = 0x61756469
SIGNED = ("id", "actor", "caller", "tenant", "action", "subject", "before_digest", "after_digest", "request_id")


@dataclass(frozen=True, slots=True)
class Head:
    """The last link: whoever keeps it elsewhere notices if the end of the audit is cut off."""

    number: int = 0
    link: str = FIRST


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was recorded of one act, with the thing as it was and is: what may be told of it follows from that."""

    action: str
    subject: str
    at: datetime
    before: Any
    after: Any


class AuditFilter(NamedTuple):
    """Which records are wanted; None is any.

    Attributes:
        noun: what was acted on: the part of the action before its point.
        since: they were made at this instant or later.
        until: they were made before this one.
    """

    actor: str | None = None
    noun: str | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class AuditPage(NamedTuple):
    """Some records; `before` is the position that the next page ends before, None where there is no more."""

    records: tuple[Mapping[str, Any], ...]
    before: int | None


class AuditRepository:
    """Appends to the audit, in the transaction of its connection; a trigger refuses to change what is there.

    Attributes:
        heard: is told of every record of this transaction.
    """

    def __init__(self, connection: Connection, later: Later, seeds: SeedRepository) -> None:
        self._connection = connection
        self._later = later
        self._seeds = seeds
        self.now: Callable[[], datetime] | None = None
        self.heard: Callable[[Recorded], None] | None = None

    def record(
        self,
        actor: str,
        action: str,
        subject: str,
        at: datetime,
        before: Any = None,
        after: Any = None,
    ) -> None:
        """Record what was done, or refused; request, caller and tenant are those of the present occasion.

        Args:
            actor: who, such as `user`, `api` or a user's id.
            action: what, such as `agreement.create` or `charge.declined`.
            subject: the id of the thing.
            at: when; real time takes its place where it is known, since a customer's own may stand still.
            before: a dataclass or mapping as it was; a keyed digest of it is kept, and what `changes_between` tells.
            after: the same as it is now.
        """
        occasion = current_occasion()
        values = {
            "id": new_id("audit"),
            "at": at if self.now is None else self.now(),
            "actor": actor,
            "caller": occasion.caller,
            "tenant": occasion.tenant,
            "action": action,
            "subject": subject,
            "before_digest": self._digest(before),
            "after_digest": self._digest(after),
            "request_id": occasion.request_id,
            "changed": changes_between(action, before, after),
        }
        self._later.insert(audit_records, {**values, "mac": record_mac(self._key(), values)})
        if self.heard is not None:
            self.heard(Recorded(action, subject, at, before, after))

    def pseudonym(self, personal: str) -> str:
        """Return what stands in a record for something personal, such as an e-mail address that nobody may have."""
        return _mac(self._key(), "subject", personal)

    def of(self, subject: str) -> tuple[Mapping[str, Any], ...]:
        """Return the records about one thing, the oldest first."""
        self._later.flush()
        query = select(audit_records).where(audit_records.c.subject == subject).order_by(audit_records.c.position)
        return tuple(dict(row) for row in self._connection.execute(query).mappings())

    def page(self, wanted: AuditFilter, *, before: int | None, size: int) -> AuditPage:
        """Return some records, the newest first, and where the next page begins; a page may be short, and still go on.

        Args:
            wanted: which records.
            before: the position that the page ends before; None begins with the newest.
            size: how many at most.
        """
        self._later.flush()
        newest = self._newest_of(wanted.until) if before is None else before - 1
        if newest is None:
            return AuditPage((), None)
        # So many are looked at for one page, however few of them fit, where no index has them in this order.
        oldest = max(0, newest - LOOKED_AT)
        is_of_actor = wanted.actor is not None and wanted.noun is None
        is_indexed = wanted.since is None and (is_of_actor or wanted.subject is not None)
        fits = [audit_records.c.position <= newest]
        if not is_indexed:
            fits.append(audit_records.c.position > oldest)
        if wanted.actor is not None:
            fits.append(audit_records.c.actor == wanted.actor)
        if wanted.subject is not None:
            fits.append(audit_records.c.subject == wanted.subject)
        if wanted.noun is not None:
            fits.append(audit_records.c.action.startswith(f"{wanted.noun}.", autoescape=True))
        if wanted.since is not None:
            fits.append(audit_records.c.at >= wanted.since)
        query = select(audit_records).where(*fits).order_by(audit_records.c.position.desc()).limit(size)
        rows = tuple(dict(row) for row in self._connection.execute(query).mappings())
        if len(rows) == size:
            return AuditPage(rows, rows[-1]["position"])
        is_over = is_indexed or oldest == 0 or not self._goes_on(oldest, wanted.since)
        return AuditPage(rows, None if is_over else oldest + 1)

    def _newest_of(self, until: datetime | None) -> int | None:
        """Return the position of the last record before an instant; None where there is none."""
        query = select(audit_records.c.position)
        if until is not None:
            query = query.where(audit_records.c.at < until).order_by(audit_records.c.at.desc())
        query = query.order_by(audit_records.c.position.desc()).limit(1)
        found: int | None = self._connection.execute(query).scalar()
        return found

    def _goes_on(self, position: int, since: datetime | None) -> bool:
        """Tell whether records up to a position may be about a time."""
        if since is None:
            return True
        query = select(audit_records.c.at).where(audit_records.c.position <= position)
        at = self._connection.execute(query.order_by(audit_records.c.position.desc()).limit(1)).scalar()
        return at is not None and at >= since

    def link_new(self, *, everything: bool = False) -> Head:
        """Link every committed record that has no link yet, and return the head.

        Args:
            everything: look through the whole audit, not only where new records are to be expected.
        """
        self._later.flush()
        if self._connection.dialect.name == "postgresql":
            self._connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LINK_LOCK})
        head = self.head()
        while records := self._unlinked(0 if everything else self._newest_linked() - LOOK_BACK):
            rows = []
            for record in records:
                head = Head(head.number + 1, link_after(self._key(), head, record.position, record.mac))
                rows.append({"number": head.number, "position": record.position, "link": head.link})
            self._connection.execute(insert(audit_links), rows)
        return head

    def head(self) -> Head:
        """Return the last link."""
        query = select(audit_links.c.number, audit_links.c.link).order_by(audit_links.c.number.desc()).limit(1)
        found = self._connection.execute(query).first()
        return Head() if found is None else Head(found.number, found.link)

    def holds(self, head: Head) -> bool:
        """Tell whether a link that was seen before is still there."""
        query = select(audit_links.c.link).where(audit_links.c.number == head.number)
        found = self._connection.execute(query).scalar()
        return head.number == 0 or (found is not None and hmac.compare_digest(found, head.link))

    def linked(self) -> Iterator[Row[Any]]:
        """Yield every link with its record, whose fields are None where it is gone, in their order."""
        self._later.flush()
        joined = audit_links.outerjoin(audit_records, audit_records.c.position == audit_links.c.position)
        query = select(
            audit_links.c.number, audit_links.c.link, audit_links.c.position.label("linked_position"), audit_records
        ).select_from(joined)
        ordered = query.order_by(audit_links.c.number).execution_options(yield_per=BATCH)
        yield from self._connection.execute(ordered)

    def unlinked(self) -> Iterator[Row[Any]]:
        """Yield the records that have no link yet, in their order."""
        self._later.flush()
        query = select(audit_records).where(~_has_link()).order_by(audit_records.c.position)
        yield from self._connection.execute(query.execution_options(yield_per=BATCH))

    def is_genuine(self, record: Mapping[str, Any] | RowMapping) -> bool:
        """Tell whether a record is as it was written by a server with this key."""
        return hmac.compare_digest(str(record["mac"]), record_mac(self._key(), record))

    def next_head(self, head: Head, position: int, mac: str) -> Head:
        """Return the link that has to follow."""
        return Head(head.number + 1, link_after(self._key(), head, position, mac))

    def _unlinked(self, after: int) -> list[Row[Any]]:
        query = select(audit_records.c.position, audit_records.c.mac).where(
            audit_records.c.position > after, ~_has_link()
        )
        return list(self._connection.execute(query.order_by(audit_records.c.position).limit(BATCH)))

    def _newest_linked(self) -> int:
        return int(self._connection.execute(select(func.coalesce(func.max(audit_links.c.position), 0))).scalar_one())

    def _key(self) -> bytes:
        return self._seeds.get(SEED).reveal().encode()

    def _digest(self, state: Any) -> str | None:
        if state is None:
            return None
        # Keyed: a digest of somebody's address alone could be found by trying addresses.
        return _mac(self._key(), "state", to_json(state, fallback=_in_json).decode())


def record_mac(key: bytes, record: Mapping[str, Any] | RowMapping) -> str:
    """Return the MAC of a record's fields; one that names no changes is written as before there were any."""
    at: datetime = record["at"]
    fields = [at.astimezone(UTC).isoformat(), *(record[name] for name in SIGNED)]
    if record.get("changed") is not None:
        fields.append(record["changed"])
    return _mac(key, "record", json.dumps(fields))


def link_after(key: bytes, head: Head, position: int, mac: str) -> str:
    """Return the link of a record that follows another."""
    return _mac(key, "link", json.dumps([head.number + 1, head.link, position, mac]))


def _mac(key: bytes, purpose: str, content: str) -> str:
    return hmac.digest(key, f"{purpose}\0{content}".encode(), hashlib.sha256).hex()


def _in_json(value: Any) -> Any:
    """Return what stands for a value that JSON does not know."""
    return dict(value) if isinstance(value, Mapping) else str(value)


def _has_link() -> Any:
    return exists().where(audit_links.c.position == audit_records.c.position).correlate(audit_records)
