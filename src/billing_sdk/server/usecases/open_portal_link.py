"""Open a link into the portal, and stay there for a while."""

from __future__ import annotations

from datetime import timedelta

from billing_sdk.errors import LinkUsed
from billing_sdk.server.domain.visits import PortalVisit as PortalVisit
from billing_sdk.server.ids import digest_of, new_secret
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine

# So that not every page that somebody opens is a write.
NOTED_EVERY = timedelta(minutes=1)


def open_portal_link(engine: Engine, *, key: str) -> PortalVisit:
    """Use a link up and begin a visit; of many who try at once, exactly one gets in.

    Raises:
        LinkUsed: it was used, has expired, or never existed.
    """
    at = engine.now()
    with engine.begin() as tx:
        link = tx.portal_links.take(digest_of(key))
        is_good = link is not None and link.expires_at > at
        if link is not None and is_good:
            tx.audit.record(link.user_id, "portal_link.open", link.user_id, at)
            return begin_visit(
                tx,
                engine,
                user_id=link.user_id,
                org_code=link.org_code,
                sub_nav=link.sub_nav,
                return_url=link.return_url,
            )
    raise LinkUsed


def begin_visit(
    tx: UnitOfWork, engine: Engine, *, user_id: str, org_code: str | None, sub_nav: str, return_url: str | None = None
) -> PortalVisit:
    """Store a new visit of somebody who has proved who they are, and return it."""
    at = engine.now()
    visit = PortalVisit(
        session_key=new_secret(),
        user_id=user_id,
        org_code=org_code,
        sub_nav=sub_nav,
        return_url=return_url,
        expires_at=at,
        ends_at=at + timedelta(seconds=engine.settings.portal_session_seconds),
    ).used(at, idle_seconds=engine.settings.portal_idle_seconds)
    tx.portal_links.add_visit(visit)
    return visit


def find_portal_visit(engine: Engine, *, session_key: str) -> PortalVisit | None:
    """Return the visit that a key belongs to, while it runs; it goes on because it is used."""
    at = engine.now()
    with engine.read() as tx:
        visit = tx.portal_links.find_visit(session_key, at=at)
    if visit is None:
        return None
    used = visit.used(at, idle_seconds=engine.settings.portal_idle_seconds)
    if used.expires_at - visit.expires_at >= NOTED_EVERY:
        with engine.begin() as tx:
            tx.portal_links.prolong_visit(used)
        return used
    return visit


def find_way_back(engine: Engine, *, session_key: str) -> str:
    """Return where somebody whose visit is over goes on to; empty where that is not known, or not allowed any more."""
    with engine.read() as tx:
        url = tx.portal_links.return_url_of(session_key) or ""
        known = tx.applications.list() if url else ()
    return url if any(found.allows_return_to(url) for found in known) else ""


def end_portal_visit(engine: Engine, *, session_key: str) -> None:
    """End a visit; to end one that is over changes nothing."""
    with engine.begin() as tx:
        tx.portal_links.end_visit(session_key)
