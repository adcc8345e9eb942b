"""Own pages: the HTML, style sheet and script that operators put around pages of a sign-up, as a draft and live."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from billing_sdk.errors import InvalidRequest, PayloadTooLarge, PreconditionFailed, RouteNotFound
from billing_sdk.server import web
from billing_sdk.server.domain.workspace import PAGE_NAMES, OwnPage, PageCode, PageName
from billing_sdk.server.domain.workspace.own_code import MOST_CHARACTERS, faults_of
from billing_sdk.server.domain.workspace.own_html import Fault
from billing_sdk.server.pages.dashboard.seat import Seat, seat_route
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.pages.preview import NAMES, show_preview
from billing_sdk.server.usecases.own_pages import publish_own_page, revert_own_page, save_draft
from billing_sdk.server.usecases.versions import version_of
from billing_sdk.server.words import Phrase, phrase

OWN_PAGES: Final = "/dashboard/pages"
# What an empty editor begins with.
EXAMPLE: Final = """<header class="acme-top"><billing-logo></billing-logo></header>
<billing-content></billing-content>
<footer><billing-language-switch></billing-language-switch></footer>"""


def words_of_fault(part: str, fault: Fault) -> Phrase:
    """Return what is said of something that is left out, or that a browser stops."""
    found, line = fault.found, fault.line
    match part, fault.kind:
        case "html", "script":
            return phrase("Line %(line)s: scripts in HTML are left out; write them in the script below.", line=line)
        case "html", "style":
            return phrase(
                "Line %(line)s: styles in HTML (%(found)s) are left out; write them in the style sheet below.",
                line=line,
                found=found,
            )
        case "html", "handler":
            return phrase(
                "Line %(line)s: %(found)s is left out; listen to the event in the script below.", line=line, found=found
            )
        case _, "foreign":
            return phrase(
                "Line %(line)s: %(found)s is on another host, and pages load nothing from there.",
                line=line,
                found=found,
            )
        case "html", "address":
            return phrase("Line %(line)s: the address %(found)s is left out.", line=line, found=found)
        case "html", _:
            return phrase("Line %(line)s: %(found)s is left out.", line=line, found=found)
        case _:
            return phrase("Line %(line)s: browsers stop %(found)s on these pages.", line=line, found=found)


def list_own_pages(seat: Seat) -> Response:
    """Show the pages that operators can put something around."""
    with seat.engine.read() as tx:
        written = tx.own_pages.list()
    pages = [(name, NAMES[name], written.get(name, OwnPage(name))) for name in PAGE_NAMES]
    return seat.show("own_pages", pages=pages)


def show_own_page(seat: Seat) -> Response:
    """Show the draft of a page, and what a browser stops of it."""
    own = _own_page(seat)
    code = own.draft
    form = Form({"html": code.html, "css": code.css, "js": code.js, "version": version_of(own)})
    return _editor(seat, own, form, code)


def save_own_page(seat: Seat, form: Form) -> Response:
    """Store a draft, put it live, or drop it, as the button says."""
    own = _own_page(seat)
    actor, url = seat.operator.id, f"{OWN_PAGES}/{own.name}"
    code = PageCode(form.text("html"), form.text("css"), form.text("js"))
    try:
        if form.text("revert"):
            revert_own_page(seat.engine, name=own.name, versions=form.versions(), actor=actor)
            return seat.go_to(url, "own_page_reverted")
        save_draft(seat.engine, name=own.name, code=code, versions=form.versions(), actor=actor)
    except (InvalidRequest, PreconditionFailed, PayloadTooLarge) as error:
        return _editor(seat, own, form.refused(error), code)
    if form.text("publish"):
        publish_own_page(seat.engine, name=own.name, actor=actor)
        return seat.go_to(url, "own_page_live")
    return seat.go_to(url, "own_page_saved")


def preview_own_page(seat: Seat) -> Response:
    """Show a page with its draft; in a tab of its own the script runs, in the editor's frame it does not."""
    is_framed = bool(seat.request.query_params.get("framed"))
    return show_preview(seat.request, seat.engine, _name(seat), stage="draft", is_framed=is_framed)


def _editor(seat: Seat, own: OwnPage, form: Form, code: PageCode) -> Response:
    web.allow_frames(seat.request)
    faults = {
        part: [words_of_fault(part, fault) for fault in found[:20]] for part, found in faults_of(code).items() if found
    }
    return seat.show(
        "own_page", form, own=own, title=NAMES[own.name], faults=faults, example=EXAMPLE, most=MOST_CHARACTERS
    )


def _own_page(seat: Seat) -> OwnPage:
    with seat.engine.read() as tx:
        return tx.own_pages.get(_name(seat))


def _name(seat: Seat) -> PageName:
    asked = seat.request.path_params["name"]
    name = next((known for known in PAGE_NAMES if known == asked), None)
    if name is None:
        raise RouteNotFound(f"there is no page {asked[:64]!r}")
    return name


ROUTES: Final = (
    seat_route(OWN_PAGES, list_own_pages),
    seat_route(f"{OWN_PAGES}/{{name}}", show_own_page, save_own_page),
    seat_route(f"{OWN_PAGES}/{{name}}/preview", preview_own_page),
)
