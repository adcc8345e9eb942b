"""What every door of the server shares at its HTTP edge.

It owns request ids, the bound on a body, security headers, cookies, cross-site request checks, and how an error
is shown. It does not own any route, nor the shape of errors inside a door that has an envelope of its own.
Its times are seconds from now: how long a cookie lives, how long a body may take to arrive.
"""

from billing_sdk.server.web.admission import health_route as health_route
from billing_sdk.server.web.application import Application as Application
from billing_sdk.server.web.billing_gate import pass_billing_gate as pass_billing_gate
from billing_sdk.server.web.client_address import client_address as client_address
from billing_sdk.server.web.cookies import (
    clear_portal_key as clear_portal_key,
    clear_session_key as clear_session_key,
    read_journey_key as read_journey_key,
    read_language as read_language,
    read_portal_key as read_portal_key,
    read_portal_visit as read_portal_visit,
    read_session as read_session,
    read_session_key as read_session_key,
    set_journey_key as set_journey_key,
    set_language as set_language,
    set_portal_key as set_portal_key,
    set_session_key as set_session_key,
)
from billing_sdk.server.web.credentials import authorization_of as authorization_of
from billing_sdk.server.web.csrf import CSRF_FIELD as CSRF_FIELD, check_csrf as check_csrf, csrf_token as csrf_token
from billing_sdk.server.web.endpoint import (
    FORM_TYPE as FORM_TYPE,
    body_of as body_of,
    endpoint as endpoint,
    form_of as form_of,
    query_of as query_of,
)
from billing_sdk.server.web.errors import (
    as_billing_error as as_billing_error,
    as_told as as_told,
    error_headers as error_headers,
    render_error as render_error,
)
from billing_sdk.server.web.extensions import notes_of as notes_of
from billing_sdk.server.web.floods import address_of as address_of
from billing_sdk.server.web.guards import ExpressRoutes as ExpressRoutes, Shapes as Shapes
from billing_sdk.server.web.headers import (
    allow_form_target as allow_form_target,
    allow_frames as allow_frames,
    allow_framing as allow_framing,
    forbid_calls as forbid_calls,
    forget_pages as forget_pages,
    nonce_of as nonce_of,
    share_with_other_sites as share_with_other_sites,
    shut_in as shut_in,
)
from billing_sdk.server.web.outages import database_is_away as database_is_away
from billing_sdk.server.web.plain_page import plain_page as plain_page
from billing_sdk.server.web.request_id import request_id_of as request_id_of
from billing_sdk.server.web.strict_json import read_json as read_json
from billing_sdk.server.web.uploads import UPLOAD_TYPE as UPLOAD_TYPE, Upload as Upload, upload_of as upload_of
