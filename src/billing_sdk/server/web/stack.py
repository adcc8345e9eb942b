"""The order in which every request passes what doors share."""

from __future__ import annotations

from starlette.middleware import Middleware

from billing_sdk.server.settings import Settings
from billing_sdk.server.web.addresses import PlainAddresses
from billing_sdk.server.web.admission import Admission
from billing_sdk.server.web.bodies import BodyLimit
from billing_sdk.server.web.errors import UnexpectedErrors
from billing_sdk.server.web.express import Express, ExpressRoutes
from billing_sdk.server.web.floods import Floods
from billing_sdk.server.web.headers import SecurityHeaders
from billing_sdk.server.web.request_id import RequestId


def middleware(settings: Settings, express: ExpressRoutes) -> list[Middleware]:
    """Return the stack, outermost first; what is served by express passes all of it.

    The id comes first because every answer and every log line carries it; the headers next, so that a failure
    has them too; then the body, so that a refused one is answered like any other error. Admission comes after it:
    who is slow to send does not count as served.
    """
    return [
        Middleware(RequestId),
        Middleware(SecurityHeaders, is_secure=settings.is_secure),
        Middleware(UnexpectedErrors),
        Middleware(Floods),
        Middleware(PlainAddresses),
        Middleware(BodyLimit),
        Middleware(Admission),
        Middleware(Express, routes=express),
    ]
