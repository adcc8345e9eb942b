"""The way into the portal, a one-time link that only a person uses up, and the way out."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from billing_sdk.errors import LinkUsed
from billing_sdk.server import web
from billing_sdk.server.pages.messages import application_for, show_message
from billing_sdk.server.pages.portal.desk import open_desk
from billing_sdk.server.pages.rendering import show
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.open_portal_link import end_portal_visit, open_portal_link
from billing_sdk.server.words import phrase


def show_entry(request: Request, engine: Engine) -> Response:
    """Show a page with one button.

    Mail scanners and previews follow links; they do not send forms. So opening the page leaves the link as it is.
    """
    key = web.query_of(request).get("key", "")
    if not key:
        raise LinkUsed("the link is incomplete")
    return show(
        request, "portal/open.html", application=application_for(engine), key=key, csrf_token=web.csrf_token(key)
    )


def enter(request: Request, engine: Engine) -> Response:
    """Use the link up and open the portal at the section that it names."""
    fields = web.form_of(request)
    key = fields.get("key", "")
    # The browser has no cookie of ours yet: what counts is that the form was sent from a page of this server.
    web.check_csrf(request, fields, key, engine.settings)
    try:
        visit = open_portal_link(engine, key=key)
    except LinkUsed:
        raise LinkUsed("the link was used before, or its time is over") from None
    earlier = web.read_portal_key(request, engine.settings)
    if earlier:
        end_portal_visit(engine, session_key=earlier)
    response = RedirectResponse(f"/portal/{visit.sub_nav}", 303)
    web.set_portal_key(response, engine.settings, visit.session_key)
    return response


def leave(request: Request, engine: Engine) -> Response:
    """End the visit in this browser."""
    desk = open_desk(request, engine, "user", "leave")
    web.check_csrf(request, web.form_of(request), desk.session_key, engine.settings)
    end_portal_visit(engine, session_key=desk.session_key)
    response = show_message(
        request,
        headline=phrase("You have signed out"),
        detail=phrase("Nobody can open your account from this browser without a new link."),
        application=desk.application,
        return_url=desk.return_url,
    )
    web.clear_portal_key(response, engine.settings)
    web.forget_pages(response)
    return response
