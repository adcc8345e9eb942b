"""Signing out at the provider: GET and POST /logout.

A link on another site must not be able to sign anybody out. So the request is followed at once only where an
application proves by an ID token that it is about a sign-in of its own; in every other case the person is asked. Only
a registered address is ever followed.

Source: OpenID Connect RP-Initiated Logout 1.0, sections 2, 3 and 6.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc6749 import OAuth2Error
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from billing_sdk.server import web
from billing_sdk.server.domain.visits import Session
from billing_sdk.server.ids import digest_of
from billing_sdk.server.oidc.answers import SEE_OTHER
from billing_sdk.server.oidc.clients import Client, find_client
from billing_sdk.server.oidc.hints import read_id_token_hint
from billing_sdk.server.oidc.logout_page import confirm_page, signed_out_page
from billing_sdk.server.usecases.begin_session import end_session
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.open_portal_link import end_portal_visit

# The standard's name, the name that one published client sends, and the name that the documentation gives.
STANDARD_NAME = "post_logout_redirect_uri"
ADDRESS_NAMES = (STANDARD_NAME, "redirect_uri", "redirect")


@dataclass(frozen=True, slots=True)
class LogoutRequest:
    """What a request to sign out says, as far as it can be believed.

    Attributes:
        return_to: where the person goes afterwards; always a registered address.
        user_id: whom the application says that this is about, by an ID token of ours.
    """

    return_to: str | None
    user_id: str | None
    fields: Mapping[str, str] = field(repr=False)

    def is_proven_for(self, session: Session) -> bool:
        """Tell whether it need not be confirmed."""
        return self.user_id == session.user_id


def logout(request: Request, engine: Engine) -> Response:
    """Sign the browser out, at once or after its person has confirmed that.

    Raises:
        Forbidden: a form was sent that is not from this server's own page.
    """
    is_confirmed = request.method == "POST"
    fields = web.form_of(request) if is_confirmed else web.query_of(request)
    wanted = read_logout_request(engine, fields)
    key = web.read_session_key(request, engine.settings)
    session = web.read_session(request, engine)
    if key is None or session is None:
        return _signed_out(request, engine, wanted)
    if is_confirmed:
        web.check_csrf(request, fields, key, engine.settings)
    elif not wanted.is_proven_for(session):
        return confirm_page(request, wanted.fields, csrf_token=web.csrf_token(key), return_to=wanted.return_to)
    end_session(engine, key=key)
    portal_key = web.read_portal_key(request, engine.settings)
    if portal_key is not None:
        end_portal_visit(engine, session_key=portal_key)
    with engine.begin() as tx:
        tx.tokens.revoke_session(digest_of(key), at=engine.now())
    return _signed_out(request, engine, wanted)


def read_logout_request(engine: Engine, fields: Mapping[str, str]) -> LogoutRequest:
    """Return what a request to sign out says; what can't be believed counts as not said."""
    hint = _read_hint(engine, fields)
    client_id = fields.get("client_id") or hint.get("azp")
    client = find_client(engine, client_id) if client_id else None
    name = next((name for name in ADDRESS_NAMES if fields.get(name)), STANDARD_NAME)
    return_to = fields[name] if fields.get(name) in _registered(engine, client, name) else None
    kept = {name: fields[name] for name in ("state", *ADDRESS_NAMES) if name in fields}
    if client is not None:
        kept["client_id"] = client.client_id
    return LogoutRequest(return_to, hint.get("sub"), kept)


def _read_hint(engine: Engine, fields: Mapping[str, str]) -> Mapping[str, str]:
    try:
        claims = read_id_token_hint(engine, fields.get("id_token_hint", ""))
    except OAuth2Error:
        return {}
    return claims if fields.get("client_id") in (None, claims["azp"]) else {}


def _registered(engine: Engine, client: Client | None, name: str) -> frozenset[str]:
    """Return the addresses that a request may lead to.

    Under the standard's name the client has to be known (section 3); published clients that use the other names don't
    say who they are, and their people are asked first.
    """
    if client is not None:
        return frozenset(client.application.logout_redirect_uris)
    if name == STANDARD_NAME:
        return frozenset()
    with engine.read() as tx:
        return frozenset(uri for known in tx.applications.list() for uri in known.logout_redirect_uris)


def _signed_out(request: Request, engine: Engine, wanted: LogoutRequest) -> Response:
    if wanted.return_to is None:
        response: Response = signed_out_page(request)
    else:
        state = [("state", wanted.fields["state"])] if "state" in wanted.fields else []
        response = RedirectResponse(add_params_to_uri(wanted.return_to, state), SEE_OTHER)
    web.clear_session_key(response, engine.settings)
    web.clear_portal_key(response, engine.settings)
    web.forget_pages(response)
    return response
