"""Cookies: the keys by which a browser finds its session, its journey and its portal visit again, and its language.

All are unreadable to scripts, bound to this host (`__Host-`, wherever https is spoken), and not sent with
requests that other sites make, top-level navigation excepted (SameSite=Lax). The server stores only digests.
"""

from __future__ import annotations

from starlette.requests import HTTPConnection
from starlette.responses import Response

from billing_sdk.server.occasion import name_caller
from billing_sdk.server.settings import Settings
from billing_sdk.server.usecases.begin_session import Session, find_session
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.open_portal_link import PortalVisit, find_portal_visit

SESSION = "provider_session"
PORTAL = "provider_portal"
JOURNEY = "provider_journey_"
LANGUAGE = "language"
LANGUAGE_SECONDS = 365 * 86_400
MAX_JOURNEYS = 8


def read_session(connection: HTTPConnection, engine: Engine) -> Session | None:
    """Return the sign-in session of the browser, if it has one that is still running."""
    key = read_session_key(connection, engine.settings)
    session = find_session(engine, key=key) if key else None
    if session is not None:
        name_caller(session.user_id)
    return session


def read_session_key(connection: HTTPConnection, settings: Settings) -> str | None:
    """Return the key of the browser's sign-in session; it may have ended."""
    return connection.cookies.get(_name(settings, SESSION))


def set_session_key(response: Response, settings: Settings, key: str) -> None:
    """Let the browser keep the key of a sign-in session that has just begun."""
    _set(response, settings, SESSION, key, settings.session_seconds)


def clear_session_key(response: Response, settings: Settings) -> None:
    """Let the browser forget its sign-in session."""
    _clear(response, settings, SESSION)


def read_portal_visit(connection: HTTPConnection, engine: Engine) -> PortalVisit | None:
    """Return the portal visit of the browser, if it has one that is still running."""
    key = read_portal_key(connection, engine.settings)
    visit = find_portal_visit(engine, session_key=key) if key else None
    if visit is not None:
        name_caller(visit.user_id, visit.org_code)
    return visit


def read_portal_key(connection: HTTPConnection, settings: Settings) -> str | None:
    """Return the key of the browser's portal visit; it may have ended."""
    return connection.cookies.get(_name(settings, PORTAL))


def set_portal_key(response: Response, settings: Settings, key: str) -> None:
    """Let the browser keep the key of a portal visit."""
    _set(response, settings, PORTAL, key, settings.portal_session_seconds)


def clear_portal_key(response: Response, settings: Settings) -> None:
    """Let the browser forget its portal visit."""
    _clear(response, settings, PORTAL)


def read_journey_key(connection: HTTPConnection, settings: Settings, journey_id: str) -> str | None:
    """Return the key that proves that a journey was begun in this browser."""
    return connection.cookies.get(_name(settings, JOURNEY + journey_id))


def set_journey_key(
    connection: HTTPConnection, response: Response, settings: Settings, journey_id: str, key: str
) -> None:
    """Let the browser keep the key of a journey beside those of its other tabs, the oldest making room."""
    prefix = _name(settings, JOURNEY)
    known = sorted(name for name in connection.cookies if name.startswith(prefix))  # ids sort by age
    for name in known[: max(0, len(known) - MAX_JOURNEYS + 1)]:
        _clear(response, settings, JOURNEY + name.removeprefix(prefix))
    _set(response, settings, JOURNEY + journey_id, key, settings.journey_seconds)


def read_language(connection: HTTPConnection) -> str:
    """Return the language tag that somebody has chosen in this browser; empty where nobody has."""
    return connection.cookies.get(LANGUAGE, "")


def set_language(response: Response, settings: Settings, tag: str) -> None:
    """Let the browser keep the choice of a language."""
    response.set_cookie(
        LANGUAGE,
        tag,
        max_age=LANGUAGE_SECONDS,
        path="/",
        secure=settings.is_secure,
        httponly=True,
        samesite="lax",
    )


def _name(settings: Settings, name: str) -> str:
    return f"__Host-{name}" if settings.is_secure else name


def _set(response: Response, settings: Settings, name: str, value: str, max_age_seconds: int) -> None:
    response.set_cookie(
        _name(settings, name),
        value,
        max_age=max_age_seconds,
        path="/",
        secure=settings.is_secure,
        httponly=True,
        samesite="lax",
    )


def _clear(response: Response, settings: Settings, name: str) -> None:
    response.delete_cookie(_name(settings, name), path="/", secure=settings.is_secure, httponly=True, samesite="lax")
