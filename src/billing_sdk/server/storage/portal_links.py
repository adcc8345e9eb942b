"""One-time portal links, and the visits that they open."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from billing_sdk.server.domain.visits import PortalLink, PortalVisit
from billing_sdk.server.ids import digest_of
from billing_sdk.server.storage.rows import row_of
from billing_sdk.server.storage.tables.visits import portal_links, portal_visits


class PortalLinkRepository:
    """Keeps portal links and visits, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, link: PortalLink) -> None:
        """Store a new link."""
        self._connection.execute(insert(portal_links).values(**row_of(link)))

    def take(self, key_hash: str) -> PortalLink | None:
        """Remove a link and return it: of many who try at once, exactly one gets it."""
        taken = delete(portal_links).where(portal_links.c.key_hash == key_hash).returning(*portal_links.c)
        row = self._connection.execute(taken).mappings().first()
        return None if row is None else PortalLink(**row)

    def add_visit(self, visit: PortalVisit) -> None:
        """Store a new visit, its key as a digest."""
        values = row_of(visit)
        values["key_digest"] = digest_of(values.pop("session_key"))
        self._connection.execute(insert(portal_visits).values(**values))

    def find_visit(self, session_key: str, *, at: datetime) -> PortalVisit | None:
        """Return a visit that is still running."""
        query = select(portal_visits).where(
            portal_visits.c.key_digest == digest_of(session_key), portal_visits.c.expires_at > at
        )
        row = self._connection.execute(query).mappings().first()
        if row is None:
            return None
        values = dict(row)
        del values["key_digest"]
        return PortalVisit(session_key=session_key, **values)

    def return_url_of(self, session_key: str) -> str | None:
        """Return where the way back of a visit leads, also when its time is over; None where nothing is known of it."""
        query = select(portal_visits.c.return_url).where(portal_visits.c.key_digest == digest_of(session_key))
        return self._connection.execute(query).scalar()

    def prolong_visit(self, visit: PortalVisit) -> None:
        """Store when a visit that was used is over; one that has ended meanwhile stays ended."""
        named = portal_visits.c.key_digest == digest_of(visit.session_key)
        self._connection.execute(update(portal_visits).where(named).values(expires_at=visit.expires_at))

    def end_visit(self, session_key: str) -> None:
        """End a visit, if it is there."""
        self._connection.execute(delete(portal_visits).where(portal_visits.c.key_digest == digest_of(session_key)))

    def end_visits_of(self, user_id: str, *, spares: str | None = None) -> None:
        """End every visit of a person, but for one that is known by the digest of its key; unused links go as well."""
        ended = portal_visits.c.user_id == user_id
        if spares is not None:
            ended &= portal_visits.c.key_digest != spares
        self._connection.execute(delete(portal_visits).where(ended))
        self._connection.execute(delete(portal_links).where(portal_links.c.user_id == user_id))

    def forget_expired(self, *, at: datetime) -> None:
        """Remove what is over."""
        for table in (portal_links, portal_visits):
            self._connection.execute(delete(table).where(table.c.expires_at <= at))
