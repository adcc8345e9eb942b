"""Cross-site request forgery: a form counts only where a page of ours, in the same browser, has shown it.

Source: OWASP Cross-Site Request Forgery Prevention; W3C Fetch Metadata Request Headers.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

from starlette.requests import Request

from billing_sdk.errors import Forbidden
from billing_sdk.server.domain.identity.application import origin_of
from billing_sdk.server.settings import Settings

CSRF_FIELD = "csrf_token"
REMEDY = "Reload the page and send the form again."


def csrf_token(cookie_key: str) -> str:
    """Return the token for forms of the browser that holds a session, journey or portal key.

    It is derived from the key, which no script and no other site can read, so nothing needs to be stored.
    """
    return hmac.new(cookie_key.encode(), b"csrf", hashlib.sha256).hexdigest()


def check_csrf(request: Request, form: Mapping[str, str], cookie_key: str, settings: Settings) -> None:
    """Let a form pass that carries the token of its own browser and was sent from a page of ours.

    Raises:
        Forbidden: another site sent the form, or it carries no token or a foreign one.
    """
    check_same_origin(request, settings)
    if not hmac.compare_digest(form.get(CSRF_FIELD, "").encode(), csrf_token(cookie_key).encode()):
        raise Forbidden("the form does not come from this browser session", remedy=REMEDY)


def check_same_origin(request: Request, settings: Settings) -> None:
    """Refuse a request that a browser says another site has started.

    Sec-Fetch-Site is asked first: our own Referrer-Policy makes browsers send `Origin: null` with our forms.

    Raises:
        Forbidden: the browser names another origin.
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is not None:
        is_ours = site == "same-origin"
    else:
        is_ours = origin is None or origin_of(origin) == origin_of(settings.base_url)
    if not is_ours:
        raise Forbidden("the form was sent from another site", remedy=REMEDY)
